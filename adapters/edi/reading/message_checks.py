"""The checks of messages that need no guide, at a glance: headers and trailers, characters, tags.

What a glance doubts is left to `message_faults`.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from re import Match

from transload.adapters.edi.faults import Reporter
from transload.adapters.edi.interchange import Frame, Interchange, Level, states
from transload.adapters.edi.reading.message_faults import TAGS, MessageFaults
from transload.adapters.edi.reading.records import EdiRecords
from transload.adapters.edi.reading.scan import DIALECTS
from transload.adapters.edi.segments import Split
from transload.adapters.edi.separators import Separators
from transload.adapters.edi.services import Service, odd_byte
from transload.canonical.findings import Finding

_Looks = Callable[[bytes], Match[bytes] | None]
_Searches = Callable[[bytes, int, int], Match[bytes] | None]


@lru_cache(maxsize=64)
def _tag_patterns(standard: str, separators: Separators, newline: str) -> tuple[_Looks, _Looks, _Searches]:
    """What finds the tag that a body begins with; the first terminator that no tag seems to follow; and a quick look.

    A terminator after several release characters counts, though it may be released: the second look, at the segments
    themselves, decides.  The quick look knows no releases, no blanks but the usual line end, and no segments without
    elements; what it does not find needs no other.
    """
    first = re.escape((separators.tag or separators.element).encode("latin-1"))
    end = re.escape(separators.ends[0])
    plain = TAGS[standard].pattern.encode()
    tag = rb"\s*+(?:" + plain + rb"(?:" + first + rb"|" + end + rb")|\Z)"
    release = re.escape(separators.ends[1])
    released = rb"(?<!(?<!" + release + rb")" + release + end + rb")" if release else b""
    usual = re.escape(newline.encode("latin-1"))
    quick = re.compile(end + rb"(?!" + usual + plain + first + rb")")
    return (
        re.compile(tag).match,
        re.compile(end + rb"(?!" + tag + rb")" + released).search,
        quick.search,
    )


class MessageChecks:
    """The checks of the messages of one interchange; most messages are sound, and that is seen at a glance."""

    def __init__(self, interchange: Interchange, reporter: Reporter) -> None:
        self.interchange = interchange
        self.dialect = DIALECTS[interchange.standard]
        self.reporter = reporter
        self._reference = self.dialect.references[Level.MESSAGE]
        form = self.dialect.forms.get(Level.MESSAGE)
        self._form = form[0].fullmatch if form else None
        self._paired = Level.MESSAGE in self.dialect.paired
        self._begins, self._odd_tag, self._doubtful = _tag_patterns(
            interchange.standard, interchange.separators, interchange.newline
        )
        self._tail = 1 + len(interchange.newline)
        charset = interchange.charset
        self._unwanted = charset.controls.translate(None, interchange.separators.service.encode("latin-1"))
        self._knows_all = charset.codec == "iso8859-1"
        self._foreign = charset.foreign is not None
        self._counted = self.interchange.standard == "tradacoms"
        self._eight_bits = charset.codec.startswith("iso8859")

    def findings(
        self, frame: Frame, records: EdiRecords, raw: bytes, split: Split, *, kind: str, guided: bool
    ) -> tuple[Finding, ...]:
        """What is wrong with a message beside its guide's rules.

        ``raw`` are the bytes of its body, and ``split`` is what they were taken apart to.  Where the message is
        ``guided`` the guide says which tags are none.
        """
        check = MessageFaults(self.dialect, self.interchange, frame, records, self.reporter)
        header, trailer = frame.header, frame.trailer
        reference = header.element(self._reference)
        if not kind or frame.repeats or (self._form is not None and self._form(reference) is None):
            check.header(kind, reference)
        self._characters(check, raw, split)
        if split.empty:
            check.empty(split.empty)
        if not guided and not self._tagged(raw):
            check.tags()
        if self._counted and reference != str(frame.number):
            check.number()
        self._trailer(check, trailer, len(split.texts) + 2, reference)
        return check.close()

    def _tagged(self, raw: bytes) -> bool:
        """Whether each segment of a body surely begins with what can be a tag."""
        if self._begins(raw) is None:
            return False
        return self._doubtful(raw, 0, max(len(raw) - self._tail, 0)) is None or self._odd_tag(raw) is None

    def _characters(self, check: MessageFaults, raw: bytes, split: Split) -> None:
        """Report bytes that the character set does not know or that have no place in a message."""
        frame = check.frame
        whole = check.records.content[frame.header.start : frame.end]
        plain = whole.isascii()
        decoded = split.undecodable is None
        if split.undecodable is not None:
            check.undecodable(raw, split.undecodable)
        elif not plain:
            decoded = not (self._eight_bits and not raw.isascii() and check.beyond_ascii(raw))
        elif self._foreign:
            check.repertoire(raw.decode("ascii"))
        odd = b"\n" in whole or b"\r" in whole or len(whole) != len(whole.translate(None, self._unwanted))
        if odd or not (plain or self._knows_all):
            self._services(check, frame)
        if odd and not frame.binary:
            check.controls(raw, self._unwanted, decoded=decoded)

    def _trailer(self, check: MessageFaults, trailer: Service | None, last: int, reference: str) -> None:
        """Report a trailer that is missing, or whose count or reference is not right."""
        if trailer is None:
            check.trailer(last)
            return
        elements = trailer.elements
        if not elements or not states(elements[0], last):
            check.trailer(last)
        if self._paired and (len(elements) < 2 or elements[1] != reference):
            check.trailer_reference(last, reference)

    def _services(self, check: MessageFaults, frame: Frame) -> None:
        """Report characters that cannot stand in the header or the trailer."""
        separators, charset = self.interchange.separators, self.interchange.charset
        for service, segment in ((frame.header, 1), (frame.trailer, None)):
            if service is not None:
                odd = odd_byte(check.records.content[service.start : service.end], separators, charset)
                if odd is not None:
                    check.service(service, segment, odd)

    def package(self, frame: Frame, records: EdiRecords) -> tuple[Finding, ...]:
        """What is wrong with an object between UNO and UNP."""
        check = MessageFaults(self.dialect, self.interchange, frame, records, self.reporter)
        reference = frame.header.element(1)
        if not reference or frame.repeats:
            check.header(frame.header.tag, reference)
        trailer = frame.trailer
        if trailer is None:
            check.trailer(2)
        else:
            check.object_length()
            if trailer.element(2) != reference:
                check.trailer_reference(2, reference)
        return check.close()
