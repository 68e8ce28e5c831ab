"""From what was read to what is acknowledged: an interchange and its messages as the subject of a report.

Messages are read one after the other and let go; only what a report may say of them is kept.
"""

from collections.abc import Callable, Iterable, Iterator

from transload.adapters.base.format import COMPONENT
from transload.adapters.edi.acknowledge.condemning import condemned
from transload.adapters.edi.acknowledge.contrl import make_contrl
from transload.adapters.edi.acknowledge.functional import make_997, make_999
from transload.adapters.edi.acknowledge.interchange import make_ta1
from transload.adapters.edi.acknowledge.report import Report, reported
from transload.adapters.edi.acknowledge.subject import Subject, SubjectGroup, SubjectMessage
from transload.adapters.edi.interchange import Frame, Group, Interchange
from transload.adapters.edi.options import AcknowledgementPolicy
from transload.adapters.edi.reading.messages import EdiReading
from transload.canonical.findings import Finding, errors_of

_MAKERS: dict[str, Callable[[Subject, AcknowledgementPolicy], Iterable[Report | None]]] = {
    "CONTRL": lambda subject, policy: [make_contrl(subject, policy)],
    "997": make_997,
    "999": make_999,
    "TA1": lambda subject, policy: [make_ta1(subject, policy)],
}
_NAMES_ALL = frozenset({"997", "999"})


def reports(reading: EdiReading, kind: str, policy: AcknowledgementPolicy) -> Iterator[tuple[Interchange, Report]]:
    """The acknowledgements of ``kind`` (CONTRL, 997, 999, TA1), each with the interchange that it answers."""
    for interchange in reading.interchanges:
        if interchange.standard != reading.standard or interchange.header is None:
            continue
        subject = subject_of(reading, interchange, policy, all_named=kind in _NAMES_ALL and policy.sets == "all")
        made = _MAKERS[kind](condemned(subject, reading.checking.reject), policy)
        yield from ((interchange, report) for report in made if report is not None)


def called_for(interchanges: Iterable[Interchange]) -> tuple[str, ...]:
    """The kinds of acknowledgements that interchanges of one standard call for, where no partner's policy says which.

    EDIFACT: CONTRL.  X12: TA1 where ISA14 asks for it, or an envelope is wrong; and for the groups a 999 where one
    was written by an implementation guide of 005010 or later (GS08 longer than its version), else a 997.
    """
    ta1 = guided = False
    for interchange in interchanges:
        if interchange.standard == "edifact":
            return ("contrl",)
        versions = [group.header.element(8) for group in interchange.groups]
        guided = guided or any(version[:6] >= "005010" and len(version) > 6 for version in versions)
        wrong = any(_level(finding) == (None, None) for finding in errors_of(interchange.findings))
        ta1 = ta1 or wrong or interchange.acknowledgement_requested
    return (*(("ta1",) if ta1 else ()), "999" if guided else "997")


def subject_of(
    reading: EdiReading, interchange: Interchange, policy: AcknowledgementPolicy, *, all_named: bool
) -> Subject:
    """What a report says of one interchange; its messages are read for it, once and in their order.

    With ``all_named`` accepted messages are held too, by type and reference; else they are only counted.
    """
    header = interchange.header
    if header is None:
        raise ValueError("an interchange without header cannot be acknowledged")
    framing: dict[tuple[int | None, int | None], list[Finding]] = {}
    for finding in interchange.findings:
        framing.setdefault(_level(finding), []).append(finding)
    x12 = interchange.standard == "x12"
    answers = [SubjectMessage(kind=service.tag) for service in interchange.outside if service.tag == "TA1"]
    messages: dict[int | None, list[SubjectMessage]] = {None: answers}
    unnamed: dict[int | None, int] = {}
    for frame in interchange.frames:
        message = _message(reading, interchange, frame, framing.get((frame.group, frame.number), []), policy)
        if all_named or message.findings or message.is_acknowledgement:
            messages.setdefault(frame.group, []).append(message)
        else:
            unnamed[frame.group] = unnamed.get(frame.group, 0) + 1
    groups = [
        _group(
            interchange,
            group,
            messages.get(group.number, []),
            unnamed.get(group.number, 0),
            framing.get((group.number, None), []),
        )
        for group in interchange.groups
    ]
    return Subject(
        reference=interchange.reference,
        sender=(header.element(6), header.element(5)) if x12 else _components(header.element(2)),
        receiver=(header.element(8), header.element(7)) if x12 else _components(header.element(3)),
        prepared=(header.element(9), header.element(10)) if x12 else (header.element(4, 1), header.element(4, 2)),
        syntax="" if x12 else header.element(1, 2),
        requested=interchange.acknowledgement_requested,
        messages=tuple(messages[None]),
        unnamed=unnamed.get(None, 0),
        groups=tuple(groups),
        findings=tuple(framing.get((None, None), ())),
    )


def _message(
    reading: EdiReading,
    interchange: Interchange,
    frame: Frame,
    framing: list[Finding],
    policy: AcknowledgementPolicy,
) -> SubjectMessage:
    message = reading.message(interchange, frame)
    return SubjectMessage(
        kind=message.kind,
        version=message.version,
        reference=message.reference,
        number=frame.number,
        guide=frame.header.element(3) if interchange.standard == "x12" else "",
        findings=tuple(reported((*framing, *message.findings), policy)),
    )


def _group(
    interchange: Interchange, group: Group, messages: list[SubjectMessage], unnamed: int, framing: list[Finding]
) -> SubjectGroup:
    header = group.header
    x12 = interchange.standard == "x12"
    announced = group.trailer.element(1) if group.trailer else ""
    known = announced.isascii() and announced.isdigit() and len(announced) < 20
    return SubjectGroup(
        kind=header.element(1),
        reference=header.element(6 if x12 else 5),
        version=header.element(8) if x12 else "",
        sender=(header.element(2),) if x12 else _components(header.element(2)),
        receiver=(header.element(3),) if x12 else _components(header.element(3)),
        announced=int(announced) if known else None,
        messages=tuple(messages),
        unnamed=unnamed,
        findings=tuple(framing),
    )


def _level(finding: Finding) -> tuple[int | None, int | None]:
    """The group and the message that a finding of the framing is about."""
    place = finding.place
    return (place.group, place.message) if place else (None, None)


def _components(element: str) -> tuple[str, ...]:
    return tuple(element.split(COMPONENT))
