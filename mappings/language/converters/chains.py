"""Converters put one after another, from the field to the wire; and what is used where none is written."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from transload.mappings.language.converters import codes, dates, numbers, plugged, signs, texts, units, xrefs
from transload.mappings.language.converters.base import Converter, ConverterError, Factory, Setting
from transload.mappings.language.expressions import Pipe
from transload.mappings.language.fields import FieldType, Kind
from transload.mappings.source.problems import suggest

FACTORIES: dict[str, Factory] = {
    "dec": numbers.dec,
    "comma": numbers.comma,
    "number": numbers.number,
    "implied": numbers.implied,
    "zeros": numbers.zeros,
    "scale": numbers.scale,
    "signed": signs.signed,
    "zoned": signs.zoned,
    "comp3": signs.comp3,
    "thousands": signs.thousands,
    "date": dates.day,
    "time": dates.clock,
    "datetime": dates.moment,
    "dtm": dates.dtm,
    "unit": units.unit,
    "code": codes.code,
    "xref": xrefs.xref,
    "py": plugged.py,
    "upper": texts.upper,
    "trim": texts.trim,
    "digits": texts.digits,
    "pad": texts.pad,
    "wrap": texts.wrap,
    "lines": texts.lines,
    "join": texts.join,
    "yesno": texts.yesno,
    "flag": texts.flag,
}
"""Names of the language that this version refuses."""
SPECIAL = frozenset(("default", "elide", "none", "round"))
"""Pipes that are no conversions of a single value: they are handled where they stand."""


@dataclass(frozen=True, kw_only=True)
class Chain:
    """Converters in the writing direction; ``gives`` is the kind that reaches the wire."""

    steps: tuple[Converter, ...]
    gives: Kind

    @property
    def only(self) -> tuple[str, ...]:
        """The codes that a record must have one of, for ``code(table only)``; else none."""
        return next((tuple(step.read_table) for step in self.steps if step.only and step.read_table), ())

    @property
    def rest(self) -> Callable[[Any], str | None] | None:
        """What the step next to the wire leaves aside of a value; None where it takes all of every value."""
        return self.steps[-1].rest if self.steps else None

    @property
    def bare(self) -> bool:
        """Whether the value goes to the wire as it is: no step does more than check it."""
        return all(step.checks for step in self.steps)

    def read(self, value: Any) -> Any:
        """From the wire to the field."""
        for step in reversed(self.steps):
            value = step.read(value)
        return value

    def write(self, value: Any) -> Any:
        """From the field to the wire."""
        for step in self.steps:
            value = step.write(value)
        return value


def build(pipes: Sequence[Pipe], setting: Setting, *, pair: bool = False, many: bool = False) -> Chain:
    """The chain for a value of ``setting.kind``, completed by the usual form of what is left.

    ``pair`` is True for two places (``2380+2379``), ``many`` for repeating ones.  Raises
    `ConverterError`.
    """
    steps: list[Converter] = []
    kind = setting.kind
    for pipe in pipes:
        steps.append(_step(pipe, _at(setting, kind)))
        kind = steps[-1].gives
    if kind in (Kind.DECIMAL, Kind.INTEGER) and not pair:
        number = numbers.stored if setting.format == "cobol" else partial(numbers.dec, None)
        steps.append(number(_at(setting, kind)))
        kind = steps[-1].gives
    _check_end(kind, setting, pair=pair, many=many)
    return Chain(steps=tuple(steps), gives=kind)


def _at(setting: Setting, kind: Kind) -> Setting:
    field = setting.field if kind is setting.kind else FieldType(kind)
    return replace(setting, kind=kind, field=field)


def _step(pipe: Pipe, setting: Setting) -> Converter:
    factory = FACTORIES.get(pipe.name)
    if factory is None:
        known = sorted({*FACTORIES, *SPECIAL})
        raise ConverterError(
            f"there is no converter {pipe.name!r}", suggest(pipe.name, known, f"converters are: {', '.join(known)}")
        )
    return factory(pipe.argument, setting)


_NEEDS = {
    Kind.DATE: "a date needs a form on the wire: date(yyyyMMdd), date(iso), or dtm(102) over two places",
    Kind.INSTANT: "a moment needs a form on the wire: datetime(yyyyMMddHHmm Europe/Berlin) or datetime(iso)",
    Kind.TIME: "a time needs a form on the wire: time(HHmm)",
    Kind.BOOLEAN: "yes or no needs words on the wire: yesno(Y N) or flag(X)",
    Kind.OBJECT: "an object has no form on the wire; bind its fields, with in:",
    Kind.ITEMS: "a list of objects has no form on the wire; use each:",
    Kind.OTHER: "a value of this type has no form on the wire",
}


def _check_end(kind: Kind, setting: Setting, *, pair: bool, many: bool) -> None:
    if pair:
        if kind is not Kind.DATED:
            raise ConverterError("two places need a converter for both", "for example  dtm(102)")
        return
    if kind is Kind.DATED:
        raise ConverterError("this takes two places", "write 2380+2379, or a pattern for 2380 alone")
    if many:
        if kind is not Kind.TEXTS:
            raise ConverterError(
                f"a repeating place takes a list, and this is a {kind.value}",
                "write the place without *, or wrap(35 5)",
            )
        return
    if kind is Kind.TEXTS:
        raise ConverterError("a list needs a repeating place", "write the place with *, or join(;), or each:")
    if kind is Kind.BOOLEAN and setting.format == "json":
        return
    if kind not in (Kind.TEXT, Kind.JSON_NUMBER):
        raise ConverterError(_NEEDS[kind])
