"""How a message stood in its file where that is not the usual way: what a rewrite needs beside values and headers.

Usually each terminator is followed by the same line end, or by nothing, and only those characters are released
that need it.  All that is otherwise about a message that was read is its `Layout`.
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property, lru_cache
from itertools import pairwise
from re import Pattern
from typing import Any, Self

from transload.adapters.base.content import Content
from transload.adapters.base.format import ELEMENT
from transload.adapters.edi.charsets import decode
from transload.adapters.edi.interchange import Frame, Group, Interchange
from transload.adapters.edi.segments import BLANKS, locate, resolve
from transload.adapters.edi.separators import Separators
from transload.adapters.edi.services import Service

REQUESTS = ("ISB", "ISE")
"""X12's requests to the network, which stand right after ISA (X12.5)."""
_MOST_BEFORE = 1000
"""So many blanks before an interchange are kept."""
_NEAR = 200
"""So many blanks between two segments outside of messages are looked at."""
_GAPS = (b" ", b"\n", b"\r", b"\t")


@dataclass(frozen=True, kw_only=True)
class Layout:
    """What follows some terminators, and how some segments are spelled.

    ``newline`` follows the terminators of this message, where it is not `Envelope.newline`, and ``gaps`` has what
    follows the terminator of a segment where it is neither.
    ``spellings`` has the whole text of a segment that is not written so by itself: it releases a character without
    need, or is a trailer with more than count and reference.  Segments between a message's header and
    trailer are named by their number, as places count them (``2`` follows the header), service segments by
    their tag.  ``before`` are blanks and line ends before the first interchange of a file.
    """

    newline: str | None = None
    gaps: Mapping[str, str] = field(default_factory=dict)
    spellings: Mapping[str, str] = field(default_factory=dict)
    before: str = ""

    @property
    def seen(self) -> "Layout":
        """This layout."""
        return self

    @property
    def usual(self) -> bool:
        """Whether there is nothing unusual within the message."""
        return self.newline is None and not self.gaps and not self.spellings

    def as_dict(self) -> dict[str, Any]:
        """The layout as JSON values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """The layout that `as_dict` gave.  Raises `TypeError` or `AttributeError` when ``data`` is none."""
        values = dict(data)
        texts = [values.get("before", ""), values.get("newline") or ""]
        for name in ("gaps", "spellings"):
            entries = data.get(name, {})
            texts += [*entries.keys(), *entries.values()]
            values[name] = dict(entries)
        if not all(isinstance(text, str) for text in texts):
            raise TypeError(f"{data!r} is no layout")
        return cls(**values)


USUAL = Layout()
"""The layout of what is new."""


class Sight:
    """How a message stands in its payload, looked at when it is asked for: like places, that costs reading nothing.

    The first message of an interchange or group tells of its header too, and the last one of its trailer.
    """

    def __init__(self, content: Content, interchange: Interchange, frame: Frame, group: Group | None) -> None:
        self._look = (content, interchange, frame, group)

    @cached_property
    def seen(self) -> Layout:
        """The layout."""
        return _seen(*self._look)

    def __eq__(self, other: object) -> bool:
        if other is not None and not isinstance(other, Layout | Sight):
            return NotImplemented
        return self.seen == (other.seen if other else USUAL)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(self.seen)


def _seen(content: Content, interchange: Interchange, frame: Frame, group: Group | None) -> Layout:
    before = ""
    if frame.number < 2 and interchange.number == 1 and 0 < interchange.start < _MOST_BEFORE:
        raw = content[: interchange.start]
        before = "" if raw.strip(BLANKS) else raw.decode("ascii")
    within = _Look(content, interchange, frame)
    around = _around(content, interchange, frame, group)
    newline = None if within.newline == interchange.newline else within.newline
    if around is None:
        if within.usual:
            return Layout(before=before) if before else USUAL
        around = Layout(gaps={frame.trailer.tag if frame.trailer else "": interchange.newline})
    gaps = {name: gap for name, gap in {**within.gaps, **around.gaps}.items() if gap != within.newline}
    return Layout(newline=newline, gaps=gaps, spellings={**within.spellings, **around.spellings}, before=before)


class _Look:
    """A look at the segments of one message, from its header to its trailer."""

    def __init__(self, content: Content, interchange: Interchange, frame: Frame) -> None:
        self.newline = interchange.newline
        self.gaps: dict[str, str] = {}
        self.spellings: dict[str, str] = {}
        self._interchange = interchange
        self._frame = frame
        self._spelled = bool(interchange.separators.tag)
        """Whether there may be a spelling that is not usual."""
        raw = content[frame.start : frame.end]
        self.usual = not frame.number or frame.trailer is None or frame.package or self._usual(raw)
        if not self.usual:
            self._look(raw)

    def _usual(self, raw: bytes) -> bool:
        """Whether all is surely as usual; a quick look at the whole."""
        separators, newline = self._interchange.separators, self.newline.encode("latin-1")
        end, release = separators.ends
        assert self._frame.trailer
        released = 0
        if release and release in raw:
            pairs = _pairs(release).findall(raw)
            self._spelled = not _needed(separators).issuperset(pairs)
            if self._spelled:
                return False
            released = pairs.count(end)
        header_end = self._frame.header.end - self._frame.start
        ends = raw[header_end - 2 : header_end - 1] + raw[-2:-1]
        if separators.tag or len(self._frame.trailer.elements) != 2 or len(ends.strip(BLANKS)) != 2:
            return False
        if not newline:
            followed = sum(raw.count(end + blank) for blank in _GAPS if blank in raw)
            if followed and released and release * 2 not in raw:
                followed -= sum(raw.count(release + end + blank) for blank in _GAPS)
            return followed == 0
        between = raw.count(end) - released - 1
        return (
            raw.count(newline) == raw.count(end + newline) == between
            and raw.count(b"\n") + raw.count(b"\r") == between * (newline.count(b"\n") + newline.count(b"\r"))
            and newline + b" " not in raw
            and newline + b"\t" not in raw
        )

    def _look(self, raw: bytes) -> None:
        """Note each gap and each unusual spelling; the most frequent gap is the newline of this message."""
        frame, separators = self._frame, self._interchange.separators
        spans = locate(raw, separators, binary=frame.binary)
        after = [raw[stop + 1 : start].decode("latin-1") for (_, stop), (start, _) in pairwise(spans)]
        if after:
            self.newline = Counter(after).most_common(1)[0][0]
        self.gaps = {str(number): gap for number, gap in enumerate(after, 1)}
        self.gaps[frame.header.tag] = self.gaps.pop("1", "")
        for number, (start, stop) in enumerate(spans[1:-1] if self._spelled else (), 2):
            text, _ = decode(raw[start:stop], self._interchange.charset)
            if put(apart(text, separators), separators) != text:
                self.spellings[str(number)] = text
        for service in (frame.header, frame.trailer):
            if service and (spelled := _spelled(raw[service.start - frame.start :], service, self._interchange)):
                self.spellings[service.tag] = spelled


def _around(content: Content, interchange: Interchange, frame: Frame, group: Group | None) -> Layout | None:
    """The layout of the service segments that stand next to a message, and what follows its trailer."""
    header, trailer = interchange.header, interchange.trailer
    first, last = frame.start, frame.end
    beside: list[Service] = []
    if group is not None and _adjoin(content, group.header.end, first):
        beside.append(group.header)
        first = group.header.start
    if group is not None and group.trailer is not None and _adjoin(content, last, group.trailer.start):
        beside.append(group.trailer)
        last = group.trailer.end
    for service in reversed(interchange.outside):
        if service.tag in REQUESTS and _adjoin(content, service.end, first):
            beside.append(service)
            first = service.start
    if header and _adjoin(content, header.end, first):
        beside.append(header)
    gap = _gap(content, frame.end)
    if not beside and gap == interchange.newline and not (trailer and _adjoin(content, last, trailer.start)):
        return None
    # a TA1 has no header and no trailer, and its tag stands in the body alone
    own = frame.trailer.tag if frame.trailer else content[frame.start : frame.start + 3].decode("latin-1")
    gaps = {own: gap, **{service.tag: _gap(content, service.end) for service in beside}}
    if trailer and _adjoin(content, last, trailer.start):
        beside.append(trailer)  # what follows it is `Envelope.final`
    spellings = {
        service.tag: spelled
        for service in beside
        if (spelled := _spelled(content[service.start : service.end], service, interchange))
    }
    return Layout(gaps=gaps, spellings=spellings)


def _adjoin(content: Content, end: int, start: int) -> bool:
    """Whether nothing but a few blanks and line ends stands from ``end`` to ``start``."""
    return 0 <= start - end < _NEAR and not content[end:start].strip(BLANKS)


def _gap(content: Content, start: int) -> str:
    """The blanks and line ends from ``start`` on."""
    near = content[start : start + _NEAR]
    return near[: len(near) - len(near.lstrip(BLANKS))].decode()


def _spelled(raw: bytes, service: Service, interchange: Interchange) -> str | None:
    """The text of a service segment, ``raw`` up to its terminator, if it would be written otherwise."""
    separators = interchange.separators
    text, _ = decode(raw[: service.end - service.start - 1], interchange.charset)
    if service.tag == "ISA":
        return None
    wanted = service.elements
    if service.tag in _TRAILERS:
        wanted = wanted[: 1 if separators.tag else 2]
    return None if put(ELEMENT.join((service.tag, *wanted)), separators) == text else text


_TRAILERS = frozenset(("UNZ", "UNE", "UNT", "UNP", "IEA", "GE", "SE", "END", "EOB", "MTR"))


def put(segment: str, separators: Separators) -> str:
    """A segment with control-character separators as it is written."""
    if not separators.tag:
        return separators.put(segment)
    tag, found, rest = segment.partition(ELEMENT)
    sign = separators.tag
    return tag + (sign if found else "") + separators.put(rest).replace(sign, separators.release + sign)


def apart(text: str, separators: Separators) -> str:
    """A segment as it is written, with control characters for all separators."""
    text = resolve(text, separators)
    return text.replace(separators.tag, ELEMENT, 1) if separators.tag else text


@lru_cache(maxsize=64)
def _needed(separators: Separators) -> frozenset[bytes]:
    """The characters that need release."""
    return frozenset(sign.encode("latin-1") for sign in separators.service)


@lru_cache(maxsize=64)
def _pairs(release: bytes) -> Pattern[bytes]:
    """Finds what each release character releases."""
    return re.compile(re.escape(release) + rb"(.?)", re.DOTALL)
