"""Dates, times and moments, by patterns such as ``yyyyMMdd`` and by the EDIFACT formats of DTM.

Letters of a pattern: ``yyyy`` ``yy`` year, ``MM`` month, ``dd`` day, ``HH`` hour, ``mm`` minute,
``ss`` second, ``SSS`` milliseconds; ``iso`` is ``yyyy-MM-dd``.  Two digits of a year are 1969 to
2068, as POSIX strptime reads them.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from transload.mappings.language.converters.base import Converter, ConverterError, DomainError, Setting, Usual, need
from transload.mappings.language.fields import Kind

_LETTERS = re.compile(r"yyyy|yy|MM|dd|HH|mm|ss|SSS")
_ISO = {"iso": "yyyy-MM-dd"}
_DATE = frozenset(("yyyy", "yy", "MM", "dd"))
_TIME = frozenset(("HH", "mm", "ss", "SSS"))
_NAMES = {"MM": "month", "dd": "day", "HH": "hour", "mm": "minute", "ss": "second", "SSS": "millisecond"}

DTM_FORMATS = {
    "2": "ddMMyy",
    "3": "MMddyy",
    "101": "yyMMdd",
    "102": "yyyyMMdd",
    "201": "yyMMddHHmm",
    "202": "yyMMddHHmmss",
    "203": "yyyyMMddHHmm",
    "204": "yyyyMMddHHmmss",
}
"""UN/EDIFACT data element 2379 (UNCL 2379): the formats that name a day, or a minute or second of it."""


class Pattern:
    """A pattern made ready: reads a text to its parts, and writes parts to a text."""

    def __init__(self, text: str) -> None:
        self.text = _ISO.get(text, text)
        self.letters = _LETTERS.findall(self.text)
        rest = _LETTERS.sub("", self.text)
        if not self.letters or len(set(self.letters)) < len(self.letters) or {"yyyy", "yy"} <= set(self.letters):
            raise ConverterError(
                f"{text!r} is no date or time pattern", "write one such as yyyyMMdd, dd.MM.yyyy or iso"
            )
        if re.search(r"[A-SU-Za-z0-9]", rest):
            raise ConverterError(f"{rest!r} in the pattern {text!r} is not understood", "see yyyy MM dd HH mm ss SSS")
        self.regex = re.compile(
            "".join(
                rf"(\d{{{len(piece)}}})" if _LETTERS.fullmatch(piece) else re.escape(piece)
                for piece in _split(self.text)
            ),
            re.ASCII,
        )

    def read(self, text: str) -> dict[str, int]:
        """The parts by the names of `datetime`.  Raises `DomainError`."""
        found = self.regex.fullmatch(text) if isinstance(text, str) else None
        if not found:
            raise DomainError(f"{text!r} does not have the form {self.text}")
        parts: dict[str, int] = {}
        for letters, digits in zip(self.letters, found.groups(), strict=True):
            value = int(digits)
            if letters in ("yyyy", "yy"):
                parts["year"] = value if letters == "yyyy" else value + (1900 if value >= 69 else 2000)
            elif letters == "SSS":
                parts["microsecond"] = value * 1000
            else:
                parts[_NAMES[letters]] = value
        return parts

    def write(self, value: Any) -> str:
        """The text for a date, time or datetime; parts that the pattern leaves out are the caller's care."""
        return "".join(_piece(piece, value) for piece in _split(self.text))

    @property
    def has(self) -> frozenset[str]:
        """Which letters it has."""
        return frozenset(self.letters)


def _split(text: str) -> list[str]:
    return [piece for piece in re.split(rf"({_LETTERS.pattern})", text) if piece]


def _piece(piece: str, value: Any) -> str:
    if piece == "yyyy":
        return f"{value.year:04}"
    if piece == "yy":
        return f"{value.year % 100:02}"
    if piece == "SSS":
        return f"{value.microsecond // 1000:03}"
    name = _NAMES.get(piece)
    return f"{getattr(value, name):02}" if name else piece


def _build(make: Callable[..., Any], parts: dict[str, int], text: str) -> Any:
    try:
        return make(**parts)
    except ValueError as error:
        raise DomainError(f"{text!r} is no day or time that exists: {error}") from error


@lru_cache(maxsize=2048)
def read_day(text: str) -> date:
    """A day as CCYYMMDD; kept for the days that come again and again."""
    if len(text) != 8 or not (text.isascii() and text.isdigit()):
        raise DomainError(f"{text!r} does not have the form yyyyMMdd")
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise DomainError(f"{text!r} is no day that exists: {error}") from error


@lru_cache(maxsize=2048)
def write_day(value: date) -> str:
    """A day as CCYYMMDD."""
    return f"{value.year:04}{value.month:02}{value.day:02}"


def day(argument: str | None, setting: Setting) -> Converter:
    """``date(pattern)``."""
    if argument is None:
        raise ConverterError("date needs a pattern", "for example  date(yyyyMMdd) or  date(iso)")
    need(setting, "date", Kind.DATE)
    pattern = Pattern(argument)
    if not pattern.has <= _DATE or not {"MM", "dd"} <= pattern.has or not pattern.has & {"yyyy", "yy"}:
        raise ConverterError(f"{argument!r} does not name year, month and day", "for example  date(dd.MM.yyyy)")
    if pattern.text == "yyyyMMdd":
        return Converter(name="date", read=_typed(read_day), write=write_day, gives=Kind.TEXT)

    @lru_cache(maxsize=2048)
    def read(text: str) -> date:
        value: date = _build(date, pattern.read(text), text)
        return value

    return Converter(name="date", read=_typed(read), write=_checked(pattern.write, read), gives=Kind.TEXT)


def _typed(read: Callable[[str], Any]) -> Callable[[Any], Any]:
    """``read``, refusing what is no text: JSON has other values."""

    def checked(text: Any) -> Any:
        if type(text) is str:
            return read(text)
        if isinstance(text, str):
            return read(str(text))
        raise DomainError(f"{text!r} is no text")

    return checked


def _checked(write: Callable[[Any], str], read: Callable[[str], Any]) -> Callable[[Any], str]:
    """``write``, refusing what ``read`` would not give back, such as 1950 in two digits of a year."""

    def checked(value: Any) -> str:
        text = write(value)
        if read(text) != value:
            raise DomainError(f"{value} would be read back as {read(text)}")
        return text

    return checked


def clock(argument: str | None, setting: Setting) -> Converter:
    """``time(pattern)``."""
    need(setting, "time", Kind.TIME)
    pattern = Pattern(argument or "HHmm")
    if not pattern.has <= _TIME or "HH" not in pattern.has:
        raise ConverterError(f"{argument!r} does not name a time of day", "for example  time(HHmm)")

    def read(text: str) -> time:
        value: time = _build(time, pattern.read(text), text)
        return value

    return Converter(name="time", read=_typed(read), write=_checked(pattern.write, read), gives=Kind.TEXT)


def moment(argument: str | None, setting: Setting) -> Converter:
    """``datetime(pattern zone)``: ``datetime(yyyyMMddHHmm Europe/Berlin)``; or ``datetime(iso)`` with an offset."""
    need(setting, "datetime", Kind.INSTANT)
    if argument == "iso":
        return Converter(name="datetime", read=_typed(_read_iso), write=_write_iso, gives=Kind.TEXT)
    text, _, name = (argument or "").rpartition(" ")
    if not text:
        raise ConverterError(
            "datetime needs a pattern and a time zone", "for example  datetime(yyyyMMddHHmm Europe/Berlin)"
        )
    if "+" in text:
        return _over_two(text.strip(), _zone(name))
    return _zoned(Pattern(text.strip()), _zone(name), "datetime")


def _over_two(text: str, zone: ZoneInfo) -> Converter:
    """``datetime(yyyyMMdd+HHmm Europe/Berlin)`` over two places: the date in the first, the time in the second."""
    first, _, second = text.partition("+")
    day, hour = Pattern(first), Pattern(second)
    if not day.has <= _DATE or not {"MM", "dd"} <= day.has or not hour.has <= _TIME or "HH" not in hour.has:
        message = f"{text!r} is no date and time"
        raise ConverterError(message, "for example  datetime(yyyyMMdd+HHmm Europe/Berlin)")
    whole = _zoned(Pattern(f"{day.text} {hour.text}"), zone, "datetime")

    def read(pair: tuple[str, str]) -> Any:
        if not pair[1]:
            raise DomainError(f"{pair[0]!r} has no time beside it")
        return whole.read(f"{pair[0]} {pair[1]}")

    def write(value: datetime) -> tuple[str, str]:
        local = value.astimezone(zone)
        whole.write(value)  # refuses what could not be read back
        return day.write(local), hour.write(local)

    return Converter(name="datetime", read=read, write=write, gives=Kind.DATED)


def stamp(name: str, argument: str | None) -> Callable[[datetime], Any]:
    """The clock's time as it is written: ``datetime(yyyyMMddHHmm Europe/Berlin)``, ``dtm(203 Europe/Berlin)``.

    It is written only, so a pattern may leave out what it likes.
    """
    text, _, place = (argument or "").rpartition(" ")
    hint = "for example  write(now()) | datetime(yyyyMMdd Europe/Berlin)"
    if name == "datetime" and argument == "iso":
        return lambda value: _write_iso(value.replace(microsecond=0))
    if name not in ("datetime", "dtm") or not text:
        raise ConverterError("now() needs a form on the wire, with a time zone", hint)
    zone = _zone(place)
    if name == "dtm":
        if text not in DTM_FORMATS:
            raise ConverterError(f"dtm does not write format {text!r}", f"it writes {', '.join(DTM_FORMATS)}")
        pattern = Pattern(DTM_FORMATS[text])
        return lambda value: (pattern.write(value.astimezone(zone)), text)
    first, plus, second = text.strip().partition("+")
    patterns = [Pattern(first), Pattern(second)] if plus else [Pattern(first)]
    if plus:
        return lambda value: tuple(pattern.write(value.astimezone(zone)) for pattern in patterns)
    return lambda value: patterns[0].write(value.astimezone(zone))


def _read_iso(text: str) -> datetime:
    try:
        value = datetime.fromisoformat(text)
    except ValueError as error:
        raise DomainError(f"{text!r} is no ISO 8601 date and time") from error
    if value.tzinfo is None:
        raise DomainError(f"{text!r} has no offset from UTC")
    return value


def _write_iso(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ConverterError(f"there is no time zone {name!r}", "for example  UTC or  Europe/Berlin") from error


def _zoned(pattern: Pattern, zone: ZoneInfo, name: str) -> Converter:
    def read(text: str) -> datetime:
        value: datetime = _build(datetime, pattern.read(text), text)
        local = value.replace(tzinfo=zone)
        exact = local.astimezone(UTC)
        if exact.astimezone(zone).replace(tzinfo=None) != value:
            raise DomainError(f"{text!r} does not exist in {zone.key}: the clocks skip it")
        return exact

    def write(value: datetime) -> str:
        text = pattern.write(value.astimezone(zone))
        if read(text) != value.astimezone(UTC):
            raise DomainError(f"{value.isoformat()} cannot be written as {pattern.text} in {zone.key} without loss")
        return text

    return Converter(name=name, read=_typed(read), write=write, gives=Kind.TEXT)


def dtm(argument: str | None, setting: Setting) -> Converter:
    """``dtm(102)`` over ``2380+2379``: reads every format of `DTM_FORMATS`, writes the named one.

    For a moment the time zone follows: ``dtm(203 Europe/Berlin)``.  A time of day for
    a field that is a date is refused, unless it is midnight; ``dtm(102 day)`` leaves it aside.
    """
    need(setting, "dtm", Kind.DATE, Kind.INSTANT)
    name, _, zone = (argument or "").partition(" ")
    if name not in DTM_FORMATS:
        raise ConverterError(f"dtm does not write format {name!r}", f"it writes {', '.join(DTM_FORMATS)}")
    patterns = {number: Pattern(text) for number, text in DTM_FORMATS.items()}
    if setting.kind is Kind.DATE:
        if patterns[name].has & _TIME:
            raise ConverterError(f"format {name} has a time, and the field is a date", "for example  dtm(102)")
        if zone not in ("", "day"):
            raise ConverterError(f"{zone!r} is not understood, and the field is a date", "dtm(102) or dtm(102 day)")
        if zone:
            return replace(_dated(name, patterns, _day_alone), rest=lambda pair: _time_of(patterns, pair, name))
        return _dated(name, patterns, _day_of)
    if not zone:
        raise ConverterError("dtm of a moment needs a time zone", "for example  dtm(203 Europe/Berlin)")
    zones = {number: _zoned(pattern, _zone(zone), "dtm") for number, pattern in patterns.items()}

    def read(pair: tuple[str, str]) -> Any:
        return _known(zones, pair[1] or name).read(pair[0])

    return Converter(name="dtm", read=read, write=lambda v: (zones[name].write(v), name), gives=Kind.DATED)


def _dated(name: str, patterns: dict[str, Pattern], day_of: Callable[[Pattern, str], date]) -> Converter:
    writing = write_day if name == "102" else _checked(patterns[name].write, lambda text: day_of(patterns[name], text))

    def read(pair: tuple[str, str]) -> date:
        text, number = pair
        if number == "102" or (not number and name == "102"):
            return read_day(text)
        return day_of(_known(patterns, number or name), text)

    reading = read_day if name == "102" else lambda text: day_of(patterns[name], text)
    usual = Usual(second=name, read=reading, write=writing)
    return Converter(name="dtm", read=read, write=lambda value: (writing(value), name), gives=Kind.DATED, usual=usual)


def _known(formats: dict[str, Any], number: str) -> Any:
    if number not in formats:
        raise DomainError(f"date format {number!r} is not one of {', '.join(formats)}")
    return formats[number]


def _moment_of(pattern: Pattern, text: str) -> datetime:
    value: datetime = _build(datetime, pattern.read(text), text)
    return value


def _day_of(pattern: Pattern, text: str) -> date:
    value = _moment_of(pattern, text)
    if value.time() != time():
        raise DomainError(f"{text!r} has a time, and the field is a date: dtm(102 day) would leave it aside")
    return value.date()


def _time_of(patterns: dict[str, Pattern], pair: tuple[str, str], name: str) -> str | None:
    """The time of day in a value, None for midnight and where there is none."""
    pattern = patterns.get(pair[1] or name)
    try:
        found = _moment_of(pattern, pair[0]).time() if pattern is not None else time()
    except ValueError:
        return None  # refused where it is read
    return found.isoformat() if found != time() else None


def _day_alone(pattern: Pattern, text: str) -> date:
    return _moment_of(pattern, text).date()
