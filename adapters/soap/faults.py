"""SOAP faults: what they say, and what follows from it.

A fault of the server's (Server, Receiver) says that the message was not processed and
may be sent again, so it is a `Retry` whether or not the operation is idempotent.  A
partner whose services fail after their commit gets ``faults: {Server: stop}``.
"""

from dataclasses import dataclass

from lxml import etree

from transload.adapters.base.soap import SOAP_11, SOAP_12, fault_codes
from transload.adapters.soap.settings import Consequence
from transload.canonical.errors import Reject, Retry, Stop, TransloadError
from transload.canonical.findings import Finding

_BY_CODE: dict[str, Consequence] = {
    "Client": "reject",  # SOAP 1.1 section 4.4.1
    "Server": "retry",
    "VersionMismatch": "stop",
    "MustUnderstand": "stop",
    "Sender": "reject",  # SOAP 1.2 part 1 section 5.4.6
    "Receiver": "retry",
    "DataEncodingUnknown": "stop",
}
_BY_SUBCODE: dict[str, Consequence] = {
    "FailedAuthentication": "stop",  # WS-Security 1.1 section 12
    "FailedCheck": "stop",
    "InvalidSecurity": "stop",
    "InvalidSecurityToken": "stop",
    "SecurityTokenUnavailable": "stop",
    "UnsupportedSecurityToken": "stop",
    "UnsupportedAlgorithm": "stop",
    "MessageExpired": "stop",
    "ActionNotSupported": "stop",  # WS-Addressing 1.0 SOAP binding section 6.4
    "DestinationUnreachable": "stop",
    "EndpointUnavailable": "retry",
}
_SHOWN = 500


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A fault: local names of its code and subcodes, outermost first, its reason, and its detail as XML text.

    ``actor`` says who gives it: the actor or role, else the node.
    """

    code: str
    subcodes: tuple[str, ...]
    reason: str
    actor: str | None
    detail: str | None
    detail_name: str | None

    @property
    def names(self) -> tuple[str, ...]:
        """What a partner's table may call it, the most particular first."""
        detail = (self.detail_name,) if self.detail_name else ()
        return (*detail, *reversed(self.subcodes), self.code)


def fault_of(element: "etree._Element | None") -> Fault | None:
    """The fault that a body's content is, in SOAP 1.1 or 1.2; None for anything else."""
    if element is None:
        return None
    if element.tag == f"{{{SOAP_11}}}Fault":
        # a code may be refined by points (Server.Busy), in SOAP 1.1 section 4.4.1
        code, _, refined = _local(element.findtext("faultcode")).partition(".")
        subcodes = (refined,) if refined else ()
        reason = element.findtext("faultstring") or ""
        return _fault(code, subcodes, reason, element.findtext("faultactor"), element.find("detail"))
    if element.tag == f"{{{SOAP_12}}}Fault":
        space = {"e": SOAP_12}
        names = [_local(value.text) for value in fault_codes(element, SOAP_12)]
        reason = element.findtext("e:Reason/e:Text", namespaces=space) or ""
        by = element.findtext("e:Role", namespaces=space) or element.findtext("e:Node", namespaces=space)
        return _fault(names[0] if names else "", tuple(names[1:]), reason, by, element.find("e:Detail", space))
    return None


def consequence_of(fault: Fault, table: dict[str, Consequence]) -> Consequence:
    """What follows: by the partner's ``table``, else by subcode, else by code; an unknown code rejects the document."""
    for names in (table, _BY_SUBCODE):
        for name in fault.names:
            if name in names:
                return names[name]
    return _BY_CODE.get(fault.code, "reject")


def error_of(fault: Fault, consequence: Consequence, call: str) -> TransloadError:
    """The error of a fault that does not mean accepted."""
    names = "/".join((fault.code, *fault.subcodes)) or "no code"
    reason = " ".join(fault.reason.split())
    message = f"{call} was answered with the fault {names}: {reason[:_SHOWN] or 'no reason given'}"
    finding = Finding(
        code="S-FAULT",
        message=message,
        hint="what a fault means can be set for this partner under faults:",
        value=fault.detail,
    )
    kinds: dict[Consequence, type[TransloadError]] = {"retry": Retry, "stop": Stop}
    return kinds.get(consequence, Reject)(message, findings=[finding])


def _fault(
    code: str, subcodes: tuple[str, ...], reason: str, actor: str | None, detail: "etree._Element | None"
) -> Fault:
    first = next(detail.iterchildren(tag=etree.Element), None) if detail is not None else None
    text = etree.tostring(detail, encoding="unicode", with_tail=False) if detail is not None else None
    return Fault(
        code=code,
        subcodes=subcodes,
        reason=reason,
        actor=(actor or "").strip() or None,
        detail=text[:_SHOWN] if text else None,
        detail_name=etree.QName(first).localname if first is not None else None,
    )


def _local(text: str | None) -> str:
    return (text or "").strip().rpartition(":")[2]
