"""From trees of XML and JSON to nodes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from transload.adapters.base.format import Message
from transload.mappings.drafting.kinds import Kind, namespaces_of, root_of
from transload.mappings.drafting.knowledge import Scope
from transload.mappings.drafting.naming import fields_of, list_of, party_of, usual_of, words
from transload.mappings.drafting.nodes import OPEN, Entry, Node, data_entry
from transload.mappings.drafting.values import Codes, pipes
from transload.mappings.language.fields import Kind as FieldKind

_ROLES = frozenset(("role", "type", "qualifier", "kind"))


@dataclass(eq=False, kw_only=True)
class Shape:
    """Elements or members of one name below one parent, from all samples.

    ``texts`` are what they hold themselves, ``attributes`` by name; ``most`` is how often one parent has it;
    ``numbers`` is whether the texts are JSON numbers, ``truths`` whether they are true or false, ``listed`` whether it
    is a JSON array.
    """

    name: str
    texts: list[str] = field(default_factory=list)
    attributes: dict[str, list[str]] = field(default_factory=dict)
    inside: "dict[str, Shape]" = field(default_factory=dict)
    count: int = 0
    most: int = 0
    numbers: bool = False
    truths: bool = False
    listed: bool = False
    instances: list[Any] = field(default_factory=list)

    def weight(self) -> int:
        """How many places with a value there are in it."""
        return bool(self.texts) + len(self.attributes) + sum(shape.weight() for shape in self.inside.values())


def nodes_of_trees(kind: Kind, messages: Sequence[Message], scope: Scope, codes: Codes, word: str) -> list[Node]:
    """The nodes of a layout that reads ``messages``; ``word`` is what expressions call the document."""
    used: set[str] = set()
    roots = [root_of(message) for message in messages]
    whole = Shape(name="")
    drafting = _Trees(kind.format_type, codes, namespaces_of(roots[0]) if kind.format_type == "xml" else {})
    drafting.whole, drafting.word, drafting.taken = scope, word, used
    if kind.format_type == "xml":
        for root in roots:
            _xml(whole.inside.setdefault(root.tag, Shape(name=root.tag)), root)
        (shape,) = list(whole.inside.values())[:1]
        return [Node(name=drafting.label(shape.name), inside=drafting.content(shape, scope, used, ()), tree=True)]
    for root in roots:
        _json(whole, root)
    return drafting.content(whole, scope, used, ())


def _xml(shape: Shape, element: Any) -> None:
    shape.count += 1
    shape.instances.append(element)
    for name, value in element.attrib.items():
        if not name.startswith("{http://www.w3.org/2001/XMLSchema-instance}"):
            shape.attributes.setdefault(name, []).append(value)
    text = (element.text or "").strip()
    if text and not len(element):
        shape.texts.append(element.text)
    counts: dict[str, int] = {}
    for child in element:
        if isinstance(child.tag, str):
            counts[child.tag] = counts.get(child.tag, 0) + 1
            _xml(shape.inside.setdefault(child.tag, Shape(name=child.tag)), child)
    for name, count in counts.items():
        shape.inside[name].most = max(shape.inside[name].most, count)


def _json(shape: Shape, value: Any) -> None:
    shape.count += 1
    shape.instances.append(value)
    if isinstance(value, dict):
        for key, inner in value.items():
            child = shape.inside.setdefault(key, Shape(name=key))
            items = inner if isinstance(inner, list) else [inner]
            child.listed = child.listed or isinstance(inner, list)
            child.most = max(child.most, len(items))
            for item in items:
                _json(child, item)
    elif isinstance(value, bool):
        shape.truths = True
        shape.texts.append("true" if value else "false")
    elif isinstance(value, Decimal | int):
        shape.numbers = True
        shape.texts.append(format(value, "f"))
    elif isinstance(value, str) and value:
        shape.texts.append(value)


def _is_list(name: str) -> bool:
    """Whether elements of a name are items of a list even where there is one."""
    return words(name) in (["allowance", "charge"], ["payment", "terms"], ["tax", "subtotal"])


def _named_lines(shape: Shape, scope: Scope, used: set[str]) -> bool:
    return list_of(shape.name, scope, used) == "lines"


def _holds(shape: Shape, scope: Scope, used: set[str]) -> bool:
    """Whether the lines stand one level deeper."""
    inner = [child for child in shape.inside.values() if child.inside]
    return any(child.most > 1 or _named_lines(child, scope, used) for child in inner)


class _Trees:
    def __init__(self, format_type: str, codes: Codes, spaces: Mapping[str, str]) -> None:
        self.format_type = format_type
        self.codes = codes
        self.lines: Shape | None = None
        self.whole: Scope | None = None
        self.word = ""
        self.taken: set[str] = set()
        self.in_lines = False
        self.prefixes = {uri: prefix for prefix, uri in spaces.items()}

    def label(self, name: str) -> str:
        """A qualified name with the mapping's prefix."""
        mark = "@" if name.startswith("@") else ""
        space, _, local = name.removeprefix("@").rpartition("}")
        prefix = self.prefixes.get(space.lstrip("{"), "") if space else ""
        return f"{mark}{prefix}:{local}" if prefix else f"{mark}{local}"

    def content(self, shape: Shape, scope: Scope, used: set[str], steps: tuple[str, ...]) -> list[Node]:
        """The nodes of what stands in an element."""
        nodes = [Node(name=entry.key, value=entry, tree=True) for entry in self._attributes(shape, scope, used, steps)]
        lines = self._lines(shape, scope, used)
        self.lines = lines or self.lines
        for child in shape.inside.values():
            nodes += self._node(child, scope, used, steps, is_line=child is lines)
        return nodes

    def _lines(self, shape: Shape, scope: Scope, used: set[str]) -> Shape | None:
        """The element that is a line: the one that repeats, or is called so, and holds most."""
        if "lines" not in scope.lists or "lines" in used:
            return None
        found = [
            child
            for child in shape.inside.values()
            if child.inside
            and self._roles(child, scope) is None
            and (
                child.most > 1 or child.listed or (_named_lines(child, scope, used) and not _holds(child, scope, used))
            )
        ]
        return max(found, key=Shape.weight, default=None)

    def _node(self, shape: Shape, scope: Scope, used: set[str], steps: tuple[str, ...], *, is_line: bool) -> list[Node]:
        label = self.label(shape.name)
        local = shape.name.rpartition("}")[2]
        if words(local) == ["amount"] and any("unit" in words(name) for name in (*shape.inside, *shape.attributes)):
            local = "quantity"  # an amount of something, not of money
        roles = self._roles(shape, scope)
        if roles is not None:
            return [self._cases(shape, scope, roles)]
        if not shape.inside and not shape.attributes:
            return [self._leaf(shape, scope, used, (*steps, local))]
        listed = shape.most > 1 or shape.listed or _is_list(shape.name)
        name = "lines" if is_line else list_of(shape.name, scope, used) if listed else None
        if name is not None:
            used.add(name)
            inner, mine = scope.lists[name], set[str]()
            outside, self.in_lines = self.in_lines, True
            inside = self.content(shape, inner, mine, (local,))
            self.in_lines = outside
            return [Node(name=label, inside=[*inside, *self._own(shape, inner, mine, (local,))],
                         modifiers=[("each", name)], tree=True)]  # fmt: skip
        if not shape.inside:
            return [self._with_text(shape, scope, used, (*steps, local))]
        repeats = shape.most > 1 or shape.listed
        party = party_of(shape.name, scope)
        if party is not None and party not in used and not repeats:
            used.add(party)
            inside = self.content(shape, scope.party(party), set(), (local,))
            return [Node(name=label, inside=inside, modifiers=[("in", party)], tree=True)]
        node = Node(name=f"{label}*" if shape.listed else label, tree=True)
        if repeats and shape.most > 1:
            node.gone = True
            node.remark = f"{OPEN} {label} comes up to {shape.most} times: which list is it?"
            return [node]
        node.inside = self.content(shape, scope, used, (*steps, local))
        return [node]

    def _attributes(self, shape: Shape, scope: Scope, used: set[str], steps: tuple[str, ...]) -> Iterator[Entry]:
        for name, values in shape.attributes.items():
            local = f"@{name.rpartition('}')[2]}"
            yield self._entry(self.label(f"@{name}"), values, scope, used, (*steps, local), len(values) == shape.count)

    def _own(self, shape: Shape, scope: Scope, used: set[str], steps: tuple[str, ...]) -> list[Node]:
        if not shape.texts:
            return []
        entry = self._entry("text()", shape.texts, scope, used, steps, everywhere=False)
        return [Node(name="text()", value=entry, tree=True)]

    def _with_text(self, shape: Shape, scope: Scope, used: set[str], steps: tuple[str, ...]) -> Node:
        """An element with attributes and a text."""
        text = self._entry("text()", shape.texts or [""], scope, used, steps, everywhere=False)
        entries = [*self._attributes(shape, scope, used, steps)]
        return Node(name=self.label(shape.name), entries=[*entries, text] if shape.texts else entries, tree=True)

    def _leaf(self, shape: Shape, scope: Scope, used: set[str], steps: tuple[str, ...]) -> Node:
        label = self.label(shape.name)
        if not shape.texts:
            return Node(name=label, tree=True, gone=True, remark=f"{OPEN} {label} is empty in the samples")
        repeats = shape.most > 1 or shape.listed
        for found in fields_of(steps, scope, used):
            if repeats == (found.form.kind is FieldKind.TEXTS):
                if repeats:
                    used.add(found.text)
                    entry = Entry(key=f"{label}*", expression=found.text, sample=shape.texts[0])
                    return Node(name=f"{label}*", value=entry, tree=True)
                break
            if found.form.kind is FieldKind.TEXTS:
                used.add(found.text)
                return Node(name=f"{label}*" if self.format_type == "xml" else label, tree=True,
                            value=Entry(key=f"{label}*", expression=found.text, sample=shape.texts[0]))  # fmt: skip
        if repeats:
            return Node(name=label, tree=True, gone=True, remark=f"{OPEN} {label} is a list: which one?")
        if shape.truths:
            return self._truth(shape, scope, used, steps)
        entry = self._entry(label, shape.texts, scope, used, steps, len(shape.texts) == shape.count, shape.numbers)
        return Node(name=label, value=entry, tree=True)

    def _truth(self, shape: Shape, scope: Scope, used: set[str], steps: tuple[str, ...]) -> Node:
        """A member that is true or false."""
        label = self.label(shape.name)
        for found in fields_of(steps, scope, used):
            if found.form.kind is FieldKind.BOOLEAN:
                used.add(found.text)
                return Node(name=label, tree=True, value=Entry(key=label, expression=found.text))
        return Node(name=label, tree=True, gone=True, remark=f"{OPEN} {label} is true or false: which field?")

    def _entry(
        self,
        key: str,
        values: Sequence[str],
        scope: Scope,
        used: set[str],
        steps: tuple[str, ...],
        everywhere: bool,
        numbers: bool = False,
    ) -> Entry:
        for found in fields_of(steps, scope, used):
            if found.form.kind is FieldKind.TEXTS:
                continue
            piped = pipes(found, values, self.format_type, self.codes)
            if piped is None or (numbers and piped):
                continue
            used.add(found.text)
            return Entry(key=key, expression=f"{found.text}{' | number' if numbers else piped}", sample=values[0])
        outer = self._outer(key, values, scope, steps)
        if outer is not None and not numbers:
            return outer
        if self._counts(steps, values):
            return Entry(key=key, expression=f"count(lines){' | number' if numbers else ''}", sample=values[0])
        if numbers:
            remark = f"{OPEN} which field? a JSON number, such as {values[0]}"
            return Entry(key=key, sample="", remark=remark, gone=True)
        different = list(dict.fromkeys(values))
        others = f", also {', '.join(repr(value) for value in different[1:3])}" if len(different) > 1 else ""
        if everywhere and len(different) == 1 and len(different[0]) <= 3 and different[0].isupper():
            return Entry(key=key, literals=(different[0],), sample=different[0])
        return data_entry(key, different, f"{OPEN} which field?{others}")

    def _outer(self, key: str, values: Sequence[str], scope: Scope, steps: tuple[str, ...]) -> Entry | None:
        """A field of the document that stands inside one of its parties, by its usual place."""
        if self.whole is None or scope is self.whole or self.in_lines:
            return None
        for found in usual_of(steps, self.whole):
            piped = pipes(found, values, self.format_type, self.codes)
            if piped is not None and found.text not in self.taken and found.form.kind is not FieldKind.TEXTS:
                self.taken.add(found.text)
                return Entry(key=key, expression=f"{self.word}.{found.text}{piped}", sample=values[0])
        return None

    def _counts(self, steps: tuple[str, ...], values: Sequence[str]) -> bool:
        """Whether a member of the document is called a count and says how many lines there are."""
        if self.lines is None or len(steps) != 1 or not {"count", "lines", "positions"} & set(words(steps[0])):
            return False
        return all(value.isdigit() for value in values) and sum(map(int, values)) == self.lines.count

    def _roles(self, shape: Shape, scope: Scope) -> tuple[str, dict[str, str]] | None:
        """For an element whose party stands in it: the place that says which, and the parties by its values."""
        if not shape.inside or not (shape.most > 1 or shape.listed):
            return None
        places = {f"@{name}": values for name, values in shape.attributes.items()}
        places |= {child.name: child.texts for child in shape.inside.values() if child.texts and not child.inside}
        for name, values in places.items():
            if not _ROLES & set(words(name)):
                continue
            parties = {value: party_of(value, scope) for value in dict.fromkeys(values)}
            known = {value: party for value, party in parties.items() if party is not None}
            if known and len(set(known.values())) == len(known):
                return name, known
        return None

    def _cases(self, shape: Shape, scope: Scope, roles: tuple[str, dict[str, str]]) -> Node:
        place, known = roles
        party = scope.party(next(iter(known.values())))
        rows = ", ".join(f"{value}: {name}" for value, name in known.items())
        case = Entry(key=self.label(place), expression="case")
        rest = Shape(name=shape.name, texts=shape.texts, count=shape.count,
                     attributes={name: values for name, values in shape.attributes.items() if f"@{name}" != place},
                     inside={name: child for name, child in shape.inside.items() if name != place})  # fmt: skip
        inside = [Node(name=case.key, value=case, tree=True), *self.content(rest, party, set(), (shape.name,))]
        label = self.label(shape.name)
        return Node(name=f"{label}*" if shape.listed else label, inside=inside, modifiers=[("cases", f"{{{rows}}}")],
                    tree=True, telling=True)  # fmt: skip
