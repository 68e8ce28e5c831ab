"""Character sets: a partner's bytes in one that the format does not read, such as EBCDIC or UTF-16."""

import codecs
from collections.abc import Callable, Iterator, Mapping
from typing import Literal

from pydantic import Field, field_validator

from transload.adapters.base import Finding, Settings
from transload.adapters.base.bounds import refused
from transload.adapters.base.filter import Filter, Payload, one

_NO_CHARSETS = frozenset(
    ("idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape", "mbcs", "oem", "uu", "utf_7", "utf-7")
)
"""Codecs of Python that are no character sets of files, or take quadratic time."""
_NEXT_LINE = "\x85"


def _charset(name: str) -> str:
    try:
        found = codecs.lookup(name)
        is_text = found._is_text_encoding  # noqa: SLF001  # Python's own mark of codecs from text to bytes
    except (LookupError, ValueError):
        is_text = False
    if not is_text or found.name in _NO_CHARSETS or name.lower() in _NO_CHARSETS:
        raise ValueError(f"{name!r} is no character set; write it like cp037, cp500, utf-16, latin-1 or cp1252")
    return name


class CharsetOptions(Settings):
    """A change of character set."""

    charset: str = Field(
        description="What the partner has: cp037, cp500 (EBCDIC), utf-16, latin-1, cp1252 and so on", examples=["cp500"]
    )
    format: str = Field(default="utf-8", description="What the format reads and writes")
    next_line: Literal["keep", "line feed"] = Field(
        default="keep",
        description="U+0085, which ends lines in EBCDIC files (0x15): keep, or line feed: read as one and written for"
        " one",
    )

    @field_validator("charset", "format")
    @classmethod
    def _known(cls, value: str) -> str:
        return _charset(value)


class CharsetFilter(Filter[CharsetOptions]):
    """Decodes what arrives from the partner's character set and encodes it in the format's; the same backwards."""

    Options = CharsetOptions

    def unwrap(self, payload: Payload, remark: Callable[[Finding], None]) -> Iterator[Payload]:
        """The payload in the format's character set.  Raises `Reject`: E-CHARSET, with the byte's offset."""
        text = _decoded(payload.content, self.options.charset, f"the payload {payload.name}")
        if self.options.next_line != "keep":
            text = text.replace(_NEXT_LINE, "\n")
        which = "which the format reads: set 'format' of the filter to utf-8"
        content = _encoded(text, self.options.format, which, came=(self.options.charset, len(payload.content)))
        yield one(payload, content, charset=self.options.charset)

    def wrap(self, content: bytes, filled: Mapping[str, str]) -> bytes:
        """The content in the partner's character set.  Raises `Reject`: E-CHARSET."""
        text = _decoded(content, self.options.format, "what the format wrote")
        if self.options.next_line != "keep":
            text = text.replace("\n", _NEXT_LINE)
        return _encoded(text, self.options.charset, "which the partner reads: change the value, or agree on another")


def _decoded(content: bytes, charset: str, what: str) -> str:
    try:
        return content.decode(charset)
    except UnicodeDecodeError as error:
        wrong = content[error.start : max(error.end, error.start + 1)][:4]
        message = f"{what} has a byte that {charset} does not have"
        hint = "ask the partner which character set it is, and name that one"
        raise refused("E-CHARSET", message, hint, byte=error.start, value=wrong.hex(" ")) from error
    except UnicodeError as error:  # a byte order mark is missing, or the text ends inside a character
        message = f"{what} is no {charset}: {error}"
        hint = "ask the partner which character set it is, and name that one"
        raise refused("E-CHARSET", message, hint, byte=0) from error


def _encoded(text: str, charset: str, which: str, *, came: tuple[str, int] | None = None) -> bytes:
    """``text`` in a character set; a refusal names the byte where it ``came`` in another one, in so many bytes."""
    try:
        return text.encode(charset)
    except UnicodeEncodeError as error:
        sign = text[error.start]
        line = text.count("\n", 0, error.start) + 1
        message = f"U+{ord(sign):04X}, character {error.start + 1} of the payload (line {line}), is not in {charset}"
        byte = None if came is None else _offset(text[error.start :], *came)
        raise refused("E-CHARSET", message, f"it is {charset}, {which}", byte=byte, value=sign) from error


def _offset(rest: str, charset: str, size: int) -> int | None:
    """Where ``rest`` begins in ``size`` bytes, counted from their end: at their beginning a byte order mark may stand.

    None where the character set does not lead back.
    """
    try:
        return max(0, size - len(rest.encode(charset)) + len("".encode(charset)))
    except UnicodeEncodeError:
        return None
