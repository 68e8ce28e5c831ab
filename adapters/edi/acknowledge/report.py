"""What making an acknowledgement gives, and the few things that both kinds need."""

from collections.abc import Iterable
from dataclasses import dataclass

from transload.adapters.base.format import COMPONENT, ELEMENT, Encoded
from transload.canonical.findings import Finding, errors_of


@dataclass(frozen=True, kw_only=True)
class Report:
    """One acknowledgement: the message to send in an interchange of its own, back to the sender.

    ``reference`` is the control reference of the interchange (CONTRL) or group (997) that
    it speaks of.  ``accepted`` is False when any part of that was rejected.
    """

    kind: str
    reference: str
    accepted: bool
    message: Encoded


def segment(tag: str, *elements: str | tuple[str, ...]) -> str:
    """A segment as encoded text: elements that are tuples have components; empty tails are trimmed."""
    texts = [
        COMPONENT.join(element).rstrip(COMPONENT) if isinstance(element, tuple) else element for element in elements
    ]
    return ELEMENT.join((tag, *texts)).rstrip(ELEMENT)


def reported(findings: Iterable[Finding]) -> list[Finding]:
    """The findings that an acknowledgement may report: errors, and deviations that were let pass but have a code."""
    listed = list(findings)
    return [finding for finding in listed if finding.ack] or errors_of(listed)
