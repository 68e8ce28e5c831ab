"""The layout of COBOL: records by their names, fields by theirs, groups where somebody wants to write them.

A record and a table are elements of the tree; a group that does not repeat is none, and what stands in it
belongs to what is around it, so a field is found by its name alone.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from transload.adapters.cobol.items import Item
from transload.adapters.cobol.names import Names
from transload.adapters.cobol.options import CobolOptions
from transload.adapters.cobol.values import Machine, Unreadable, number_text, write_field
from transload.mappings.language.converters.base import Converter, DomainError
from transload.mappings.language.converters.chains import Chain
from transload.mappings.language.fields import Kind, follow
from transload.mappings.language.layout import Element
from transload.mappings.language.meaning import Ignored, Meaning
from transload.mappings.language.modifiers import Modified
from transload.mappings.language.terms import Around, Field, Slot
from transload.mappings.language.trees import TreeLayout
from transload.mappings.language.values import Values
from transload.mappings.source.nodes import Rows, Source, Table, Text
from transload.mappings.source.problems import Problems, suggest


@dataclass(frozen=True)
class _Here:
    """Where an entry stands: the names of its record or table (None around the records), and the group in it."""

    names: Names | None
    group: Item | None = None

    def find(self, text: str) -> list[str]:
        """The keys that a name may mean here."""
        if self.names is None:
            return []
        found = self.names.known.get(text.upper(), [])
        if len(found) > 1 and self.group is not None:
            inside = self.names.below(self.group)
            found = [key for key in found if key in inside]
        return found


class CobolLayout(TreeLayout):
    """Builds the elements of a mapping of COBOL, by the copybook of ``options``."""

    def __init__(self, meaning: Meaning, values: Values, problems: Problems, options: CobolOptions) -> None:
        super().__init__(meaning, values, problems)
        self.types = options.types
        self.machine = next(iter(self.types.values())).machine
        self._here = [_Here(None)]

    def elements(self, modified: Modified, *, alone: bool) -> list[Element]:
        """The element of a record, table or field; what stands in a group, for the group."""
        here, key = self._here[-1], modified.key
        name = key.text.removesuffix("*")
        found = here.find(name)
        if not found and name.upper() in self.types:
            record = self.types[name.upper()]
            if _is_value(modified.body):
                return self._no_field(key, record.name)
            return self._inside(modified, record.name, _Here(record.names), alone=alone, many=True)
        if len(found) == 1:
            return self._entry(modified, found[0], alone=alone)
        groups = here.names.groups.get(name.upper(), []) if here.names is not None else []
        if not found and len(groups) == 1:
            return self._group(modified, groups[0])
        if found or groups:
            known = ", ".join(found or sorted(".".join(group.path[1:]) for group in groups))
            self.problems.add(
                "M-PLACE", key.at, f"{name} is not clear: {known}", hint="write the group before the name"
            )
        else:
            known_names = list(here.names.known) if here.names is not None else list(self.types)
            what = "field" if here.names is not None else "record"
            hint = suggest(name.upper(), known_names, f"there are: {', '.join(known_names[:12])}")
            self.problems.add("M-PLACE", key.at, f"the copybook has no {what} {name} here", hint=hint)
        return []

    def _entry(self, modified: Modified, name: str, *, alone: bool) -> list[Element]:
        names = self._here[-1].names
        assert names is not None
        item, key = names.items[name], modified.key
        many = key.text.endswith("*")
        inner = names.inner.get(name)
        is_table = inner is not None or (item.most > 0 and not name.endswith("]") and "[" not in name)
        if is_table and not many and modified.items is None:
            hint = f"each: LIST beside it, {name}* for a list of texts, or {name}[1] for one of it"
            self.problems.add("M-NODE", key.at, f"{name} is a table with {item.most} items", hint=hint)
            return []
        if not is_table and (many or modified.items is not None):
            self.problems.add("M-NODE", key.at, f"{name} is no table", hint="a table has OCCURS in the copybook")
            return []
        return self._inside(modified, name, _Here(inner) if inner is not None else None, alone=alone, many=many)

    def _inside(self, modified: Modified, name: str, here: _Here | None, *, alone: bool, many: bool) -> list[Element]:
        """The element of that name, whose own entries stand ``here``."""
        key = modified.key
        if here is not None:
            self._here.append(here)
        text = f"{name}*" if many else name
        element = self._element(replace(modified, key=Text(text, key.at, key.plain)), alone=alone)
        if here is not None:
            self._here.pop()
        return [element] if element is not None else []

    def _group(self, modified: Modified, group: Item) -> list[Element]:
        key = modified.key
        if modified.items is not None or modified.when or modified.most is not None or key.text.endswith("*"):
            message = f"{group.name} is a group, which is always there, and once"
            self.problems.add("M-NODE", key.at, message, hint="put the modifier at a record, a table or a field")
            return []
        if _is_value(modified.body):
            return self._no_field(key, group.name)
        names = self._here[-1].names
        self._here.append(_Here(names, group))
        found = self.build(modified.body, modified.around)
        self._here.pop()
        return found

    def _no_field(self, key: Text, name: str) -> list[Element]:
        self.problems.add("M-NODE", key.at, f"{name} is no field; bind the fields in it", hint=f"{name}: {{...}}")
        return []

    def _slot(
        self, element: Element, key: Text, value: Source, around: Around, *, words: str, many: bool = False
    ) -> Slot | None:
        slot = super()._slot(element, key, value, around, words=words, many=many)
        names = self._here[-1].names
        item = names.items.get(element.tag) if names is not None else None
        if slot is None:
            return None
        if item is None or item.is_group:
            self._no_field(key, element.label)
            return None
        for literal in slot.literals:
            fault = _fault(item, literal, self.machine)
            if fault:
                self.problems.add("M-VALUE", value.at, f"{element.label} cannot hold {literal!r}: {fault}")
        if slot.field is not None and not self._nothing(slot, item, value):
            return None
        if slot.chain is not None:
            slot.chain = Chain(
                steps=(*slot.chain.steps, stored(item, self.machine, slot.chain.gives, none=slot.none)),
                gives=slot.chain.gives,
            )
        return slot

    def _nothing(self, slot: Slot, item: Item, value: Source) -> bool:
        """Whether it is clear how no value is told from zero: a number without a value is written as zero."""
        assert slot.field is not None
        if slot.none is not None:
            if item.is_numeric and slot.none.strip("0") == "" and slot.none:
                slot.none = number_text(item, Decimal(0))
                return True
            self.problems.add("M-CONVERTER", value.at, "none is for numbers here, and is none(0)", hint="leave it out")
            return False
        if not item.is_numeric or slot.default is not None or not (slot.reads and slot.writes) or slot.many:
            return True
        if not may_lack(slot.field):
            return True
        self.problems.add(
            "M-CONVERTER",
            value.at,
            f"{slot.field.text()} may have no value, and {item.kind} has no form for that",
            hint="write | none(0), so that zero is no value, or | default(0)",
            field=slot.field.text(),
        )
        return False

    def quiet(self, elements: Sequence[Element], names: Names | None = None) -> Iterator[Ignored]:
        """What nobody misses: other views of bytes that are read, and the sizes of tables."""
        for element in elements:
            if names is None or (element.tag in self.types and element.tag not in names.items):
                record = self.types[element.tag]
                yield from self._unread(element, record.names)
                for counter in (steps[-1][0] for steps in record.names.keys if record.is_counter(steps[-1][0])):
                    key = next(key for steps, key in record.names.keys.items() if steps[-1][0] is counter)
                    yield Ignored(tag=key, above=(element.tag,), deep=True)
                yield from self.quiet(element.children, record.names)
            elif element.tag in names.inner:
                yield from self._unread(element, names.inner[element.tag])
                yield from self.quiet(element.children, names.inner[element.tag])

    def _unread(self, element: Element, names: Names) -> Iterator[Ignored]:
        used = {child.tag for child in element.children}
        for key in self._views(used, names):
            yield Ignored(tag=key, above=(element.tag,), deep=True)

    @staticmethod
    def _views(used: set[str], names: Names) -> Iterator[str]:
        """The keys that share bytes with a used one, through REDEFINES."""
        for steps, key in names.keys.items():
            if key not in used:
                continue
            for item, _ in steps:
                beside = item.parent.children if item.parent is not None else []
                first = item.redefines or item
                for other in beside:
                    if other is not item and (other.redefines or other) is first:
                        yield from (found for way, found in names.keys.items() if any(i is other for i, _ in way))

    def ignored(self, entries: Sequence[Ignored]) -> Iterator[Ignored]:
        """The entries of ``ignores:``, a group being all that stands in it, names in capitals."""
        for entry in entries:
            tag, above = entry.tag.upper(), tuple(step.upper() for step in entry.above)
            yield replace(entry, tag=tag, above=above)
            for record in self.types.values():
                for group in record.names.groups.get(tag, ()):
                    yield from (replace(entry, tag=key, above=()) for key in record.names.below(group))

    def selection(self, elements: Sequence[Element]) -> dict[str, dict[str, list[str]]]:
        """By which values of which fields the records are told apart: their literals."""
        found: dict[str, list[dict[str, list[str]]]] = {}
        for element in self.records(elements):
            literals = {
                child.tag: list(child.text.literals)
                for child in element.children
                if child.text is not None and child.text.literals and child.text.reads
            }
            found.setdefault(element.tag, []).append(literals)
        select: dict[str, dict[str, list[str]]] = {}
        for name, cases in found.items():
            common = set(cases[0]).intersection(*cases[1:])
            select[name] = {
                field: [text for case in cases for text in case[field]] for field in cases[0] if field in common
            }
        return select

    def bound(self, element: Element, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
        """The fields and tables of a record that are written, by their keys."""
        for child in element.children:
            if child.writes and child.tag not in self.types:
                yield (*above, child.tag)
                yield from self.bound(child, (*above, child.tag))

    def records(self, elements: Sequence[Element]) -> Iterator[Element]:
        """The elements that are records."""
        for element in elements:
            if element.tag in self.types:
                yield element
            yield from self.records(element.children)


def cobol_layout(meaning: Meaning, values: Values, problems: Problems, layout: Source, around: Around) -> None:
    """Build the elements of a mapping, and complete the options of its format by what the layout says.

    The options are known to be good.
    """
    options = CobolOptions.model_validate(meaning.format_options)
    single = single_tables(layout, options)
    if single:
        meaning.format_options["single"] = single
        options = CobolOptions.model_validate(meaning.format_options)
    builder = CobolLayout(meaning, values, problems, options)
    meaning.elements = builder.build(layout, around)
    meaning.ignores = (*builder.ignored(meaning.ignores), *builder.quiet(meaning.elements))
    if not meaning.elements:
        return
    meaning.format_options["bound"] = {
        record: sorted({tuple(path) for element in builder.records(meaning.elements) if element.tag == record
                        for path in builder.bound(element)})
        for record in dict.fromkeys(element.tag for element in builder.records(meaning.elements))
    }  # fmt: skip
    meaning.kind = options.documents.start.upper() if options.documents.start else meaning.elements[0].tag
    if options.select or len(options.types) == 1:
        return
    select = builder.selection(meaning.elements)
    for element in builder.records(meaning.elements):
        if not select[element.tag]:
            message = f"nothing tells {element.tag} from the other records of the copybook"
            hint = "give it a literal, such as  REC-TYPE: H"
            problems.add("M-NODE", element.at, message, hint=hint)
            return
    meaning.format_options["select"] = select


def _is_value(body: Source) -> bool:
    """Whether a body is a value, and not a layout inside."""
    return isinstance(body, Text) or (isinstance(body, Rows) and not any(isinstance(item, Table) for item in body))


def may_lack(field: Field) -> bool:
    """Whether a document may have no value for the field, or no object that it is in."""
    if field.scope.model is None:
        return False
    ways = (field.path[:length] for length in range(1, len(field.path) + 1))
    return any(follow(field.scope.model, way)[0].optional for way in ways)


def stored(item: Item, machine: Machine, gives: Kind, *, none: str | None = None) -> Converter:
    """The last step of every field: what its picture cannot hold is refused, and so is what cannot be read.

    ``none`` is the text that stands for no value.
    """

    def read(value: Any) -> Any:
        if isinstance(value, list):
            return [read(one) for one in value]
        if isinstance(value, Unreadable):
            raise DomainError(value.reason)
        return value

    def write(value: Any) -> Any:
        if isinstance(value, list | tuple):
            return [write(one) for one in value]
        fault = _fault(item, value, machine)
        if fault:
            raise DomainError(fault)
        if none is not None and not Decimal(value):
            raise DomainError(f"{value} stands for no value here")
        return value

    return Converter(name=item.kind, read=read, write=write, gives=gives)


def _fault(item: Item, value: Any, machine: Machine) -> str | None:
    try:
        write_field(item, value, machine)
    except (ValueError, ArithmeticError) as error:
        digits = item.picture.digits if item.picture is not None and item.picture.numeric else 0
        more = f"; write | zeros({digits})" if isinstance(value, str) and value.isdecimal() and digits else ""
        return f"{error}{more}"
    return None


def single_tables(layout: Source, options: CobolOptions) -> list[str]:
    """The tables of which the layout names single occurrences, as ``LINE[2]``, with their record in front."""
    found: dict[str, None] = {}
    tables = [item for record in options.book.records for item in record.walk() if item.most]
    for text in _keys(layout):
        parts = text.upper().split("[")[:-1]
        prefix = ""
        for part in parts:
            prefix += part.partition("]")[2] or part if "]" in part else part
            wanted = tuple(prefix.split("."))
            for item in tables:
                if item.path[-len(wanted) :] == wanted:
                    found[".".join(item.path)] = None
    return list(found)


def _keys(node: Source) -> Iterator[str]:
    if isinstance(node, Table):
        for key, value in node:
            if "[" in key.text:
                yield key.text
            yield from _keys(value)
    elif isinstance(node, Rows):
        for value in node:
            yield from _keys(value)
