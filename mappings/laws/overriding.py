"""L8 override: a file that extends another differs from it only in what it changes."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from transload.canonical.documents import as_json
from transload.canonical.errors import Reject, TransloadError
from transload.canonical.findings import Finding
from transload.mappings.language.layout import AnyNode, Segment, below
from transload.mappings.language.meaning import Meaning
from transload.mappings.language.terms import Junction, Negation, Slot, Test
from transload.mappings.laws.differences import differences, flat, general
from transload.mappings.laws.documents import Documents
from transload.mappings.laws.domains import Domains
from transload.mappings.laws.losses import every_operand
from transload.mappings.laws.outcome import Counterexample, Outcome
from transload.mappings.laws.picks import Chance, Pick, Whole
from transload.mappings.laws.shapes import plain_name, shape_of
from transload.mappings.laws.wires import Wire
from transload.mappings.loading import load_mapping
from transload.mappings.mapping import Mapping
from transload.mappings.source.reading import PREFIX

_TRIES = 12


def base_of(mapping: Mapping, guides: Sequence[Path] = ()) -> Mapping | None:
    """The mapping that this one extends; None where it extends none, or that one is no mapping of its own."""
    if len(mapping.files) < 2:
        return None
    below_it = mapping.files[1]
    try:
        if below_it.startswith(PREFIX):
            return load_mapping(below_it, guides=guides)
        relative = os.path.relpath(below_it, Path(mapping.files[0]).parent)
        return load_mapping(mapping.file.parent / relative, guides=guides)
    except TransloadError:
        return None


def check_override(mapping: Mapping, base: Mapping, outcome: Outcome, seed: str, guides: Sequence[Path] = ()) -> None:
    """``L-OVERRIDE``: documents of the base go both ways through both, and differ only in fields that are changed."""
    if mapping.meaning.model is not base.meaning.model or mapping.format_type != base.format_type:
        return
    changed = changed_fields(base.meaning, mapping.meaning)
    shape = shape_of(base.meaning)
    documents = Documents(base.meaning, shape, Domains(base.meaning, shape))
    one, other = Wire(base, guides), Wire(mapping, guides)
    picks: list[Pick] = [
        Whole(full=False),
        Whole(full=True, items=2),
        *(Chance(f"{seed} {number}") for number in range(_TRIES)),
    ]
    for pick in picks:
        document = documents.make(pick)
        if document is None:
            continue
        before, after = _both(one, document), _both(other, document)
        if before is None or after is None:
            continue
        wrong = [each for each in differences(before, after) if not _within(general(each.path), changed)]
        if wrong:
            finding = Finding(
                code="L-OVERRIDE",
                message=f"{wrong[0].path} is not changed by this file, and is another one than with "
                f"{base.name}: {wrong[0]}",
                hint="an added or changed node takes what belongs to another one: see the order and the literals",
                mapping=_place(mapping, wrong[0].path),
                field=general(wrong[0].path),
            )
            outcome.add(
                Counterexample(law="L8 override", finding=finding, document=as_json(document), differences=tuple(wrong))
            )
            return


def _both(wire: Wire, document: Any) -> dict[str, Any] | None:
    """What is read from what is written; None where it is refused."""
    try:
        back = wire.read(wire.write(document))
    except Reject:
        return None
    return flat(back.documents[0]) if len(back.documents) == 1 else None


def changed_fields(base: Meaning, derived: Meaning) -> set[str]:
    """The fields of all entries that stand in one of the two only, or differ."""
    before, after = dict(_entries(base)), dict(_entries(derived))
    found: set[str] = set()
    for key in {*before, *after}:
        one, other = before.get(key), after.get(key)
        if one is None or other is None or one[1] != other[1]:
            for entry in (one, other):
                if entry is not None:
                    found |= entry[0]
    return found | _following(base, derived, found)


def _following(base: Meaning, derived: Meaning, changed: set[str]) -> set[str]:
    """What follows from other fields by another rule, or from fields that are changed."""
    rules = [{plain_name(one.field): one for one in meaning.derived} for meaning in (base, derived)]
    found: set[str] = set()
    for name in {**rules[0], **rules[1]}:
        one, other = rules[0].get(name), rules[1].get(name)
        if one is None or other is None or one.rule != other.rule:
            found.add(name)
    for rule in derived.derived:
        if any(plain_name(operand) in changed | found for operand in every_operand(rule.value)):
            found.add(plain_name(rule.field))
    return found


def _entries(meaning: Meaning) -> Iterator[tuple[str, tuple[set[str], object]]]:
    """Each entry by its address, with the fields that hang on it, and all that makes it what it is."""
    nodes: list[AnyNode] = [*meaning.segments, *meaning.elements]
    for node in nodes:
        yield from _of(meaning, node, "")


def _of(meaning: Meaning, node: AnyNode, above: str) -> Iterator[tuple[str, tuple[set[str], object]]]:
    address = f"{above} / {node.name}" + (f" {node.case}" if node.case else "")
    inside = set(_fields(node))
    when = tuple((c.field.text(), c.value) for c in node.when)
    handled = node.use.name if isinstance(node, Segment) and node.use is not None else None
    signature = (node.most, node.least, node.first, node.reads, node.writes, when, _told(node.only_if), handled)
    yield address, (inside, signature)
    for slot in node.own():
        fields = inside if slot.literals else {plain_name(slot.field)} if slot.field is not None else inside
        yield f"{address} {slot.name} {slot.literals}", (fields, _signature(meaning, slot))
    for inner in below(node):
        yield from _of(meaning, inner, address)


def _told(test: Test | None) -> object:
    """What a condition says, the same for two files."""
    if test is None:
        return None
    if isinstance(test, Negation):
        return "not", _told(test.part)
    if isinstance(test, Junction):
        return test.every, tuple(_told(part) for part in test.parts)
    return test.field.text(), test.sign, test.value, test.other.text() if test.other is not None else None


def _fields(node: AnyNode) -> Iterator[str]:
    for slot in node.own():
        if slot.field is not None:
            yield plain_name(slot.field)
    for inner in below(node):
        yield from _fields(inner)


def _signature(meaning: Meaning, slot: Slot) -> object:
    tables = tuple(
        (name, tuple(table.read.items()), tuple(table.write.items()))
        for name, table in meaning.codes.items()
        if f"code({name}" in slot.rule
    )
    return slot.rule, slot.literals, slot.reads, slot.writes, slot.places, tables


def _within(path: str, changed: set[str]) -> bool:
    plain = path.removesuffix("[]")
    return path in changed or plain in changed or any(plain.startswith(f"{one}.") for one in changed)


def _place(mapping: Mapping, path: str) -> Any:
    for slot in mapping.meaning.slots:
        if slot.field is not None and plain_name(slot.field) == general(path).removesuffix("[]"):
            return slot.at
    return mapping.meaning.slots[0].at if mapping.meaning.slots else None
