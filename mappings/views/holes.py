"""A mapping as a sample with holes: ``DTM+137:{issued_on}:102``; a view only, no file that is read."""

from collections.abc import Iterator, Sequence

from transload.mappings.language.meaning import Meaning
from transload.mappings.language.terms import AnyNode, Element, Segment, Slot, below

_SEPARATORS = {"edifact": ("+", ":"), "x12": ("*", ":")}


def holes(meaning: Meaning) -> Iterator[str]:
    """The lines of the view, those of nodes below others indented; ``* each lines`` marks what repeats."""
    roots: list[AnyNode] = [*meaning.segments, *meaning.elements]
    for node in roots:
        yield from _lines(meaning, node, 0)


def _lines(meaning: Meaning, node: AnyNode, depth: int) -> Iterator[str]:
    text = _segment(meaning, node) if isinstance(node, Segment) else _element(meaning, node)
    remark = ", ".join(_remarks(node))
    yield "  " * depth + (f"{text}      * {remark}" if remark else text)
    for inner in below(node):
        yield from _lines(meaning, inner, depth + 1)


def _remarks(node: AnyNode) -> Iterator[str]:
    if node.items is not None:
        yield f"each {node.items.text()}"
    elif node.most is not None and node.most > 1:
        yield f"up to {node.most} times"
    for pairs in node.pairs if isinstance(node, Segment) else ():
        if not pairs.repeating:
            written = [(qualifier, slot) for qualifier, slot in pairs.choices if slot.writes]
            yield from (f"or {qualifier or 'no qualifier'} {_hole(slot)}" for qualifier, slot in written[1:])
    if not node.writes:
        yield "only read"
    if not node.reads:
        yield "only written"


def _segment(meaning: Meaning, node: Segment) -> str:
    if meaning.shapes is not None:
        spots = [f"{slot.spots[0]}={_hole(slot)}" for slot in node.slots if slot.spots and not slot.guard]
        return f"{node.tag} | {' | '.join(spots)}"
    first, second = _SEPARATORS.get(meaning.format_type, ("+", ":"))
    cells: dict[int, dict[int, str]] = {}
    for slot in node.slots:
        if not slot.guard and not (slot.literals and not slot.places):
            for number, place in enumerate(slot.places):
                text = _hole(slot) if number == 0 else _second(slot)
                cells.setdefault(place.element, {}).setdefault(place.component or 1, text)
    for pairs in node.pairs:
        step = 0
        for qualifier, slot in pairs.choices:
            if not slot.writes:
                continue
            for place, text in zip(pairs.first, (qualifier, _hole(slot)), strict=True):
                cells.setdefault(place.element + step, {})[place.component or 1] = text
            if not pairs.repeating:
                break
            step += pairs.step
    last = max(cells, default=0)
    return first.join([node.tag, *(_joined(cells.get(number, {}), second) for number in range(1, last + 1))])


def _joined(parts: dict[int, str], separator: str) -> str:
    return separator.join(parts.get(number, "") for number in range(1, max(parts, default=1) + 1))


def _element(meaning: Meaning, node: Element) -> str:
    holes = [f"{name.rpartition('}')[2]}={_hole(slot)}" for name, slot in node.attributes if not slot.guard]
    text = _hole(node.text) if node.text is not None else ""
    if meaning.family == "json":
        many = "[]" if node.many else ""
        return f"{node.label}{many}: {text}".rstrip()
    attributes = "".join(f" {hole}" for hole in holes)
    name = node.label.rstrip("*")
    return f"<{name}{attributes}>{text}"


def _hole(slot: Slot) -> str:
    """What is written: the literal, or the field in braces."""
    if slot.literals:
        return slot.literals[0]
    if slot.field is not None:
        name = ".".join(slot.field.path) or "item"
        return "{" + name + "}"
    if slot.parts is not None:
        return _compound(slot.parts.slots)
    rule = slot.rule.lstrip("=").partition("|")[0].strip()
    return rule.strip("'") if rule.startswith("'") else "{" + rule + "}"


def _second(slot: Slot) -> str:
    """The second of two places: the qualifier that the converter writes nearly always."""
    steps = slot.chain.steps if slot.chain is not None else ()
    usual = next((step.usual for step in steps if step.usual is not None), None)
    return usual.second if usual is not None else "{}"


def _compound(slots: Sequence[Slot]) -> str:
    return "".join(_hole(slot) for slot in slots)
