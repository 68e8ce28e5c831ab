"""Whether a request proves that the partner sent it: by a signature, a token, or both, and in time.

The signature is looked at first, so that nobody can try passwords who has not signed.
"""

from collections.abc import Mapping
from datetime import datetime

from lxml import etree

from transload.adapters.soap.security.clocks import moment, stale
from transload.adapters.soap.security.parts import DS, WSSE, WSU, canonical, parts_of
from transload.adapters.soap.security.verification import Lack, Signed, Unsigned, Verification
from transload.adapters.soap.service.answering import WSA, Trouble
from transload.adapters.soap.service.headers import Blocks
from transload.adapters.soap.service.repeats import Repeats
from transload.adapters.soap.service.settings import Signature, SoapServiceConnection
from transload.adapters.soap.service.tokens import Tokens, Unproved

_MESSAGE_ID = f"{{{WSA}}}MessageID"
_SETTING = "verify: signature"
_TOLD: Mapping[Lack, tuple[str, str]] = {
    Lack.ABSENT: ("InvalidSecurity", "An error was discovered processing the <wsse:Security> header"),
    Lack.ALGORITHM: ("UnsupportedAlgorithm", "An unsupported signature or encryption algorithm was used"),
    Lack.INVALID: ("FailedCheck", "The signature or decryption was invalid"),
}
"""What the sender is told of a signature: the codes and words of WS-Security 1.1, section 12, and no more."""
_IN_TOKENS = frozenset({f"{{{WSSE}}}UsernameToken", f"{{{WSU}}}Timestamp"})
_IN_SIGNATURES = frozenset({f"{{{WSSE}}}BinarySecurityToken", f"{{{DS}}}Signature", f"{{{WSU}}}Timestamp"})


class Proofs:
    """Checks requests to one connection."""

    def __init__(self, connection: SoapServiceConnection) -> None:
        token, signature = connection.verify.username_token, connection.verify.signature
        self._tolerance = connection.tolerance
        self._tokens = Tokens(token, connection.tolerance) if token is not None else None
        self._signatures = _Signatures(signature, connection) if signature is not None else None

    @property
    def understood(self) -> frozenset[str]:
        """The names of what is looked at in a WS-Security header; none where the header itself is not."""
        tokens = _IN_TOKENS if self._tokens is not None else frozenset[str]()
        return tokens | (_IN_SIGNATURES if self._signatures is not None else frozenset[str]())

    def prepare(self) -> None:
        """Raise `Stop` when nothing could be checked."""
        if self._signatures is not None:
            self._signatures.prepare()

    def check(self, envelope: "etree._Element", blocks: Blocks, request: bytes, now: datetime) -> Signed | None:
        """What is signed, None where nothing need be.  Raises `Unproved`."""
        if self._tokens is None and self._signatures is None:
            return None
        signed = self._signatures.check(envelope, blocks, now) if self._signatures is not None else None
        if self._tokens is not None:
            self._tokens.check(blocks.security, request, now)
        why = stale(envelope, skew=self._tolerance, now=now, what="request")
        if why is None and self._signatures is not None:
            why = self._signatures.overdue(envelope, now)
        if why is not None:
            trouble = Trouble(code="Client", subcodes=(f"{{{WSSE}}}MessageExpired",), reason="The message has expired")
            raise Unproved(why, hint="compare the clocks; raise tolerance: where messages wait", told=trouble)
        if signed is not None and self._signatures is not None:
            self._signatures.remember(signed, request, now)
        return signed


class _Signatures:
    def __init__(self, settings: Signature, connection: SoapServiceConnection) -> None:
        self._verification = Verification(settings=settings, what="request", setting=_SETTING)
        self._timed = "timestamp" in settings.parts
        self._to = settings.to
        self._tolerance = connection.tolerance
        self._repeats = Repeats(2 * connection.tolerance)

    def prepare(self) -> None:
        self._verification.check_ready()

    def check(self, envelope: "etree._Element", blocks: Blocks, now: datetime) -> Signed:
        if len(blocks.security) > 1:  # section 5: one for each actor
            raise Unproved(f"it has {len(blocks.security)} Security headers for us", told=_told(Lack.ABSENT))
        try:
            signed = self._verification.check(envelope, now=now)
        except Unsigned as error:
            raise Unproved(error.message, hint=error.hint, told=_told(error.lack)) from error
        if self._to:
            self._check_to(blocks, signed)
        return signed

    def _check_to(self, blocks: Blocks, signed: Signed) -> None:
        found = blocks.named(f"{{{WSA}}}To")
        if len(found) != 1 or not signed.covers(found[0]):
            hint = f"ask the partner to sign it, or leave {_SETTING}: to: out"
            raise Unproved("the signature does not cover one header To", hint=hint, told=_told(Lack.INVALID))
        sent = (found[0].text or "").strip()
        if sent not in self._to:
            hint = f"if that is this address, name it under {_SETTING}: to:"
            raise Unproved(f"it was signed for {sent[:200]!r}", hint=hint, told=_told(Lack.INVALID))

    def overdue(self, envelope: "etree._Element", now: datetime) -> str | None:
        """Why it is too old to be told from a message that was sent again; None where it is not."""
        if not self._timed:
            return None
        (timestamp,) = parts_of(envelope)["timestamp"]
        created = moment(timestamp.findtext(f"{{{WSU}}}Created"))
        if created is None:
            return "the Timestamp of the request does not say when it was made"
        if created < now - self._tolerance:
            return f"the request is of {created:%Y-%m-%d %H:%M:%S} UTC, more than tolerance before our clock"
        return None

    def remember(self, signed: Signed, request: bytes, now: datetime) -> None:
        """Without a signed time two messages may be signed alike; then the receipt's key tells repeats alone."""
        if self._timed and not self._repeats.takes(signed.statement, request, now):
            raise Unproved("its signature came before, in another request", told=_told(Lack.INVALID))


def signed_message_id(blocks: Blocks, signed: Signed) -> bool:
    """Whether the MessageID that is used, or that there is none, is what the partner signed."""
    return sorted(canonical(one) for one in blocks.named(_MESSAGE_ID)) == sorted(signed.named(_MESSAGE_ID))


def _told(lack: Lack) -> Trouble:
    name, reason = _TOLD[lack]
    return Trouble(code="Client", subcodes=(f"{{{WSSE}}}{name}",), reason=reason)
