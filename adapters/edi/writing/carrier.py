"""From segments to bytes: encoding, release characters and separators, for a whole message with few operations."""

import re
from collections.abc import Sequence
from functools import cached_property, lru_cache

from transload.adapters.base.format import COMPONENT, ELEMENT, REPETITION
from transload.adapters.edi.charsets import Charset
from transload.adapters.edi.separators import SEGMENT, Separators

_CONTROLS = b"\x1c\x1d\x1e\x1f"
_END = SEGMENT.encode()
_TAG = "\x19"
"""Stands for what follows a tag in a syntax that has a sign of its own for it."""
_SERVICE_FREE = bytes(range(0x1C, 0x20))
_C1 = re.compile("[\x80-\x9f]")


class Carrier:
    """Puts segments with control-character separators into the bytes of one interchange.

    With ``any_character`` the narrower repertoire of levels A and B does not count, only what the codec can encode.
    """

    def __init__(self, separators: Separators, charset: Charset, *, any_character: bool = False) -> None:
        self.separators = separators
        self.charset = charset
        self.any_character = any_character
        self.terminator = separators.terminator.encode("latin-1")
        self._release = separators.release.encode("latin-1")
        signs = (separators.release, separators.terminator, separators.element, separators.component)
        own = [sign.encode("latin-1") for sign in (*signs, separators.repetition, separators.tag) if sign]
        self._own = [sign for sign in own if sign not in _SERVICE_FREE]
        self._never = self._forbidden()
        self._looked_at = bytes({*self._never, *b"".join(self._own)})

    def _forbidden(self) -> bytes:
        """The bytes that stand for no character that may be written, separators and what they stand for aside."""
        known = set(_CONTROLS) | {ord(_TAG)} if self.separators.tag else set(_CONTROLS)
        if not self.separators.repetition:
            known.discard(ord(REPETITION))
        if not self.separators.component:
            known.discard(ord(COMPONENT))
        foreign = None if self.any_character else self.charset.foreign
        service = self.separators.service
        found = set()
        for point in range(0x100):
            if self.charset.codec == "utf-8" and point >= 0x80:
                break
            text = bytes([point]).decode(self.charset.codec, errors="ignore")
            if not text:
                continue
            control = text < " " or "\x7f" <= text <= "\x9f"
            if (control and point not in known) or (foreign and text not in service and foreign.match(text)):
                found.add(point)
        return bytes(sorted(found))

    @cached_property
    def _table(self) -> bytes:
        separators = self.separators
        put = {ELEMENT: separators.element, COMPONENT: separators.component, REPETITION: separators.repetition}
        put[SEGMENT] = separators.terminator
        if separators.tag:
            put[_TAG] = separators.tag
        known = {sign: own for sign, own in put.items() if own}
        return bytes.maketrans("".join(known).encode(), "".join(known.values()).encode("latin-1"))

    @cached_property
    def _table_within(self) -> bytes:
        """Like `_table`, with the segment separator left as it is."""
        return self._table[:0x1C] + _END + self._table[0x1D:]

    @cached_property
    def _clashes(self) -> bool:
        """Whether an own separator is the character that stands for the end of a segment."""
        return _END in self._table_within.replace(_END, b"", 1)

    def encode(self, segments: Sequence[str]) -> bytes | None:
        """The segments as bytes with their own service characters released, control characters still for separators.

        None where something in them cannot be carried: `findings_of` says what.
        """
        tagged = 0
        if self.separators.tag:
            tagged = sum(ELEMENT in segment for segment in segments)
            segments = [segment.replace(ELEMENT, _TAG, 1) for segment in segments]
        text = SEGMENT.join(segments)
        try:
            raw = text.encode(self.charset.codec)
        except UnicodeEncodeError:
            return None
        if raw.count(_END) != len(segments) - 1 or (self.separators.tag and text.count(_TAG) != tagged):
            return None
        if len(raw.translate(None, self._looked_at)) != len(raw):
            if not self._release or len(raw.translate(None, self._never)) != len(raw):
                return None
            for own in self._own:
                if own in raw:
                    raw = raw.replace(own, self._release + own)
        if self.charset.codec == "utf-8" and not text.isascii() and _C1.search(text):
            return None
        return raw

    def joined(self, raw: bytes, newline: bytes) -> bytes:
        """What `encode` gave, with all separators, each segment with its terminator and what follows that."""
        if not newline:
            return raw.translate(self._table) + self.terminator
        end = self.terminator + newline
        if self._clashes:
            return end.join(self.parts(raw)) + end
        return raw.translate(self._table_within).replace(_END, end) + end

    def parts(self, raw: bytes) -> list[bytes]:
        """What `encode` gave as one piece for each segment, without terminators."""
        return [part.translate(self._table_within) for part in raw.split(_END)]


@lru_cache(maxsize=64)
def carrier(separators: Separators, charset: Charset, any_character: bool) -> Carrier:
    """The carrier for these separators and this character set."""
    return Carrier(separators, charset, any_character=any_character)
