"""Texts, and yes or no."""

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


def upper(argument: str | None, setting: Setting) -> Converter:
    """``upper``: capitals; small letters are read as capitals, and not written."""
    plain("upper", argument)
    need(setting, "upper", Kind.TEXT)
    return Converter(name="upper", read=str.upper, write=_only(str.upper, "is not in capitals"), gives=Kind.TEXT)


def trim(argument: str | None, setting: Setting) -> Converter:
    """``trim``: blanks at both ends are dropped on reading, and not written."""
    plain("trim", argument)
    need(setting, "trim", Kind.TEXT)
    return Converter(name="trim", read=str.strip, write=_only(str.strip, "has blanks at an end"), gives=Kind.TEXT)


def digits(argument: str | None, setting: Setting) -> Converter:
    """``digits``: all but the digits 0 to 9 is dropped on reading, and not written."""
    plain("digits", argument)
    need(setting, "digits", Kind.TEXT)

    def read(text: str) -> str:
        return "".join(character for character in text if character in "0123456789")

    return Converter(name="digits", read=read, write=_only(read, "is not digits only"), gives=Kind.TEXT)


def _only(normal: Any, complaint: str) -> Any:
    def write(text: str) -> str:
        if normal(text) != text:
            raise DomainError(f"{text!r} {complaint}")
        return text

    return write


def pad(argument: str | None, setting: Setting) -> Converter:
    """``pad(n)``: filled up with blanks on the right to n characters."""
    width = whole_argument("pad", argument, 1)
    need(setting, "pad", Kind.TEXT)

    def write(text: str) -> str:
        if len(text) > width:
            raise DomainError(f"{text!r} is longer than {width} characters")
        if text.endswith(" "):
            raise DomainError(f"{text!r} ends with a blank, which padding would lose")
        return text.ljust(width)

    return Converter(name="pad", read=lambda text: text.rstrip(" "), write=write, gives=Kind.TEXT)


def wrap(argument: str | None, setting: Setting) -> Converter:
    """``wrap(35 5)``: one text over up to 5 places of 35 characters, broken between words.

    Words are joined by one blank when read, however many stand between them; so a text with
    two blanks in a row, or one too long, is outside the domain.
    """
    need(setting, "wrap", Kind.TEXT)
    parts = (argument or "").split()
    if len(parts) != 2 or not all(part.isascii() and part.isdigit() and int(part) for part in parts):
        raise ConverterError("wrap needs two whole numbers: width and places", "for example  wrap(35 5)")
    width, most = map(int, parts)

    def write(text: str) -> list[str]:
        rows: list[str] = []
        for word in text.split(" "):
            if not word:
                raise DomainError(f"{text!r} has blanks that would be lost between places")
            if len(word) > width:
                raise DomainError(f"the word {word!r} is longer than {width} characters")
            if rows and len(rows[-1]) + 1 + len(word) <= width:
                rows[-1] += f" {word}"
            else:
                rows.append(word)
        if len(rows) > most:
            raise DomainError(f"the text needs {len(rows)} places of {width} characters, and there are {most}")
        return rows

    def read(rows: list[str]) -> str:
        text = " ".join(rows)
        if "  " in text or text[:1] == " " or text[-1:] == " ":
            text = " ".join(word for word in text.split(" ") if word) or text
        return text

    return Converter(name="wrap", read=read, write=write, gives=Kind.TEXTS)


def lines(argument: str | None, setting: Setting) -> Converter:
    """``lines(70)``: a text of several lines, one for each place, of at most 70 characters."""
    width = whole_argument("lines", argument, 1)
    need(setting, "lines", Kind.TEXT)

    def write(text: str) -> list[str]:
        rows = text.split("\n")
        for row in rows:
            if not row:
                raise DomainError("the text has an empty line, which a place cannot hold")
            if len(row) > width:
                raise DomainError(f"the line {row!r} is longer than {width} characters")
        return rows

    return Converter(name="lines", read="\n".join, write=write, gives=Kind.TEXTS)


def join(argument: str | None, setting: Setting) -> Converter:
    """``join(sep)``: a list of texts in one place, separated."""
    need(setting, "join", Kind.TEXTS)
    if not argument:
        raise ConverterError("join needs a separator", 'for example  join(";") or  join(" / ")')
    separator = argument

    def write(items: Any) -> str:
        texts = list(items)
        joined = separator.join(texts)
        if joined.split(separator) != texts:
            raise DomainError(f"{joined!r} cannot be split at {separator!r} again")
        return joined

    def read(text: str) -> list[str]:
        items = text.split(separator)
        if not all(items):
            raise DomainError(f"{text!r} has an empty part between two {separator!r}")
        return items

    return Converter(name="join", read=read, write=write, gives=Kind.TEXT)


def yesno(argument: str | None, setting: Setting) -> Converter:
    """``yesno(Y N)``: the word for yes, the word for no."""
    need(setting, "yesno", Kind.BOOLEAN)
    words = (argument or "").split()
    if len(words) != 2 or words[0] == words[1]:
        raise ConverterError("yesno needs two words: for yes and for no", "for example  yesno(Y N)")
    yes, no = words

    def read(text: str) -> bool:
        if text not in (yes, no):
            raise DomainError(f"{text!r} is neither {yes!r} nor {no!r}")
        return text == yes

    return Converter(name="yesno", read=read, write=lambda value: yes if value else no, gives=Kind.TEXT)


def flag(argument: str | None, setting: Setting) -> Converter:
    """``flag(X)``: X for yes, nothing for no."""
    need(setting, "flag", Kind.BOOLEAN)
    if not argument:
        raise ConverterError("flag needs the word for yes", "for example  flag(X)")
    yes = argument

    def read(text: str) -> bool:
        if text != yes:
            raise DomainError(f"{text!r} is not {yes!r}")
        return True

    return Converter(name="flag", read=read, write=lambda value: yes if value else "", gives=Kind.TEXT)
