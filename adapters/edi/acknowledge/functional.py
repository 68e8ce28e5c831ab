"""997, the functional acknowledgment of an X12 group (X12.20), and 999, the implementation acknowledgment.

Every set of the group is named with its verdict, or only the wrong ones: A accepted, E accepted although
deviations were noted, R rejected.  The group's verdict follows: A or E when all are
accepted, P when some are, R when none is or the group itself is wrong.

The 997 is written in the version of the group: from 005010 on AK1 and AK2 also say by which version and guide the
group and the set were written (GS08, ST03), and a position may say which repeat of an element it means (AK401-3).
The 999 exists from 005010 on; it has IK3, IK4 and IK5 for AK3, AK4 and AK5, and CTX for what led to an error.  Shapes
and limits were read in the guides of pyx12 (997 of 004010, 999 of 005010) and on Stedi's pages of both versions.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from transload.adapters.base.format import Encoded
from transload.adapters.edi.acknowledge.report import USUAL, Report, calls_for, reported, segment
from transload.adapters.edi.acknowledge.subject import ACKNOWLEDGEMENTS, Subject, SubjectGroup, SubjectMessage
from transload.adapters.edi.options import AcknowledgementPolicy
from transload.canonical.findings import Finding, errors_of

_SEGMENTS_IN_ERROR = "5"
_ELEMENTS_IN_ERROR = "8"
_CONDITIONS = frozenset({"2", "10"})
"""Codes 723 and 621 of errors that another element of the segment led to."""
_MOST_CODES, _MOST_ELEMENTS, _MOST_SEGMENTS = 5, 99, 999_999
_MOST_COUNTED = 999_999
_FARTHEST_ELEMENT, _FARTHEST_REPEAT = 99, 9_999
"""The greatest counts (97, 123, 2: N0 1/6) and positions: of element and component (722, 1528), of a repeat (1686)."""
_SHOWN = re.compile(r"[A-Za-z0-9 .,()/+&_'-]{1,99}")
"""Bad values that AK404 repeats: short enough, and free of what might separate in an interchange of ours."""
_SEGMENT_ID = re.compile(r"[A-Z0-9]{2,3}")
_HIPAA = re.compile(r"005010X\d{3}")
_GUIDE_OF_999 = "005010X231A1"
"""The implementation guide of the 999 that answers sets of the HIPAA guides of 005010."""


@dataclass(frozen=True, kw_only=True)
class _Shape:
    """What differs between the two kinds and their versions."""

    kind: str
    version: str
    tags: tuple[str, str, str]
    farthest_segment: int
    repeats: bool
    context: bool

    @classmethod
    def of(cls, kind: str, group: SubjectGroup) -> "_Shape":
        version = group.version or next((message.version for message in group.messages if message.version), "004010")
        new = version[:6] >= "005010"
        if kind == "997":
            return cls(
                kind=kind,
                version=version[:6],
                tags=("AK3", "AK4", "AK5"),
                farthest_segment=9_999_999_999 if new else 999_999,  # 719 has up to 10 digits, 6 before 005010
                repeats=new,
                context=False,
            )
        return cls(
            kind=kind,
            version=_GUIDE_OF_999 if _HIPAA.match(version) else max(version[:6], "005010"),
            tags=("IK3", "IK4", "IK5"),
            farthest_segment=9_999_999_999,
            repeats=True,
            context=True,
        )


def make_997(subject: Subject, policy: AcknowledgementPolicy = USUAL) -> list[Report]:
    """One 997 for each functional group of a received interchange, but none for groups of acknowledgements (``FA``).

    An interchange that is wrong itself is reported by TA1; its groups are rejected with it, so that none is taken for
    accepted.  What an interchange asks for (ISA14) is a TA1: of ``positive`` only ``never`` matters here.
    """
    return _make_all("997", subject, policy)


def make_999(subject: Subject, policy: AcknowledgementPolicy = USUAL) -> list[Report]:
    """One 999 for each functional group, as `make_997`."""
    return _make_all("999", subject, policy)


def _make_all(kind: str, subject: Subject, policy: AcknowledgementPolicy) -> list[Report]:
    rejected = bool(errors_of(subject.findings))
    reports = []
    for number, group in enumerate(subject.groups, 1):
        if _wants(group):
            report = _Group(_Shape.of(kind, group), policy, group).make(number, rejected=rejected)
            if not report.accepted or calls_for(policy, requested=True):
                reports.append(report)
    return reports


def _wants(group: SubjectGroup) -> bool:
    """Whether a group is to be acknowledged: not without a number to repeat, and not if it holds acknowledgements."""
    if group.kind == "FA" or not re.fullmatch(r"\d{1,9}", group.reference, re.ASCII):
        return False
    return not group.messages or bool(group.unnamed) or any(m.kind not in ACKNOWLEDGEMENTS for m in group.messages)


class _Group:
    """The report on one group in the making."""

    def __init__(self, shape: _Shape, policy: AcknowledgementPolicy, group: SubjectGroup) -> None:
        self.shape = shape
        self.policy = policy
        self.group = group
        # an acknowledgement that stands among other sets is not answered, here neither
        self.messages = [message for message in group.messages if not message.is_acknowledgement]

    def make(self, number: int, *, rejected: bool) -> Report:
        group, shape = self.group, self.shape
        accepted, received = group.accepted, group.received
        unnamed = any(not message.accepted and not _is_named(message) for message in self.messages)
        wrong = rejected or unnamed or bool(errors_of(group.findings))
        verdict = "R" if wrong or not accepted else "P" if accepted < received else "E" if self._noted() else "A"
        codes = _codes(group.findings, "716", self.policy)
        included = received if group.announced is None else group.announced
        counts = [min(count, _MOST_COUNTED) for count in (included, received, 0 if verdict == "R" else accepted)]
        new = shape.version[:6] >= "005010"
        rows = [segment("AK1", group.kind, group.reference, group.version[:12] if new else "")]
        for message in self.messages:
            if _is_named(message) and (self.policy.sets == "all" or reported(message.findings, self.policy)):
                rows += self._set(message)
        rows.append(segment("AK9", verdict, *map(str, counts), *codes))
        return Report(
            kind=shape.kind,
            reference=group.reference,
            accepted=verdict in "AE",
            message=Encoded(kind=shape.kind, version=shape.version, body=rows),
            group=number,
        )

    def _noted(self) -> bool:
        """Whether anything is to be noted about a group that is accepted."""
        findings = (self.group.findings, *(message.findings for message in self.messages))
        return any(reported(each, self.policy) for each in findings)

    def _set(self, message: SubjectMessage) -> Iterator[str]:
        """AK2 to AK5, or IK5, of one set."""
        new = self.shape.version[:6] >= "005010"
        yield segment("AK2", message.kind, message.reference, message.guide[:35] if new else "")
        noted = reported(message.findings, self.policy)
        inside = [finding for finding in noted if "720" in finding.ack or "723" in finding.ack]
        yield from self._segments(inside)
        codes = set(_codes(message.findings, "718", self.policy))
        if inside:
            codes.add(_SEGMENTS_IN_ERROR)
        verdict = "R" if not message.accepted else "E" if noted else "A"
        yield segment(self.shape.tags[2], verdict, *sorted(codes, key=_by_number)[:_MOST_CODES])

    def _segments(self, findings: list[Finding]) -> Iterator[str]:
        """AK3 for each segment in error, and AK4 for each element in error below it; IK3 and IK4 in a 999.

        What goes beyond the limits (999999 segments, 99 elements each, positions of two digits) is not reported.
        """
        places: dict[tuple[int, str], list[Finding]] = {}
        for finding in findings:
            places.setdefault((_position(finding), _tag(finding)), []).append(finding)
        written = 0
        for (position, tag), here in sorted(places.items()):
            if position > self.shape.farthest_segment:
                return
            if not _SEGMENT_ID.fullmatch(tag):
                continue  # what is no segment identifier cannot be repeated; AK5 tells of it
            codes = [finding.ack["720"] for finding in here if "720" in finding.ack]
            elements = [finding for finding in here if "723" in finding.ack]
            for code in dict.fromkeys((*codes, *([_ELEMENTS_IN_ERROR] if elements else []))):
                if written == _MOST_SEGMENTS:
                    return
                written += 1
                yield segment(self.shape.tags[0], tag, str(position), "", code)
            for finding in [each for each in elements if self._where(each)][:_MOST_ELEMENTS]:
                yield from self._element(finding, tag, position)

    def _element(self, finding: Finding, tag: str, position: int) -> Iterator[str]:
        value = finding.value if finding.value and _SHOWN.fullmatch(finding.value) else ""
        code = finding.ack["723"]
        # the 999 has codes of its own (621) for what an implementation guide forbids
        told = finding.ack.get("621", code) if self.shape.kind == "999" else code
        yield segment(self.shape.tags[1], self._where(finding), finding.ack.get("725", ""), told, value)
        if self.shape.context and code in _CONDITIONS:
            yield segment("CTX", "SITUATIONAL TRIGGER", tag, str(position))

    def _where(self, finding: Finding) -> tuple[str, ...]:
        """C030: the element, the component and, from 005010 on, which repeat; empty where C030 cannot hold it."""
        place = finding.place
        if place is None or not place.element or max(place.element, place.component or 0) > _FARTHEST_ELEMENT:
            return ()
        repetition = place.repetition if self.shape.repeats and (place.repetition or 0) <= _FARTHEST_REPEAT else None
        parts = (place.element, place.component, repetition)
        return tuple("" if part is None else str(part) for part in parts)


def _is_named(message: SubjectMessage) -> bool:
    """Whether AK2 can repeat the set's identifier (three characters) and control number (at most nine)."""
    return len(message.kind) == 3 and 0 < len(message.reference.strip()) <= 9


def _codes(findings: tuple[Finding, ...], element: str, policy: AcknowledgementPolicy) -> list[str]:
    found = {finding.ack[element] for finding in reported(findings, policy) if element in finding.ack}
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
