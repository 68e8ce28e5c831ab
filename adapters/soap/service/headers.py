"""The header blocks of a request: which of them are for us, and whether we understand those that we must."""

from lxml import etree

from transload.adapters.base.soap import SOAP_11
from transload.adapters.soap.security.parts import WSSE
from transload.adapters.soap.service.answering import ANONYMOUS, WSA, Trouble

_ADDRESSING = frozenset(f"{{{WSA}}}{name}" for name in ("Action", "MessageID", "To", "From", "RelatesTo"))
_REPLIES = (f"{{{WSA}}}ReplyTo", f"{{{WSA}}}FaultTo")
_SECURITY = f"{{{WSSE}}}Security"
_NEXT_11 = "http://schemas.xmlsoap.org/soap/actor/next"
_OURS_12 = frozenset(f"http://www.w3.org/2003/05/soap-envelope/role/{name}" for name in ("next", "ultimateReceiver"))
_LONGEST = 500


class Blocks:
    """The header blocks of one envelope that are for us."""

    def __init__(self, envelope: "etree._Element", space: str) -> None:
        self._space = space
        header = envelope.find(f"{{{space}}}Header")
        every = header.iterchildren(tag=etree.Element) if header is not None else ()
        self._ours = [one for one in every if self._is_ours(one)]

    @property
    def security(self) -> "list[etree._Element]":
        """The WS-Security headers."""
        return self.named(_SECURITY)

    def named(self, tag: str) -> "list[etree._Element]":
        """Those of one name."""
        return [one for one in self._ours if one.tag == tag]

    @property
    def message_id(self) -> str | None:
        """The MessageID of WS-Addressing; None without one, or with one that nobody could mean."""
        found = [(one.text or "").strip() for one in self.named(f"{{{WSA}}}MessageID")]
        return found[0] if len(found) == 1 and 0 < len(found[0]) <= _LONGEST else None

    def trouble(self, *, checked: frozenset[str]) -> Trouble | None:
        """The fault that the blocks call for, if any: one that must be understood and is not, or answers elsewhere.

        ``checked`` are the names of what was looked at in the WS-Security header.
        """
        strange = [
            str(one.tag)
            for one in self._ours
            if self._must_be_understood(one) and not self._is_understood(one, checked)
        ]
        if strange:
            names = ", ".join(etree.QName(one).localname for one in strange)[:_LONGEST]
            reason = f"These headers must be understood, and are not: {names}"
            return Trouble(code="MustUnderstand", reason=reason, not_understood=tuple(strange))
        for one in self._ours:
            if one.tag in _REPLIES and (one.findtext(f"{{{WSA}}}Address") or "").strip() != ANONYMOUS:
                subcodes = (f"{{{WSA}}}InvalidAddressingHeader", f"{{{WSA}}}OnlyAnonymousAddressSupported")
                reason = (
                    f"{etree.QName(one).localname} must be the anonymous address: answers go back on the connection"
                )
                return Trouble(code="Client", subcodes=subcodes, reason=reason)
        return None

    def _is_ours(self, block: "etree._Element") -> bool:
        if self._space == SOAP_11:
            return block.get(f"{{{self._space}}}actor", "") in ("", _NEXT_11)
        role = block.get(f"{{{self._space}}}role", "")
        return role == "" or role in _OURS_12

    def _must_be_understood(self, block: "etree._Element") -> bool:
        return block.get(f"{{{self._space}}}mustUnderstand", "").strip() in ("1", "true")

    @staticmethod
    def _is_understood(block: "etree._Element", checked: frozenset[str]) -> bool:
        if block.tag == _SECURITY:
            return bool(checked) and all(one.tag in checked for one in block.iterchildren(tag=etree.Element))
        return block.tag in _ADDRESSING or block.tag in _REPLIES
