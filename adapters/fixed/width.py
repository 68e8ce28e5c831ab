"""What a range of a fixed-width record counts: characters or bytes.

In ASCII, and in character sets of one byte a character, both are the same.  In others they differ as soon as a text
holds a character of several bytes, and only the partner knows which is meant; so it must be said, and is not guessed.
"""

import codecs
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

Unit = Literal["characters", "bytes"]


@dataclass(frozen=True)
class Width:
    """How ranges count in ``charset``; ``unit`` is None where nothing says it."""

    charset: str = "utf-8"
    unit: Unit | None = None

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> "Width":
        """As the options of a format say."""
        return cls(str(options.get("charset", "utf-8")), options.get("unit"))

    @cached_property
    def several(self) -> bool:
        """Whether the character set has characters of several bytes."""
        return codecs.lookup(self.charset).name in _SEVERAL

    @property
    def unsaid(self) -> bool:
        """Whether a text that is not ASCII has no known width."""
        return self.several and self.unit is None

    @property
    def wide(self) -> bool:
        """Whether texts that are not ASCII are counted in bytes that differ from their characters."""
        return self.several and self.unit == "bytes"

    def length(self, text: str) -> int:
        """How long a text is."""
        return len(text.encode(self.charset, "replace")) if self.wide and not text.isascii() else len(text)

    def slice(self, line: str, first: int, last: int) -> str:
        """What stands between two offsets; a character that they cut apart becomes half of a surrogate pair."""
        if not self.wide:
            return line[first:last]
        return line.encode(self.charset, "surrogateescape")[first:last].decode(self.charset, "surrogateescape")


_SEVERAL = frozenset(
    ("utf-8", "utf-8-sig", "gb18030", "gbk", "gb2312", "big5", "shift_jis", "euc_jp", "euc_kr", "cp932")
)
