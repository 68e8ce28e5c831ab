"""``W-LOSES``: values of a document that a mapping does not write, one finding for each field."""

from collections.abc import Iterator

from transload.canonical.findings import Finding, Severity
from transload.canonical.model import Model
from transload.canonical.places import MappingPlace
from transload.mappings.language.losses import Losing, Lost, lost_values
from transload.mappings.reports.origins import field_text


def losses(plan: Losing, document: Model, at: MappingPlace) -> Iterator[Finding]:
    """The findings of a document that was written."""
    found: dict[str, list[Lost]] = {}
    for lost in lost_values(plan, document):
        found.setdefault(lost.general, []).append(lost)
    for general, lost_ones in found.items():
        first = lost_ones[0]
        field = field_text(first.location)
        also = f" (and {len(lost_ones) - 1} more like it)" if len(lost_ones) > 1 else ""
        yield Finding(
            code="W-LOSES",
            severity=Severity.WARNING,
            message=f"{field} is not written: the mapping has no place for it{also}",
            hint=f"bind it, or list it under loses: [{general}]",
            value=None if isinstance(first.value, Model | tuple) else str(first.value),
            mapping=at,
            field=field,
        )
