"""What a receipt means for the delivery that it speaks of.

It is accepted only where it is about this message, says that it was processed, is signed as agreed, and has the digest
of what we sent.  A receipt that says anything else is either a refusal, or leaves open what the partner has.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from transload.adapters.as2 import mdn, mime, names
from transload.adapters.as2.cms import CmsFault
from transload.adapters.as2.keys import Keys
from transload.adapters.as2.mdn import Report
from transload.adapters.as2.messages import Mic, unseal
from transload.adapters.as2.settings import As2Connection
from transload.adapters.base import Answer, Finding, Severity
from transload.canonical.errors import Reject, Retry, Stop, TransloadError, Unknown

_STOPPING = {
    "authentication-failed": "has the partner our present certificate? send it to him",
    "decryption-failed": "has the partner a new certificate? ask him, and add it under partner:",
    "insufficient-message-security": "compare sign: and encrypt: with what the partner wants",
    "decompression-failed": "the partner cannot decompress; write compress: none, or ask him which order he reads",
    "unsupported format": "the partner takes no signed receipt of ours; compare mdn: with what he can",
    "unsupported mic-algorithms": "choose another digest: sign: sha256 is what most partners know",
    "sender-equals-receiver": "compare us: and them: with the names that you agreed on",
    "unknown-trading-partner": "the partner does not know our name; compare us: and them:",
    "unknown-trading-relationship": "the partner does not know our name; compare us: and them:",
}
_RETRYING = ("integrity-check-failed", "unexpected-processing-error")


def report_in(
    part: mime.Part, connection: As2Connection, keys: Keys, now: datetime
) -> tuple[Report, Sequence[Finding]]:
    """The receipt in ``part``, with what is wrong with the way it comes: nothing where that is as agreed.

    Raises `mime.NotMime` where it is no receipt.
    """
    try:
        opened = unseal(part, connection, keys, now)
    except CmsFault as fault:
        finding = Finding(
            code="E-MDN-SIGNATURE", message=f"the receipt is not proved: {fault.message}", hint=fault.hint
        )
        return _unproved(part), [finding]
    report = mdn.read(opened.part)
    if connection.mdn.signed and not opened.signer:
        message = "the receipt is not signed, and was to be"
        hint = "ask the partner to sign it; or write mdn: {signed: false}, where he cannot"
        return report, [Finding(code="E-MDN-SIGNATURE", message=message, hint=hint)]
    return report, []


def _unproved(part: mime.Part) -> Report:
    """What an unproved receipt claims, to say of which message it speaks."""
    if part.media_type == "multipart/signed":
        part = mime.parse(mime.split(part, most=2)[0])
    return mdn.read(part)


def answer_from(report: Report, *, message_id: str, fits: Callable[[Mic], bool], call: str) -> Answer:
    """What ``report`` means for the message ``message_id``; ``fits`` says whether a digest is that of what we sent.

    Raises `Stop`, `Retry` or `Reject` for a refusal by its reason; `Unknown` where the receipt does not fit.
    """
    about = f"{call}: the receipt for {message_id}"
    if report.about != names.bare(message_id):
        raise left_open("E-MDN-OTHER", f"{about} is about <{report.about}>", "tell the partner")
    if not report.positive:
        raise _refusal(report, about)
    if report.mic is None:
        hint = "without a digest (Received-content-MIC) nobody knows what the partner has; ask him for one"
        raise left_open("E-MDN-MIC", f"{about} says {report.disposition}, and has no digest", hint)
    if not fits(report.mic):
        hint = "the partner has something else than we sent; compare with him what he has before it counts"
        raise left_open("E-MDN-MIC", f"{about} has the digest of another content", hint, str(report.mic))
    findings = []
    if report.modifier:
        finding = Finding(
            code="W-MDN",
            severity=Severity.WARNING,
            message=f"{about} has a warning: {report.explanation or 'without words'}",
            hint="the partner has the message; ask him what he means if it is more than a repetition",
        )
        findings.append(finding)
    return Answer(
        summary=f"receipt: {report.disposition}",
        metadata={"message_id": names.bare(message_id), "mdn": report.disposition, "mic": str(report.mic)},
        findings=tuple(findings),
    )


def _refusal(report: Report, about: str) -> TransloadError:
    reason = report.explanation.lower()
    reason = reason.partition(",")[0].strip()
    found = Finding(
        code="E-MDN-REFUSED", message=f"{about} says {report.disposition}", hint=None, value=report.text or None
    )
    if reason in _STOPPING:
        hint = _STOPPING[reason]
        return Stop(found.message, hint=hint, findings=[replace(found, hint=hint)])
    if reason in _RETRYING:
        hint = "the partner could not take it; it is sent again with the same Message-ID"
        return Retry(found.message, hint=hint, findings=[replace(found, hint=hint)])
    hint = "the partner refuses it; look at what he says, and ask him"
    return Reject(found.message, hint=hint, findings=[replace(found, hint=hint)])


def left_open(code: str, message: str, hint: str, value: str | None = None) -> Unknown:
    """It was sent, and what came back does not say that the partner has it."""
    return Unknown(message, hint=hint, findings=[Finding(code=code, message=message, hint=hint, value=value)])
