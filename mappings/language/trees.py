"""The layout of tree formats: XML elements with attributes and text, JSON members."""

from transload.canonical.places import MappingPlace
from transload.mappings.language.layout import Element
from transload.mappings.language.meaning import Meaning
from transload.mappings.language.modifiers import Modified, Modifiers
from transload.mappings.language.names import qualified
from transload.mappings.language.terms import Around, Slot
from transload.mappings.language.values import Values
from transload.mappings.source.nodes import Rows, Source, Table, Text
from transload.mappings.source.problems import Problems, named


class TreeLayout:
    """Builds the elements of a mapping."""

    def __init__(self, meaning: Meaning, values: Values, problems: Problems) -> None:
        self.meaning = meaning
        self.values = values
        self.problems = problems
        self.modifiers = Modifiers(meaning, values, problems)
        self.count = 0

    @property
    def xml(self) -> bool:
        """Whether names are XML names."""
        return self.meaning.family == "xml"

    def build(self, layout: Source, around: Around) -> list[Element]:
        """The elements of a layout, in list form or short form."""
        alone = isinstance(layout, Rows)
        items: tuple[Source, ...]
        if isinstance(layout, Rows):
            items = layout.values
        elif isinstance(layout, Table):
            items = tuple(Table((pair,), pair[0].at) for pair in layout)
        else:
            self.problems.add("M-NODE", layout.at, "a layout is a list of nodes, or a table of names and values")
            return []
        found: list[Element] = []
        for item in items:
            expanded = self.modifiers.expand(item, around) if alone else self._short(item, around)
            for modified in expanded:
                found += self.elements(modified, alone=alone)
        return found

    def elements(self, modified: Modified, *, alone: bool) -> list[Element]:
        """The elements that a node stands for: one, or none where it is refused."""
        element = self._element(modified, alone=alone)
        return [element] if element is not None else []

    def _short(self, item: Source, around: Around) -> list[Modified]:
        """An entry of the short form: its key is a name on the wire, whatever it is."""
        assert isinstance(item, Table)
        ((key, body),) = item.pairs
        return [
            Modified(
                key=key, body=body, then=None, around=around, items=None, most=None, least=0, when=(),
                reads=around.reads, writes=around.writes,
            )
        ]  # fmt: skip

    def _element(self, modified: Modified, *, alone: bool) -> Element | None:
        key = modified.key
        if modified.then is not None:
            self.problems.add(
                "M-NODE", key.at, "then: is for records; in a tree what belongs to an element stands in it"
            )
            return None
        if modified.use is not None:
            self.problems.add("M-NODE", modified.use.at, "use: is for segments; in a tree write  =field | py(name)")
            return None
        name, many = key.text.removesuffix("*"), key.text.endswith("*")
        tag = self._qualified(name, key.at)
        if tag is None:
            return None
        element = Element(
            number=self.count,
            at=named(key.at, name),
            scope=modified.around.scope,
            items=modified.items,
            most=modified.most,
            least=modified.least,
            first=modified.first,
            when=modified.when,
            only_if=modified.only_if,
            note=modified.note,
            reads=modified.reads,
            writes=modified.writes,
            case=modified.around.case,
            tag=tag,
            label=name,
            many=many,
            alone=alone,
        )
        self.count += 1
        self._body(element, key, modified.body, modified.around)
        if modified.first:
            _count_first(element)
        values = [slot for slot in element.own() if not slot.literals]
        if values and not any(slot.writes for slot in values) and not any(child.writes for child in element.children):
            element.writes = False  # literals are not written where they only go with fields that are read
        return element

    def _qualified(self, name: str, at: MappingPlace, *, attribute: bool = False) -> str | None:
        """The name in the form of lxml, ``{namespace}local``; JSON keys stay as they are."""
        if not self.xml:
            return name
        return qualified(name, self.meaning.namespaces, at, self.problems, default=not attribute)

    def _body(self, element: Element, key: Text, body: Source, around: Around) -> None:
        if _is_value(body):
            element.text = self._slot(
                element, key, body, around, words=element.label, many=element.many and element.items is None
            )
            return
        if isinstance(body, Rows):
            for item in body:  # attributes may stand in the list form as well
                if isinstance(item, Table) and len(item.pairs) == 1 and self._is_part(item.pairs[0][0].text):
                    self._part(element, *item.pairs[0], around)
                else:
                    element.children += self.build(Rows((item,), body.at), around)
            return
        assert isinstance(body, Table)
        for inner, value in body:
            if self._is_part(inner.text):
                self._part(element, inner, value, around)
            else:
                element.children += self.build(Table(((inner, value),), inner.at), around)

    def _is_part(self, name: str) -> bool:
        return self.xml and (name.startswith("@") or name == "text()")

    def _part(self, element: Element, key: Text, value: Source, around: Around) -> None:
        slot = self._slot(element, key, value, around, words=f"{element.label}/{key.text}")
        if slot is None:
            return
        if key.text == "text()":
            element.text = slot
            return
        name = self._qualified(key.text[1:], key.at, attribute=True)
        if name is not None:
            element.attributes.append((name, slot))

    def _slot(
        self, element: Element, key: Text, value: Source, around: Around, *, words: str, many: bool = False
    ) -> Slot | None:
        slot = self.values.slot(key, value, around, words=words, many=many)
        if slot is None:
            return None
        if many and slot.field is None:
            self.problems.add("M-VALUE", value.at, "a repeating place takes a list field")
            return None
        slot.direct(reads=element.reads, writes=element.writes)
        return slot


def _count_first(element: Element) -> None:
    """Say so of its own places, and of those in braces."""
    for slot in element.own():
        slot.first = True
    for child in element.children:
        if not child.alone:
            _count_first(child)


def _is_value(body: Source) -> bool:
    """Whether a body is a value, and not a layout inside.

    The long form of a value looks like an element with children; it is taken for a value
    only as ``{value: ..., note: ...}``, and as ``{text: "=x"}`` for a text that begins with =.
    With ``required: yes`` or ``max: 17`` beside it (no fields: those would be members) it is one as well.
    """
    if isinstance(body, Text):
        return True
    if isinstance(body, Rows):
        return bool(body.values) and all(isinstance(item, Text) for item in body)
    names = {key.text for key, _ in body}
    if _says(body, "required", ("yes", "no", "true", "false")) or _says(body, "max", None):
        names -= {"required", "max"}
        if names == {"value"}:
            return True
    if names == {"value", "note"}:
        return True
    text = body.get("text")
    return names <= {"text", "note"} and isinstance(text, Text) and text.text.startswith("=") and not text.plain


def _says(body: Table, name: str, words: tuple[str, ...] | None) -> bool:
    """Whether ``name`` stands in a long form with one of ``words`` (None: a whole number), and not as a member."""
    value = body.get(name)
    return isinstance(value, Text) and (value.text in words if words is not None else value.text.isdigit())
