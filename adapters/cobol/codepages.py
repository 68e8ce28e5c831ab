"""Code pages with one byte a character: Python's own, and two euro pages that differ from them in one character."""

import codecs
from dataclasses import dataclass
from functools import lru_cache

_EURO = {"cp1141": "cp273", "cp1148": "cp500"}
"""Pages that have the euro sign where their elders have the currency sign (at 0x9F)."""


@dataclass(frozen=True, kw_only=True)
class CodePage:
    """A code page: ``characters`` by byte, ``codes`` by character; what has no character has none in either."""

    name: str
    characters: str
    codes: dict[str, int]

    @property
    def ebcdic(self) -> bool:
        """Whether digits are F0 to F9, so that the halves of a byte are zone and digit."""
        return self.codes.get("0") == 0xF0

    @property
    def blank(self) -> int:
        """The byte of a blank."""
        return self.codes[" "]

    def text(self, content: bytes) -> str:
        """The characters of ``content``; a byte without one is U+FFFD."""
        return content.decode("latin-1").translate(_table(self.name))

    def bytes(self, text: str) -> bytes:
        """The bytes of ``text``.  Raises `ValueError` for a character that the page does not have."""
        try:
            return bytes([self.codes[character] for character in text])
        except KeyError as error:
            missing = error.args[0]
            raise ValueError(
                f"the character {missing!r} (U+{ord(missing):04X}) does not exist in {self.name}"
            ) from None


@lru_cache(maxsize=32)
def code_page(name: str) -> CodePage:
    """The code page of that name.  Raises `ValueError`."""
    plain = name.lower().replace("_", "").replace("-", "")
    if plain.startswith("ibm") and plain[3:].isdigit():
        plain = f"cp{plain[3:]}"
    base = _EURO.get(plain, name)
    try:
        every = bytes(range(256))
        codec = codecs.lookup(base)
        text = codec.decode(every, "replace")[0]
    except (LookupError, TypeError, ValueError, AttributeError):
        raise ValueError(
            f"there is no code page {name!r}; such are cp037, cp273, cp500, cp1140, cp1141, ascii"
        ) from None
    if not isinstance(text, str) or len(text) != 256 or codec.name.startswith("utf"):
        raise ValueError(f"{name!r} is no code page with one byte a character")
    if plain in _EURO:
        text = text.replace("\u00a4", "\u20ac")
    codes = {character: code for code, character in enumerate(text) if character != "\ufffd"}
    if not set(" 0123456789+-.").issubset(codes):
        raise ValueError(f"{name!r} lacks digits or signs")
    return CodePage(name=plain if plain in _EURO else name, characters=text, codes=codes)


@lru_cache(maxsize=32)
def _table(name: str) -> dict[int, str]:
    return dict(enumerate(code_page(name).characters))
