"""Bytes of a partner made visible, one by one, without losing where each of them stands.

Nothing that a terminal would obey gets through: control characters become their
pictures (``␍``), other characters that cannot be seen and bytes that are no
characters are spelled out (``\\x85``).
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate

_PICTURES = 0x2400


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """Bytes as text.  ``at[byte]`` is the index in ``text`` where that byte begins, with one more for the end.

    ``widths`` are the columns that each character of ``text`` takes, None where it is one each.
    ``hidden`` are the stretches of ``text`` that stand for what cannot be seen.
    """

    text: str
    at: Sequence[int]
    widths: Sequence[int] | None = None
    hidden: tuple[tuple[int, int], ...] = ()

    def column(self, index: int, start: int = 0) -> int:
        """How many columns the text from ``start`` to ``index`` takes."""
        return index - start if self.widths is None else sum(self.widths[start:index])

    def reach(self, start: int, room: int) -> int:
        """Up to which index the text from ``start`` fits into ``room`` columns; one character at least."""
        if self.widths is None:
            return min(start + room, len(self.text))
        fitting = sum(total <= room for total in accumulate(self.widths[start:]))
        return min(start + max(fitting, 1), len(self.text))


@dataclass(kw_only=True)
class Glyphs:
    """Shows bytes on an output of some ``encoding``: what it does not have is spelled out too."""

    encoding: str = "utf-8"
    _known: dict[str, str] = field(default_factory=dict)

    def show(self, raw: bytes, codec: str = "ascii") -> Shown:
        """``raw``, read by ``codec``."""
        body = raw.rstrip(b"\r\n")
        if body.isascii() and (text := body.decode("ascii")).isprintable():
            text += "".join(self.glyph(chr(byte)) for byte in raw[len(body) :])
            if len(text) == len(raw):
                hidden = ((len(body), len(raw)),) if len(body) < len(raw) else ()
                return Shown(text=text, at=range(len(raw) + 1), hidden=hidden)
        return self._slowly(raw.decode(codec, errors="surrogateescape"), codec)

    def _slowly(self, characters: str, codec: str) -> Shown:
        text: list[str] = []
        at: list[int] = []
        widths: list[int] = []
        hidden: list[tuple[int, int]] = []
        length = 0
        for character in characters:
            glyph = self.glyph(character)
            at += [length] * len(character.encode(codec, errors="surrogateescape"))
            if glyph != character:
                hidden.append((length, length + len(glyph)))
            text.append(glyph)
            widths += [1] * len(glyph) if glyph != character else [_width(character)]
            length += len(glyph)
        return Shown(
            text="".join(text),
            at=[*at, length],
            widths=widths if any(width != 1 for width in widths) else None,
            hidden=tuple(hidden),
        )

    def text(self, value: str) -> str:
        """``value``, a text of a partner or about one, in one line of visible characters."""
        return value if value.isascii() and value.isprintable() else "".join(self.glyph(sign) for sign in value)

    def glyph(self, character: str) -> str:
        """What is shown for a character."""
        known = self._known.get(character)
        if known is None:
            if len(self._known) > 5000:  # characters come from partners: they must not fill the memory
                self._known.clear()
            known = self._known[character] = self._glyph(character)
        return known

    def _glyph(self, character: str) -> str:
        point = ord(character)
        if character.isprintable() and not _PICTURES <= point <= _PICTURES + 0x21 and self._has(character):
            return character
        picture = chr(_PICTURES + (0x21 if point == 0x7F else point)) if point < 0x20 or point == 0x7F else ""
        if picture and self._has(picture):
            return picture
        if 0xDC80 <= point <= 0xDCFF:  # a byte that is no character
            point -= 0xDC00
        return f"\\x{point:02x}" if point < 0x100 else f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"

    def _has(self, character: str) -> bool:
        try:
            character.encode(self.encoding)
        except (UnicodeEncodeError, LookupError):
            return False
        return True


def _width(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
