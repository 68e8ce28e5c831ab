"""A payload of lines as text, and the way back from a character to its line and byte."""

import codecs
import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise

from transload.canonical.findings import Finding
from transload.canonical.places import Place

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CONTROLS = re.compile("[\x00\x1c-\x1f]")
NEWLINES = {"lf": "\n", "crlf": "\r\n", "cr": "\r", "none": ""}


def known_charset(name: str) -> str:
    """``name``, if it is a character set in which ASCII is as it is in ASCII; raises `ValueError` else."""
    try:
        plain = "aZ09;,\r\n".encode(name) == b"aZ09;,\r\n"
    except LookupError:
        raise ValueError(f"there is no character set {name!r}") from None
    if not plain and name not in ("utf-16", "utf-16-le", "utf-16-be"):
        raise ValueError(f"lines and columns are not found in the character set {name!r}")
    return name


@dataclass(frozen=True, kw_only=True)
class RowText:
    """A payload as text: the ``charset`` it was read with, and the length of its byte order mark in bytes."""

    text: str
    charset: str
    mark: int
    file: str | None

    @cached_property
    def newline(self) -> str:
        """What ends a line: a line feed, or where there is none at all a carriage return."""
        return "\r" if "\n" not in self.text and "\r" in self.text else "\n"

    @cached_property
    def newline_written(self) -> str:
        """How the first line ends."""
        end = self.text.find(self.newline)
        return "\r\n" if self.newline == "\n" and end > 0 and self.text[end - 1] == "\r" else self.newline

    @cached_property
    def _narrow(self) -> bool:
        return (self.text.isascii() and not self.charset.startswith("utf-16")) or len(
            self.text.encode(self.charset)
        ) == len(self.text)

    def byte(self, character: int) -> int:
        """The byte at which the character with that offset begins."""
        if self._narrow:
            return self.mark + character
        line = self.line(character) - 1
        return self._bytes[line] + len(self.text[self._starts[line] : character].encode(self.charset))

    @cached_property
    def _starts(self) -> list[int]:
        """Where each line begins: found once, when somebody asks for a place."""
        text, newline, starts = self.text, self.newline, [0]
        while at := text.find(newline, starts[-1]) + 1:
            starts.append(at)
        return starts

    @cached_property
    def _bytes(self) -> list[int]:
        """The byte at which each line begins."""
        lengths = (len(self.text[one:two].encode(self.charset)) for one, two in pairwise(self._starts))
        return [*accumulate(lengths, initial=self.mark)]

    def ahead(self, byte: int, start: int, end: int) -> int:
        """The byte of the character ``end``, where ``byte`` is that of ``start``."""
        return byte + (end - start if self._narrow else len(self.text[start:end].encode(self.charset)))

    def line(self, character: int) -> int:
        """The line, from 1, of the character with that offset."""
        return bisect_right(self._starts, character)

    def place(
        self, character: int, message: int | None = None, element: int | None = None, path: str | None = None
    ) -> Place:
        """The place of the character with that offset, with what else is known of it."""
        line, byte = self.line(character), self.byte(character)
        return Place(file=self.file, line=line, byte=byte, message=message, element=element, path=path)

    def lines(self, start: int = 0) -> Iterator[tuple[int, int, int]]:
        """Start and end of each line from ``start`` on, without its line end, and where the next one begins."""
        text, newline, stop = self.text, self.newline, len(self.text)
        while start < stop:
            end = text.find(newline, start)
            after = end + 1 if end >= 0 else stop
            end = end if end >= 0 else stop
            if newline == "\n" and end > start and text[end - 1] == "\r":
                end -= 1
            yield start, end, after
            start = after

    @cached_property
    def _controlled(self) -> bool:
        """Whether there is any; so many searches for one character are faster than one for several."""
        return any(character in self.text for character in "\x00\x1c\x1d\x1e\x1f")

    def controls(self, start: int, end: int) -> Iterator[Finding]:
        """A finding for the first control character that no value can have."""
        if not self._controlled:
            return
        found = _CONTROLS.search(self.text, start, end)
        if found is not None:
            yield Finding(
                code="E-CONTROL",
                message=f"the control character U+{ord(found[0]):04X} stands in a row",
                hint="is the character set right, and is this a text file?",
                place=self.place(found.start()),
            )


def decoded(payload: bytes, charset: str, file: str | None) -> RowText | Finding:
    """``payload`` as text, or the finding that says why it is none.  A byte order mark is taken away."""
    mark = 0
    for start, name in _MARKS:
        if payload.startswith(start):
            if not name.startswith(charset.removesuffix("-sig")) and not charset.startswith(name):
                return Finding(
                    code="E-CHARSET",
                    message=f"this is {name[:6].rstrip('-').upper()}, by its first bytes, and {charset} was declared",
                    hint=f"write charset: {name[:6].rstrip('-')} under format:, or ask the partner for {charset}",
                    place=Place(file=file, line=1, byte=0),
                )
            charset, mark = name, len(start)
            break
    else:
        if charset == "utf-16":
            charset = "utf-16-le" if payload[1:2] == b"\0" else "utf-16-be"
    try:
        text = payload[mark:].decode(charset)
    except UnicodeDecodeError as error:
        byte = mark + error.start
        return Finding(
            code="E-CHARSET",
            message=f"byte {byte} (0x{payload[byte]:02X}) is not valid {charset}",
            hint="write the character set that the partner really uses under format:, as in charset: windows-1252",
            value=payload[max(0, byte - 20) : byte + 20].decode("ascii", "backslashreplace"),
            place=Place(file=file, line=payload.count(b"\n", 0, byte) + 1, byte=byte),
        )
    return RowText(text=text, charset=charset, mark=mark, file=file)


def encoded(text: str, charset: str) -> bytes:
    """``text`` in ``charset``; raises `Unwritable` for a character that it does not have, and for NUL."""
    if "\x00" in text:
        raise Unwritable(Finding(code="E-DOMAIN", message="a text holds NUL, which no row can carry"))
    try:
        return text.encode(charset)
    except UnicodeEncodeError as error:
        at = error.start
        raise Unwritable(
            Finding(
                code="E-DOMAIN",
                message=f"the character U+{ord(text[at]):04X} does not exist in {charset}",
                hint="write utf-8, or let the mapping replace the character",
                value=text[max(0, at - 20) : at + 20].encode("ascii", "backslashreplace").decode(),
            )
        ) from error


class Unwritable(ValueError):
    """What cannot be written, as a finding."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message)
        self.finding = finding


def too_large(size: int, largest: int, file: str | None) -> Finding:
    """A payload beyond the limit."""
    return Finding(
        code="E-SIZE",
        message=f"the payload has {size} bytes, more than the {largest} that are allowed",
        hint="raise 'largest' under format: if such payloads are meant",
        place=Place(file=file),
    )
