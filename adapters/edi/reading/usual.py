"""The usual interchange, seen at a glance: one message in it, and an envelope of which nothing needs to be said.

Most payloads are one such interchange.  Two matches around one search show it whole; what they doubt is left to
`framing`, which walks over any interchange and finds the same.
"""

import re
from functools import lru_cache
from re import Match

from transload.adapters.base.content import Bytes, Content
from transload.adapters.edi.faults import Reporter
from transload.adapters.edi.interchange import Beginning, Dialect, Frame, Group, Interchange, Level
from transload.adapters.edi.reading.events import events
from transload.adapters.edi.segments import BLANKS
from transload.adapters.edi.separators import Separators
from transload.adapters.edi.services import PRINTABLE, Service, plain_service

_LONGEST = 500
"""Service segments with more bytes are left to `framing`."""


class _Look:
    """How an envelope around one message looks in a dialect with one set of separators.

    ``begins`` matches from the interchange's header to the message's, ``ends`` from the message's trailer to the
    interchange's: printable ASCII without release characters.  Their groups are the segments, and what follows the
    interchange's.
    """

    def __init__(self, dialect: Dialect, separators: Separators) -> None:
        levels = [level for level in Level if dialect.groups_needed or level is not Level.GROUP]
        terminator, release = separators.ends
        element, end = re.escape(separators.element.encode("latin-1")), re.escape(terminator)
        inside = b"[" + re.escape(bytes(set(PRINTABLE) - set(terminator + release))) + b"]{0,%d}+" % _LONGEST
        blanks = b"[" + BLANKS + b"]{0,100}+"

        def segments(tags: list[str]) -> bytes:
            return blanks.join(b"(" + tag.encode() + element + inside + end + b")" for tag in tags)

        header, *inner = (dialect.headers[level] for level in levels)
        trailers = [dialect.trailers[level] for level in reversed(levels)]
        self.begins = re.compile(segments([header]) + b"(" + blanks + b")" + segments(inner)).match
        self.ends = re.compile(segments(trailers) + b"(" + blanks + b")").match
        self.next = events(dialect.tags, separators).search


_look = lru_cache(maxsize=64)(_Look)


def usual(content: Content, dialect: Dialect, base: Beginning, reporter: Reporter) -> Interchange | None:
    """The interchange that ``base`` begins, with its one message; None where it is not surely usual.

    ``reporter`` has what was found about its beginning.
    """
    header, separators = base.header, base.separators
    if header is None or not isinstance(content, Bytes) or not separators.sound or separators.tag:
        return None
    raw, look = content.whole, _look(dialect, separators)
    begins = look.begins(raw, header.start)
    if begins is None or begins.end(1) != header.end:
        return None
    body = begins.end()
    event = look.next(raw, body - 1)
    if event is None or (separators.release and raw.endswith(separators.ends[1], 0, event.start())):
        return None
    ends = look.ends(raw, event.start(1))
    if ends is None:
        return None

    def service(found: Match[bytes], group: int) -> Service:
        start, end = found.span(group)
        return plain_service(raw[start : end - 1], start, end, separators)

    last = begins.re.groups
    trailer = service(ends, last - 1)
    if trailer.elements[:2] != ("1", header.element(dialect.references[Level.INTERCHANGE])):
        return None
    groups: tuple[Group, ...] = ()
    if dialect.groups_needed:
        group = Group(1, service(begins, 3), service(ends, 2), 1)
        if not _agrees(group, dialect):
            return None
        groups = (group,)
    message = service(ends, 1)
    frame = Frame(1, 1 if groups else None, service(begins, last), message, message.end, message.start)
    return Interchange(
        *base,
        end=trailer.end,
        trailer=trailer,
        newline=begins[2].decode(),
        final=ends[last].decode(),
        groups=groups,
        frames=(frame,),
        findings=reporter.close(),
    )


def _agrees(group: Group, dialect: Dialect) -> bool:
    """Whether a group of one message has a reference of its form, which its trailer repeats with the count."""
    reference = group.header.element(dialect.references[Level.GROUP])
    form, _ = dialect.forms[Level.GROUP]
    assert group.trailer is not None
    return group.trailer.elements[:2] == ("1", reference) and form.fullmatch(reference) is not None
