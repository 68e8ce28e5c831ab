"""An acknowledgement and what was sent, brought together: which message has which verdict, and why.

What is not named follows the rules of each kind.  CONTRL: an interchange that is acknowledged (action 7) is accepted
but for what is rejected by name; a rejected one (4) is rejected whole; action 8 says only that it has arrived.  997 and
999: a group that is accepted (A, E) or rejected (R) is so whole; of one that is accepted in part (P), sets that are not
named are accepted if the counts of AK9 say so.  TA1: an accepted envelope has arrived, a
rejected one takes all that is inside with it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import reduce

from transload.adapters.base.acknowledgement import Outcome, Reconciliation, Verdict, worse
from transload.adapters.edi.acknowledge.incoming.decoding import in_envelope, in_message, severity_of
from transload.adapters.edi.acknowledge.incoming.references import acknowledged, ids, plain, unknown
from transload.adapters.edi.acknowledge.incoming.statement import StatedGroup, StatedMessage, Statement
from transload.adapters.edi.interchange import Frame, Group, Interchange
from transload.adapters.edi.reading.messages import EdiReading, message_type
from transload.canonical.findings import Finding, Severity
from transload.canonical.places import Place

_BAD = (Verdict.REJECTED, Verdict.PARTIAL)


def reconcile(statement: Statement, reading: EdiReading) -> Reconciliation:
    """What ``statement`` says of the messages in ``reading``, the payload that was sent.

    Nothing is raised for what stands in either.  Findings: ``E-ACK-ERROR`` and ``W-ACK-ERROR`` (what the partner
    reports, of what is rejected and of what is accepted all the same), ``E-ACK-REJECTED`` (rejected, and no reason
    is given), ``E-ACK-UNKNOWN`` (a number that this payload does not have), ``E-ACK-CONTRADICTION``,
    ``W-ACK-COUNT``, ``W-ACK-DATE``, ``W-ACK-GROUP``, ``W-ACK-KIND``, ``W-ACK-OPEN``, ``W-ACK-PARTY``,
    and from reading the acknowledgement ``E-ACK-UNREADABLE``.
    """
    return _Reconciling(statement, reading).run()


@dataclass(kw_only=True)
class _Ours:
    """A message of ours and what is said of it by name."""

    frame: Frame
    interchange: int
    kind: str
    reference: str
    stated: list[StatedMessage] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


@dataclass(kw_only=True)
class _Part:
    """An interchange or group of ours, and what is said of it: the verdicts on its messages follow from this."""

    interchange: Interchange
    group: Group | None
    stated: StatedGroup | None
    verdict: Verdict | None
    messages: list[_Ours] = field(default_factory=list)


class _Reconciling:
    """One acknowledgement and one payload."""

    def __init__(self, statement: Statement, reading: EdiReading) -> None:
        self.statement = statement
        self.reading = reading
        self.findings: list[Finding] = list(statement.findings)
        self.complaints: list[Finding] = []
        self.outcomes: list[Outcome] = []

    def run(self) -> Reconciliation:
        """Go over the payload once."""
        met: set[str] = set()
        about = acknowledged(self.statement)
        for interchange in self.reading.interchanges:
            if interchange.standard != self.statement.standard or interchange.header is None:
                continue
            if self.statement.kind in ("997", "999"):
                self._groups(interchange, met)
            elif self.statement.reference and self._is_meant(interchange):
                met.update(reference.number for reference in about)
                self._interchange(interchange)
        return Reconciliation(
            kind=self.statement.kind,
            about=about,
            outcomes=tuple(self.outcomes),
            complaints=tuple(self.complaints),
            findings=tuple(self.findings),
            unknown={each: unknown(each, self.statement) for each in about if each.number not in met},
        )

    def _is_meant(self, interchange: Interchange) -> bool:
        standard = interchange.standard
        return plain(standard, interchange.reference) == plain(standard, self.statement.reference)

    def _interchange(self, interchange: Interchange) -> None:
        """CONTRL and TA1 speak of an interchange."""
        statement = self.statement
        self._check_parties(interchange)
        self._check_date(interchange)
        self.complaints += [
            in_envelope(complaint, self.reading, interchange, None, statement.verdict)
            for complaint in statement.complaints
        ]
        groups = {group.reference: group for group in self._merged()}
        parts: dict[int | None, _Part] = {}
        named = Named(statement.messages)
        within = {reference: Named(group.messages) for reference, group in groups.items()}
        met: set[str] = set()
        for frame in interchange.frames:
            if frame.group not in parts:
                parts[frame.group] = self._part(interchange, frame.group, groups, met)
            part = parts[frame.group]
            names = within[part.stated.reference] if part.stated else named
            self._take(part, frame, names)
        self._tell_unknown(named)
        for reference, names in within.items():
            if reference in met:
                self._tell_unknown(names)
            else:
                self._no_group(groups[reference])
        for part in parts.values():
            self._conclude(part)

    def _part(
        self, interchange: Interchange, number: int | None, groups: dict[str, StatedGroup], met: set[str]
    ) -> _Part:
        group = interchange.group(number)
        stated = groups.get(group.header.element(5).strip()) if group and interchange.standard == "edifact" else None
        verdict = self.statement.verdict
        if stated is not None:
            met.add(stated.reference)
            self.complaints += [
                in_envelope(complaint, self.reading, interchange, group, stated.verdict)
                for complaint in stated.complaints
            ]
            if verdict is Verdict.REJECTED and stated.verdict is Verdict.ACCEPTED:
                self._contradict(f"group {stated.reference} is accepted, its interchange rejected", stated.said)
            elif stated.verdict is not None and verdict is not None:
                verdict = worse(stated.verdict, verdict)
        return _Part(interchange=interchange, group=group, stated=stated, verdict=verdict)

    def _groups(self, interchange: Interchange, met: set[str]) -> None:
        """997 and 999 speak of groups."""
        meant: dict[int, tuple[_Part, Named]] = {}
        for stated in self._merged():
            for group in interchange.groups:
                if plain("x12", group.header.element(6)) != plain("x12", stated.reference):
                    continue
                if stated.kind and group.header.element(1) != stated.kind:
                    text = f"group {stated.reference} is one of {group.header.element(1)}, not of {stated.kind}"
                    self.findings.append(_warning("W-ACK-GROUP", text, stated.said, stated.kind))
                    continue
                met.add(plain("x12", stated.reference))
                part = _Part(interchange=interchange, group=group, stated=stated, verdict=stated.verdict)
                meant[group.number] = (part, Named(stated.messages))
                self.complaints += [
                    in_envelope(complaint, self.reading, interchange, group, stated.verdict)
                    for complaint in stated.complaints
                ]
        if not meant:
            return
        self._check_parties(interchange)
        for frame in interchange.frames:
            if frame.group in meant:
                part, names = meant[frame.group]
                self._take(part, frame, names)
        for part, names in meant.values():
            self._tell_unknown(names)
            self._check_counts(part)
            self._conclude(part)

    def _merged(self) -> list[StatedGroup]:
        """What is said of each group, once: of several statements about one, the worse verdict holds."""
        found: dict[tuple[str, str], StatedGroup] = {}
        for group in self.statement.groups:
            key = (group.kind, plain(self.statement.standard, group.reference))
            before = found.get(key)
            if before is None:
                found[key] = group
                continue
            if before.verdict is not group.verdict:
                self._contradict(f"group {group.reference} is acknowledged twice, differently", group.said)
            both = [verdict for verdict in (before.verdict, group.verdict) if verdict is not None]
            found[key] = replace(
                before,
                verdict=reduce(worse, both) if both else None,
                complaints=(*before.complaints, *group.complaints),
                messages=(*before.messages, *group.messages),
            )
        return list(found.values())

    def _take(self, part: _Part, frame: Frame, names: "Named") -> None:
        """Note a message of ours; what the partner reports of it is found in its bytes now, while it is at hand."""
        interchange = part.interchange
        kind, _ = message_type(interchange, frame)
        reference = frame.header.element(2 if interchange.standard == "x12" else 1)
        stated = names.take(interchange.standard, reference)
        ours = _Ours(frame=frame, interchange=interchange.number, kind=kind, reference=reference, stated=stated)
        if any(each.complaints for each in stated):
            message = self.reading.message(interchange, frame)
            ours.findings += [
                in_message(complaint, message, frame, self._verdict(part, each.verdict))
                for each in stated
                for complaint in each.complaints
            ]
        for each in stated:
            if each.kind and each.kind != kind:
                text = f"message {reference} is {kind}, the {self.statement.kind} calls it {each.kind}"
                ours.findings.append(_warning("W-ACK-KIND", text, each.said, each.kind))
        part.messages.append(ours)

    def _verdict(self, part: _Part, stated: Verdict | None) -> Verdict | None:
        """The verdict on a message that is named: its own, unless what it stands in is rejected, or only arrived."""
        if part.verdict is Verdict.RECEIVED and stated is not None:
            return worse(part.verdict, stated)
        return part.verdict if part.verdict in (Verdict.REJECTED, Verdict.RECEIVED) else stated

    def _conclude(self, part: _Part) -> None:
        """The outcomes of a part's messages."""
        default = self._default(part)
        for ours in part.messages:
            verdicts = [each.verdict for each in ours.stated if each.verdict is not None]
            if len(set(verdicts)) > 1:
                self._contradict(f"message {ours.reference} has two verdicts", ours.stated[-1].said)
            named = reduce(worse, verdicts) if verdicts else None
            # One that is named without a legible verdict has none; one that is not named follows the rules of its kind.
            verdict = self._verdict(part, named) if ours.stated else default
            self._check_against(part, ours, named)
            findings = list(ours.findings)
            if verdict is Verdict.REJECTED and not any(severity_of(verdict) is each.severity for each in findings):
                findings.append(self._without_reason(part, ours, named))
            elif verdict is None:
                text = f"the {self.statement.kind} leaves open whether {ours.kind} {ours.reference} is accepted"
                said = ours.stated[-1].said if ours.stated else self.statement.said
                findings.append(_warning("W-ACK-OPEN", text, said))
            self.outcomes.append(
                Outcome(
                    interchange=ours.interchange,
                    group=ours.frame.group,
                    message=ours.frame.number,
                    kind=ours.kind,
                    reference=ours.reference,
                    verdict=verdict,
                    findings=tuple(findings),
                )
            )

    def _check_against(self, part: _Part, ours: _Ours, named: Verdict | None) -> None:
        """Report a verdict on a message that does not go with the one on what it stands in."""
        whole = part.verdict
        accepted = (Verdict.ACCEPTED, Verdict.ACCEPTED_WITH_ERRORS)
        x12 = part.interchange.standard == "x12"
        if x12 and whole in accepted and named in _BAD:
            text = f"set {ours.reference} is rejected, its group accepted"
        elif not x12 and whole is Verdict.REJECTED and named in accepted:
            text = f"message {ours.reference} is accepted, what it stands in is rejected"
        else:
            return
        self._contradict(text, ours.stated[-1].said)

    def _default(self, part: _Part) -> Verdict | None:
        """The verdict on messages that are not named."""
        if part.verdict is Verdict.PARTIAL:
            rejected = sum(any(each.verdict in _BAD for each in ours.stated) for ours in part.messages)
            accepted = part.stated.accepted if part.stated else None
            unnamed = any(not ours.stated for ours in part.messages)
            if unnamed and accepted is not None and accepted == len(part.messages) - rejected:
                return Verdict.ACCEPTED
            return None
        if part.verdict is Verdict.ACCEPTED_WITH_ERRORS:
            noted = any(each.verdict is Verdict.ACCEPTED_WITH_ERRORS for ours in part.messages for each in ours.stated)
            return Verdict.ACCEPTED if noted else Verdict.ACCEPTED_WITH_ERRORS
        return part.verdict

    def _without_reason(self, part: _Part, ours: _Ours, named: Verdict | None) -> Finding:
        if part.verdict is Verdict.REJECTED:
            level = "group" if part.stated is not None else "interchange"
            text = f"the partner rejects {ours.kind} {ours.reference} with its {level}"
            said = part.stated.said if part.stated else self.statement.said
        else:
            text = f"the partner rejects {ours.kind} {ours.reference} and does not say why"
            said = ours.stated[-1].said if named is not None else self.statement.said
        place = self.reading.scan.reporter.place(
            ours.frame.start,
            Place(
                interchange=ours.interchange,
                group=ours.frame.group,
                message=ours.frame.number,
                tag=ours.frame.header.tag,
            ),
        )
        return Finding(code="E-ACK-REJECTED", message=text, hint=f"it is said in {said}", place=place)

    def _check_parties(self, interchange: Interchange) -> None:
        ours = ids(interchange.sender, interchange.receiver)
        theirs = ids(self.statement.sender, self.statement.receiver)
        if ours != theirs:
            text = f"what was sent is from {ours[0]} to {ours[1]}, the {self.statement.kind} speaks of another pair"
            value = " to ".join(theirs)
            self.findings.append(_warning("W-ACK-PARTY", text, self.statement.said, value))

    def _check_date(self, interchange: Interchange) -> None:
        """A TA1 repeats date and time of ISA, which tell numbers apart that were used again."""
        header = interchange.header
        if self.statement.kind != "TA1" or header is None or not any(self.statement.prepared):
            return
        ours = (header.element(9), header.element(10))
        if ours != self.statement.prepared:
            text = f"the interchange was prepared at {' '.join(ours)}, the TA1 speaks of another time"
            self.findings.append(_warning("W-ACK-DATE", text, self.statement.said, " ".join(self.statement.prepared)))

    def _check_counts(self, part: _Part) -> None:
        """The counts of AK9 against the sets that were sent, and against the verdicts on them."""
        stated = part.stated
        if stated is None:
            return
        sent = len(part.messages)
        for name, count in (("AK902", stated.included), ("AK903", stated.received)):
            if count is not None and count != sent:
                text = f"{name} says {count}, but the group was sent with {sent} {'set' if sent == 1 else 'sets'}"
                self.findings.append(_warning("W-ACK-COUNT", text, stated.said, str(count)))
        if stated.accepted is None or stated.verdict in (Verdict.REJECTED, None):
            return  # of a rejected group some count none as accepted, some those that are sound in themselves
        rejected = sum(any(each.verdict in _BAD for each in ours.stated) for ours in part.messages)
        if stated.accepted != sent - rejected:
            text = (
                f"AK904 says {stated.accepted}, but {rejected} of {sent} {'set' if sent == 1 else 'sets'} are rejected"
            )
            self.findings.append(_warning("W-ACK-COUNT", text, stated.said, str(stated.accepted)))

    def _tell_unknown(self, names: "Named") -> None:
        for stated in names.left():
            what = f"{stated.kind} {stated.reference}".strip()
            self.findings.append(
                Finding(
                    code="E-ACK-UNKNOWN",
                    message=f"the {self.statement.kind} speaks of {what}, which what was sent does not hold",
                    value=stated.reference or None,
                    hint="ask the partner what was meant",
                    place=stated.said,
                )
            )

    def _no_group(self, stated: StatedGroup) -> None:
        self.findings.append(
            Finding(
                code="E-ACK-UNKNOWN",
                message=f"the CONTRL speaks of group {stated.reference}, which what was sent does not hold",
                value=stated.reference or None,
                hint="ask the partner what was meant",
                place=stated.said,
            )
        )

    def _contradict(self, what: str, said: Place) -> None:
        self.findings.append(
            Finding(
                code="E-ACK-CONTRADICTION",
                message=f"the {self.statement.kind} contradicts itself: {what}",
                hint="the worse of the two is taken; ask the partner which one holds",
                place=said,
            )
        )


class Named:
    """The messages that an acknowledgement names, by their references; several statements may be about one."""

    def __init__(self, messages: Iterable[StatedMessage]) -> None:
        self._messages: dict[str, list[StatedMessage]] = {}
        self._taken: Counter[str] = Counter()
        for message in messages:
            self._messages.setdefault(self._key(message.reference), []).append(message)

    @staticmethod
    def _key(reference: str) -> str:
        """Some systems drop leading zeros of ST02, which is text; within a group that leaves no doubt."""
        return plain("x12", reference)

    def take(self, standard: str, reference: str) -> list[StatedMessage]:
        """What is said of the message with that reference."""
        key = self._key(reference)
        found = self._messages.get(key, [])
        if standard != "x12":
            found = [each for each in found if each.reference.strip() == reference.strip()]
        if found:
            self._taken[key] += 1
        return found

    def left(self) -> Iterator[StatedMessage]:
        """What is said of messages that were never asked for."""
        for key, messages in self._messages.items():
            if not self._taken[key]:
                yield from messages


def _warning(code: str, text: str, said: Place, value: str | None = None) -> Finding:
    return Finding(code=code, severity=Severity.WARNING, message=text, value=value or None, place=said)
