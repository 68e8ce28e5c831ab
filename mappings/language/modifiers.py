"""The modifiers of nodes, the same in every format: each, in, cases, when, min, max, first, only."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from transload.canonical.places import MappingPlace
from transload.mappings.language.conditions import Conditions
from transload.mappings.language.fields import Kind
from transload.mappings.language.meaning import Meaning
from transload.mappings.language.terms import Around, Condition, Field, Scope, Test
from transload.mappings.language.values import Values
from transload.mappings.source.merging import MODIFIERS, wire_entry
from transload.mappings.source.nodes import Source, Table, Text
from transload.mappings.source.problems import Problems, suggest

TAG = re.compile(r"[A-Z][A-Z0-9]{1,2}")
"""A segment's tag."""


@dataclass(frozen=True, kw_only=True)
class Modified:
    """One node of a layout, ready to be built: once for a plain node, once for each of its cases."""

    key: Text
    body: Source
    then: Source | None
    around: Around
    items: Field | None
    most: int | None
    least: int
    when: tuple[Condition, ...]
    reads: bool
    writes: bool
    only_if: Test | None = None
    use: Source | None = None
    first: bool = False
    note: str = ""


class Modifiers:
    """Reads the modifiers, and notes in ``problems`` what is wrong with them."""

    def __init__(self, meaning: Meaning, values: Values, problems: Problems) -> None:
        self.meaning = meaning
        self.values = values
        self.problems = problems

    def expand(self, item: Source, around: Around) -> Iterator[Modified]:
        """The node or nodes that ``item`` of a layout stands for."""
        if not isinstance(item, Table):
            self.problems.add("M-NODE", item.at, "a node is a table: {NAME: {...}} with its modifiers beside it")
            return
        wire = wire_entry(item)
        if wire is None:
            self._refuse_wires(item)
            return
        beside = item.without(wire[0].text)  # a node's only key is its name, also one like a modifier
        for placed in self._places(beside, around):
            built = self._modified(beside, wire, placed)
            if built is not None:
                yield built

    def _refuse_wires(self, item: Table) -> None:
        wires = [key for key, _ in item if key.text not in MODIFIERS]
        records = self.meaning.has_records
        if not wires:
            hint = None if records else "one that is called like a modifier stands in the braces of what is around it"
            self.problems.add("M-NODE", item.at, "a node needs the name of a segment or element", hint=hint)
            return
        for key in wires:
            hint = suggest(key.text, MODIFIERS)
            if hint is not None or (records and not TAG.fullmatch(key.text) and key.text not in ("row", "record")):
                known = ", ".join(sorted(MODIFIERS - {"id", "note"}))
                hint = hint or f"modifiers are {known}"
                self.problems.add("M-KEY", key.at, f"there is no modifier {key.text!r}", hint=hint)
                return
        names = " and ".join(key.text for key in wires)
        self.problems.add(
            "M-NODE",
            wires[1].at,
            f"a node has one name on the wire, and this one has {names}",
            hint="begin a new node with -",
        )

    def _places(self, item: Table, around: Around) -> Iterator[Around]:
        cases, inside = item.get("cases"), item.get("in")
        if cases is not None and inside is not None:
            self.problems.add("M-NODE", inside.at, "a node has in: or cases:, not both")
        elif isinstance(cases, Table):
            for literal, path in cases:
                placed = self._object(path, around)
                if placed is not None:
                    yield replace(placed, case=literal.text)
        elif cases is not None:
            self.problems.add("M-NODE", cases.at, "cases: is a table of qualifiers, such as {BY: buyer, SU: seller}")
        elif inside is not None:
            placed = self._object(inside, around)
            if placed is not None:
                yield placed
        else:
            yield around

    def _object(self, path: Source, around: Around) -> Around | None:
        """Inside the object at ``path``."""
        if not isinstance(path, Text):
            self.problems.add("M-NODE", path.at, "the path of an object is expected, such as buyer")
            return None
        field = self.values.field(tuple(path.text.split(".")), around, path.at)
        if field is None:
            return None
        if field.type.kind is not Kind.OBJECT:
            self.problems.add("M-FIELD", path.at, f"{path.text} is a {field.type.kind.value}, not an object")
            return None
        if field.scope is not around.scope:
            self.problems.add(
                "M-FIELD", path.at, f"{path.text} is outside the current item; name its fields one by one"
            )
            return None
        return replace(around, prefix=field.path)

    def _modified(self, item: Table, wire: tuple[Text, Source], around: Around) -> Modified | None:
        items = None
        each = item.get("each")
        if each is not None:
            opened = self._each(each, item.get("as"), around)
            if opened is None:
                return None
            items, around = opened
        elif (alias := item.key("as")) is not None:
            self.problems.add("M-NODE", alias.at, "as: names the item of each:, and there is no each: here")
        only = item.get("only")
        direction = only.text if isinstance(only, Text) else None
        if only is not None and direction not in ("decode", "encode"):
            self.problems.add("M-NODE", only.at, "only: is decode or encode")
        around = replace(
            around, reads=around.reads and direction != "encode", writes=around.writes and direction != "decode"
        )
        return Modified(
            key=wire[0],
            body=wire[1],
            then=item.get("then"),
            around=around,
            items=items,
            most=self._number(item, "max"),
            least=self._number(item, "min") or 0,
            when=tuple(self._when(item.get("when"), around)),
            reads=around.reads,
            writes=around.writes,
            only_if=self._only_if(item.get("only_if"), around),
            use=item.get("use"),
            first=self._first(item.get("first")),
            note=note.text if isinstance(note := item.get("note"), Text) else "",
        )

    def _first(self, value: Source | None) -> bool:
        if value is None or (isinstance(value, Text) and value.text in ("true", "false")):
            return isinstance(value, Text) and value.text == "true"
        self.problems.add("M-NODE", value.at, "first: is true or false")
        return False

    def _only_if(self, value: Source | None, around: Around) -> Test | None:
        if value is None:
            return None
        if not isinstance(value, Text):
            self.problems.add("M-NODE", value.at, "only_if: is a condition, such as  quantity > 0")
            return None
        return Conditions(self.problems, self.values.field).test(value, around)

    def _each(self, path: Source, alias: Source | None, around: Around) -> tuple[Field, Around] | None:
        if not isinstance(path, Text):
            self.problems.add("M-NODE", path.at, "each: names a list, such as lines")
            return None
        field = self.values.field(tuple(path.text.split(".")), around, path.at)
        if field is None:
            return None
        if field.type.kind not in (Kind.ITEMS, Kind.TEXTS):
            self.problems.add("M-FIELD", path.at, f"{path.text} is a {field.type.kind.value}, not a list")
            return None
        if field.scope is not around.scope:
            self.problems.add(
                "M-FIELD", path.at, f"{path.text} is outside the current item, so it cannot be repeated here"
            )
            return None
        name = alias.text if isinstance(alias, Text) else None
        scope = Scope(
            number=len(self.meaning.scopes), model=field.type.model, parent=field.scope, path=field.path, name=name
        )
        self.meaning.scopes.append(scope)
        return field, replace(around, scope=scope, prefix=())

    def _number(self, item: Table, name: str) -> int | None:
        value = item.get(name)
        if value is None:
            return None
        if (
            isinstance(value, Text)
            and value.text.isascii()
            and value.text.isdigit()
            and (int(value.text) or name == "min")
        ):
            return int(value.text)
        self.problems.add("M-NODE", value.at, f"{name}: is a whole number")
        return None

    def _when(self, table: Source | None, around: Around) -> Iterator[Condition]:
        if table is None:
            return
        if not isinstance(table, Table):
            self.problems.add("M-NODE", table.at, "when: is a table of fields and values, such as {purpose: replace}")
            return
        for key, value in table:
            field = self.values.field(tuple(key.text.split(".")), around, key.at)
            if field is None:
                continue
            if not isinstance(value, Text) or value.text.startswith("="):
                self.problems.add("M-VALUE", value.at, "when: compares with a literal")
                continue
            constant = self.values.condition_value(field, value)
            if constant is not None:
                yield Condition(field=field, value=constant, at=_at(key))


def _at(key: Text) -> MappingPlace:
    return replace(key.at, place=f"when {key.text}")
