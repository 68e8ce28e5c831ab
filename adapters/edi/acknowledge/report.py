"""What making an acknowledgement gives, and the few things that all kinds need."""

from collections.abc import Iterable
from dataclasses import dataclass

from transload.adapters.base.format import COMPONENT, ELEMENT, Encoded
from transload.adapters.edi.options import AcknowledgementPolicy
from transload.canonical.findings import Finding, errors_of

USUAL = AcknowledgementPolicy()
"""The policy of partners of whom nothing else is known."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """One acknowledgement: the message to send in an interchange of its own, back to the sender.

    ``reference`` is the control reference of the interchange (CONTRL, TA1) or group (997, 999) that
    it speaks of; ``group`` is that group's number in the interchange.  ``accepted`` is False when any part of it was
    rejected.
    """

    kind: str
    reference: str
    accepted: bool
    message: Encoded
    group: int | None = None


def segment(tag: str, *elements: str | tuple[str, ...]) -> str:
    """A segment as encoded text: elements that are tuples have components; empty tails are trimmed."""
    texts = [
        COMPONENT.join(element).rstrip(COMPONENT) if isinstance(element, tuple) else element for element in elements
    ]
    return ELEMENT.join((tag, *texts)).rstrip(ELEMENT)


def reported(findings: Iterable[Finding], policy: AcknowledgementPolicy) -> list[Finding]:
    """The findings that an acknowledgement may report: errors, and deviations that were let pass but have a code."""
    listed = list(findings)
    if policy.deviations == "ignored":
        return errors_of(listed)
    return [finding for finding in listed if finding.ack] or errors_of(listed)


def calls_for(policy: AcknowledgementPolicy, *, requested: bool) -> bool:
    """Whether what is accepted is to be acknowledged; what is rejected always is."""
    return policy.positive == "always" or (policy.positive == "requested" and requested)
