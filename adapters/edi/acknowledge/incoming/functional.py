"""Reading a 997 or 999, and the TA1."""

from dataclasses import dataclass, field, replace

from transload.adapters.base.acknowledgement import Verdict
from transload.adapters.base.format import Message, Records
from transload.adapters.edi.acknowledge.incoming.rows import Row, rows, unreadable
from transload.adapters.edi.acknowledge.incoming.statement import Complaint, StatedGroup, StatedMessage, Statement
from transload.canonical.findings import Finding
from transload.canonical.places import Place

_VERDICTS = {
    "A": Verdict.ACCEPTED,
    "E": Verdict.ACCEPTED_WITH_ERRORS,
    "P": Verdict.PARTIAL,
    "M": Verdict.REJECTED,
    "R": Verdict.REJECTED,
    "W": Verdict.REJECTED,
    "X": Verdict.REJECTED,
}
"""Elements 715 and 717; P stands on groups only."""
_RECEIVED = {"A": Verdict.RECEIVED, "E": Verdict.RECEIVED, "R": Verdict.REJECTED}
"""Element I17: a TA1 accepts the envelope alone, and says nothing of what is inside."""
_LISTS = {
    "997": {"set": "718", "segment": "720", "element": "723"},
    "999": {"set": "618", "segment": "620", "element": "621"},
}
_ELEMENTS_IN_ERROR = "8"
_SEGMENTS_IN_ERROR = frozenset({"5", "I5"})
"""Codes that only say that more is said elsewhere."""


@dataclass(kw_only=True)
class _Group:
    row: Row
    messages: list[StatedMessage] = field(default_factory=list)


@dataclass(kw_only=True)
class _Set:
    row: Row
    complaints: list[Complaint] = field(default_factory=list)
    around: Complaint | None = None
    """The segment of the last AK3, to which the AK4 that follow belong."""
    segment: Complaint | None = None
    """The same, as long as its code 8 is all that is said of it."""


class FunctionalReader:
    """Reads one 997 or 999; what cannot be read becomes findings."""

    def __init__(self, message: Message, records: Records) -> None:
        self.message = message
        self.records = records
        self.lists = _LISTS[message.kind]
        self.findings: list[Finding] = []
        self.groups: list[StatedGroup] = []
        self.group: _Group | None = None
        self.set: _Set | None = None

    def read(self) -> Statement:
        """The statement."""
        for row in rows(self.records):
            tag = "A" + row.tag[1:] if row.tag in ("IK3", "IK4", "IK5") else row.tag
            if tag == "AK1":
                self._end_group(None)
                self.group = _Group(row=row)
            elif tag == "AK9":
                self._end_group(row)
            elif self.group is not None and tag == "AK2":
                self._end_set(None)
                self.set = _Set(row=row)
            elif self.set is not None and tag in ("AK3", "AK4", "AK5", "CTX"):
                {"AK3": self._segment, "AK4": self._element, "AK5": self._end_set, "CTX": self._context}[tag](row)
            else:
                self.findings.append(unreadable(f"{row.tag} stands where nothing is that it could speak of", row.place))
        self._end_group(None)
        first = self.groups[0].said if self.groups else self.records.place(-1)
        if not self.groups:
            what = f"the {self.message.kind} has no AK1, which says of which group it speaks"
            self.findings.append(unreadable(what, first))
        return Statement(
            kind=self.message.kind,
            standard="x12",
            said=first,
            sender=self.message.receiver,
            receiver=self.message.sender,
            groups=tuple(self.groups),
            findings=tuple(self.findings),
        )

    def _segment(self, row: Row) -> None:
        assert self.set is not None
        self._keep_segment()
        codes = list(row.rest(4, 8)) or [_ELEMENTS_IN_ERROR]  # one in newer versions, up to five in old ones
        made = [
            Complaint(
                element_list=self.lists["segment"],
                code=code,
                said=row.place,
                segment=row.number(2),
                tag=row.text(1) or None,
            )
            for code in codes
        ]
        self.set.complaints += [each for each in made if each.code != _ELEMENTS_IN_ERROR]
        self.set.segment = next((each for each in made if each.code == _ELEMENTS_IN_ERROR), None)
        self.set.around = made[0]

    def _element(self, row: Row) -> None:
        assert self.set is not None
        around, self.set.segment = self.set.around, None
        self.set.complaints.append(
            Complaint(
                element_list=self.lists["element"],
                code=row.text(3),
                said=row.place,
                segment=around.segment if around else None,
                tag=around.tag if around else None,
                element=row.number(1, 1),
                component=row.number(1, 2),
                repetition=row.number(1, 3),
                value=row.text(4) or None,
            )
        )

    def _context(self, row: Row) -> None:
        """Add a CTX to the complaint that it follows."""
        assert self.set is not None
        text = " ".join(" ".join(row.texts(element)) for element in range(1, 7) if row.text(element))
        if self.set.segment is not None:
            self.set.segment = replace(self.set.segment, context=(*self.set.segment.context, text))
        elif self.set.complaints:
            last = self.set.complaints[-1]
            self.set.complaints[-1] = replace(last, context=(*last.context, text))

    def _keep_segment(self) -> None:
        assert self.set is not None
        if self.set.segment is not None:
            self.set.complaints.append(self.set.segment)
            self.set.segment = None

    def _end_set(self, row: Row | None) -> None:
        """End the set that AK2 began: at AK5, or without one."""
        if self.set is None or self.group is None:
            return
        self._keep_segment()
        stated, self.set = self.set, None
        head, complaints = stated.row, stated.complaints
        if row is None:
            self.findings.append(unreadable(f"AK2 of set {head.text(2)} is not followed by its verdict", head.place))
        else:
            complaints += [
                Complaint(element_list=self.lists["set"], code=code, said=row.place)
                for code in row.rest(2, 6)
                if not (code in _SEGMENTS_IN_ERROR and complaints)
            ]
        self.group.messages.append(
            StatedMessage(
                kind=head.text(1),
                reference=head.text(2),
                version=head.text(3),
                said=head.place,
                verdict=self._verdict(row) if row else None,
                complaints=tuple(complaints),
            )
        )

    def _end_group(self, row: Row | None) -> None:
        """End the group that AK1 began: at AK9, or without one."""
        self._end_set(None)
        group, self.group = self.group, None
        if group is None:
            if row is not None:
                self.findings.append(unreadable("AK9 stands where no AK1 names a group", row.place))
            return
        head = group.row
        if row is None:
            self.findings.append(unreadable(f"AK1 of group {head.text(2)} is not followed by its AK9", head.place))
        codes = list(row.rest(5, 9)) if row else []
        self.groups.append(
            StatedGroup(
                kind=head.text(1),
                reference=head.text(2),
                version=head.text(3),
                said=head.place,
                verdict=self._verdict(row) if row else None,
                included=row.number(2) if row else None,
                received=row.number(3) if row else None,
                accepted=row.number(4) if row else None,
                complaints=tuple(Complaint(element_list="716", code=code, said=row.place) for code in codes if row),
                messages=tuple(group.messages),
            )
        )

    def _verdict(self, row: Row) -> Verdict | None:
        code = row.text(1)
        if code not in _VERDICTS:
            what = f"{row.tag} gives the verdict {code!r}, which is none of {', '.join(sorted(_VERDICTS))}"
            self.findings.append(unreadable(what, row.place, code))
        return _VERDICTS.get(code)


def read_ta1(message: Message, records: Records) -> Statement:
    """What a TA1 says: the interchange's number, date and time, verdict and one code."""
    findings: list[Finding] = []
    row = next((row for row in rows(records) if row.tag == "TA1"), None)
    verdict: Verdict | None = None
    complaints: tuple[Complaint, ...] = ()
    place = row.place if row else Place()
    if row is not None:
        code = row.text(4)
        verdict = _RECEIVED.get(code)
        if verdict is None:
            findings.append(unreadable(f"TA1 gives the verdict {code!r}, which is none of A, E, R", place, code))
        if row.text(5) not in ("", "000"):
            complaints = (Complaint(element_list="I18", code=row.text(5), said=place),)
    return Statement(
        kind="TA1",
        standard="x12",
        said=place,
        sender=message.receiver,
        receiver=message.sender,
        reference=row.text(1) if row else "",
        prepared=(row.text(2), row.text(3)) if row else ("", ""),
        verdict=verdict,
        complaints=complaints,
        findings=tuple(findings),
    )
