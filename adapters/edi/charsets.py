"""Character sets: which one a syntax identifier (EDIFACT 0001) names, and what may stand in it."""

import re
from dataclasses import dataclass
from functools import cached_property
from re import Pattern

_LEVEL_A = r"A-Z0-9 .,\-()/=!\"%&*;<>'+:?"
_C0 = bytes(point for point in range(0x20) if point not in (0x0A, 0x0D)) + b"\x7f"
_C1 = bytes(range(0x80, 0xA0))


@dataclass(frozen=True, kw_only=True)
class Charset:
    """How bytes become text.  ``codec`` is Python's name, ``title`` what findings call it.

    ``repertoire`` holds the characters that a narrower set than the codec's allows, as a
    class of a regular expression.
    """

    codec: str
    title: str
    repertoire: str = ""

    @cached_property
    def foreign(self) -> Pattern[str] | None:
        """Finds a character that the repertoire does not hold, separators and control characters aside."""
        return re.compile(rf"[^{self.repertoire}\x00-\x1f\x7f]") if self.repertoire else None

    @cached_property
    def controls(self) -> bytes:
        """The bytes that are control characters here, CR and LF not counted: they may stand between segments."""
        return _C0 + _C1 if self.codec.startswith("iso8859") else _C0


ASCII = Charset(codec="ascii", title="ASCII")
UNDECLARED = Charset(codec="iso8859-1", title="ISO 8859-1")
"""How X12 is read and written where the format names no character set.  X12 announces none: its extended character set
holds accented letters (X12.6), and leaves their bytes to the partners.  So what goes beyond ASCII is reported."""
_ISO_8859 = {"C": 1, "D": 2, "E": 5, "F": 7, "G": 3, "H": 4, "I": 6, "J": 8, "K": 9, "L": 15}
SYNTAX: dict[str, Charset] = {
    "UNOA": Charset(codec="ascii", title="level A of ISO 9735", repertoire=_LEVEL_A),
    "UNOB": Charset(codec="ascii", title="level B of ISO 9735", repertoire=_LEVEL_A + "a-z"),
    **{
        f"UNO{level}": Charset(codec=f"iso8859-{part}", title=f"ISO 8859-{part}")
        for level, part in sorted(_ISO_8859.items())
    },
    "UNOW": Charset(codec="utf-8", title="UTF-8"),
    "UNOY": Charset(codec="utf-8", title="UTF-8"),
}
"""By syntax identifier (ISO 9735-1:2002, code list 0001; the parts of ISO 8859 as in Smooks' and SAP's tables too).

UNOY, by its text ISO 10646 without the UTF-8 technique, is UTF-8 wherever it was seen in use.  UNOX (ISO 2022)
is not read."""

CODECS: dict[str, Charset] = {
    "ascii": ASCII,
    "latin-1": SYNTAX["UNOC"],
    **{f"iso8859-{part}": SYNTAX[f"UNO{level}"] for level, part in _ISO_8859.items() if part != 1},
    "utf-8": SYNTAX["UNOY"],
    "windows-1252": Charset(codec="cp1252", title="windows-1252"),
}
"""The names that the option ``charset`` takes."""


def decode(raw: bytes, charset: Charset) -> tuple[str, int | None]:
    """``raw`` as text, and the offset of the first byte that ``charset`` does not know, or None.

    Where there is such a byte, the text is read as ISO 8859-1, in which every byte is a
    character: nothing is lost, and lengths still fit.
    """
    try:
        return raw.decode(charset.codec), None
    except UnicodeDecodeError as error:
        return raw.decode("latin-1"), error.start
