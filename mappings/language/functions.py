"""Right sides that are functions: ``parts("...")``, ``write(now())`` and its like."""

from collections.abc import Sequence
from datetime import UTC, datetime

from transload.mappings.language import expressions
from transload.mappings.language.binding import Binding
from transload.mappings.language.compounds import Pattern, holes_of
from transload.mappings.language.converters import chains
from transload.mappings.language.converters.base import ConverterError
from transload.mappings.language.converters.dates import stamp
from transload.mappings.language.expressions import ExpressionError, Pipe
from transload.mappings.language.fields import FieldType, Kind
from transload.mappings.language.terms import Around, Compound, Given, Slot
from transload.mappings.source.nodes import Text


def compound(binding: Binding, slot: Slot, value: Text, around: Around, parsed: expressions.Value) -> Slot | None:
    """``parts("{number}/{release}")``: one place for several fields."""
    if slot.many or len(slot.places) == 2:
        binding.problems.add("M-EXPRESSION", value.at, "parts() takes one place")
        return None
    if any(binding.is_told(pipe) for pipe in parsed.pipes):
        return None
    try:
        holes, texts = holes_of(parsed.arguments[0])
        setting = binding.setting(slot, FieldType(Kind.TEXT), "")
        slot.chain = chains.build(parsed.pipes, setting)
    except ExpressionError as error:
        binding.problems.add("M-EXPRESSION", value.at, str(error), hint=error.hint)
        return None
    except ConverterError as error:
        binding.problems.add("M-CONVERTER", value.at, str(error), hint=error.hint)
        return None
    binding.keep(slot)
    inner: list[Slot] = []
    for hole in holes:
        assert isinstance(hole.base, expressions.Path)
        field = binding.path(hole.base, around, value.at)
        part = Slot(number=len(binding.meaning.slots), at=slot.at, home=slot.home, places=slot.places, rule=slot.rule)
        bound = binding.bind(part, field, value, hole.pipes) if field is not None else None
        if bound is None:
            return None
        if bound.default is not None or bound.elide is not None or bound.none is not None:
            binding.problems.add("M-CONVERTER", value.at, "in parts() no field has default, elide or none")
            return None
        inner.append(bound)
    slot.parts = Compound(tuple(inner), Pattern(texts))
    return slot


def given(binding: Binding, slot: Slot, value: Text, around: Around, parsed: expressions.Value) -> Slot | None:
    """``write(now())`` and its like."""
    if slot.many or (len(slot.places) == 2 and parsed.word != "now"):
        binding.problems.add("M-EXPRESSION", value.at, f"{parsed.word}() takes one place")
        return None
    if parsed.word == "seq" and around.scope.parent is None:
        hint = "for the document itself write the number, or control_number()"
        binding.problems.add("M-EXPRESSION", value.at, "seq() counts items, and stands in a node with each:", hint=hint)
        return None
    try:
        if parsed.word == "now":
            slot.given, slot.chain = _clock(slot, parsed.pipes)
        else:
            slot.given = Given(parsed.word)
            slot.chain = chains.build(parsed.pipes, binding.setting(slot, FieldType(Kind.INTEGER), ""))
    except ConverterError as error:
        binding.problems.add("M-CONVERTER", value.at, str(error), hint=error.hint)
        return None
    return binding.keep(slot)


def _clock(slot: Slot, pipes: Sequence[Pipe]) -> tuple[Given, chains.Chain]:
    """The clock in its form, over the places of the slot.  Raises `ConverterError`."""
    if len(pipes) != 1:
        hint = "for example  write(now()) | datetime(yyyyMMdd Europe/Berlin)"
        raise ConverterError("now() needs a form on the wire", hint)
    form = stamp(pipes[0].name, pipes[0].argument)
    two = len(slot.places) == 2
    if isinstance(form(datetime(2026, 1, 1, tzinfo=UTC)), tuple) is not two:
        raise ConverterError("dtm and a pattern with + take two places, any other form one")
    return Given("now", form), chains.Chain(steps=(), gives=Kind.DATED if two else Kind.TEXT)
