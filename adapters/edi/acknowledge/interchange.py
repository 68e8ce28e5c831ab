"""TA1, the interchange acknowledgment of X12 (X12.56): one segment about the envelope ISA to IEA alone."""

from transload.adapters.base.format import Encoded
from transload.adapters.edi.acknowledge.report import Report, reported, segment
from transload.adapters.edi.acknowledge.subject import Subject
from transload.canonical.findings import Finding, errors_of

_NO_ERROR = "000"
_INVALID_CONTENT = "024"
"""TA105 (I18): no error; invalid interchange content, for what has no code of its own."""


def make_ta1(subject: Subject) -> Report | None:
    """The TA1 for a received interchange: A accepted, E accepted although a deviation was noted, R rejected.

    It carries one code, that of the first error.  None when the interchange holds only
    acknowledgements, or has no control number to repeat.
    """
    if subject.calls_for_none or not subject.reference:
        return None
    wrong = errors_of(subject.findings)
    noted = [*wrong, *(finding for finding in reported(subject.findings) if "I18" in finding.ack)]
    verdict = "R" if wrong else "E" if noted else "A"
    code = _code(noted) if noted else _NO_ERROR
    return Report(
        kind="TA1",
        reference=subject.reference,
        accepted=not wrong,
        message=Encoded(kind="TA1", body=[segment("TA1", subject.reference, *subject.prepared, verdict, code)]),
    )


def _code(noted: list[Finding]) -> str:
    return next((finding.ack["I18"] for finding in noted if "I18" in finding.ack), _INVALID_CONTENT)
