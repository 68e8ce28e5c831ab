"""The right sides of entries: from text to slots, with every field checked against the canonical model."""

from collections.abc import Sequence
from dataclasses import replace

from transload.adapters.edi.guides import WirePlace
from transload.canonical.places import MappingPlace
from transload.mappings.language import expressions
from transload.mappings.language.binding import Binding
from transload.mappings.language.computed import Computing, divides
from transload.mappings.language.constants import Constant as ConstantValue
from transload.mappings.language.constants import constant
from transload.mappings.language.converters import chains
from transload.mappings.language.converters.base import ConverterError, whole_argument
from transload.mappings.language.entries import Entry, unwrapped
from transload.mappings.language.expressions import ExpressionError, Pipe
from transload.mappings.language.fields import FieldType, Kind
from transload.mappings.language.functions import compound, given
from transload.mappings.language.layout import Segment
from transload.mappings.language.limits import at_most
from transload.mappings.language.terms import Around, Constant, Field, Length, Numbering, Slot, Total, operands
from transload.mappings.source.nodes import Rows, Source, Table, Text
from transload.mappings.source.problems import named


class Values(Binding):
    """Makes slots, and notes in ``problems`` what is wrong with them."""

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
        slot.note = entry.note
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
        slot.most = most
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
