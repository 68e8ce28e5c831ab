"""Which values of a message are somebody's business: by the field that they go to, or for being read by nothing."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from transload.mappings.language.fields import Kind
from transload.mappings.language.terms import Slot
from transload.mappings.mapping import Mapping
from transload.mappings.reports.origins import Touch, field_text

_PUBLIC = frozenset(
    (
        "uom", "price_uom", "content_uom", "currency", "country", "origin", "category", "mode", "kind", "code",
        "payment", "status",
    )
)  # fmt: skip
"""Fields of texts that hold codes."""
_MONEY = re.compile(r"(^|_)(price|amount)$")
_DATE = re.compile(r"((19|20)\d{2}-?(0[1-9]|1[0-2])-?([0-2]\d|3[01]))([T ]?\d{2}:?\d{2}.*)?")
_SHORT = 3


class How(StrEnum):
    """What becomes of a value."""

    KEEP = "keep"
    TEXT = "text"
    NUMBER = "number"
    VAT = "vat"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """``how`` a value is treated, and the ``field`` it goes to (lists without numbers), "" for none."""

    how: How
    field: str = ""


def of_touch(touch: Touch) -> Verdict:
    """What becomes of a value that an entry of the mapping reads."""
    slot = touch.slot
    if slot.field is None or touch.location is None:
        return Verdict(how=How.KEEP)
    name = re.sub(r"\[\d+\]", "[]", field_text(touch.location))
    return Verdict(how=_of_field(slot, name), field=name)


def of_fields(mapping: Mapping) -> dict[str, How]:
    """What becomes of the values of each field that a mapping reads or writes; items of lists as ``lines[].number``."""
    found: dict[str, How] = {}
    for slot in mapping.meaning.slots:
        if slot.field is not None:
            name = re.sub(r"\[[^\]]*\]", "[]", slot.field.text()).rstrip(".")
            how = _of_field(slot, name)
            if found.get(name, How.KEEP) is How.KEEP:
                found[name] = how
    return found


def _of_field(slot: Slot, name: str) -> How:
    assert slot.field is not None
    kind, leaf = slot.field.type.kind, name.rpartition(".")[2].removesuffix("[]")
    if kind is Kind.DECIMAL:
        return How.NUMBER if _MONEY.search(leaf) else How.KEEP
    if kind not in (Kind.TEXT, Kind.TEXTS) or slot.field.type.choices or leaf in _PUBLIC:
        return How.KEEP
    if "code(" in slot.rule or re.fullmatch(r"lines\[\]\.(.*\.)?(number|line_number)", name):
        return How.KEEP
    return How.VAT if leaf == "vat" else How.TEXT


def unread(value: str, known: frozenset[str]) -> How:
    """What becomes of a value that nothing reads: codes, dates and what the mapping itself names stay."""
    bare = value.strip()
    if len(bare) <= _SHORT or bare in known or _DATE.fullmatch(bare) or re.fullmatch(r"\d{6}", bare):
        return How.KEEP
    return How.TEXT


def names_of(mapping: Mapping) -> frozenset[str]:
    """The texts that the mapping itself names: literals, codes of its tables, qualifiers of its pairs."""
    return frozenset(_names(mapping))


def _names(mapping: Mapping) -> Iterator[str]:
    for slot in mapping.meaning.slots:
        yield from slot.literals
    for table in mapping.meaning.codes.values():
        yield from table.read
    for node in mapping.meaning.nodes():
        for pairs in getattr(node, "pairs", ()):
            yield from (literal for literal, _ in pairs.choices)
