"""The right sides of entries: from text to slots, with every field checked against the canonical model."""

from collections.abc import Sequence
from dataclasses import replace

from transload.adapters.edi.guides import WirePlace
from transload.canonical.places import MappingPlace
from transload.mappings.language import expressions
from transload.mappings.language.choosing import chosen
from transload.mappings.language.computed import Computing, divides
from transload.mappings.language.constants import Constant as ConstantValue
from transload.mappings.language.constants import constant
from transload.mappings.language.converters import chains
from transload.mappings.language.converters.base import ConverterError, Setting, whole_argument
from transload.mappings.language.entries import Entry, unwrapped
from transload.mappings.language.expressions import ExpressionError, Pipe
from transload.mappings.language.fields import FieldType, Kind, follow
from transload.mappings.language.functions import compound, given
from transload.mappings.language.limits import at_most, checking
from transload.mappings.language.meaning import Meaning
from transload.mappings.language.terms import (
    Around,
    Constant,
    Field,
    Fill,
    Length,
    Numbering,
    Scope,
    Segment,
    Slot,
    Total,
    operands,
)
from transload.mappings.plugins.contract import Site
from transload.mappings.source.nodes import Rows, Source, Table, Text
from transload.mappings.source.problems import Problems, named, suggest

_FILLED = (Kind.TEXT, Kind.DECIMAL, Kind.INTEGER, Kind.DATE, Kind.BOOLEAN)


class Values:
    """Makes slots, and notes in ``problems`` what is wrong with them."""

    def __init__(self, meaning: Meaning, problems: Problems) -> None:
        self.meaning = meaning
        self.problems = problems

    def slot(
        self,
        key: Text,
        value: Source,
        around: Around,
        *,
        words: str,
        places: tuple[WirePlace, ...] = (),
        many: bool = False,
    ) -> Slot | None:
        """The slot of one entry, or None when it is wrong.  ``words`` name its place in findings."""
        at = named(key.at, words)
        slot = Slot(
            number=len(self.meaning.slots), at=at, home=around.scope, places=places, many=many, rule=_rule(value)
        )
        if isinstance(value, Table):
            entry = unwrapped(value, self.problems)
            return self._long(slot, entry, around, words) if entry is not None else None
        return self._plain(slot, value, around, words)

    def _long(self, slot: Slot, entry: Entry, around: Around, words: str) -> Slot | None:
        """The long form: ``{value: =number, required: yes, max: 17, note: ...}``."""
        if entry.is_text:
            assert isinstance(entry.value, Text)
            slot.literals = (entry.value.text,)
            return self.keep(slot)
        slot.required = entry.required is not None
        made = self._plain(slot, entry.value, around, words)
        if made is None:
            return None
        if entry.required is not None and (made.field is None or not made.reads or made.many):
            self.problems.add("M-VALUE", entry.required, "required: goes with a field of one value")
            return None
        if entry.most is not None:
            return self._shortened(made, entry.most, entry.value.at)
        return made

    def _shortened(self, slot: Slot, most: int, at: MappingPlace) -> Slot | None:
        """The slot with at most ``most`` characters on the wire."""
        if slot.chain is not None and slot.chain.gives is not Kind.JSON_NUMBER:
            slot.chain = replace(slot.chain, steps=(*slot.chain.steps, at_most(most)))
            return slot
        long = next((text for text in slot.literals if len(text) > most), None)
        if long is not None:
            self.problems.add("M-VALUE", at, f"{long!r} is longer than max: {most}")
        elif not slot.literals:
            self.problems.add("M-VALUE", at, "max: is for texts")
        return slot

    def _plain(self, slot: Slot, value: Source, around: Around, words: str) -> Slot | None:
        if isinstance(value, Rows):
            slot.literals = self._alternatives(value)
            return self.keep(slot) if slot.literals else None
        if not isinstance(value, Text):
            self.problems.add("M-VALUE", value.at, "a literal, a list of literals or =field is expected")
            return None
        if not value.text.startswith("="):
            if value.text == "":
                self.problems.add(
                    "M-VALUE",
                    value.at,
                    f"{words} has no value",
                    hint="write a literal, or =field; or leave the place out",
                )
                return None
            slot.literals = (value.text,)
            return self.keep(slot)
        return self._expression(slot, value, around)

    def _alternatives(self, value: Rows) -> tuple[str, ...]:
        found: list[str] = []
        for item in value:
            if not isinstance(item, Text) or not item.text or item.text.startswith("="):
                self.problems.add("M-VALUE", item.at, "a list of alternatives holds literals only")
                return ()
            found.append(item.text)
        if not found:
            self.problems.add("M-VALUE", value.at, "the list of alternatives is empty")
        return tuple(found)

    def keep(self, slot: Slot) -> Slot:
        """Add a finished slot to the meaning."""
        self.meaning.slots.append(slot)
        return slot

    def _expression(self, slot: Slot, value: Text, around: Around) -> Slot | None:
        try:
            parsed = expressions.parse(value.text[1:])
        except ExpressionError as error:
            self.problems.add("M-EXPRESSION", value.at, str(error), hint=error.hint)
            return None
        slot.reads, slot.writes = parsed.direction != "write", parsed.direction != "read"
        slot.aside = parsed.direction == "write"
        if parsed.word == "case":
            return self._case(slot, value, around, parsed.pipes)
        if parsed.word == ".":
            return self._item(slot, value, around, parsed.pipes)
        if parsed.word == "parts":
            return compound(self, slot, value, around, parsed)
        if parsed.word in expressions.GIVEN:
            return given(self, slot, value, around, parsed)
        if parsed.word:
            if self.meaning.format_type not in ("edifact", "x12"):
                self.problems.add("M-EXPRESSION", value.at, f"{parsed.word}() is for segments of EDIFACT and X12")
                return None
            if parsed.arguments and len(set(parsed.arguments)) == 1:
                self.problems.add("M-EXPRESSION", value.at, "children() takes two different codes")
                return None
            slot.numbering = Numbering(parsed.word, parsed.arguments)
            return self.keep(slot)
        base = parsed.base
        if isinstance(base, expressions.Path):
            found = self.path(base, around, value.at)
            return self.bind(slot, found, value, parsed.pipes) if found else None
        if parsed.direction == "read":
            self.problems.add("M-EXPRESSION", value.at, "read() takes a field, not a computed value")
            return None
        return self._compute(slot, base, value, around, parsed.pipes)

    def _case(self, slot: Slot, value: Text, around: Around, pipes: Sequence[Pipe]) -> Slot | None:
        if around.case is None:
            self.problems.add("M-EXPRESSION", value.at, "=case stands only in a node with cases:")
            return None
        if pipes:
            self.problems.add("M-EXPRESSION", value.at, "=case takes no converter")
            return None
        slot.literals = (around.case,)
        return self.keep(slot)

    def _item(self, slot: Slot, value: Text, around: Around, pipes: Sequence[Pipe]) -> Slot | None:
        if around.scope.model is not None or around.prefix:
            self.problems.add(
                "M-EXPRESSION", value.at, "=. is the item of a list of texts", hint="name a field, such as =number"
            )
            return None
        field = Field(scope=around.scope, path=(), type=FieldType(Kind.TEXT, optional=False))
        return self.bind(slot, field, value, pipes)

    def handled(self, field: Field, segment: Segment, value: Source, around: Around) -> Slot:
        """The slot of a field that a plug-in reads and writes with a whole segment."""
        chain = chains.Chain(steps=(), gives=field.type.kind)
        at = named(value.at, segment.tag)
        number = len(self.meaning.slots)
        slot = Slot(number=number, at=at, home=around.scope, field=field, chain=chain, rule=_rule(value))
        return self.keep(slot)

    def path(self, path: expressions.Path, around: Around, at: MappingPlace) -> Field | None:
        """The field of a parsed path, which may choose a list item by key."""
        if path.key is None:
            return self.field(path.names, around, at)
        items = self.field(path.names[: path.at], around, at)
        scope = chosen(self.meaning, self.problems, items, path, at) if items is not None else None
        return self.field(path.names[path.at :], Around(scope=scope), at) if scope is not None else None

    def setting(self, slot: Slot, field: FieldType, name: str) -> Setting:
        """Where a converter of the slot stands; ``name`` is its field's."""
        meaning = self.meaning
        return Setting(
            kind=field.kind,
            field=field,
            format=meaning.format_type,
            codes=meaning.codes,
            xrefs=meaning.xrefs,
            plugins=meaning.plugins,
            site=Site(mapping=meaning.name, place=slot.name, field=name, partner=meaning.partner),
        )

    def field(self, names: tuple[str, ...], around: Around, at: MappingPlace) -> Field | None:
        """The field that ``names`` mean here; notes a finding and gives None when there is none."""
        scope, path = around.scope, (*around.prefix, *names)
        if names[0] == self.meaning.word and len(names) > 1:
            scope, path = self.meaning.root, names[1:]
        else:
            outer: Scope | None = scope
            while outer is not None:
                if outer.name == names[0] and len(names) > 1:
                    scope, path = outer, names[1:]
                    break
                outer = outer.parent
        if path == ("documents",) and scope is self.meaning.root and "documents" not in self.meaning.model.model_fields:
            several = FieldType(Kind.ITEMS, optional=False, model=self.meaning.model)
            return Field(scope=scope, path=path, type=several)
        if scope.model is None:
            self.problems.add("M-FIELD", at, "the items of this list are texts and have no fields", hint="write =.")
            return None
        found, missing, known = follow(scope.model, path)
        if missing is None:
            return Field(scope=scope, path=path, type=found)
        holder = scope.model.__name__
        hint = suggest(missing, known)
        if hint is None and scope is not self.meaning.root and names[0] in self.meaning.model.model_fields:
            hint = f"for the document's field write {self.meaning.word}.{'.'.join(names)}"
        if not known:
            self.problems.add("M-FIELD", at, f"{holder}: {'.'.join(path)!r} goes on after a value that has no fields")
        else:
            self.problems.add(
                "M-FIELD", at, f"{holder}: no field {'.'.join(path)!r}", hint=hint or f"fields are: {', '.join(known)}"
            )
        return None

    def is_told(self, pipe: Pipe) -> bool:
        """Whether a converter uses what a finding was made of already."""
        return pipe.name in ("xref", "py") and (pipe.argument or "").partition(" ")[0] in self.meaning.broken

    def bind(self, slot: Slot, field: Field, value: Text, pipes: Sequence[Pipe]) -> Slot | None:
        """Give the slot its field and converters, and keep it; None with a finding when they do not fit."""
        rest: list[Pipe] = []
        for pipe in pipes:
            if pipe.name == "round":
                self.problems.add(
                    "M-CONVERTER",
                    value.at,
                    "round changes a field's value, so it cannot be read back",
                    hint="round computed values only",
                )
                return None
            if pipe.name == "none":
                if not self._none(pipe, pipes, slot, value):
                    return None
            elif pipe.name in ("default", "elide"):
                fill = self._fill(pipe, field, slot, value)
                if fill is None:
                    return None
                if pipe.name == "default":
                    slot.default = fill
                else:
                    slot.elide = fill
            else:
                rest.append(pipe)
        slot.field = field
        if any(self.is_told(pipe) for pipe in rest):
            return None
        try:
            setting = self.setting(slot, field.type, field.text())
            slot.chain = chains.build(rest, setting, pair=len(slot.places) == 2, many=slot.many)
        except ConverterError as error:
            self.problems.add("M-CONVERTER", value.at, str(error), hint=error.hint, field=field.text())
            return None
        if slot.chain.only and not self.meaning.has_records:
            hint = "give the element a literal"
            self.problems.add("M-CONVERTER", value.at, "code(... only) is for segments", hint=hint)
            return None
        if self.meaning.limits:
            self._limit(slot, field, value.at)
        return self.keep(slot)

    def _limit(self, slot: Slot, field: Field, at: MappingPlace) -> None:
        """Narrow the slot's domain to what ``limits:`` says of its field."""
        limit = self.meaning.limits.get(field.plain())
        if limit is None or slot.chain is None:
            return
        slot.chain = replace(slot.chain, steps=(checking(limit), *slot.chain.steps))
        for fill in (slot.default, slot.elide):
            complaint = limit.complaint(fill.value) if fill is not None and fill.value is not None else None
            if complaint is not None:
                self.problems.add("M-VALUE", at, f"{complaint}, by limits: in line {limit.at.line}")

    def _none(self, pipe: Pipe, pipes: Sequence[Pipe], slot: Slot, value: Text) -> bool:
        """``none(X)``: X stands on the wire where the field has no value, and is read as no value.

        It follows a code table that does not have X, so that no value is written as X.
        """
        if self.meaning.format_type == "cobol" and pipe is pipes[-1] and not slot.many:
            slot.none = pipe.argument or ""  # the picture says whether it is one
            return True
        before = pipes[-2] if len(pipes) > 1 else None
        table = self.meaning.codes.get((before.argument or "").strip()) if before and before.name == "code" else None
        complaint = None
        if not self.meaning.has_records or len(slot.places) != 1 or slot.many:
            complaint = "none is for one place of a segment"
        elif not pipe.argument or pipe is not pipes[-1] or table is None:
            complaint = "none comes last, after a code table"
        elif pipe.argument in table.read:
            complaint = f"{pipe.argument!r} has a meaning in table {table.name!r}, so it cannot be no value"
        if complaint is not None:
            self.problems.add("M-CONVERTER", value.at, complaint, hint="for example  code(reason) | none(ZZZ)")
            return False
        slot.none = pipe.argument
        return True

    def _fill(self, pipe: Pipe, field: Field, slot: Slot, value: Text) -> Fill | None:
        text = pipe.argument
        if text is None or field.type.kind not in _FILLED:
            self.problems.add(
                "M-CONVERTER", value.at, f"{pipe.name} needs a value", hint=f"for example  {pipe.name}(EUR)"
            )
            return None
        if text.startswith(f"{self.meaning.word}."):
            names = tuple(text.split("."))
            other = self.field(names, Around(scope=slot.home), value.at)
            if other is None:
                return None
            if other.type.kind is not field.type.kind:
                self.problems.add(
                    "M-CONVERTER", value.at, f"{text} is a {other.type.kind.value}, not a {field.type.kind.value}"
                )
                return None
            return Fill(field=other)
        found = constant(text, field.type, value.at, self.problems)
        return Fill(value=found) if found is not None else None

    def condition_value(self, field: Field, value: Text) -> ConstantValue | None:
        """The right side of an entry of ``when:`` as a value of the field; None, with a finding, if it does not fit."""
        return constant(value.text, field.type, value.at, self.problems)

    def _compute(
        self, slot: Slot, base: expressions.Expression | None, value: Text, around: Around, pipes: Sequence[Pipe]
    ) -> Slot | None:
        assert base is not None
        if slot.many or len(slot.places) == 2:
            self.problems.add("M-EXPRESSION", value.at, "a computed value takes one place")
            return None
        if isinstance(base, expressions.Quoted):
            slot.computed, kind = Constant(base.text), Kind.TEXT
            slot.literals = (base.text,)
            slot.reads = False
            if not pipes:
                return self.keep(slot)
            self.problems.add("M-EXPRESSION", value.at, "a text in quotes takes no converter")
            return None
        computed = Computing(self.meaning, self.problems, self.field).resolve(base, around, value.at)
        if computed is None:
            return None
        rest = list(pipes)
        if rest and rest[0].name == "round":
            try:
                slot.rounds = whole_argument("round", rest.pop(0).argument)
            except ConverterError as error:
                self.problems.add("M-CONVERTER", value.at, str(error), hint=error.hint)
                return None
        kind = Kind.INTEGER if isinstance(computed, Length) else Kind.DECIMAL
        setting = self.setting(slot, FieldType(kind), "")
        if divides(computed) and slot.rounds is None:
            self.problems.add("M-EXPRESSION", value.at, "a division may have no end", hint="add | round(2)")
            return None
        try:
            slot.chain = chains.build(rest, setting)
        except ConverterError as error:
            self.problems.add("M-CONVERTER", value.at, str(error), hint=error.hint)
            return None
        if not (isinstance(computed, Length | Total) or operands(computed)):
            self.problems.add(
                "M-EXPRESSION", value.at, "a computed value needs a field", hint="write the number itself"
            )
            return None
        slot.computed = computed
        return self.keep(slot)


def _rule(value: Source) -> str:
    """The entry's right side in words, for lineage."""
    if isinstance(value, Text):
        return value.text
    if isinstance(value, Rows):
        return "[" + ", ".join(_rule(item) for item in value) + "]"
    return "{" + ", ".join(f"{key.text}: {_rule(item)}" for key, item in value) + "}"
