"""CONTRL, the syntax and service report: CONTRL D:3:UN of syntax version 3, CONTRL 4:1:UN of version 4 (ISO 9735-4).

An interchange whose own envelope is sound is acknowledged (action 7), and its bad
messages are rejected one by one (action 4): messages that are not named are accepted.
An interchange whose envelope is wrong is rejected whole.

The two versions differ in little of what is written here (service directories of both versions at gefeg.com, and
those that Stylus Studio and edifactory.de show): S002 and S003 have four components instead of three, of up to 35
characters; the controlling agency (0051) has three characters instead of two; the segment's tag is element 0135, which
may name security segments too, instead of 0013; and S011 has a third component, the occurrence of a repeated element
(0136).  Version 4 can also speak of packages (UNO, UNP), which are not read here, and of security segments.
"""

from collections.abc import Iterable, Iterator

from transload.adapters.base.format import Encoded
from transload.adapters.edi.acknowledge.report import USUAL, Report, calls_for, segment
from transload.adapters.edi.acknowledge.subject import Subject, SubjectGroup, SubjectMessage
from transload.adapters.edi.options import AcknowledgementPolicy
from transload.canonical.findings import Finding, errors_of

REJECTED = "4"
ACKNOWLEDGED = "7"
RECEIVED = "8"
"""Actions (0083): this level and all below rejected; this level acknowledged, and below what is not rejected
explicitly; the interchange has arrived, and is not judged yet."""

VERSIONS = {"3": "D:3:UN", "4": "4:1:UN"}
"""The message's version (S009 0052, 0054, 0051) by the syntax version of the interchange; 1 and 2 use that of 3."""

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
# and UCD; for UCI and UCF its lists and, for wrong values in UNB or UNG, the codes of UCM.  What each code means is in
# the module `codes`.

_SERVICE = {"UCI": ("UNA", "UNB", "UNZ"), "UCF": ("UNG", "UNE"), "UCM": ("UNH", "UNT")}
_MOST_SEGMENTS, _MOST_ELEMENTS = 999, 99
_FARTHEST_SEGMENT, _FARTHEST_ELEMENT, _FARTHEST_OCCURRENCE = 999_999, 999, 999_999
"""The greatest values of 0096 (n..6), 0098 and 0104 (n..3) and 0136 (n..6)."""
_PARTY = {"3": (35, 4, 14), "4": (35, 4, 35, 35)}
"""The most characters of each component of S002 and S003."""
_IDENTIFIER = {"3": (6, 3, 3, 2, 6), "4": (6, 3, 3, 3, 6)}
"""The most characters of message type, version, release, agency and association's code in S009."""
_REFERENCE = 14
_CONDEMNED = "E-REJECTED-WITH"


def make_contrl(subject: Subject, policy: AcknowledgementPolicy = USUAL) -> Report | None:
    """The CONTRL for a received interchange; with ``receipt_only`` it says that it has arrived (action 8), no more.

    None when there is nothing to answer: the interchange holds only acknowledgements; its header does not give sender,
    receiver and reference in a form that UCI can repeat; or the policy wants no answer to what is accepted.
    """
    return _Contrl(subject).make(policy)


class _Contrl:
    """One report in the making."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.syntax = "4" if subject.syntax == "4" else "3"

    def make(self, policy: AcknowledgementPolicy) -> Report | None:
        subject = self.subject
        if subject.calls_for_none or not self._can_be_named():
            return None
        wrong = [] if policy.receipt_only else [*errors_of(subject.findings), *self._nameless()]
        own = [finding for finding in wrong if finding.code != _CONDEMNED]
        action = RECEIVED if policy.receipt_only else REJECTED if wrong else ACKNOWLEDGED
        # A rejection for what stands below is reported there; one for the envelope says all that there is to say.
        below = [] if own or policy.receipt_only else [*self._messages(subject.messages), *self._groups(subject.groups)]
        accepted = not wrong and not below
        if accepted and not calls_for(policy, requested=subject.requested):
            return None
        parts = len(_PARTY[self.syntax])
        why = self._why(own, "UCI", _INTERCHANGE) if own or not below else ()
        parties = (subject.sender[:parts], subject.receiver[:parts])
        head = segment("UCI", subject.reference, *parties, action, *(why if wrong else ()))
        return Report(
            kind="CONTRL",
            reference=subject.reference,
            accepted=accepted,
            message=Encoded(kind="CONTRL", version=VERSIONS[self.syntax], body=[head, *below]),
        )

    def _can_be_named(self) -> bool:
        """Whether UCI can repeat parties and reference as they are."""
        subject, limits = self.subject, _PARTY[self.syntax]
        parties = (subject.sender, subject.receiver)
        if not all(party and party[0] for party in parties) or not 0 < len(subject.reference) <= _REFERENCE:
            return False
        return all(_fits(party, limits) for party in parties)

    def _is_named(self, message: SubjectMessage) -> bool:
        """Whether UCM can repeat reference and identifier."""
        parts = (message.kind, *message.version.split(":")[:4])
        named = len(parts) >= 4 and all(parts[:4]) and _fits(parts, _IDENTIFIER[self.syntax])
        return named and 0 < len(message.reference) <= _REFERENCE

    def _is_named_group(self, group: SubjectGroup) -> bool:
        """Whether UCF can repeat reference and parties; version 4 wants those only where UNG has them."""
        parties = (group.sender, group.receiver)
        known = self.syntax == "4" or all(party and party[0] for party in parties)
        fits = all(_fits(party, (35, 4)) for party in parties)
        return known and fits and 0 < len(group.reference) <= _REFERENCE

    def _nameless(self) -> Iterator[Finding]:
        """An error for each bad message or group that UCM or UCF could not name: it rejects the whole interchange."""
        for message in self.subject.messages:
            if not (message.accepted or message.is_acknowledgement or self._is_named(message)):
                yield _unnamed(message.findings)
        for group in self.subject.groups:
            named = self._is_named_group(group)
            if not named and errors_of(group.findings):
                yield _unnamed(group.findings)
            for message in group.messages:
                if not (message.accepted or message.is_acknowledgement or (named and self._is_named(message))):
                    yield _unnamed(message.findings)

    def _groups(self, groups: Iterable[SubjectGroup]) -> Iterator[str]:
        """UCF for each group that is rejected, or holds a message that is."""
        for group in groups:
            wrong = errors_of(group.findings)
            own = [finding for finding in wrong if finding.code != _CONDEMNED]
            below = [] if own else list(self._messages(group.messages))
            if wrong or below:
                action = REJECTED if wrong else ACKNOWLEDGED
                why = self._why(own, "UCF", _GROUP) if own else ()
                yield segment("UCF", group.reference, group.sender, group.receiver, action, *why)
                yield from below

    def _messages(self, messages: Iterable[SubjectMessage]) -> Iterator[str]:
        """UCM for each message that is rejected, with what is wrong in it."""
        for message in messages:
            if message.accepted or message.is_acknowledgement:
                continue
            errors = errors_of(message.findings)
            own = [finding for finding in errors if _tag(finding) in _SERVICE["UCM"] or not _position(finding)]
            inside = [finding for finding in errors if finding not in own]
            identifier = (message.kind, *message.version.split(":")[:4])
            why = self._why(own, "UCM", _MESSAGE) if own else ()
            yield segment("UCM", message.reference, identifier, REJECTED, *why)
            yield from self._segments(inside)

    def _segments(self, findings: list[Finding]) -> Iterator[str]:
        """UCS for each segment in error, and UCD for each element in error below it.

        What goes beyond CONTRL's limits (999 segments, 99 elements each, positions of 6 and 3 digits) is not reported.
        """
        places: dict[int, list[Finding]] = {}
        for finding in findings:
            places.setdefault(_position(finding), []).append(finding)
        written = 0
        for position, here in sorted(places.items()):
            if position > _FARTHEST_SEGMENT:
                return
            whole = [finding for finding in here if _element(finding) is None]
            parts = [finding for finding in here if _element(finding) is not None and self._where(finding)]
            codes = list(dict.fromkeys(_code(finding, _SEGMENT) for finding in whole)) or [""]
            for number, code in enumerate(codes):
                if written == _MOST_SEGMENTS:
                    return
                written += 1
                yield segment("UCS", str(position), code)
                if number == 0:
                    for finding in parts[:_MOST_ELEMENTS]:
                        yield segment("UCD", _code(finding, _ELEMENT), self._where(finding))

    def _why(self, wrong: list[Finding], tag: str, allowed: frozenset[str]) -> tuple[str | tuple[str, ...], ...]:
        """0085, 0013 (0135) and S011 of the first of the findings that has a code of its own."""
        if not wrong:
            return (_UNSPECIFIED,)
        finding = next((each for each in wrong if each.ack.get("0085") in allowed), wrong[0])
        code = _code(finding, allowed)
        service = _tag(finding)
        if service not in _SERVICE[tag]:
            return (code,)
        where = self._where(finding) if _element(finding) is not None else ()
        return (code, service, where) if where else (code, service)

    def _where(self, finding: Finding) -> tuple[str, ...]:
        """S011: the element's position, the tag counting as 1 (0098), the component's and, in version 4, which repeat.

        Empty where it has more digits than S011 takes.
        """
        place = finding.place
        element = (_element(finding) or 0) + 1
        component = place.component if place else None
        repetition = place.repetition if place and self.syntax == "4" else None
        if max(element, component or 0) > _FARTHEST_ELEMENT or (repetition or 0) > _FARTHEST_OCCURRENCE:
            return ()
        parts = [element, component, repetition]
        while parts[-1] is None:
            parts.pop()
        return tuple("" if part is None else str(part) for part in parts)


def _unnamed(findings: tuple[Finding, ...]) -> Finding:
    first = errors_of(findings)[0]
    return Finding(code=first.code, message=first.message, ack={"0085": "13"})


def _fits(parts: tuple[str, ...], limits: tuple[int, ...]) -> bool:
    return all(len(part) <= limit for part, limit in zip(parts, limits, strict=False))


def _code(finding: Finding, allowed: frozenset[str]) -> str:
    code = finding.ack.get("0085", _UNSPECIFIED)
    return code if code in allowed else _UNSPECIFIED


def _tag(finding: Finding) -> str:
    return (finding.place.tag if finding.place else None) or ""


def _position(finding: Finding) -> int:
    return (finding.place.segment if finding.place else None) or 0


def _element(finding: Finding) -> int | None:
    return finding.place.element if finding.place else None
