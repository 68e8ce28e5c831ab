"""The messages of a payload, taken apart one by one as they are asked for."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from transload.adapters.base.format import COMPONENT, ELEMENT, REPETITION, Message, Reading
from transload.adapters.edi.envelope import Envelope
from transload.adapters.edi.guides import Guide, check_overlays, find_guide
from transload.adapters.edi.interchange import NO_GROUP, Frame, Interchange
from transload.adapters.edi.reading.limits import Limits, over_limit
from transload.adapters.edi.reading.message_checks import MessageChecks
from transload.adapters.edi.reading.records import EdiRecords
from transload.adapters.edi.reading.rejection import Scope, neighbours
from transload.adapters.edi.reading.scan import Scan
from transload.adapters.edi.segments import NOTHING, Split, split_binary, split_body, whole
from transload.adapters.edi.services import Service
from transload.canonical.findings import Finding, Severity, errors_of
from transload.canonical.places import Place

_MOST_TYPES = 1000
"""So many types of messages are remembered with their guides."""
_NAMES = {"edifact": "EDIFACT", "x12": "X12", "tradacoms": "TRADACOMS"}


@dataclass(frozen=True, kw_only=True)
class Checking:
    """By what messages are checked beside their envelopes.

    With ``guided`` each is checked by its guide; ``folders`` are searched before the guides that
    come with the library, and ``overlays`` change the guides that they name; their waivers hold as they do
    ``today``, by default the present day.  ``reject`` says what one wrong message rejects besides itself.
    ``limits`` bound what is taken apart at all.
    """

    guided: bool = True
    folders: tuple[Path, ...] = ()
    overlays: tuple[str, ...] = ()
    today: date | None = None
    reject: Scope = "message"
    limits: Limits = field(default_factory=Limits)


class EdiReading(Reading):
    """The messages of one standard in a payload; interchanges of others are a finding each.

    ``standard`` is ``edifact``, ``x12``, ``tradacoms`` or None for all.  ``interchanges`` gives those of all
    standards, each with its own findings, which ``findings`` repeats after those about the file.

    Raises `ConfigurationError` when a guide in the folders of ``checking`` or an overlay has faults.
    """

    def __init__(self, scan: Scan, standard: str | None, checking: Checking | None = None) -> None:
        self.scan = scan
        self.standard = standard
        self.checking = checking or Checking()
        if standard is not None and self.checking.guided:
            check_overlays(standard, self.checking.overlays, self.checking.folders)
        self._guides: dict[tuple[str, str, str], Guide | None] = {}
        self._told: set[tuple[str, str, str]] = set()
        """The types without a guide of which a remark was made since the messages were last begun."""
        self._checks: MessageChecks | None = None
        self.findings = (*scan.findings, *self._others(), *self._of_own())

    @property
    def interchanges(self) -> Scan:
        """All interchanges of the payload, in order, of all standards; they can be gone through again and again."""
        return self.scan

    def __iter__(self) -> Iterator[Message]:
        self._told.clear()
        for each in self.scan:
            if self.standard in (None, each.standard):
                yield from self.messages(each)

    def messages(self, interchange: Interchange) -> Iterator[Message]:
        """The messages of one interchange in their order; acknowledgements outside of groups (TA1) are messages too."""
        outside = [service for service in interchange.outside if service.tag in NO_GROUP]
        wrong = self._wrong(interchange) if self.checking.reject != "message" else {}
        for frame in interchange.frames:
            while outside and outside[0].start < frame.start:
                yield self._outside(interchange, outside.pop(0))
            message = self.message(interchange, frame)
            yield self._with_neighbours(message, frame, wrong) if wrong else message
        for service in outside:
            yield self._outside(interchange, service)

    def _wrong(self, interchange: Interchange) -> dict[int | None, int]:
        """The first message with an error for each group that has one: all are read for it beforehand."""
        wrong: dict[int | None, int] = {}
        told = set(self._told)
        for frame in interchange.frames:
            if frame.group not in wrong and errors_of(self.message(interchange, frame).findings):
                wrong[frame.group] = frame.number
        self._told = told  # remarks are for those who read the messages, not for this look ahead
        return wrong

    def _with_neighbours(self, message: Message, frame: Frame, wrong: dict[int | None, int]) -> Message:
        """The message, with an error where it is right but rejected with its neighbours."""
        if errors_of(message.findings):
            return message
        found = neighbours(self.checking.reject, wrong, frame.group, frame.number)
        if found is None:
            return message
        assert isinstance(message.body, EdiRecords)
        return replace(message, findings=(*message.findings, found.within(message.body.place(-1))))

    def message(self, interchange: Interchange, frame: Frame) -> Message:
        """One message, its body taken apart and checked."""
        checks = self._checks
        if checks is None or checks.interchange is not interchange:
            checks = self._checks = MessageChecks(interchange, self.scan.reporter)
        kind, version = (frame.header.tag, "") if frame.package else message_type(interchange, frame)
        size = frame.body_end - frame.body_start
        if size > self.checking.limits.message:
            records = self._records(interchange, frame, NOTHING)
            excess = over_limit(self.scan.reporter, interchange, frame, size, self.checking.limits.message)
            return self._made(interchange, frame, records, kind, version, (excess,))
        raw = self.scan.content[frame.body_start : frame.body_end]
        if frame.package:
            records = self._records(interchange, frame, whole(raw))
            return self._made(interchange, frame, records, kind, version, checks.package(frame, records))
        if frame.binary:
            split = split_binary(raw, interchange.separators, interchange.charset)
        elif size > self.checking.limits.segment and (long := self._longest(raw, interchange)) > 0:
            records = self._records(interchange, frame, NOTHING)
            excess = over_limit(self.scan.reporter, interchange, frame, long, self.checking.limits.segment, "segment")
            return self._made(interchange, frame, records, kind, version, (excess,))
        else:
            split = split_body(raw, interchange.separators, interchange.charset, interchange.newline)
        records = self._records(interchange, frame, split)
        guide, remarks = self._guide(interchange, frame, kind, version)
        findings = checks.findings(frame, records, raw, split, kind=kind, guided=guide is not None)
        if guide is not None:
            findings = (*findings, *guide.validate(records, self.checking.today))
        return self._made(interchange, frame, records, kind, version, findings + remarks if remarks else findings)

    def _records(self, interchange: Interchange, frame: Frame, split: Split) -> EdiRecords:
        return EdiRecords(
            split, content=self.scan.content, interchange=interchange, frame=frame, reporter=self.scan.reporter
        )

    def _made(
        self,
        interchange: Interchange,
        frame: Frame,
        records: EdiRecords,
        kind: str,
        version: str,
        findings: tuple[Finding, ...],
    ) -> Message:
        return Message(
            kind=kind,
            version=version,
            reference=frame.header.element(2 if interchange.standard == "x12" else 1).replace(
                COMPONENT, interchange.separators.component
            ),
            sender=interchange.sender,
            receiver=interchange.receiver,
            test=interchange.test,
            start=frame.header.start,
            end=frame.end,
            interchange=interchange.reference,
            body=records,
            findings=findings,
            enveloped=lambda: self._envelope(interchange, frame),
        )

    def _envelope(self, interchange: Interchange, frame: Frame) -> Envelope:
        small = frame.body_end - frame.body_start <= self.checking.limits.message
        return Envelope.of(interchange, frame, self.scan.content if small else None)

    def _longest(self, raw: bytes, interchange: Interchange) -> int:
        """The size of the first segment that is longer than allowed; 0 when there is none."""
        most, at = self.checking.limits.segment, 0
        terminator = interchange.separators.ends[0]
        while at + most < len(raw):
            # the last terminator within reach: what lies before it may be many segments, but no long one
            found = raw.rfind(terminator, at, at + most + 1)
            if found < 0:
                end = raw.find(terminator, at + most)
                return (end if end >= 0 else len(raw)) - at
            at = found + 1
        return 0

    def _guide(
        self, interchange: Interchange, frame: Frame, kind: str, version: str
    ) -> tuple[Guide | None, tuple[Finding, ...]]:
        """The guide of a type of message; the first message of a type that has none carries a remark."""
        if not self.checking.guided:
            return None, ()
        key = (interchange.standard, kind, version)
        if key not in self._guides:
            if len(self._guides) > _MOST_TYPES:  # types come from partners
                self._guides.clear()
            guide = self._guides[key] = find_guide(*key, self.checking.folders, self.checking.overlays)
            if guide is not None:
                guide.prepare()
        guide = self._guides[key]
        if guide is not None or not kind or key in self._told or len(self._told) > _MOST_TYPES:
            return guide, ()
        self._told.add(key)
        reporter = self.scan.reporter.fresh()
        reporter.add(
            "R-GUIDE",
            f"there is no guide for {kind} {version}".rstrip() + ": only its envelope is checked",
            frame.start,
            severity=Severity.REMARK,
            hint="put one into the guides folder of the workspace to have such messages checked",
            where=Place(interchange=interchange.number, group=frame.group, message=frame.number),
        )
        return None, reporter.close()

    def _others(self) -> tuple[Finding, ...]:
        """A finding for each interchange that this format does not read."""
        if self.standard is None or self.scan.standards <= {self.standard}:
            return ()
        reporter = self.scan.reporter.fresh()
        for number, (start, standard) in enumerate(self.scan.beginnings(), 1):
            if standard != self.standard:
                reporter.add(
                    "E-STANDARD",
                    f"this interchange is {_NAMES[standard]}, and the format reads {_NAMES[self.standard]} only",
                    start,
                    hint=f"read the file with format {standard} too, or have the partner send it apart",
                    where=Place(interchange=number),
                )
        return reporter.close()

    def _of_own(self) -> Iterator[Finding]:
        """The findings about interchanges of this standard, bounded in number."""
        own = None
        if len(self.scan) > 1 and self.standard is not None and self.scan.standards != {self.standard}:
            own = {number for number, (_, each) in enumerate(self.scan.beginnings(), 1) if each == self.standard}
        for finding in self.scan.of_interchanges:
            if own is None or (finding.place and finding.place.interchange in own):
                yield finding
        if self.scan.unlisted:
            yield Finding(
                code="E-MORE",
                message=f"{self.scan.unlisted} more findings about interchanges are not listed, so none is released",
                hint="have the partner mend the first ones, and send the rest again",
                place=self.scan.reporter.place(0),
            )

    def _outside(self, interchange: Interchange, service: Service) -> Message:
        """A TA1, which is no transaction set, as a message of its own without header and trailer."""
        frame = Frame(
            number=0,
            group=None,
            header=Service("", (), service.start, service.start),
            trailer=None,
            end=service.end,
            body_end=service.end,
        )
        text = ELEMENT.join((service.tag, *service.elements))
        repetition = REPETITION if interchange.separators.repetition else ""
        records = self._records(interchange, frame, Split([text], ELEMENT, COMPONENT, repetition))
        return Message(
            kind=service.tag,
            version=interchange.header.element(12) if interchange.header else "",
            reference=service.element(1),
            sender=interchange.sender,
            receiver=interchange.receiver,
            test=interchange.test,
            start=service.start,
            end=service.end,
            body=records,
            interchange=interchange.reference,
            enveloped=lambda: self._envelope(interchange, frame),
        )


def message_type(interchange: Interchange, frame: Frame) -> tuple[str, str]:
    """Type and version of a message: UNH S009; ST01 with ST03 or else GS08; MHD's type."""
    header = frame.header
    if interchange.standard == "x12":
        group = interchange.group(frame.group)
        return header.element(1), header.element(3) or (group.header.element(8) if group else "")
    parts = header.element(2).split(COMPONENT)
    return parts[0], ":".join(parts[1:5]).rstrip(":")
