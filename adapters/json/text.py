"""A payload as text, and the way back from a character to its byte and line."""

import codecs
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from transload.adapters.base.ruler import Ruler
from transload.adapters.json.positions import Positions
from transload.canonical.findings import Finding, Severity
from transload.canonical.places import Place

_MARKS = (  # the four-byte ones first: a two-byte one is the beginning of one of them
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


@dataclass(frozen=True, kw_only=True)
class Decoded:
    """A payload as text: the ``encoding`` it was read with, and the length of its byte order mark."""

    text: str
    encoding: str
    mark: int
    file: str | None
    findings: tuple[Finding, ...] = ()

    def byte(self, character: int) -> int:
        """The byte at which the character with that offset begins."""
        return self.mark + self._ruler.byte(character)

    def bytes(self, characters: Sequence[int]) -> list[int]:
        """The bytes of many characters, whose offsets ascend, in one pass."""
        if self.text.isascii() and self.encoding == "utf-8":
            return [self.mark + character for character in characters]
        found = []
        last, byte = 0, self.mark
        for character in characters:
            byte += len(self.text[last:character].encode(self.encoding))
            last = character
            found.append(byte)
        return found

    def line(self, character: int) -> int:
        """The line, from 1, of the character with that offset."""
        return self._ruler.line(character)

    @cached_property
    def _ruler(self) -> Ruler:
        return Ruler(self.text, None if self.text.isascii() and self.encoding == "utf-8" else self.encoding)

    @cached_property
    def positions(self) -> Positions:
        """Where the values of the text stand."""
        return Positions(self.text)

    def column(self, character: int) -> int:
        """The column, from 1 and in characters, of the character with that offset."""
        return character - self.text.rfind("\n", 0, character)

    def place(self, character: int, path: str | None = None, message: int | None = None) -> Place:
        """The place of the character with that offset."""
        line, byte = self.line(character), self.byte(character)
        return Place(file=self.file, line=line, byte=byte, message=message, path=path)


def decode(payload: bytes, *, encoding: str, file: str | None) -> Decoded | Finding:
    """``payload`` as text in ``encoding``, or the finding that says why it is none.

    RFC 8259 section 8.1 asks for UTF-8 without a byte order mark and lets readers ignore
    one; a mark is taken away with a remark.
    """
    for mark, name in _MARKS:
        if not payload.startswith(mark):
            continue
        if not name.startswith(encoding):
            return Finding(
                code="E-ENCODING",
                message=f"this is {name[:6].rstrip('-').upper()} text, but {encoding.upper()} was declared",
                hint="declare its encoding under format:, or ask the partner for UTF-8 (RFC 8259 section 8.1)",
                place=Place(file=file, line=1, byte=0),
            )
        remark = Finding(
            code="R-BOM",
            severity=Severity.REMARK,
            message="the payload begins with a byte order mark, which was ignored",
            place=Place(file=file, line=1, byte=0),
        )
        return _decode(payload, name, len(mark), file, (remark,) if name == "utf-8" else ())
    if encoding == "utf-16":  # without a mark, the zero bytes of the first, ASCII, character tell the order
        encoding = "utf-16-le" if payload[1:2] == b"\0" else "utf-16-be"
    return _decode(payload, encoding, 0, file, ())


def _decode(
    payload: bytes, encoding: str, mark: int, file: str | None, findings: tuple[Finding, ...]
) -> Decoded | Finding:
    body = payload[mark:]
    try:
        text = body.decode(encoding)
    except UnicodeDecodeError as error:
        byte = error.start
        name = encoding.upper()
        return Finding(
            code="E-ENCODING",
            message=f"byte {mark + byte} (0x{body[byte]:02X}) is not valid {name}",
            hint="declare the encoding that the partner really uses, as in 'encoding: iso-8859-1' under format:",
            value=body[max(0, byte - 20) : byte + 20].decode("ascii", "backslashreplace"),
            place=Place(file=file, line=body.count(b"\n", 0, byte) + 1, byte=mark + byte),
        )
    return Decoded(text=text, encoding=encoding, mark=mark, file=file, findings=findings)
