"""Reading a CONTRL of syntax version 3 or 4: what both have stands in the same places."""

from dataclasses import dataclass, field

from transload.adapters.base.acknowledgement import Verdict
from transload.adapters.base.format import Identity, Message, Records
from transload.adapters.edi.acknowledge.incoming.rows import Row, rows, unreadable
from transload.adapters.edi.acknowledge.incoming.statement import Complaint, StatedGroup, StatedMessage, Statement
from transload.canonical.findings import Finding
from transload.canonical.places import Place

_ACTIONS = {"4": Verdict.REJECTED, "7": Verdict.ACCEPTED, "8": Verdict.RECEIVED}
"""0083.  Action 7 accepts what is inside too, as far as it is not rejected by name."""
_LIST = "0085"


@dataclass(kw_only=True)
class _Level:
    """An interchange, group or message of which more may be said in the segments that follow."""

    row: Row | None = None
    verdict: Verdict | None = None
    complaints: list[Complaint] = field(default_factory=list)
    messages: list[StatedMessage] = field(default_factory=list)


class ContrlReader:
    """Reads one CONTRL; what cannot be read becomes findings."""

    def __init__(self, message: Message, records: Records) -> None:
        self.message = message
        self.records = records
        self.findings: list[Finding] = []
        self.head = _Level()
        self.groups: list[StatedGroup] = []
        self.group: _Level | None = None
        self.current: _Level | None = None
        self.segment: int | None = None

    def read(self) -> Statement:
        """The statement."""
        for row in rows(self.records):
            if row.tag == "UCI":
                self._interchange(row)
            elif row.tag == "UCF":
                self._end_group()
                self.group = self._level(row, verdict=4, code=5)
            elif row.tag == "UCM":
                self._end_message()
                self.current = self._level(row, verdict=3, code=4)
            elif row.tag == "UCS":
                self._segment(row)
            elif row.tag == "UCD":
                self._element(row)
        self._end_group()
        head = self.head.row
        if head is None:
            place = self.records.place(-1)
            self.findings.append(unreadable("the CONTRL has no UCI, which says of which interchange it speaks", place))
        return Statement(
            kind="CONTRL",
            standard="edifact",
            said=head.place if head else Place(),
            sender=_identity(head, 2) if head else None,
            receiver=_identity(head, 3) if head else None,
            reference=head.text(1) if head else "",
            verdict=self.head.verdict,
            complaints=tuple(self.head.complaints),
            groups=tuple(self.groups),
            messages=tuple(self.head.messages),
            findings=tuple(self.findings),
        )

    def _interchange(self, row: Row) -> None:
        if self.head.row is not None:
            self.findings.append(unreadable("the CONTRL has a second UCI", row.place))
            return
        head = self._level(row, verdict=4, code=5)
        self.head.row, self.head.verdict, self.head.complaints = row, head.verdict, head.complaints

    def _level(self, row: Row, *, verdict: int, code: int) -> _Level:
        """Verdict and error of UCI, UCF or UCM; after the code stand the service segment's tag and S011."""
        action = row.text(verdict)
        if action not in _ACTIONS:
            what = f"{row.tag} gives the action {action!r}, which is none of {', '.join(_ACTIONS)}"
            self.findings.append(unreadable(what, row.place, action))
        level = _Level(row=row, verdict=_ACTIONS.get(action))
        if row.text(code):
            level.complaints.append(_complaint(row, code, tag=row.text(code + 1) or None, where=code + 2))
        return level

    def _segment(self, row: Row) -> None:
        self.segment = row.number(1)
        if self.current is None or self.segment is None:
            what = "UCS names no segment" if self.current else "UCS stands before any UCM"
            self.findings.append(unreadable(what, row.place, row.text(1)))
        elif row.text(2):
            self.current.complaints.append(_complaint(row, 2, segment=self.segment))

    def _element(self, row: Row) -> None:
        if self.current is None or self.segment is None:
            self.findings.append(unreadable("UCD stands before any UCS", row.place))
            return
        self.current.complaints.append(_complaint(row, 1, segment=self.segment, where=2))

    def _end_message(self) -> None:
        level, self.current, self.segment = self.current, None, None
        if level is None or level.row is None:
            return
        row = level.row
        identifier = row.texts(2)
        stated = StatedMessage(
            kind=identifier[0],
            version=":".join(identifier[1:5]),
            reference=row.text(1) or row.text(7),  # of a package, 0800 (version 4)
            said=row.place,
            verdict=level.verdict,
            complaints=tuple(level.complaints),
        )
        (self.group or self.head).messages.append(stated)

    def _end_group(self) -> None:
        self._end_message()
        level, self.group = self.group, None
        if level is None or level.row is None:
            return
        row = level.row
        self.groups.append(
            StatedGroup(
                reference=row.text(1),
                said=row.place,
                sender=row.text(2, 1),
                receiver=row.text(3, 1),
                verdict=level.verdict,
                complaints=tuple(level.complaints),
                messages=tuple(level.messages),
            )
        )


def _complaint(
    row: Row, code: int, *, tag: str | None = None, segment: int | None = None, where: int | None = None
) -> Complaint:
    """The complaint whose code is element ``code``, and whose S011, if it may have one, is element ``where``.

    S011 gives the element, for which 0098 counts the tag as 1, the component and the occurrence.
    """
    position = row.number(where, 1) if where else None
    return Complaint(
        element_list=_LIST,
        code=row.text(code),
        said=row.place,
        segment=segment,
        tag=tag,
        element=position - 1 if position is not None and position > 1 else None,
        component=row.number(where, 2) if where else None,
        repetition=row.number(where, 3) if where else None,
    )


def _identity(row: Row, element: int) -> Identity:
    return Identity(id=row.text(element, 1), qualifier=row.text(element, 2) or None)
