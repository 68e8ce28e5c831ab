"""The message in the order of the wire: a row for each node, and below it one for each of its places."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from transload.adapters.edi.guides import WirePlace
from transload.adapters.edi.guides.model import Composite, Part
from transload.mappings.language.layout import AnyNode, Element, Segment, below
from transload.mappings.language.meaning import Meaning
from transload.mappings.language.shapes import ENDLESS, Range
from transload.mappings.language.terms import Slot
from transload.mappings.views.bound import Bound, own_entries
from transload.mappings.views.codes import tables_of
from transload.mappings.views.page.html import Child, Html, broken, element
from transload.mappings.views.page.tables import table
from transload.mappings.views.paths import described
from transload.mappings.views.words import condition_text, pipes_of, rule_of

_DEEPEST = 8
_HEADS = ("Place", "Meaning", "Our field", "Format", "Use", "Values", "Example")
_CHOICES = 12


@dataclass(frozen=True, kw_only=True)
class Structure:
    """Makes the table.  ``examples`` are values by the number of their entry, ``anchors`` those of code tables."""

    meaning: Meaning
    examples: Mapping[int, str]
    anchors: Mapping[str, str]

    def table(self) -> Html:
        """The whole table."""
        nodes: list[AnyNode] = [*self.meaning.segments, *self.meaning.elements]
        rows = list(self._nodes(nodes, (), 0))
        caption = f"In the order in which the message is written. {_legend(''.join(rows))}"
        return table("Structure of the message", _HEADS, *rows, caption=caption)

    def _nodes(
        self, nodes: Sequence[AnyNode], above: tuple[AnyNode, ...], depth: int, outer: str = ""
    ) -> Iterator[Html]:
        """The rows of nodes; ``outer`` is the object of the first of several cases around them: it stands for all."""
        for node, cases in _cases(nodes):
            inner, about = (*above, node), outer or (_object(node) if cases else "")
            bounds = [bound for bound in own_entries(node, inner) if bound.whole is None]
            if _is_value(node) and len(bounds) == 1 and not cases:
                yield element("tbody", self._row(bounds[0], (), about, depth - 1, node))
            else:
                rows = [self._row(bound, cases, about, depth) for bound in bounds]
                yield element("tbody", self._head(node, cases, depth), rows)
            yield from self._nodes(below(node), inner, depth + 1, about)

    def _head(self, node: AnyNode, cases: Sequence[AnyNode], depth: int) -> Html:
        name = node.tag if cases else node.label if isinstance(node, Element) else node.name
        title = self._title(node)
        parts: list[Child] = [element("span", name, class_="name"), f" {title}" if title else None]
        told = [*self._modifiers(node)]
        if cases:
            listed = [f"{one.case} = {_object(one)}" for one in cases]
            told.insert(0, f"one for each of {', '.join(listed)}")
        if told:
            parts += [" ", element("span", f"({'; '.join(told)})", class_="more")]
        if node.note:
            parts += [" ", element("span", node.note, class_="note")]
        head = element(
            "th", parts, scope="rowgroup", colspan=len(_HEADS), class_=f"d{min(depth, _DEEPEST)}" if depth else None
        )
        return element("tr", head)

    def _title(self, node: AnyNode) -> str:
        if not isinstance(node, Segment) or self.meaning.guide is None:
            return ""
        known = self.meaning.guide.segment(node.tag)
        return known.title if known is not None else ""

    def _modifiers(self, node: AnyNode) -> Iterator[str]:
        if node.items is not None:
            yield f"one for each of {node.items.text()}"
        if node.least:
            yield f"at least {node.least}"
        if node.most is not None:
            yield f"at most {node.most}"
        elif node.items is None and isinstance(node, Element) and node.many:
            yield "may repeat"
        if node.first:
            yield "the first counts, one more is left aside"
        for condition in node.when:
            yield f"only where {condition.field.text()} is {condition.value}"
        if node.only_if is not None:
            yield f"written only if {condition_text(node.only_if)}"
        if not node.writes:
            yield "only read"
        elif not node.reads:
            yield "only written"

    def _row(
        self, bound: Bound, cases: Sequence[AnyNode], about: str, depth: int, alone: AnyNode | None = None
    ) -> Html:
        """The row of an entry; with that of its node in it, where it stands ``alone`` there."""
        slot = bound.slot
        place = bound.place or (bound.node.label if isinstance(bound.node, Element) else slot.name)
        told = list(self._modifiers(alone)) if alone is not None else []
        if not slot.writes and slot.reads and bound.node.writes:
            told.append("only read")
        elif not slot.reads and slot.writes and bound.node.reads:
            told.append("only written")
        notes = [text for text in (slot.note, alone.note if alone is not None else "") if text]
        example = self.examples.get(slot.number) or next(iter(slot.literals), "")
        inset = f"d{min(depth + 1, _DEEPEST)}" if depth >= 0 else ""
        inset += " short" if self.meaning.has_records else ""
        cells = [
            element("th", element("code", broken(place)), scope="row", class_=inset or None),
            element("td", self._meaning(bound, told, notes)),
            element("td", self._field(bound, about)),
            element("td", self._format(bound)),
            element("td", self._use(bound)),
            element("td", self._values(bound, cases)),
            element("td", element("code", example) if example else None),
        ]
        return element("tr", cells)

    def _part(self, bound: Bound) -> Part | None:
        """What the guide says of the place."""
        guide = self.meaning.guide
        if guide is None or not isinstance(bound.node, Segment):
            return None
        known = guide.segment(bound.node.tag)
        place: WirePlace | None = next(iter(bound.slot.places), None)
        return known.part(place) if known is not None and place is not None else None

    def _meaning(self, bound: Bound, told: Sequence[str], notes: Sequence[str]) -> Child:
        """What guide and canonical model say; below it the modifiers, and remarks of the file."""
        part = self._part(bound)
        title = part.element.title if part is not None else ""
        field = bound.slot.field
        about = described(field.text().rstrip("."), self.meaning.model) if field is not None else ""
        lines: list[Child] = [title] if title else []
        if about and title.lower() != about.lower():
            lines.append(element("span", about, class_="more") if title else about)
        if told:
            lines.append(element("span", f"({'; '.join(told)})", class_="more"))
        lines += [element("span", note, class_="note") for note in notes]
        return [[element("br") if number else None, line] for number, line in enumerate(lines)]

    def _field(self, bound: Bound, about: str) -> Child:
        slot = bound.slot
        if slot.literals:
            return None
        if slot.parts is not None:
            names = [part.field.text() for part in slot.parts.slots if part.field is not None]
            return [element("code", broken(", ".join(names))), " in one text"]
        if slot.field is not None:
            name = slot.field.text().rstrip(".")
            if about and name.startswith(f"{about}."):
                name = "…" + name.removeprefix(about)
            return element("code", broken(name))
        if slot.computed is not None:
            return ["computed: ", element("code", rule_of(slot).lstrip("="))]
        if slot.given is not None or slot.numbering is not None:
            return ["made: ", element("code", rule_of(slot).lstrip("="))]
        return None

    def _format(self, bound: Bound) -> Child:
        slot = bound.slot
        told: list[str] = []
        part = self._part(bound)
        spot = slot.spots[0] if slot.spots else None
        if part is not None and not isinstance(part.element, Composite):
            told.append(str(part.element.form))
        elif isinstance(spot, Range):
            told.append("to the end" if spot.last == ENDLESS else _characters(spot.width))
        elif slot.chain is not None and not self.meaning.has_records:
            told.append(slot.field.type.kind.value if slot.field is not None else slot.chain.gives.value)
        if slot.many:
            most = slot.places[0].repeats if slot.places else 0
            told.append(f"up to {most} times" if most > 1 else "may repeat")
        if slot.most is not None:
            told.append(f"at most {_characters(slot.most)}")
        pipes = pipes_of(slot)
        shown = element("code", broken(pipes)) if pipes else None
        return [", ".join(told), element("br") if told and pipes else None, shown]

    def _use(self, bound: Bound) -> Child:
        part = self._part(bound)
        status = part.status if part is not None else "M" if self._needed(bound) else "C"
        if self._needed(bound):
            return element("span", "M", class_="need", title="needed by our system")
        return status

    def _needed(self, bound: Bound) -> bool:
        slot = bound.slot
        if slot.literals:
            return not slot.attached
        return slot.required or (slot.field is not None and slot.field.type.required and slot.reads)

    def _values(self, bound: Bound, cases: Sequence[AnyNode]) -> Child:
        slot = bound.slot
        found: list[Child] = []
        if bound.qualifier is not None:
            found += ["with the qualifier ", element("code", bound.qualifier or "(none)")]
        if cases and slot.literals and rule_of(slot) == "=case":
            return [*found, "the qualifier: ", element("code", ", ".join(str(one.case) for one in cases))]
        if slot.literals:
            found.append(element("code", slot.literals[0]))
            if len(slot.literals) > 1:
                found += [" is written; also read: ", element("code", ", ".join(slot.literals[1:]))]
        for kind, name in tables_of(slot):
            if found:
                found.append("; ")
            named = element("a", name, href=f"#{self.anchors[name]}") if name in self.anchors else name
            found += ["code table " if kind == "code" else "cross-reference ", named]
        choices = slot.field.type.choices if slot.field is not None else ()
        if choices and not tables_of(slot):
            found.append(", ".join(choices[:_CHOICES]) + (", ..." if len(choices) > _CHOICES else ""))
        if slot.none is not None:
            found += ["; for no value: ", element("code", slot.none)]
        return found


def _characters(number: int) -> str:
    return f"{number} character{'' if number == 1 else 's'}"


def _legend(rows: str) -> str:
    """What the letters of the column of uses mean, as far as they stand in the rows."""
    optional = " and ".join(letter for letter in ("C", "O") if f"<td>{letter}</td>" in rows)
    words = ["M must be there, in bold where our system needs it", f"{optional} may be there" if optional else ""]
    words.append("X depends on others" if "<td>X</td>" in rows else "")
    return ", ".join(word for word in words if word) + "."


def _cases(nodes: Sequence[AnyNode]) -> Iterator[tuple[AnyNode, Sequence[AnyNode]]]:
    """The nodes, those that come from one entry with ``cases:`` as one, with all of them."""
    groups: dict[tuple[object, ...], list[AnyNode]] = {}
    for number, node in enumerate(nodes):
        of_cases = node.case is not None and _says_case(node)
        key = ("case", node.at.file, node.at.line, node.at.column) if of_cases else ("node", number)
        groups.setdefault(key, []).append(node)
    for group in groups.values():
        yield group[0], group if len(group) > 1 else ()


def _says_case(node: AnyNode) -> bool:
    slots = list(node.own()) + [slot for child in below(node) if isinstance(child, Element) for slot in child.own()]
    return any(slot.rule == "=case" for slot in slots)


def _is_value(node: AnyNode) -> bool:
    """Whether the node is one value and no more: an element without attributes, or a member."""
    return isinstance(node, Element) and not node.children and not node.attributes


def _object(node: AnyNode) -> str:
    """The object that a case is about: what the fields inside have in common."""
    paths = [slot.field.text().split(".") for slot in _slots(node) if slot.field is not None]
    common: list[str] = []
    for steps in zip(*paths, strict=False):
        if len(set(steps)) > 1:
            break
        common.append(steps[0])
    if paths and len(common) == min(len(path) for path in paths):
        common = common[:-1]
    return ".".join(common)


def _slots(node: AnyNode) -> Iterator[Slot]:
    yield from node.own()
    for inner in below(node):
        yield from _slots(inner)
