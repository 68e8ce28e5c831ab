"""Findings that a partner is granted for a while: remarks until a day, errors again after it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from transload.canonical.findings import Finding, Severity


@dataclass(frozen=True, kw_only=True, slots=True)
class Spot:
    """What a finding speaks of: a segment's tag, its path in the structure where it has one, and the place inside it.

    ``path`` is as in `paths`; ``element`` is 0 for the whole segment.
    """

    tag: str
    path: str | None = None
    element: int = 0
    component: int | None = None

    def covers(self, other: "Spot") -> bool:
        """Whether ``other`` is here or inside: what this spot leaves open holds for all."""
        return (
            self.tag == other.tag
            and self.path in (None, other.path)
            and self.element in (0, other.element)
            and self.component in (None, other.component)
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiver:
    """Findings of one ``code`` that are remarks until the end of the day ``until``.

    ``spots`` are where; none means everywhere.  ``overlay`` is the name of the file that grants it.
    """

    code: str
    reason: str
    until: date
    overlay: str
    spots: tuple[Spot, ...] = ()

    def covers(self, code: str, spot: Spot) -> bool:
        """Whether it is about such a finding."""
        return self.code == code and (not self.spots or any(own.covers(spot) for own in self.spots))


def waive(finding: Finding, spot: Spot, waivers: Sequence[Waiver], today: date) -> Finding:
    """The finding; where a waiver covers it, as a remark with reason and day, or with a hint that it has ended."""
    covering = [waiver for waiver in waivers if waiver.covers(finding.code, spot)]
    if not covering:
        return finding
    waiver = max(covering, key=lambda waiver: waiver.until)
    if today <= waiver.until:
        return replace(
            finding,
            severity=Severity.REMARK,
            message=f"{finding.message}; waived until {waiver.until} by overlay {waiver.overlay}: {waiver.reason}",
            ack={},
        )
    ended = f"the waiver of overlay {waiver.overlay} ended on {waiver.until}: {waiver.reason}"
    return replace(finding, hint=f"{finding.hint}; {ended}" if finding.hint else ended)
