"""From what was read to what is acknowledged: an interchange and its messages as the subject of a report."""

from collections.abc import Callable, Iterable, Iterator

from transload.adapters.base.format import COMPONENT
from transload.adapters.edi.acknowledge.contrl import make_contrl
from transload.adapters.edi.acknowledge.functional import make_997
from transload.adapters.edi.acknowledge.interchange import make_ta1
from transload.adapters.edi.acknowledge.report import Report
from transload.adapters.edi.acknowledge.subject import Subject, SubjectGroup, SubjectMessage
from transload.adapters.edi.interchange import Group, Interchange
from transload.adapters.edi.reading import EdiReading
from transload.canonical.findings import Finding

_MAKERS: dict[str, Callable[[Subject], Iterable[Report | None]]] = {
    "CONTRL": lambda subject: [make_contrl(subject)],
    "997": make_997,
    "TA1": lambda subject: [make_ta1(subject)],
}


def reports(reading: EdiReading, kind: str) -> Iterator[tuple[Interchange, Report]]:
    """The acknowledgements of ``kind``, ``CONTRL``, ``997`` or ``TA1``, each with the interchange that it answers."""
    for interchange in reading.interchanges:
        if interchange.standard != reading.standard or interchange.header is None:
            continue
        subject = subject_of(reading, interchange)
        made = _MAKERS[kind](subject)
        yield from ((interchange, report) for report in made if report is not None)


def subject_of(reading: EdiReading, interchange: Interchange) -> Subject:
    """What a report says of one interchange; its messages are read for it."""
    header = interchange.header
    if header is None:
        raise ValueError("an interchange without header cannot be acknowledged")
    answers = [SubjectMessage(kind=service.tag) for service in interchange.outside if service.tag == "TA1"]
    messages: dict[int | None, list[SubjectMessage]] = {None: answers}
    for frame in interchange.frames:
        message = reading.message(interchange, frame)
        framing = [finding for finding in interchange.findings if _level(finding) == (frame.group, frame.number)]
        messages.setdefault(frame.group, []).append(
            SubjectMessage(
                kind=message.kind,
                version=message.version,
                reference=message.reference,
                findings=(*framing, *message.findings),
            )
        )
    x12 = interchange.standard == "x12"
    return Subject(
        reference=interchange.reference,
        sender=(header.element(6), header.element(5)) if x12 else _components(header.element(2)),
        receiver=(header.element(8), header.element(7)) if x12 else _components(header.element(3)),
        prepared=(header.element(9), header.element(10)) if x12 else (header.element(4, 1), header.element(4, 2)),
        messages=tuple(messages[None]),
        groups=tuple(_group(interchange, group, messages.get(group.number, [])) for group in interchange.groups),
        findings=tuple(finding for finding in interchange.findings if _level(finding) == (None, None)),
    )


def _group(interchange: Interchange, group: Group, messages: list[SubjectMessage]) -> SubjectGroup:
    header = group.header
    x12 = interchange.standard == "x12"
    announced = group.trailer.element(1) if group.trailer else ""
    return SubjectGroup(
        kind=header.element(1),
        reference=header.element(6 if x12 else 5),
        sender=(header.element(2),) if x12 else _components(header.element(2)),
        receiver=(header.element(3),) if x12 else _components(header.element(3)),
        announced=int(announced) if announced.isascii() and announced.isdigit() else None,
        messages=tuple(messages),
        findings=tuple(finding for finding in interchange.findings if _level(finding) == (group.number, None)),
    )


def _level(finding: Finding) -> tuple[int | None, int | None]:
    """The group and the message that a finding of the framing is about."""
    place = finding.place
    return (place.group, place.message) if place else (None, None)


def _components(element: str) -> tuple[str, ...]:
    return tuple(element.split(COMPONENT))
