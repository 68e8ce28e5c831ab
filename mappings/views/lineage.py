"""Every field of a mapping with its place, told from the file alone."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from transload.canonical.places import MappingPlace
from transload.mappings.language.losses import names_of
from transload.mappings.language.meaning import Meaning
from transload.mappings.views.bound import entries
from transload.mappings.views.codes import tables_of


@dataclass(frozen=True, kw_only=True)
class Line:
    """A field at one place; ``field`` is empty for a computed value.

    ``direction`` is both, read, or written; ``where`` names nodes and place.
    """

    field: str
    direction: str
    where: str
    rule: str
    converters: tuple[str, ...]
    tables: tuple[str, ...]
    mapping: MappingPlace

    def as_dict(self) -> dict[str, Any]:
        """The shape in JSON."""
        told: dict[str, Any] = {
            "field": self.field,
            "direction": self.direction,
            "where": self.where,
            "rule": self.rule,
            "converters": list(self.converters),
            "tables": list(self.tables),
            "mapping": self.mapping.as_dict(),
        }
        return {key: value for key, value in told.items() if value not in ("", [])}


_DIRECTIONS = {(True, True): "both", (True, False): "read", (False, True): "written", (False, False): "none"}


def lineage(meaning: Meaning, wanted: tuple[str, ...] = ()) -> Iterator[Line]:
    """The lines of a mapping in the order of the file; with names those of that field and of fields in it."""
    for bound in entries(meaning):
        slot = bound.slot
        if slot.field is None and slot.computed is None and slot.given is None and slot.numbering is None:
            continue
        if wanted and (slot.field is None or names_of(slot.field)[: len(wanted)] != wanted):
            continue
        yield Line(
            field=slot.field.text().rstrip(".") if slot.field is not None else "",
            direction=_DIRECTIONS[slot.reads, slot.writes],
            where=bound.where,
            rule=slot.rule,
            converters=tuple(step.name for step in slot.chain.steps) if slot.chain is not None else (),
            tables=tuple(name for _, name in tables_of(slot)),
            mapping=slot.at,
        )
    for node in meaning.nodes():
        for condition in node.when:
            if wanted and names_of(condition.field)[: len(wanted)] != wanted:
                continue
            rule = f"when {condition.value}"
            yield Line(
                field=condition.field.text(), direction=_DIRECTIONS[node.reads, node.writes], where=node.name,
                rule=rule, converters=(), tables=(), mapping=condition.at,
            )  # fmt: skip
    for derived in meaning.derived:
        if not wanted or names_of(derived.field)[: len(wanted)] == wanted:
            yield Line(
                field=derived.field.text(), direction="read", where="", rule=f"derive {derived.rule}",
                converters=(), tables=(), mapping=derived.at,
            )  # fmt: skip
