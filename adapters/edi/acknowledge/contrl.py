"""CONTRL, the syntax and service report of syntax version 3 (ISO 9735 version 3, CONTRL D:3:UN).

An interchange whose own envelope is sound is acknowledged (action 7), and its bad
messages are rejected one by one (action 4): messages that are not named are accepted.
An interchange whose envelope is wrong is rejected whole.
"""

from collections.abc import Iterable, Iterator

from transload.adapters.base.format import Encoded
from transload.adapters.edi.acknowledge.report import Report, segment
from transload.adapters.edi.acknowledge.subject import Subject, SubjectGroup, SubjectMessage
from transload.canonical.findings import Finding, errors_of

REJECTED = "4"
ACKNOWLEDGED = "7"
RECEIVED = "8"
"""Actions (0083): this level and all below rejected; this level acknowledged, and below what is not rejected
explicitly; the interchange has arrived, and is not judged yet."""

_UNSPECIFIED = "18"
_ANYWHERE = frozenset({"12", "13", "14", "15", "16", "18", "21", "22", "27", "34"})
_INTERCHANGE = (_ANYWHERE - {"34"}) | {
    *("1", "2", "7", "11", "17", "19", "20", "23", "24", "25", "26", "28", "29", "30", "32", "33", "37", "39", "40")
}
_MESSAGE = _ANYWHERE | {"3", "17", "23", "25", "26", "28", "29", "30", "31", "37", "39", "40"}
_GROUP = _MESSAGE | {"24", "32", "33"}
_SEGMENT = _ANYWHERE | {"35", "36"}
_ELEMENT = _ANYWHERE | {"19", "37", "38", "39", "40"}
# Which of the codes 0085 each segment may carry: as EANCOM's CONTRL (1997 and 2002 editions) lists them for UCM, UCS
# and UCD; for UCI and UCF its lists and, for wrong values in UNB or UNG, the codes of UCM. What each code means is
# the service code list of UN/EDIFACT D.96A.

_SERVICE = {"UCI": ("UNA", "UNB", "UNZ"), "UCF": ("UNG", "UNE"), "UCM": ("UNH", "UNT")}
_MOST_SEGMENTS, _MOST_ELEMENTS = 999, 99


def make_contrl(subject: Subject, *, receipt_only: bool = False) -> Report | None:
    """The CONTRL for a received interchange; with ``receipt_only`` it says that it has arrived (action 8), no more.

    None when there is nothing to answer: the interchange holds only acknowledgements, or
    its header does not give sender, receiver and reference, which UCI must repeat.
    """
    parties = (_first(subject.sender), _first(subject.receiver))
    if subject.calls_for_none or not all(parties) or not subject.reference:
        return None
    wrong = [] if receipt_only else [*errors_of(subject.findings), *_nameless(subject)]
    action = RECEIVED if receipt_only else REJECTED if wrong else ACKNOWLEDGED
    rows = [
        segment(
            "UCI",
            subject.reference,
            subject.sender[:3],
            subject.receiver[:3],
            action,
            *_why(wrong, "UCI", _INTERCHANGE),
        )
    ]
    accepted = not wrong
    if action == ACKNOWLEDGED:
        below = [*_messages(subject.messages), *_groups(subject.groups)]
        accepted = not below
        rows += below
    return Report(
        kind="CONTRL",
        reference=subject.reference,
        accepted=accepted,
        message=Encoded(kind="CONTRL", version="D:3:UN", body=rows),
    )


def _nameless(subject: Subject) -> Iterator[Finding]:
    """An error for each bad message that UCM or UCF could not name: such a message rejects the whole interchange."""
    outside = [(True, message) for message in subject.messages]
    inside = [(_is_named(group), message) for group in subject.groups for message in group.messages]
    for named, message in (*outside, *inside):
        if message.accepted or message.is_acknowledgement:
            continue
        if not (named and message.reference and message.kind and len(message.version.split(":")) >= 3):
            first = errors_of(message.findings)[0]
            yield Finding(code=first.code, message=first.message, ack={"0085": "13"})


def _is_named(group: SubjectGroup) -> bool:
    return bool(group.reference and _first(group.sender) and _first(group.receiver))


def _groups(groups: Iterable[SubjectGroup]) -> Iterator[str]:
    """UCF for each group that is rejected, or holds a message that is."""
    for group in groups:
        wrong = errors_of(group.findings)
        below = [] if wrong else list(_messages(group.messages))
        if wrong or below:
            action = REJECTED if wrong else ACKNOWLEDGED
            yield segment("UCF", group.reference, group.sender, group.receiver, action, *_why(wrong, "UCF", _GROUP))
            yield from below


def _messages(messages: Iterable[SubjectMessage]) -> Iterator[str]:
    """UCM for each message that is rejected, with what is wrong in it."""
    for message in messages:
        if message.accepted or message.is_acknowledgement:
            continue
        errors = errors_of(message.findings)
        own = [finding for finding in errors if _tag(finding) in _SERVICE["UCM"] or not _position(finding)]
        inside = [finding for finding in errors if finding not in own]
        version = tuple(message.version.split(":")[:4])
        why = _why(own, "UCM", _MESSAGE) if own else ()
        yield segment("UCM", message.reference, (message.kind, *version), REJECTED, *why)
        yield from _segments(inside)


def _segments(findings: list[Finding]) -> Iterator[str]:
    """UCS for each segment in error, and UCD for each element in error below it.

    What goes beyond the numbers of times that CONTRL allows (999 segments, 99 elements each) cannot be reported.
    """
    places: dict[int, list[Finding]] = {}
    for finding in findings:
        places.setdefault(_position(finding), []).append(finding)
    written = 0
    for position, here in sorted(places.items()):
        whole = [finding for finding in here if _element(finding) is None]
        parts = [finding for finding in here if _element(finding) is not None]
        codes = list(dict.fromkeys(_code(finding, _SEGMENT) for finding in whole)) or [""]
        for number, code in enumerate(codes):
            if written == _MOST_SEGMENTS:
                return
            written += 1
            yield segment("UCS", str(position), code)
            if number == 0:
                for finding in parts[:_MOST_ELEMENTS]:
                    yield segment("UCD", _code(finding, _ELEMENT), _where(finding))


def _why(wrong: list[Finding], tag: str, allowed: frozenset[str]) -> tuple[str | tuple[str, ...], ...]:
    """0085, 0013 and S011 of the first of the findings that has a code of its own."""
    if not wrong:
        return ()
    finding = next((each for each in wrong if each.ack.get("0085") in allowed), wrong[0])
    code = _code(finding, allowed)
    service = _tag(finding)
    if service not in _SERVICE[tag]:
        return (code,)
    return (code, service, _where(finding)) if _element(finding) is not None else (code, service)


def _code(finding: Finding, allowed: frozenset[str]) -> str:
    code = finding.ack.get("0085", _UNSPECIFIED)
    return code if code in allowed else _UNSPECIFIED


def _where(finding: Finding) -> tuple[str, ...]:
    """S011: the element's position, the tag counting as 1 (0098), and the component's."""
    component = finding.place.component if finding.place else None
    element = str((_element(finding) or 0) + 1)
    return (element, str(component)) if component is not None else (element,)


def _tag(finding: Finding) -> str:
    return (finding.place.tag if finding.place else None) or ""


def _position(finding: Finding) -> int:
    return (finding.place.segment if finding.place else None) or 0


def _element(finding: Finding) -> int | None:
    return finding.place.element if finding.place else None


def _first(parts: tuple[str, ...]) -> str:
    return parts[0] if parts else ""
