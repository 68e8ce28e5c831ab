"""997, the functional acknowledgment of an X12 functional group (X12.20), as version 004010 has it.

Every set of the group is named with its verdict: A accepted, E accepted although
deviations were noted, R rejected.  The group's verdict follows: A or E when all are
accepted, P when some are, R when none is or the group itself is wrong.
"""

import re
from collections.abc import Iterator

from transload.adapters.base.format import Encoded
from transload.adapters.edi.acknowledge.report import Report, reported, segment
from transload.adapters.edi.acknowledge.subject import ACKNOWLEDGEMENTS, Subject, SubjectGroup, SubjectMessage
from transload.canonical.findings import Finding, errors_of

_SEGMENTS_IN_ERROR = "5"
_ELEMENTS_IN_ERROR = "8"
_MOST_CODES, _MOST_ELEMENTS, _MOST_SEGMENTS = 5, 99, 999_999
_SHOWN = re.compile(r"[A-Za-z0-9 .,()/+&_'-]{1,99}")
"""Bad values that AK404 repeats: short enough, and free of what might separate in an interchange of ours."""


def make_997(subject: Subject) -> list[Report]:
    """One 997 for each functional group of a received interchange, but none for groups of acknowledgements (``FA``).

    An interchange that is wrong itself is reported by TA1; its groups are rejected with it, so that none is taken for
    accepted.
    """
    rejected = bool(errors_of(subject.findings))
    return [_make(group, rejected=rejected) for group in subject.groups if _wants(group)]


def _wants(group: SubjectGroup) -> bool:
    if group.kind == "FA" or not group.reference:
        return False
    return not group.messages or any(message.kind not in ACKNOWLEDGEMENTS for message in group.messages)


def _make(group: SubjectGroup, *, rejected: bool) -> Report:
    rows = [segment("AK1", group.kind, group.reference)]
    for message in group.messages:
        rows += _set(message)
    accepted = sum(message.accepted for message in group.messages)
    wrong = rejected or bool(errors_of(group.findings))
    noted = bool(reported(group.findings)) or any(reported(message.findings) for message in group.messages)
    received = len(group.messages)
    verdict = "R" if wrong or not accepted else "P" if accepted < received else "E" if noted else "A"
    codes = _codes(group.findings, "716")
    included = received if group.announced is None else group.announced
    rows.append(segment("AK9", verdict, str(included), str(received), "0" if verdict == "R" else str(accepted), *codes))
    version = next((message.version[:6] for message in group.messages if message.version), "004010")
    return Report(
        kind="997",
        reference=group.reference,
        accepted=verdict in "AE",
        message=Encoded(kind="997", version=version, body=rows),
    )


def _set(message: SubjectMessage) -> Iterator[str]:
    """AK2 to AK5 of one set."""
    yield segment("AK2", message.kind, message.reference)
    noted = reported(message.findings)
    inside = [finding for finding in noted if "720" in finding.ack or "723" in finding.ack]
    yield from _segments(inside)
    codes = set(_codes(message.findings, "718"))
    if inside:
        codes.add(_SEGMENTS_IN_ERROR)
    verdict = "R" if not message.accepted else "E" if noted else "A"
    yield segment("AK5", verdict, *sorted(codes, key=_by_number)[:_MOST_CODES])


def _segments(findings: list[Finding]) -> Iterator[str]:
    """AK3 for each segment in error, and AK4 for each element in error below it.

    What goes beyond the numbers of times that the 997 allows (999999 segments, 99 elements each) cannot be reported.
    """
    places: dict[tuple[int, str], list[Finding]] = {}
    for finding in findings:
        places.setdefault((_position(finding), _tag(finding)), []).append(finding)
    written = 0
    for (position, tag), here in sorted(places.items()):
        codes = [finding.ack["720"] for finding in here if "720" in finding.ack]
        elements = [finding for finding in here if "723" in finding.ack]
        for code in dict.fromkeys((*codes, *([_ELEMENTS_IN_ERROR] if elements else []))):
            if written == _MOST_SEGMENTS:
                return
            written += 1
            yield segment("AK3", tag, str(position), "", code)
        for finding in [each for each in elements if _element(each)][:_MOST_ELEMENTS]:
            value = finding.value if finding.value and _SHOWN.fullmatch(finding.value) else ""
            yield segment("AK4", _where(finding), finding.ack.get("725", ""), finding.ack["723"], value)


def _codes(findings: tuple[Finding, ...], element: str) -> list[str]:
    found = {finding.ack[element] for finding in findings if element in finding.ack}
    return sorted(found, key=_by_number)[:_MOST_CODES]


def _by_number(code: str) -> tuple[int, str]:
    return (int(code) if code.isdigit() else 0, code)


def _position(finding: Finding) -> int:
    """AK302: where the segment stands, or where a missing one should stand."""
    if "719" in finding.ack:
        return int(finding.ack["719"])
    return (finding.place.segment if finding.place else None) or 1


def _tag(finding: Finding) -> str:
    return finding.ack.get("721") or (finding.place.tag if finding.place else None) or "ST"


def _element(finding: Finding) -> int | None:
    return finding.place.element if finding.place else None


def _where(finding: Finding) -> tuple[str, ...]:
    component = finding.place.component if finding.place else None
    element = str(_element(finding))
    return (element, str(component)) if component is not None else (element,)
