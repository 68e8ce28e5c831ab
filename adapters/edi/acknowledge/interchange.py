"""TA1, the interchange acknowledgment of X12 (X12.56): one segment about the envelope ISA to IEA alone."""

from transload.adapters.base.format import Encoded
from transload.adapters.edi.acknowledge.report import USUAL, Report, calls_for, reported, segment
from transload.adapters.edi.acknowledge.subject import Subject
from transload.adapters.edi.options import AcknowledgementPolicy
from transload.canonical.findings import Finding, errors_of

_NO_ERROR = "000"
_INVALID_CONTENT = "024"
"""TA105 (I18): no error; invalid interchange content, for what has no code of its own."""
_NUMBER = 9


def make_ta1(subject: Subject, policy: AcknowledgementPolicy = USUAL) -> Report | None:
    """The TA1 for a received interchange: A accepted, E accepted although a deviation was noted, R rejected.

    It carries one code, that of the first error.  None when the interchange holds only
    acknowledgements, has no control number of nine digits or fewer to repeat, or the policy
    wants no answer to what is accepted.
    """
    number = subject.reference.strip()
    if subject.calls_for_none or not (number.isascii() and number.isdigit() and len(number) <= _NUMBER):
        return None
    wrong = errors_of(subject.findings)
    if not wrong and not calls_for(policy, requested=subject.requested):
        return None
    noted = [*wrong, *(finding for finding in reported(subject.findings, policy) if "I18" in finding.ack)]
    verdict = "R" if wrong else "E" if noted else "A"
    code = _code(noted) if noted else _NO_ERROR
    row = segment("TA1", number.zfill(_NUMBER), *subject.prepared, verdict, code)
    return Report(kind="TA1", reference=subject.reference, accepted=not wrong, message=Encoded(kind="TA1", body=[row]))


def _code(noted: list[Finding]) -> str:
    return next((finding.ack["I18"] for finding in noted if "I18" in finding.ack), _INVALID_CONTENT)
