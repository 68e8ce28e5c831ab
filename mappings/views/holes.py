"""A mapping as a sample message with holes: literals as they stand on the wire, fields in braces."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from transload.canonical.places import MappingPlace
from transload.mappings.language.layout import AnyNode, Element, Segment
from transload.mappings.language.meaning import Meaning
from transload.mappings.language.shapes import ENDLESS, Range
from transload.mappings.language.terms import Pairs, Slot
from transload.mappings.views.xml_holes import xml_holes

_MARKS = {"edifact": ("+", ":"), "x12": ("*", ":")}
_INDENT = "  "


@dataclass(frozen=True, kw_only=True)
class Holed:
    """One line: its text, what is said of it (``each lines``), how deep it stands, and its place in the mapping."""

    text: str
    note: str
    depth: int
    at: MappingPlace

    def __str__(self) -> str:
        return _INDENT * self.depth + self.text


def holes(meaning: Meaning) -> list[Holed]:
    """The lines of the sample, in the order of the file."""
    if meaning.family == "xml":
        return [Holed(text=t, note=note, depth=d, at=at) for t, note, d, at in xml_holes(meaning, hole, note_of)]
    if meaning.elements:
        return list(_members(meaning.elements, 0, braces=meaning.format_type == "json"))
    if meaning.format_type == "csv":
        return list(_rows(meaning))
    return [line for node in meaning.segments for line in _segment(meaning, node, 0)]


def hole(slot: Slot, node: AnyNode) -> str:
    """What stands at the place of a slot: its literal, or the field or value in braces."""
    if slot.literals:
        return slot.literals[0]
    if slot.parts is not None:
        return slot.rule.partition('"')[2].rpartition('"')[0] or f"{{{slot.rule.lstrip('=')}}}"
    if slot.field is not None:
        name = ".".join(slot.field.path or slot.field.scope.path)
        if slot.field.scope is not node.scope:
            name = slot.field.text()
        return f"{{{name}}}"
    return f"{{{slot.rule.partition(' | ')[0].lstrip('=')}}}"


def note_of(node: AnyNode, above: AnyNode | None = None) -> str:
    """The modifiers of a node in a few words; of a case, at the node that begins it."""
    parts = []
    if node.items is not None:
        parts.append(f"each {'.'.join(node.items.path)}")
    if node.case is not None and not isinstance(node, Segment) and (above is None or above.case != node.case):
        parts.append(f"case {node.case}")
    parts += [f"when {condition.field.text()} is {condition.value}" for condition in node.when]
    if node.only_if is not None:
        parts.append("only on a condition")
    if node.least:
        parts.append(f"at least {node.least}")
    if node.most is not None:
        parts.append(f"at most {node.most}")
    if node.first:
        parts.append("the first counts")
    if above is not None and (above.reads, above.writes) == (node.reads, node.writes):
        return ", ".join(parts)
    if not node.writes:
        parts.append("only read")
    elif not node.reads:
        parts.append("only written")
    return ", ".join(parts)


def _segment(meaning: Meaning, node: Segment, depth: int) -> Iterator[Holed]:
    text = _fixed(meaning, node) if meaning.format_type == "fixed" else _elements(meaning, node)
    yield Holed(text=text, note=note_of(node), depth=depth, at=node.at)
    for inner in node.then:
        yield from _segment(meaning, inner, depth + 1)


def _elements(meaning: Meaning, node: Segment) -> str:
    element_mark, component_mark = _MARKS.get(meaning.format_type, ("+", ":"))
    grid: dict[int, dict[int, str]] = {}
    for slot in node.slots:
        if slot.guard:
            continue
        for number, where in enumerate(slot.places):
            text = hole(slot, node) if not number else _second(slot)
            grid.setdefault(where.element, {}).setdefault(where.component or 0, text)
    for pairs in node.pairs:
        _paired(grid, pairs, node)
    if node.use is not None:
        return f"{node.tag}{element_mark}{{{', '.join(node.use.code.fields)} by py({node.use.name})}}"
    texts = [node.tag]
    for element in range(1, max(grid, default=0) + 1):
        parts = grid.get(element, {})
        if set(parts) <= {0}:
            texts.append(parts.get(0, ""))
        else:
            texts.append(component_mark.join(parts.get(n, "") for n in range(1, max(parts) + 1)))
    return element_mark.join(texts)


def _second(slot: Slot) -> str:
    """The second of two places for one field: the format, which converters know."""
    steps = slot.chain.steps if slot.chain is not None else ()
    usual = next((step.usual for step in steps if step.usual is not None), None)
    return usual.second if usual is not None else "{format}"


def _paired(grid: dict[int, dict[int, str]], pairs: Pairs, node: Segment) -> None:
    choices = [pair for pair in pairs.choices if pair[1].writes] or pairs.choices
    qualifier, value = pairs.first
    if not pairs.repeating:
        names = dict.fromkeys(hole(slot, node)[1:-1] for _, slot in choices)
        rows = [("|".join(code for code, _ in choices), f"{{{'|'.join(names)}}}")]
    else:
        rows = [(code, hole(slot, node)) for code, slot in choices]
    for number, (code, text) in enumerate(rows):
        shift = number * pairs.step
        grid.setdefault(qualifier.element + shift, {})[qualifier.component or 0] = code
        grid.setdefault(value.element + shift, {})[value.component or 0] = text


def _fixed(meaning: Meaning, node: Segment) -> str:
    """The record as it is laid out; a hole is as wide as its range, and cut where that is narrow."""
    signs: list[str] = []
    for slot in node.slots:
        spot = slot.spots[0] if slot.spots else None
        if not isinstance(spot, Range) or slot.guard:
            continue
        text = hole(slot, node)
        width = len(text) if spot.last == ENDLESS else spot.width
        if len(text) > width:
            text = text[: max(width - 1, 0)] + "~"
        filled = text.ljust(width, "." if text.startswith("{") else spot.pad)
        signs += [" "] * (spot.first - 1 + width - len(signs))
        signs[spot.first - 1 : spot.first - 1 + width] = filled
    return "".join(signs).rstrip()


def _rows(meaning: Meaning) -> Iterator[Holed]:
    """The header, and a line for each kind of row."""
    mark = str(meaning.format_options.get("delimiter", ","))
    mark = mark if len(mark) == 1 else ","
    spots = [spot for shape in (meaning.shapes.shapes.values() if meaning.shapes else ()) for spot in shape.spots]
    columns = list(dict.fromkeys(str(spot) for spot in spots))
    first = meaning.segments[0]
    if any(getattr(spot, "number", None) is None for spot in spots):
        yield Holed(text=mark.join(columns), note="header", depth=0, at=first.at)

    def told(nodes: Sequence[Segment], depth: int) -> Iterator[Holed]:
        for node in nodes:
            cells = {str(slot.spots[0]): hole(slot, node) for slot in node.slots if slot.spots and not slot.guard}
            yield Holed(
                text=mark.join(cells.get(name, "") for name in columns), note=note_of(node), depth=depth, at=node.at
            )
            yield from told(node.then, depth + 1)

    yield from told(meaning.segments, 0)


def _members(nodes: Sequence[Element], depth: int, *, braces: bool, above: Element | None = None) -> Iterator[Holed]:
    """JSON members, or the records and fields of a copybook."""
    for number, node in enumerate(nodes):
        comma = "," if braces and number + 1 < len(nodes) else ""
        name = f'"{node.label}": ' if braces else node.label
        slots = list(node.own())
        many = node.many or node.items is not None
        if node.children:
            opening = ("[{" if many else "{") if braces else ""
            yield Holed(text=f"{name}{opening}".rstrip(), note=note_of(node, above), depth=depth, at=node.at)
            yield from _members(node.children, depth + 1, braces=braces, above=node)
            if braces:
                yield Holed(text=("}]" if many else "}") + comma, note="", depth=depth, at=node.at)
            continue
        text = hole(slots[0], node) if slots else ""
        if braces:
            value = f"[{_json(text, slots[0])}]" if many and slots else _json(text, slots[0]) if slots else "{}"
        else:
            value = f"  {text}"
        yield Holed(text=f"{name}{value}{comma}", note=note_of(node, above), depth=depth, at=node.at)


def _json(text: str, slot: Slot) -> str:
    plain = slot.chain is not None and slot.chain.gives.value in ("JSON number", "yes or no")
    return text if plain else '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
