"""The messages of a payload, taken apart one by one as they are asked for."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from transload.adapters.base.format import COMPONENT, REPETITION, Message, Reading
from transload.adapters.edi.charsets import UNDECLARED, decode
from transload.adapters.edi.checks import MessageCheck
from transload.adapters.edi.envelope import Envelope
from transload.adapters.edi.faults import Reporter
from transload.adapters.edi.guides import Guide, check_overlays, find_guide
from transload.adapters.edi.interchange import NO_GROUP, Frame, Interchange, Service
from transload.adapters.edi.records import EdiRecords
from transload.adapters.edi.scan import Scan
from transload.adapters.edi.segments import locate, split_binary, split_body
from transload.canonical.findings import Finding, Severity
from transload.canonical.places import Place


class EdiReading(Reading):
    """The messages of one standard in a payload; interchanges of the other are a finding each.

    ``standard`` is ``edifact``, ``x12`` or None for both.  ``interchanges`` holds those of both
    standards, each with its own findings, which ``findings`` repeats after those about the
    file.  With ``guided`` each message is checked by its guide; ``folders`` are searched before
    the guides that come with the library.  ``overlays`` are applied to the guides that they name;
    their waivers hold as they do ``today``, by default the present day.

    Raises `ConfigurationError` when a guide in ``folders`` or an overlay has faults.
    """

    def __init__(
        self,
        scan: Scan,
        standard: str | None,
        *,
        guided: bool = True,
        folders: tuple[Path, ...] = (),
        overlays: tuple[str, ...] = (),
        today: date | None = None,
    ) -> None:
        self.scan = scan
        self.standard = standard
        self.folders = folders
        self.overlays = overlays
        self.today = today
        if standard is not None and guided:
            check_overlays(standard, overlays, folders)
        self._guides: dict[tuple[str, str, str], Guide | None] = {}
        self._own = [each for each in scan.interchanges if standard in (None, each.standard)]
        other = scan.reporter.fresh()
        for each in scan.interchanges:
            if standard not in (None, each.standard):
                _report_other(each, other)
        self.remarks = {each.number: self._look_up(each) if guided else () for each in self._own}
        findings = [*scan.findings, *other.close()]
        for each in self._own:
            findings += (*each.findings, *self.remarks[each.number])
        self.findings = tuple(findings)

    @property
    def interchanges(self) -> tuple[Interchange, ...]:
        """All interchanges of the payload, in order, of both standards."""
        return self.scan.interchanges

    def __iter__(self) -> Iterator[Message]:
        for each in self._own:
            yield from self.messages(each)

    def messages(self, interchange: Interchange) -> Iterator[Message]:
        """The messages of one interchange in their order; acknowledgements outside of groups (TA1) are messages too."""
        outside = [service for service in interchange.outside if service.tag in NO_GROUP]
        for frame in interchange.frames:
            while outside and outside[0].start < frame.start:
                yield self._outside(interchange, outside.pop(0))
            yield self.message(interchange, frame)
        for service in outside:
            yield self._outside(interchange, service)

    def message(self, interchange: Interchange, frame: Frame) -> Message:
        """One message, its body taken apart and checked."""
        payload, separators = self.scan.payload, interchange.separators
        reporter = self.scan.reporter.fresh()
        raw = payload[frame.body_start : frame.body_end]
        text, undecodable = decode(raw, interchange.charset)
        if frame.binary:
            spans = locate(payload, frame.body_start, frame.body_end, separators, binary=True)
            segments = split_binary(payload, spans, separators, "latin-1" if undecodable else interchange.charset.codec)
            component, repetition, empty = separators.component, separators.repetition, 0
        else:
            segments, component, repetition, empty = split_body(text, separators, interchange.newline)
        records = EdiRecords(
            segments,
            component,
            repetition,
            payload=payload,
            interchange=interchange,
            frame=frame,
            reporter=self.scan.reporter,
        )
        kind, version = message_type(interchange, frame)
        check = MessageCheck(interchange, frame, records, reporter)
        check.header(kind)
        if undecodable is not None:
            check.undecodable(raw, undecodable)
        elif interchange.charset is UNDECLARED and not text.isascii():
            check.undeclared(raw)
        else:
            check.repertoire(text)
        if empty:
            check.empty(empty)
        if not frame.binary:
            check.controls(raw, decoded=undecodable is None)
        guide = self._guides.get((interchange.standard, kind, version))
        if guide is None:
            check.tags()
        guided = guide.validate(records, self.today) if guide else []
        check.trailer()
        return Message(
            kind=kind,
            version=version,
            reference=frame.header.element(2 if interchange.standard == "x12" else 1),
            sender=interchange.sender,
            receiver=interchange.receiver,
            test=interchange.test,
            start=frame.start,
            end=frame.end,
            body=records,
            envelope=Envelope.of(interchange, frame),
            findings=(*reporter.close(), *guided),
        )

    def _look_up(self, interchange: Interchange) -> tuple[Finding, ...]:
        """Find the guide of each type of message that is new, and remark on those that have none."""
        remarks = self.scan.reporter.fresh()
        for frame in interchange.frames:
            kind, version = message_type(interchange, frame)
            key = (interchange.standard, kind, version)
            if key in self._guides:
                continue
            self._guides[key] = guide = find_guide(interchange.standard, kind, version, self.folders, self.overlays)
            if guide is not None:
                guide.prepare()
            elif kind:
                remarks.add(
                    "R-GUIDE",
                    f"there is no guide for {kind} {version}".rstrip() + ": only its envelope is checked",
                    frame.start,
                    severity=Severity.REMARK,
                    hint="put one into the guides folder of the workspace to have such messages checked",
                    where=Place(interchange=interchange.number, group=frame.group, message=frame.number),
                )
        return remarks.close()

    def _outside(self, interchange: Interchange, service: Service) -> Message:
        """A TA1, which is no transaction set, as a message of its own without header and trailer."""
        payload = self.scan.payload
        frame = Frame(
            number=0,
            group=None,
            header=Service(tag="", elements=(), start=service.start, end=service.start),
            trailer=None,
            end=service.end,
            body_end=service.end,
        )
        records = EdiRecords(
            [[service.tag, *service.elements]],
            COMPONENT,
            REPETITION if interchange.separators.repetition else "",
            payload=payload,
            interchange=interchange,
            frame=frame,
            reporter=self.scan.reporter,
        )
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
            envelope=Envelope.of(interchange),
        )


def message_type(interchange: Interchange, frame: Frame) -> tuple[str, str]:
    """Type and version of a message: UNH S009, or ST01 with ST03 or else GS08."""
    header = frame.header
    if interchange.standard == "x12":
        group = interchange.group(frame.group)
        return header.element(1), header.element(3) or (group.header.element(8) if group else "")
    parts = header.element(2).split(COMPONENT)
    return parts[0], ":".join(parts[1:5]).rstrip(":")


def _report_other(interchange: Interchange, reporter: Reporter) -> None:
    names = {"edifact": ("EDIFACT", "X12"), "x12": ("X12", "EDIFACT")}
    own, other = names[interchange.standard]
    reporter.add(
        "E-STANDARD",
        f"this interchange is {own}, and the format reads {other} only",
        interchange.start,
        hint=f"read the file with format {interchange.standard} too, or have the partner send it apart",
        where=Place(interchange=interchange.number),
    )
