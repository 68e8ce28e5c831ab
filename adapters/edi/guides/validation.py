"""A message against its guide: structure and contents in one pass, all faults as findings.

One fault gives one finding: a segment out of its place is reported and stepped over,
with what belongs to it; a mandatory segment that was met in the wrong place is not
reported missing too.
"""

import re
from collections.abc import Iterator
from functools import cached_property

from transload.adapters.base.format import Records
from transload.adapters.edi.guides.contents import Contents, Fault
from transload.adapters.edi.guides.model import Entry, Rules
from transload.adapters.edi.guides.patterns import ELEMENT, segment_pattern
from transload.adapters.edi.guides.positions import Move, Positions, Standing
from transload.canonical.findings import Finding, Severity
from transload.canonical.places import Place

MOST = 1000
"""So many findings are given for one message; a last one says how many more there are."""

_TRAILERS = {"edifact": ("UNH", "UNT"), "x12": ("ST", "SE")}
_SEGMENT_TAG = "721"
_SEGMENT_POSITION = "719"


class Validator:
    """Validates messages by one guide.  Tables and expressions are made at the first use and kept."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self._patterns: dict[tuple[str, str], dict[str, re.Pattern[str]]] = {}

    @cached_property
    def positions(self) -> Positions:
        """The table of moves."""
        return Positions(self.rules.structure)

    @cached_property
    def conditional(self) -> frozenset[str]:
        """The tags of segments with conditions between their elements."""
        return frozenset(tag for tag in self.rules.tags if self.rules.segments[tag].conditions)

    def patterns(self, component: str, repetition: str) -> dict[str, re.Pattern[str]]:
        """The expressions of all segments for a message's separators."""
        key = (component, repetition)
        found = self._patterns.get(key)
        if found is None:
            segments = self.rules.segments
            found = {tag: segment_pattern(segments[tag], component, repetition) for tag in self.rules.tags}
            if len(self._patterns) >= 16:  # separators come from partners
                self._patterns.clear()
            self._patterns[key] = found
        return found

    def validate(self, records: Records) -> list[Finding]:
        """All findings about ``records``, in the order of their segments."""
        return _Pass(self, records).run()

    def standings(self, records: Records) -> list[Standing]:
        """Where each segment of ``records`` stands, as the pass that finds the faults takes it."""
        trail: list[int] = []
        _Pass(self, records, trail).run()
        known = {position: self.positions.standing(position) for position in set(trail)}
        return [known[position] for position in trail]


class _Pass:
    """One message on its way through the guide."""

    def __init__(self, validator: Validator, records: Records, trail: list[int] | None = None) -> None:
        self.rules = validator.rules
        self.positions = validator.positions
        self.patterns = validator.patterns(records.component, records.repetition)
        self.conditional = validator.conditional
        self.records = records
        self.segments = records.segments
        self.contents = Contents(
            standard=self.rules.standard, component=records.component, repetition=records.repetition
        )
        self.findings: list[Finding] = []
        self.more = 0
        self.counts = [0] * self.positions.size
        self.position = 0
        self.earlier = 0  # the position before the last step, and the segment that took it
        self.stepped = -1
        self.misplaced: set[str] = set()
        self.following: frozenset[str] = frozenset()
        self.uncharted = False
        self.trail = trail  # the position of each segment, the start's for one that is out of place

    def run(self) -> list[Finding]:
        patterns, conditional, counts, trail = self.patterns, self.conditional, self.counts, self.trail
        moves = self.positions.moves
        zeros = [0] * len(counts)
        # Every dotted name in this loop is paid for once a segment.
        for index, segment in enumerate(self.segments):
            tag = segment[0]
            steps = moves(self.position, tag)
            step = steps[0] if steps else None
            if step is None or step.missing or counts[step.counter] >= step.limit:
                step = self.choose(index, tag, steps)
            elif self.following or self.uncharted:
                self.following, self.uncharted = frozenset(), False
            if step is not None:
                counts[step.counter] += 1
                self.earlier, self.stepped, self.position = self.position, index, step.target
                if step.clear is not None:
                    start, end = step.clear
                    counts[start:end] = zeros[start:end]
            if trail is not None:
                trail.append(self.position if step is not None else 0)
            pattern = patterns.get(tag)
            if pattern is None:
                continue
            if pattern.fullmatch(ELEMENT.join(segment)) is None:
                for fault in self.contents.faults(self.rules.segments[tag], segment):
                    self.report(index, fault)
            elif tag in conditional:
                for fault in self.contents.unmet(self.rules.segments[tag], segment):
                    self.report(index, fault)
        self.miss(len(self.segments), self.positions.unfinished(self.position))
        return self.close()

    def choose(self, index: int, tag: str, steps: tuple[Move, ...]) -> Move | None:
        """The step to take where the nearest is none, skips mandatory entries or is used up; reports what is wrong."""
        open_steps = [step for step in steps if self.counts[step.counter] < step.limit]
        if not open_steps:
            return self.refuse(index, tag, steps)
        step = min(open_steps, key=lambda step: len(step.missing))
        absent = [entry for entry in step.missing if entry.tag not in self.misplaced]
        if absent and self.fits_better_without(index, step):
            self.displace(index, tag)
            return None
        self.miss(index, step.missing)
        self.following, self.uncharted = frozenset(), False
        return step

    def fits_better_without(self, index: int, step: Move) -> bool:
        """Whether the next segment follows from where we are, but not from where ``step`` leads."""
        if index + 1 >= len(self.segments):
            return False
        tag = self.segments[index + 1][0]
        here = [move for move in self.positions.moves(self.position, tag) if not move.missing]
        there = [move for move in self.positions.moves(step.target, tag) if not move.missing]
        wanted = any(entry.tag == tag for entry in step.missing)
        return (bool(here) or wanted) and not there

    def refuse(self, index: int, tag: str, steps: tuple[Move, ...]) -> Move | None:
        """Report a segment that has no place here."""
        if steps:
            step = steps[0]
            self.too_many(index, tag, self.positions.entry(step.counter))
            return step if step.clear is not None else None
        if tag in self.following:
            return None
        instead = self.blame_previous(index, tag) or self.open_group(index, tag)
        if instead is not None:
            return instead
        if tag in self.rules.tags:
            if self.uncharted:
                return None
            self.displace(index, tag)
            return None
        self.unknown(index, tag)
        return None

    def blame_previous(self, index: int, tag: str) -> Move | None:
        """The step that ``tag`` takes if the segment before it is the one out of place, as the next segment shows.

        A segment that came too early leads past the places of those that follow: they are right, it is wrong.
        """
        if self.stepped != index - 1 or index == 0 or index + 1 >= len(self.segments):
            return None
        steps = self.fitting(self.earlier, tag)
        follower = self.segments[index + 1][0]
        if not steps or self.fitting(self.position, follower) or not self.fitting(steps[0].target, follower, steps[0]):
            return None
        self.position = self.earlier
        if self.trail:
            self.trail[-1] = 0
        self.displace(index - 1, self.segments[index - 1][0])
        return steps[0]

    def open_group(self, index: int, tag: str) -> Move | None:
        """The step that ``tag`` takes if only the segment before it is missing that opens its group.

        It is taken to be so when the next segment fits there as well, and would not fit here.
        """
        if tag not in self.rules.tags or index + 1 >= len(self.segments):
            return None
        follower = self.segments[index + 1][0]
        if self.fitting(self.position, follower):
            return None
        for opener in self.positions.openers(tag):
            for step in self.fitting(self.position, opener):
                within = [move for move in self.fitting(step.target, tag) if _is_within(move.target, step)]
                if within and self.fitting(within[0].target, follower, within[0]):
                    self.miss(index, (self.positions.entry(step.counter),))
                    self.take(step)
                    return within[0]
        return None

    def take(self, step: Move) -> None:
        """Take a step for a segment that is missing."""
        self.counts[step.counter] += 1
        if step.clear is not None:
            start, end = step.clear
            self.counts[start:end] = [0] * (end - start)
        self.position = step.target

    def fitting(self, position: int, tag: str, after: Move | None = None) -> list[Move]:
        """The steps from ``position`` that leave nothing out and are not used up, once ``after`` is taken."""
        return [
            move
            for move in self.positions.moves(position, tag)
            if not move.missing
            and self.counts[move.counter] + (after is not None and after.counter == move.counter) < move.limit
        ]

    def displace(self, index: int, tag: str) -> None:
        self.misplaced.add(tag)
        self.following = frozenset().union(*(_tags(group) for group in self.positions.groups(tag)))
        before = self.segments[index - 1][0] if index else _TRAILERS[self.rules.standard][0]
        self.add(
            self.records.place(index),
            code="E-ORDER",
            message=f"segment {tag} has no place after {before}",
            hint=f"the order of segments is in {self.rules.file}",
            ack={"0085": "15"} if self.rules.standard == "edifact" else {"720": "7", _SEGMENT_TAG: tag},
        )

    def unknown(self, index: int, tag: str) -> None:
        place = self.records.place(index)
        if self.rules.subset:
            self.uncharted = True
            self.add(
                place,
                code="R-SEGMENT",
                severity=Severity.REMARK,
                message=f"segment {tag} is not in the guide, which covers a part of {self.rules.message} only",
                hint=f"add it to a guide of your own, from {self.rules.file}",
            )
            return
        known = tag in self.rules.segments
        self.add(
            place,
            code="E-SEGMENT",
            message=f"{self.rules.message} {self.rules.version} has no segment {tag!r}",
            hint="look for a segment terminator inside a text" if not known else None,
            ack={"0085": "15"}
            if self.rules.standard == "edifact"
            else {"720": "6" if known else "1", _SEGMENT_TAG: tag[:3]},
        )

    def too_many(self, index: int, tag: str, entry: Entry) -> None:
        group = bool(entry.children)
        what = f"the group {entry.name}" if group else f"segment {tag}"
        edifact = {"0085": "36" if group else "35"}
        self.add(
            self.records.place(index),
            code="E-REPEAT",
            message=f"{what} stands more than {'once' if entry.most == 1 else f'{entry.most} times'}",
            ack=edifact if self.rules.standard == "edifact" else {"720": "4" if group else "5", _SEGMENT_TAG: tag},
        )

    def miss(self, index: int, missing: tuple[Entry, ...]) -> None:
        """Report mandatory entries that should have stood before the segment at ``index``."""
        for entry in missing:
            if entry.tag in self.misplaced:
                self.misplaced.discard(entry.tag)
                continue
            before = self.segments[index - 1][0] if index else _TRAILERS[self.rules.standard][0]
            place = self.records.place(index - 1)  # there CONTRL reports what is missing after it (0096)
            opens = f", which opens the group {entry.name}," if entry.children else ""
            ack = {"0085": "13"}
            if self.rules.standard == "x12":
                ack = {"720": "3", _SEGMENT_TAG: entry.tag}
                if place.segment is not None:
                    ack[_SEGMENT_POSITION] = str(place.segment + 1)
            self.add(
                place,
                code="E-MANDATORY",
                message=f"the mandatory segment {entry.tag}{opens} is missing after {before}",
                ack=ack,
            )

    def report(self, index: int, fault: Fault) -> None:
        """Turn a fault inside a segment into a finding."""
        place = self.records.place(index, fault.element or None, fault.repetition, fault.component)
        self.add(
            place,
            code=fault.code,
            severity=fault.severity,
            message=fault.message,
            hint=fault.hint,
            value=fault.value,
            ack=fault.ack,
        )

    def add(
        self,
        place: Place,
        *,
        code: str,
        message: str,
        severity: Severity = Severity.ERROR,
        hint: str | None = None,
        value: str | None = None,
        ack: dict[str, str] | None = None,
    ) -> None:
        if len(self.findings) >= MOST:
            self.more += 1
            return
        finding = Finding(
            code=code, message=message, severity=severity, hint=hint, value=value, place=place, ack=ack or {}
        )
        self.findings.append(finding)

    def close(self) -> list[Finding]:
        if self.more:
            self.findings.append(
                Finding(
                    code="E-MORE",
                    message=f"{self.more} more findings about this message are not listed one by one",
                    hint="mend the first ones, then look again",
                    place=self.findings[-1].place,
                )
            )
        return self.findings


def _is_within(position: int, step: Move) -> bool:
    """Whether a position lies in the group that ``step`` enters."""
    return step.clear is not None and step.clear[0] <= position < step.clear[1]


def _tags(entry: Entry) -> Iterator[str]:
    """The tags inside a group, without the one that opens it."""
    for child in entry.children[1:]:
        if child.children:
            yield child.tag
        else:
            yield child.name
        yield from _tags(child)
