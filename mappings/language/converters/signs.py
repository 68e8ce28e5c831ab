"""Numbers in text positions whose sign stands elsewhere, and numbers with marks between their thousands."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import NoReturn

from transload.mappings.language.converters.base import (
    Converter,
    ConverterError,
    DomainError,
    Setting,
    need,
    whole_argument,
)
from transload.mappings.language.converters.numbers import dec, read_decimal, write_decimal
from transload.mappings.language.fields import Kind

_NUMBER = re.compile(r"\d{1,200}(?:\.\d{1,200})?", re.ASCII)
_POSITIVE, _NEGATIVE = "{ABCDEFGHI", "}JKLMNOPQR"
"""The last digit of a zoned number, 0 to 9, with its sign punched over it."""


def signed(argument: str | None, setting: Setting) -> Converter:
    """``signed(trailing)``, ``signed(leading)``: a minus at that end; ``signed(trailing 9)``: 9 characters, + or -."""
    words = (argument or "").split()
    if not words or words[0] not in ("trailing", "leading") or len(words) > 2:
        raise ConverterError("signed needs trailing or leading", "for example  signed(trailing)  or  signed(leading 9)")
    width = whole_argument("signed", words[1], 2) if len(words) == 2 else 0
    trailing = words[0] == "trailing"

    def read(text: str) -> str:
        sign, digits = (text[-1:], text[:-1]) if trailing else (text[:1], text[1:])
        if sign not in ("+", "-") and not width:
            sign, digits = "+", text
        if sign not in ("+", "-") or not _NUMBER.fullmatch(digits) or (width and len(text) != width):
            raise DomainError(f"{text!r} is no number with its sign {'at the end' if trailing else 'in front'}")
        return _plain(sign == "-", digits)

    def write(text: str) -> str:
        minus, digits = _parts(text)
        sign = "-" if minus else "+" if width else ""
        digits = digits.rjust(width - 1, "0") if width else digits
        if width and len(digits) > width - 1:
            raise DomainError(f"{text} needs more than {width} characters")
        return digits + sign if trailing else sign + digits

    return _around(setting, "signed", read, write)


def zoned(argument: str | None, setting: Setting) -> Converter:
    """``zoned(n)``: n digits, the last with the sign over it: ``{`` and A to I for plus, ``}`` and J to R for minus."""
    width = whole_argument("zoned", argument, 1) if argument is not None else 0

    def read(text: str) -> str:
        last = text[-1:]
        minus = last != "" and last in _NEGATIVE
        digit = _NEGATIVE.index(last) if minus else _POSITIVE.find(last) if last else -1
        digits = text[:-1] + (str(digit) if digit >= 0 else last)
        if not (digits.isascii() and digits.isdigit()) or (width and len(text) != width):
            raise DomainError(f"{text!r} is no zoned number" + (f" of {width} digits" if width else ""))
        return _plain(minus, digits)

    def write(text: str) -> str:
        minus, digits = _parts(text)
        if "." in digits:
            raise DomainError(f"{text} has decimals, and a zoned number has none; write | implied(2) before it")
        digits = digits.rjust(width, "0")
        if width and len(digits) > width:
            raise DomainError(f"{text} has more than {width} digits")
        return digits[:-1] + (_NEGATIVE if minus else _POSITIVE)[int(digits[-1])]

    return _around(setting, "zoned", read, write)


def comp3(argument: str | None, setting: Setting) -> NoReturn:
    """``comp3`` is refused: packed numbers are bytes, and stand in COBOL files only."""
    if setting.format == "cobol":
        raise ConverterError("the copybook says which numbers are packed", "leave comp3 out")
    raise ConverterError(
        "packed numbers are bytes, which no text holds", "read the file with  format: {type: cobol, copybook: FILE}"
    )


def thousands(argument: str | None, setting: Setting) -> Converter:
    """``thousands(.)``: a mark between each three digits; the decimal mark is a comma or a point."""
    need(setting, "thousands", Kind.DECIMAL)
    mark = argument if argument is not None else ""
    if len(mark) != 1 or mark.isalnum() or mark in "+-":
        raise ConverterError("thousands needs its mark", 'for example  thousands(.)  or  "thousands(,)"')
    point = "," if mark in (".", " ") else "."
    one, two = re.escape(mark), re.escape(point)
    pattern = re.compile(rf"[+-]?(?:\d{{1,3}}(?:{one}\d{{3}}){{1,60}}|\d{{1,200}})(?:{two}\d{{1,200}})?", re.ASCII)

    def read(text: str) -> Decimal:
        if not isinstance(text, str) or not pattern.fullmatch(text):
            raise DomainError(f"{text!r} is no number with {mark!r} between thousands and {point!r} before decimals")
        return read_decimal(text.replace(mark, "").replace(point, "."))

    def write(value: Decimal) -> str:
        minus, digits = _parts(write_decimal(value))
        whole, _, part = digits.partition(".")
        grouped = f"{int(whole):,}".replace(",", mark) if len(whole) < 4000 else whole
        text = ("-" if minus else "") + grouped + (f"{point}{part}" if part else "")
        if not pattern.fullmatch(text):
            raise DomainError("the number has more digits than can be read back")
        return text

    return Converter(name="thousands", read=read, write=write, gives=Kind.TEXT)


def _around(setting: Setting, name: str, read: Callable[[str], str], write: Callable[[str], str]) -> Converter:
    """A converter between plain notation and another, for numbers and for texts that hold one."""
    need(setting, name, Kind.DECIMAL, Kind.INTEGER, Kind.TEXT)
    if setting.kind is Kind.TEXT:
        return Converter(name=name, read=read, write=write, gives=Kind.TEXT)
    inner = dec(None, setting)
    return Converter(
        name=name,
        read=lambda text: inner.read(read(text)),
        write=lambda value: write(inner.write(value)),
        gives=Kind.TEXT,
    )


def _parts(text: str) -> tuple[bool, str]:
    """Whether a number in plain notation is negative, and its digits."""
    minus = text.startswith("-")
    digits = text[1:] if minus else text
    if not _NUMBER.fullmatch(digits) or (len(digits) > 1 and digits[0] == "0" and digits[1] != "."):
        raise DomainError(f"{text!r} is no number without zeros in front")
    if minus and not digits.strip("0."):
        raise DomainError(f"{text!r} is no number")
    return minus, digits


def _plain(minus: bool, digits: str) -> str:
    """Plain notation: a minus only where there is something below zero, no zeros in front."""
    whole, point, part = digits.partition(".")
    plain = (whole.lstrip("0") or "0") + point + part
    return f"-{plain}" if minus and plain.strip("0.") else plain
