"""Payloads cut into records, and records put together again."""

from collections.abc import Iterator
from dataclasses import dataclass

from transload.adapters.cobol.codepages import code_page
from transload.adapters.cobol.options import CobolOptions
from transload.adapters.cobol.records import RecordType

_LARGEST_WORD = 0xFFFF


@dataclass(frozen=True, slots=True)
class Frame:
    """One record as it was cut: its number from 1, its first byte in the payload, its content, and what is wrong."""

    number: int
    start: int
    content: bytes
    fault: str | None = None


def frames(payload: bytes, options: CobolOptions) -> Iterator[Frame]:
    """The records of a payload, in order; after one that is cut off there is none."""
    cut = {"fixed": _fixed, "rdw": _described, "lines": _lines}[options.records]
    return cut(payload, options)


def length_of(options: CobolOptions) -> int:
    """The bytes of a record where all have the same."""
    return options.length or max(record.item.size for record in options.types.values())


def _fixed(payload: bytes, options: CobolOptions) -> Iterator[Frame]:
    length = length_of(options)
    for number, start in enumerate(range(0, len(payload), length), start=1):
        content = payload[start : start + length]
        fault = None
        if len(content) < length:
            fault = f"the last record has {len(content)} bytes, and {length} are expected"
        yield Frame(number, start, content, fault)


def _described(payload: bytes, options: CobolOptions) -> Iterator[Frame]:
    at, number = 0, 1
    while at < len(payload):
        word = payload[at : at + 4]
        length = int.from_bytes(word[:2], "big") if options.words == "big" else int.from_bytes(word[2:4], "little")
        other = word[2:4] if options.words == "big" else word[:2]
        if len(word) < 4 or length < 5 or any(other):
            said = f"X'{word.hex().upper()}' is no record descriptor word"
            yield Frame(number, at, payload[at:], f"{said}; is records: rdw right, and words:?")
            return
        content = payload[at + 4 : at + length]
        short = len(content) < length - 4
        fault = f"the payload ends after {len(content)} of the record's {length - 4} bytes" if short else None
        yield Frame(number, at + 4, content, fault)
        at, number = at + length, number + 1


def line_ends(options: CobolOptions) -> tuple[bytes, ...]:
    """The line ends that are known: NL and LF in EBCDIC, LF elsewhere."""
    return (b"\x15", b"\x25") if code_page(options.codepage).ebcdic else (b"\n",)


def _lines(payload: bytes, options: CobolOptions) -> Iterator[Frame]:
    ends = line_ends(options)
    end = next((end for end in ends if end in payload), ends[0])
    longest = length_of(options)
    blank = bytes([code_page(options.codepage).blank])
    at = 0
    for number, line in enumerate(payload.split(end), start=1):
        start, at = at, at + len(line) + 1
        content = line[:-1] if line.endswith(b"\r") else line
        if not content and start >= len(payload):
            return
        long = f"the line has {len(content)} bytes, and {longest} are the most" if len(content) > longest else None
        yield Frame(number, start, content.ljust(longest, blank), long)


def framed(content: bytes, record: RecordType, options: CobolOptions) -> bytes:
    """A record with what tells it from the next one.  Raises `ValueError` where that cannot hold it."""
    blank = bytes([record.machine.page.blank])
    if options.records == "fixed":
        return content.ljust(length_of(options), blank)
    if options.records == "lines":
        return content.rstrip(blank) + line_ends(options)[0]
    length = len(content) + 4
    if length > _LARGEST_WORD:
        raise ValueError(f"the record has {len(content)} bytes, and {_LARGEST_WORD - 4} are the most")
    word = length.to_bytes(2, "big") + b"\0\0" if options.words == "big" else b"\0\0" + length.to_bytes(2, "little")
    return word + content
