"""BER (X.690) seen before and after asn1crypto: structures that would keep it busy for hours are refused.

It looks at each element of what has no stated length once for each level, and joins the pieces of a long string by
copying all that came before; both are a matter of minutes for a message that somebody made for it.
"""

from typing import Any

MOST_ELEMENTS = 100_000
"""Elements of a structure: 50 megabytes in pieces of a kilobyte are half of it."""
_MOST_LEVELS = 40


def check_structure(raw: bytes) -> None:
    """Raise ValueError where ``raw`` does not begin with one element of BER, or that has too many within it."""
    at, count = 0, 0
    ends: list[int | None] = []
    while True:
        while ends and ends[-1] is not None and at >= ends[-1]:
            ends.pop()
        if at and not ends:
            return
        count += 1
        if count > MOST_ELEMENTS or len(ends) > _MOST_LEVELS:
            raise ValueError("it has too many elements, or too many levels of them")
        if ends and ends[-1] is None and raw[at : at + 2] == b"\x00\x00":
            ends.pop()
            at += 2
            continue
        begin, length = _head(raw, at)
        if raw[at] & 0x20:
            ends.append(None if length is None else begin + length)
            at = begin
        elif length is None:
            raise ValueError("a primitive element has no length")
        else:
            at = begin + length
        if at > len(raw):
            raise ValueError("it is cut off")


def octets(element: Any) -> bytes:
    """The bytes of an OCTET STRING of asn1crypto's, whose pieces are joined where it is in pieces."""
    if element.method == 0:
        return bytes(element.contents)
    raw, at = element.contents, 0
    pieces: list[bytes] = []
    while at < len(raw) and raw[at : at + 2] != b"\x00\x00":
        begin, length = _head(raw, at)
        if raw[at] != 0x04 or length is None:
            raise ValueError("a piece of a string is no string")
        pieces.append(raw[begin : begin + length])
        at = begin + length
    return b"".join(pieces)


def _head(raw: bytes, at: int) -> tuple[int, int | None]:
    """Where the content of the element at ``at`` begins, and its length; None where its end is marked instead."""
    if at + 2 > len(raw) or raw[at] & 0x1F == 0x1F:
        raise ValueError("it is cut off, or has a tag that CMS does not have")
    first = raw[at + 1]
    if first < 0x80:
        return at + 2, first
    if first == 0x80:
        return at + 2, None
    size = first & 0x7F
    if size > 8 or at + 2 + size > len(raw):
        raise ValueError("it is cut off")
    return at + 2 + size, int.from_bytes(raw[at + 2 : at + 2 + size], "big")
