"""``valid:``: the days on which a version of a mapping is in force."""

import re
from dataclasses import dataclass
from datetime import date

from transload.canonical.places import MappingPlace
from transload.mappings.source.nodes import Table, Text
from transload.mappings.source.problems import Problems

_SPAN = re.compile(r"(\d{4}-\d\d-\d\d)?\s*\.\.\s*(\d{4}-\d\d-\d\d)?")


@dataclass(frozen=True, kw_only=True)
class Validity:
    """From ``first`` to ``last``, both days included; None is open."""

    first: date | None
    last: date | None
    at: MappingPlace

    def holds(self, day: date) -> bool:
        """Whether the version is in force on that day."""
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)

    def meets(self, other: "Validity") -> bool:
        """Whether there is a day on which both are in force."""
        starts = max(self.first or date.min, other.first or date.min)
        return starts <= min(self.last or date.max, other.last or date.max)

    def __str__(self) -> str:
        return f"{self.first or ''}..{self.last or ''}"


def valid_of(table: Table, problems: Problems) -> Validity | None:
    """What ``valid:`` says, None where the mapping is always in force."""
    value = table.get("valid")
    if value is None:
        return None
    found = _SPAN.fullmatch(value.text) if isinstance(value, Text) else None
    hint = "such as  2026-01-01..2026-06-30, or  2026-07-01..  without an end"
    if found is None or not (found[1] or found[2]):
        problems.add("M-VALUE", value.at, "valid: is a first and a last day", hint=hint)
        return None
    try:
        first, last = (date.fromisoformat(text) if text else None for text in found.groups())
    except ValueError as error:
        problems.add("M-VALUE", value.at, f"valid: {error}", hint=hint)
        return None
    if first and last and last < first:
        problems.add("M-VALUE", value.at, "valid: ends before it begins", hint=hint)
        return None
    return Validity(first=first, last=last, at=value.at)
