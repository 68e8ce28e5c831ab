"""Lines and bytes of the characters of a text, counted in blocks and as far as somebody asks.

To place every value of a message, a count from the beginning for each of them would take the square of its length.
"""

import codecs
from typing import Any

_BLOCK = 1 << 12


class Ruler:
    """Measures ``text``; ``encoding`` is None where every character is one byte.

    All offsets are in characters.  The text can be written in the encoding, since it was read from it.
    """

    def __init__(self, text: str, encoding: str | None) -> None:
        self._text = text
        self._lines = [0]
        """How many line ends stand before each block."""
        self._encoder = codecs.getincrementalencoder(encoding)() if encoding is not None else None
        self._bytes: list[tuple[int, Any]] = [(0, self._encoder.getstate() if self._encoder is not None else 0)]
        """How many bytes stand before each block, and what state the encoder has there."""

    def line(self, character: int) -> int:
        """The line, from 1, on which a character stands."""
        block = character // _BLOCK
        while len(self._lines) <= block:
            end = len(self._lines) * _BLOCK
            self._lines.append(self._lines[-1] + self._text.count("\n", end - _BLOCK, end))
        return 1 + self._lines[block] + self._text.count("\n", block * _BLOCK, character)

    def byte(self, character: int) -> int:
        """The byte at which a character begins."""
        encoder = self._encoder
        if encoder is None:
            return character
        block = character // _BLOCK
        while len(self._bytes) <= block:
            start = (len(self._bytes) - 1) * _BLOCK
            byte = self._measured(start, start + _BLOCK)
            self._bytes.append((byte, encoder.getstate()))
        return self._measured(block * _BLOCK, character)

    def _measured(self, start: int, end: int) -> int:
        """The byte at which the character ``end`` begins; ``start`` begins a block that is known."""
        assert self._encoder is not None
        byte, state = self._bytes[start // _BLOCK]
        self._encoder.setstate(state)
        return byte + len(self._encoder.encode(self._text[start:end]))
