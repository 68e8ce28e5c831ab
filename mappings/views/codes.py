"""The row of a code table, or of a cross-reference, through which a value went."""

import re
from dataclasses import dataclass
from typing import Any

from transload.canonical.places import MappingPlace
from transload.mappings.language.meaning import Meaning
from transload.mappings.language.terms import Slot

_TABLE = re.compile(r"\b(code|xref)\(\s*([^\s)]+)")
_REFUSALS = (ValueError, ArithmeticError, TypeError, AttributeError, LookupError)


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row: ``kind`` is ``code`` or ``xref``; ``at`` is its line, None for one in a file or database beside it.

    A value that the table does not hold, and that went through all the same, is in a row that is not ``listed``.
    """

    kind: str
    table: str
    wire: str
    canonical: str
    listed: bool
    at: MappingPlace | None

    def as_dict(self) -> dict[str, Any]:
        """The shape in JSON."""
        told: dict[str, Any] = {"kind": self.kind, "table": self.table, "wire": self.wire, "canonical": self.canonical}
        return {**told, "listed": self.listed, **({"mapping": self.at.as_dict()} if self.at else {})}

    def __str__(self) -> str:
        named = f"table {self.table}" if self.kind == "code" else f"cross-reference {self.table}"
        at = f" at {self.at}" if self.at is not None else ""
        return f"{self.wire} is {self.canonical} in {named}{at}" if self.listed else f"{self.wire} is not in {named}"


def tables_of(slot: Slot) -> list[tuple[str, str]]:
    """The tables of an entry in the writing direction, as ``code`` or ``xref`` with the name."""
    return [(kind, name) for kind, name in _TABLE.findall(slot.rule)]


def rows_of(meaning: Meaning, slot: Slot, raw: Any) -> list[Row]:
    """The rows through which ``raw`` goes when it is read, from the wire on."""
    steps = slot.chain.steps if slot.chain is not None else ()
    names = tables_of(slot)
    found: list[Row] = []
    value = raw
    for step in reversed(steps):
        before = value
        try:
            value = step.read(value)
        except _REFUSALS:
            return found
        if step.name in ("code", "xref") and names:
            kind, name = names.pop()
            found.append(_row(meaning, kind, name, str(before), str(value)))
    return found


def _row(meaning: Meaning, kind: str, name: str, wire: str, canonical: str) -> Row:
    if kind == "code":
        table = meaning.codes.get(name)
        listed = table is not None and wire in table.read
        at = table.at.get(wire) if table is not None else None
        return Row(kind=kind, table=name, wire=wire, canonical=canonical, listed=listed, at=at)
    rows = meaning.xrefs[name].known() if name in meaning.xrefs else None
    listed = rows is not None and wire in rows.read
    return Row(kind=kind, table=name, wire=wire, canonical=canonical, listed=listed, at=None)
