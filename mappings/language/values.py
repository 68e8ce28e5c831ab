"""The right sides of entries: from text to slots, with every field checked against the canonical model."""

from collections.abc import Sequence
from decimal import Decimal

from transload.adapters.edi.guides import WirePlace
from transload.canonical.places import MappingPlace
from transload.mappings.language import expressions
from transload.mappings.language.computed import Computing, divides
from transload.mappings.language.converters import chains
from transload.mappings.language.converters.base import ConverterError, DomainError, Setting, whole_argument
from transload.mappings.language.converters.numbers import read_decimal, read_integer
from transload.mappings.language.expressions import ExpressionError, Pipe, UnavailableError
from transload.mappings.language.fields import FieldType, Kind, follow
from transload.mappings.language.meaning import Meaning
from transload.mappings.language.terms import (
    Around,
    Constant,
    Field,
    Fill,
    Length,
    Numbering,
    Scope,
    Slot,
    Total,
    operands,
)
from transload.mappings.source.nodes import Rows, Source, Table, Text
from transload.mappings.source.problems import Problems, named, suggest

_OPTIONS = ("value", "text", "note", "required")


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
            unwrapped = self._unwrap(value)
            if unwrapped is None:
                return None
            value, as_text = unwrapped
            if as_text:
                assert isinstance(value, Text)
                slot.literals = (value.text,)
                return self._keep(slot)
        if isinstance(value, Rows):
            slot.literals = self._alternatives(value)
            return self._keep(slot) if slot.literals else None
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
            return self._keep(slot)
        return self._expression(slot, value, around)

    def _unwrap(self, value: Table) -> tuple[Source, bool] | None:
        """The value of the long form ``{value: ..., note: ...}``, and whether it was ``{text: ...}``."""
        for key, _ in value:
            if key.text not in _OPTIONS:
                hint = suggest(key.text, _OPTIONS, f"the long form has {', '.join(_OPTIONS)}")
                self.problems.add("M-KEY", key.at, f"{key.text!r} is not understood here", hint=hint)
                return None
        required = value.key("required")
        if required is not None:
            self.problems.unavailable(required.at, "required:")
        inner, text = value.get("value"), value.get("text")
        if (inner is None) == (text is None):
            self.problems.add("M-VALUE", value.at, "the long form needs value: or text:, and only one of them")
            return None
        if text is not None and not isinstance(text, Text):
            self.problems.add("M-VALUE", text.at, "text: takes a text")
            return None
        return (text, True) if text is not None else (inner, False) if inner is not None else None

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

    def _keep(self, slot: Slot) -> Slot:
        self.meaning.slots.append(slot)
        return slot

    def _expression(self, slot: Slot, value: Text, around: Around) -> Slot | None:
        try:
            parsed = expressions.parse(value.text[1:])
        except ExpressionError as error:
            self.problems.add("M-EXPRESSION", value.at, str(error), hint=error.hint)
            return None
        except UnavailableError as error:
            self.problems.unavailable(value.at, str(error))
            return None
        slot.reads, slot.writes = parsed.direction != "write", parsed.direction != "read"
        slot.aside = parsed.direction == "write"
        if parsed.word == "case":
            return self._case(slot, value, around, parsed.pipes)
        if parsed.word == ".":
            return self._item(slot, value, around, parsed.pipes)
        if parsed.word:
            if self.meaning.format_type not in ("edifact", "x12"):
                self.problems.add("M-EXPRESSION", value.at, f"{parsed.word}() is for segments of EDIFACT and X12")
                return None
            if parsed.arguments and len(set(parsed.arguments)) == 1:
                self.problems.add("M-EXPRESSION", value.at, "children() takes two different codes")
                return None
            slot.numbering = Numbering(parsed.word, parsed.arguments)
            return self._keep(slot)
        base = parsed.base
        if isinstance(base, expressions.Path):
            field = self.field(base.names, around, value.at)
            return self._bind(slot, field, value, parsed.pipes) if field else None
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
        return self._keep(slot)

    def _item(self, slot: Slot, value: Text, around: Around, pipes: Sequence[Pipe]) -> Slot | None:
        if around.scope.model is not None or around.prefix:
            self.problems.add(
                "M-EXPRESSION", value.at, "=. is the item of a list of texts", hint="name a field, such as =number"
            )
            return None
        field = Field(scope=around.scope, path=(), type=FieldType(Kind.TEXT, optional=False))
        return self._bind(slot, field, value, pipes)

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

    def _bind(self, slot: Slot, field: Field, value: Text, pipes: Sequence[Pipe]) -> Slot | None:
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
        try:
            setting = Setting(
                kind=field.type.kind, field=field.type, format=self.meaning.format_type, codes=self.meaning.codes
            )
            slot.chain = chains.build(rest, setting, pair=len(slot.places) == 2, many=slot.many)
        except ConverterError as error:
            self.problems.add("M-CONVERTER", value.at, str(error), hint=error.hint, field=field.text())
            return None
        if slot.chain.only and self.meaning.format_type not in ("edifact", "x12"):
            hint = "give the element a literal"
            self.problems.add("M-CONVERTER", value.at, "code(... only) is for segments", hint=hint)
            return None
        return self._keep(slot)

    def _none(self, pipe: Pipe, pipes: Sequence[Pipe], slot: Slot, value: Text) -> bool:
        """``none(X)``: X stands on the wire where the field has no value, and is read as no value.

        It follows a code table that does not have X, so that no value is written as X.
        """
        before = pipes[-2] if len(pipes) > 1 else None
        table = self.meaning.codes.get((before.argument or "").strip()) if before and before.name == "code" else None
        complaint = None
        if self.meaning.format_type not in ("edifact", "x12") or len(slot.places) != 1 or slot.many:
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
        if text is None or field.type.kind not in (Kind.TEXT, Kind.DECIMAL, Kind.INTEGER, Kind.DATE):
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
        return self._constant(text, field.type, value.at)

    def _constant(self, text: str, kind: FieldType, at: MappingPlace) -> Fill | None:
        try:
            if kind.kind is Kind.DECIMAL:
                return Fill(value=read_decimal(text))
            if kind.kind is Kind.INTEGER:
                return Fill(value=read_integer(text))
        except DomainError as error:
            self.problems.add("M-VALUE", at, str(error))
            return None
        if kind.kind is not Kind.TEXT:
            self.problems.add("M-VALUE", at, f"a {kind.kind.value} cannot be given as a constant")
            return None
        if kind.choices and text not in kind.choices:
            hint = suggest(text, kind.choices, f"it takes {', '.join(kind.choices)}")
            self.problems.add("M-VALUE", at, f"the field does not take {text!r}", hint=hint)
            return None
        return Fill(value=text)

    def condition_value(self, field: Field, value: Text) -> str | Decimal | int | bool | None:
        """The right side of an entry of ``when:`` as a value of the field; None, with a finding, if it does not fit."""
        if field.type.kind is Kind.BOOLEAN and value.text in ("true", "false"):
            return value.text == "true"
        fill = self._constant(value.text, field.type, value.at)
        return fill.value if fill else None

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
                return self._keep(slot)
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
        setting = Setting(kind=kind, field=FieldType(kind), format=self.meaning.format_type, codes=self.meaning.codes)
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
        return self._keep(slot)


def _rule(value: Source) -> str:
    """The entry's right side in words, for lineage."""
    if isinstance(value, Text):
        return value.text
    if isinstance(value, Rows):
        return "[" + ", ".join(_rule(item) for item in value) + "]"
    return "{" + ", ".join(f"{key.text}: {_rule(item)}" for key, item in value) + "}"
