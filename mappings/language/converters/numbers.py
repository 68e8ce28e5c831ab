"""Numbers: exact decimals on one side, their many notations on the wire on the other."""

import re
from decimal import ROUND_HALF_UP, Context, Decimal, Inexact, InvalidOperation
from fractions import Fraction
from functools import lru_cache
from typing import Any

from transload.mappings.language.converters.base import (
    Converter,
    ConverterError,
    DomainError,
    Setting,
    need,
    plain,
    whole_argument,
)
from transload.mappings.language.fields import Kind

MATH = Context(prec=60)
"""Computed values: 60 digits, so that no product of two fields of 28 digits is rounded unseen."""
_EXACT = Context(prec=60, traps=[Inexact, InvalidOperation])
MOST_DIGITS = 200
"""The most digits before the point, and behind it, that are read or written."""
_PLAIN = re.compile(r"[+-]?(?:\d{1,200}(?:\.\d{0,200})?|\.\d{1,200})", re.ASCII)
_COMMA = re.compile(r"[+-]?(?:\d{1,200}(?:[.,]\d{0,200})?|[.,]\d{1,200})", re.ASCII)
_WHOLE = re.compile(r"[+-]?\d{1,300}", re.ASCII)
_FEW = 28
"""So many digits a number has at most where it is read without a look at what can be kept."""
_KEPT = 8192
"""Quantities and prices come again and again: so many of the last texts are kept with their numbers."""


@lru_cache(maxsize=_KEPT)
def read_decimal(text: str) -> Decimal:
    """A decimal in plain notation: digits, one point, a sign; neither exponent nor blanks."""
    if isinstance(text, str) and _PLAIN.fullmatch(text):
        return Decimal(text)
    raise DomainError(_not_a_number(text))


@lru_cache(maxsize=_KEPT)
def read_edifact_decimal(text: str) -> Decimal:
    """Like `read_decimal`, with a comma as decimal mark as well (ISO 9735:1988, 10.1: point or comma)."""
    if isinstance(text, str) and _COMMA.fullmatch(text):
        return Decimal(text.replace(",", "."))
    raise DomainError(_not_a_number(text))


def bounded(value: Decimal) -> Decimal:
    """The number, if it can be written in full: a few characters such as 1e999999999 may stand for gigabytes."""
    if not value.is_finite():
        raise DomainError(f"{value} is no finite number")
    if len(text := str(value)) <= MOST_DIGITS and "E" not in text:  # nearly all numbers, and far faster
        return value
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int)
    if value.adjusted() >= MOST_DIGITS or exponent < -MOST_DIGITS:
        raise DomainError(f"{str(value)[:40]} has more than {MOST_DIGITS} digits before or after its point")
    return value


def write_decimal(value: Decimal) -> str:
    """The number as it stands, trailing zeros included, without exponent."""
    text = str(value)
    if "0" <= text[0] <= "9" and "E" not in text and len(text) <= MOST_DIGITS:
        return text
    if not isinstance(value, Decimal):
        raise DomainError(f"{text} is no number")
    bounded(value)
    if not value:
        return format(abs(value), "f")
    return format(value, "f")


def read_integer(text: str) -> int:
    """A whole number in plain notation."""
    if isinstance(text, str) and _WHOLE.fullmatch(text):
        return int(text)
    raise DomainError(f"{text!r} is no whole number")


def write_integer(value: int) -> str:
    """The number's digits, with a sign when it is negative."""
    return str(value)


def round_to(value: Decimal, places: int) -> Decimal:
    """``value`` rounded to ``places`` decimals, halves away from zero as in commerce."""
    return value.quantize(_unit(places), ROUND_HALF_UP, MATH)


@lru_cache
def _unit(places: int) -> Decimal:
    return Decimal(1).scaleb(-places)


def _not_a_number(text: Any) -> str:
    if not isinstance(text, str):
        return f"{text} is a JSON number, and a text is expected; write | number in the mapping"
    if "," in text:
        return f"{text!r} is no number with a decimal point; for a decimal comma write | comma in the mapping"
    return f"{text!r} is no number"


def dec(argument: str | None, setting: Setting) -> Converter:
    """``dec``: plain notation with a point."""
    plain("dec", argument)
    need(setting, "dec", Kind.DECIMAL, Kind.INTEGER)
    if setting.kind is Kind.INTEGER:
        return Converter(name="dec", read=read_integer, write=write_integer, gives=Kind.TEXT)
    read = read_edifact_decimal if setting.format == "edifact" else read_decimal
    return Converter(name="dec", read=read, write=write_decimal, gives=Kind.TEXT)


def stored(setting: Setting) -> Converter:
    """A number of a COBOL field, read from its digits and written as a number: its picture gives it its form."""
    if setting.kind is Kind.INTEGER:
        return Converter(name="stored", read=read_integer, write=_whole, gives=Kind.JSON_NUMBER)
    return Converter(name="stored", read=read_decimal, write=_decimal_to_json, gives=Kind.JSON_NUMBER)


def _whole(value: int) -> int:
    return value


def comma(argument: str | None, setting: Setting) -> Converter:
    """``comma``: a decimal comma."""
    plain("comma", argument)
    need(setting, "comma", Kind.DECIMAL)

    def read(text: str) -> Decimal:
        if "." in text:
            raise DomainError(f"{text!r} has a point where a decimal comma is expected")
        return read_decimal(text.replace(",", "."))

    def write(value: Decimal) -> str:
        return write_decimal(value).replace(".", ",")

    return Converter(name="comma", read=read, write=write, gives=Kind.TEXT)


def number(argument: str | None, setting: Setting) -> Converter:
    """``number``: a JSON number, exact in both directions; for a text field a text of plain digits."""
    plain("number", argument)
    need(setting, "number", Kind.DECIMAL, Kind.INTEGER, Kind.TEXT)
    if setting.format != "json":
        raise ConverterError("number is for JSON numbers", "write | dec, or nothing")
    read, write = {
        Kind.DECIMAL: (_json_to_decimal, _decimal_to_json),
        Kind.INTEGER: (_json_to_integer, lambda value: value),
        Kind.TEXT: (_json_to_text, _text_to_json),
    }[setting.kind]
    return Converter(name="number", read=read, write=write, gives=Kind.JSON_NUMBER)


def _json_to_decimal(value: Any) -> Decimal:
    if isinstance(value, Decimal):  # nearly all need no second function
        return value if value.is_finite() and len(text := str(value)) <= _FEW and "E" not in text else bounded(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return bounded(Decimal(value))
    raise DomainError(f"{value!r} is no JSON number")


def _decimal_to_json(value: Decimal) -> Decimal:
    return bounded(value)


def _json_to_integer(value: Any) -> int:
    exact = _json_to_decimal(value)
    if exact != exact.to_integral_value():
        raise DomainError(f"{value} is no whole number")
    return int(exact)


def _json_to_text(value: Any) -> str:
    return write_decimal(_json_to_decimal(value))


def _text_to_json(value: str) -> Decimal:
    exact = read_decimal(value)
    if write_decimal(exact) != value:
        raise DomainError(f"{value!r} would come back as {write_decimal(exact)!r}: a JSON number has no such form")
    return exact


def implied(argument: str | None, setting: Setting) -> Converter:
    """``implied(n)``: the last n digits are decimals, without a mark."""
    places = whole_argument("implied", argument)
    need(setting, "implied", Kind.DECIMAL)

    def read(text: str) -> Decimal:
        return _read_implied(text, places)

    def write(value: Decimal) -> str:
        scaled = _shifted(bounded(value), places)
        if scaled != scaled.to_integral_value():
            raise DomainError(f"{value} has more than {places} decimals")
        return format(scaled.to_integral_value().copy_abs() if not value else scaled.to_integral_value(), "f")

    return Converter(name="implied", read=read, write=write, gives=Kind.TEXT)


@lru_cache(maxsize=_KEPT)
def _read_implied(text: str, places: int) -> Decimal:
    if places and isinstance(text, str) and len(text) <= _FEW and text.isdigit() and text.isascii():
        digits = text.zfill(places + 1)  # as nearly all are: written with its mark, the number is made in one step
        return Decimal(f"{digits[:-places]}.{digits[-places:]}")
    if not isinstance(text, str) or not _WHOLE.fullmatch(text):
        raise DomainError(f"{text!r} is no whole number")
    return _shifted(Decimal(text), -places)


def _shifted(value: Decimal, places: int) -> Decimal:
    try:
        return value.scaleb(places, _EXACT)
    except (Inexact, InvalidOperation):
        raise DomainError(f"{str(value)[:40]} has more digits than can be kept, {_EXACT.prec}") from None


def zeros(argument: str | None, setting: Setting) -> Converter:
    """``zeros(n)``: digits filled up with zeros on the left to n places."""
    width = whole_argument("zeros", argument, 1)
    before = None
    if setting.kind in (Kind.DECIMAL, Kind.INTEGER):
        before = dec(None, setting)
    else:
        need(setting, "zeros", Kind.TEXT)

    def read(text: str) -> Any:
        if not (text.isascii() and text.isdigit()):
            raise DomainError(f"{text!r} is not digits only")
        stripped = text.lstrip("0") or "0"
        return before.read(stripped) if before else stripped

    def write(value: Any) -> str:
        text = before.write(value) if before else value
        if not (text.isascii() and text.isdigit()) or (len(text) > 1 and text[0] == "0"):
            raise DomainError(f"{text!r} is not digits without zeros in front")
        if len(text) > width:
            raise DomainError(f"{text!r} has more than {width} digits")
        return str(text.rjust(width, "0"))

    return Converter(name="zeros", read=read, write=write, gives=Kind.TEXT)


def scale(argument: str | None, setting: Setting) -> Converter:
    """``scale(f)``: the wire holds f times the field."""
    need(setting, "scale", Kind.DECIMAL)
    try:
        factor = read_decimal(argument or "")
    except DomainError:
        factor = Decimal(0)
    if not factor:
        raise ConverterError("scale needs a factor other than 0", "for example  scale(100)")

    def read(value: Decimal) -> Decimal:
        try:
            return _plain_exponent(_EXACT.divide(value, factor))
        except (Inexact, InvalidOperation):
            raise DomainError(f"{value} divided by {factor} has no end") from None

    def write(value: Decimal) -> Decimal:
        try:
            scaled = _EXACT.multiply(bounded(value), factor)
        except (Inexact, InvalidOperation):
            raise DomainError(f"{value} times {factor} has too many digits") from None
        if read(scaled) != value:
            raise DomainError(f"{value} times {factor} cannot be undone")
        return scaled

    return Converter(name="scale", read=read, write=write, gives=Kind.DECIMAL)


def exact_ratio(value: Decimal, factor: Fraction, complaint: str) -> Decimal:
    """``value`` times ``factor``; raises `DomainError` with the complaint where that has no end."""
    bounded(value)
    try:
        return _plain_exponent(_EXACT.divide(_EXACT.multiply(value, factor.numerator), Decimal(factor.denominator)))
    except (Inexact, InvalidOperation):
        raise DomainError(complaint) from None


def _plain_exponent(value: Decimal) -> Decimal:
    """The same number, written without exponent."""
    exponent = value.as_tuple().exponent
    return value.quantize(Decimal(1), context=MATH) if isinstance(exponent, int) and exponent > 0 else value
