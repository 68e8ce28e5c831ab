"""SOAP faults: what they say, and what follows from it.

A fault of the server's (Server, Receiver) says that the message was not processed and
may be sent again, so it is a `Retry` whether or not the operation is idempotent.  A
partner whose services fail after their commit gets ``faults: {Server: unknown}``.

Names are those of the standards, and of what common services say beside them: Axis puts
its own after a point (Server.NoService), WCF has codes of its own in place of the
standard's in SOAP 1.1, spyne writes Client.SomethingError.
"""

from dataclasses import dataclass

from lxml import etree

from transload.adapters.base.http import Reply, retry_after
from transload.adapters.base.soap import SOAP_11, fault_codes, fault_space
from transload.adapters.soap.settings import Consequence, SoapConnection
from transload.canonical.errors import Reject, Retry, Stop, TransloadError, Unknown
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
    "SecurityError": "stop",  # what WSS4J (CXF, Axis2) says of them all
    "InvalidCredentialsError": "stop",  # spyne
    "RequestNotAllowed": "stop",
    "AuthenticationFailure": "stop",  # npm's soap
    "MethodNotAllowed": "stop",
    "ResourceNotFound": "stop",
    "RequestTooLong": "reject",
    "Authentication": "stop",  # SOAP 1.1 section 4.4.1
    "Unauthenticated": "stop",  # Axis
    "Unauthorized": "stop",
    "NoService": "stop",
    "ActionNotSupported": "stop",  # WS-Addressing 1.0 SOAP binding section 6.4
    "ActionMismatch": "stop",
    "DestinationUnreachable": "stop",
    "EndpointUnavailable": "retry",
    "InvalidAddressingHeader": "stop",
    "MessageAddressingHeaderRequired": "stop",
    "InternalServiceFault": "retry",  # WCF: an exception of the service's that it did not declare
    "DeserializationFailed": "reject",
    "ServerTooBusy": "retry",
    "SessionTerminated": "retry",
    "BadContextToken": "retry",
}
_CLOCK = frozenset({"MessageExpired", "FailedAuthentication", "SecurityError", "InvalidSecurity"})
"""Faults behind which a clock may be that is wrong."""
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
    space = fault_space(element) if element is not None else None
    if element is None or space is None:
        return None
    names = [_local(value.text) for value in fault_codes(element, space)]
    code, subcodes = names[0] if names else "", names[1:]
    if space == SOAP_11 and "." in code:  # a code may be refined by points (Server.Busy), in SOAP 1.1 section 4.4.1
        code, _, refined = code.partition(".")
        subcodes = [*subcodes, refined]
    reason = _first(element, space, "faultstring", "Reason/Text")
    actor = _first(element, space, "faultactor", "Role", "Node")
    detail = _first(element, space, "detail", "Detail")
    return _fault(code, tuple(subcodes), _text(reason) or "", _text(actor), detail)


def _first(element: "etree._Element", space: str, *paths: str) -> "etree._Element | None":
    """The first element at one of ``paths``, written with the envelope's namespace or none."""
    for path in paths:
        for prefix in ("", f"{{{space}}}"):
            found = element.find("/".join(f"{prefix}{step}" for step in path.split("/")))
            if found is not None:
                return found
    return None


def _text(element: "etree._Element | None") -> str | None:
    return None if element is None else element.text


def consequence_of(fault: Fault, table: dict[str, Consequence]) -> Consequence:
    """What follows: by the partner's ``table``, else by subcode, else by code; an unknown code rejects the document."""
    for names in (table, _BY_SUBCODE):
        for name in fault.names:
            if name in names:
                return names[name]
    return _BY_CODE.get(fault.code, "reject")


_HINTS: dict[Consequence, str] = {
    "retry": "the service says that it could not, and it is tried again; faults: can say otherwise",
    "reject": "correct the document or its mapping as the fault says, and send it again; faults: can say otherwise",
    "stop": "correct the connection as the fault says; faults: can say otherwise",
    "unknown": "look at the other side whether it arrived",
}


def error_of(
    fault: Fault,
    consequence: Consequence,
    call: str,
    reply: Reply,
    connection: SoapConnection,
    *,
    clock: str | None = None,
) -> TransloadError:
    """The error of a fault that does not mean accepted; ``clock`` says how far the server's is off."""
    names = "/".join((fault.code, *fault.subcodes)) or "no code"
    reason = reply.masked(" ".join(fault.reason.split()))
    hint = _HINTS[consequence]
    if clock is not None and _CLOCK & set(fault.names):
        hint = f"{clock}: correct the one that is wrong; else {hint}"
    by = f" by {fault.actor[:100]}" if fault.actor else ""
    finding = Finding(
        code="S-FAULT",
        message=f"{call} was answered with the fault {names}{by}: {reason[:_SHOWN] or 'no reason given'}",
        hint=hint,
        value=reply.masked(fault.detail)[:_SHOWN] if fault.detail else None,
    )
    kinds: dict[Consequence, type[TransloadError]] = {"stop": Stop, "unknown": Unknown}
    if consequence == "retry":
        wait = retry_after(reply, connection)
        return Retry(finding.message, wait=wait, hint=hint, findings=[finding])
    return kinds.get(consequence, Reject)(finding.message, hint=hint, findings=[finding])


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
        detail=text or None,
        detail_name=etree.QName(first).localname if first is not None else None,
    )


def _local(text: str | None) -> str:
    return (text or "").strip().rpartition(":")[2]
