"""What is wrong with a message: its structure and contents once more, slowly, with a finding for each fault.

One fault gives one finding: a segment out of its place is reported and stepped over,
with what belongs to it; a mandatory segment that was met in the wrong place is not
reported missing too.
"""

from collections.abc import Callable, Iterator, Sequence

from transload.adapters.base.format import Records
from transload.adapters.edi.guides.contents import Contents
from transload.adapters.edi.guides.model import Entry, Rules
from transload.adapters.edi.guides.positions import Move, Positions
from transload.adapters.edi.guides.reporting import Findings
from transload.adapters.edi.guides.selecting import Key
from transload.canonical.findings import Finding


class Diagnosis:
    """One message on its way through the guide.

    ``right`` says for the key of some rules and a segment whether it is surely right.
    """

    def __init__(
        self,
        rules: Rules,
        positions: Positions,
        records: Records,
        contents: Contents,
        right: Callable[[str, Sequence[str]], object],
        findings: Findings,
    ) -> None:
        self.rules = rules
        self.positions = positions
        self.contents = contents
        self.right = right
        self.segments = records.segments
        self.keys = [positions.key(segment, records.component, records.repetition) for segment in self.segments]
        self.findings = findings
        self.counts = [0] * positions.size
        self.position = 0
        self.earlier = 0  # the position before the last step, and the segment that took it
        self.stepped = -1
        self.misplaced: set[str] = set()
        self.following: frozenset[str] = frozenset()
        self.uncharted = False
        self.trail: list[int] = []  # the position of each segment, 0 for one out of its place
        self.selected_by = 0  # the element by which a segment should have been known, where it was not

    def run(self) -> list[Finding]:
        """All findings, in the order of the segments."""
        for index, key in enumerate(self.keys):
            self.selected_by = 0
            step = self.choose(index, self.positions.moves(self.position, key))
            if step is not None:
                self.take(step, index)
            self.trail.append(0 if step is None else step.target)
            self.look_inside(index, step)
        self.miss(len(self.segments), self.positions.unfinished(self.position).missing(self.counts))
        return self.findings.close()

    def look_inside(self, index: int, step: Move | None) -> None:
        """Report what is wrong inside a segment: by the rules of its use, or those of its tag where it has none."""
        segment = self.segments[index]
        tag = segment[0]
        if tag not in self.rules.tags:
            return
        key = tag if step is None or self.selected_by else self.positions.entry(step.target).rule
        if self.right(key, segment):
            return
        for fault in self.contents.faults(self.rules.segments[key], segment):
            if not self.selected_by or fault.element != self.selected_by:
                self.findings.inside(index, fault, None if step is None else step.target)

    def choose(self, index: int, steps: tuple[Move, ...]) -> Move | None:
        """The step to take: the nearest that leaves nothing out; else what is wrong is reported."""
        open_steps = [step for step in steps if self.counts[step.counter] < step.limit]
        if not open_steps:
            return self.refuse(index, steps)
        missing = {step: step.passed.missing(self.counts) for step in open_steps}
        step = min(open_steps, key=lambda step: len(missing[step]))
        absent = [counter for counter in missing[step] if self.tag(counter) not in self.misplaced]
        if absent and self.fits_better_without(index, step, missing[step]):
            self.displace(index)
            return None
        self.miss(index, missing[step])
        self.following, self.uncharted = frozenset(), False
        return step

    def fits_better_without(self, index: int, step: Move, missing: tuple[int, ...]) -> bool:
        """Whether the next segment follows from where we are, but not from where ``step`` leads."""
        if index + 1 >= len(self.segments):
            return False
        key = self.keys[index + 1]
        here = self.complete(self.position, key)
        there = self.complete(step.target, key)
        wanted = any(self.tag(counter) == self.segments[index + 1][0] for counter in missing)
        return (here or wanted) and not there

    def complete(self, position: int, key: Key) -> bool:
        """Whether a step leads from ``position`` that leaves nothing out."""
        return any(not move.passed.missing(self.counts) for move in self.positions.moves(position, key))

    def refuse(self, index: int, steps: tuple[Move, ...]) -> Move | None:
        """Report a segment that has no place here."""
        if steps:
            step = steps[0]
            self.findings.too_many(index, step.counter)
            return step if step.clear is not None else None
        tag = self.segments[index][0]
        if tag in self.following:
            return None
        instead = self.blame_previous(index) or self.open_group(index) or self.any_use(index)
        if instead is not None:
            return instead
        if tag not in self.rules.tags:
            self.uncharted = self.rules.subset
            self.findings.unknown(index)
        elif not self.uncharted:
            self.displace(index)
        return None

    def blame_previous(self, index: int) -> Move | None:
        """The step that a segment takes if the one before it is out of place, as the next segment shows.

        A segment that came too early leads past the places of those that follow: they are right, it is wrong.
        """
        if self.stepped != index - 1 or index == 0 or index + 1 >= len(self.segments):
            return None
        steps = self.fitting(self.earlier, self.keys[index])
        follower = self.keys[index + 1]
        if not steps or self.fitting(self.position, follower) or not self.fitting(steps[0].target, follower, steps[0]):
            return None
        self.position = self.earlier
        self.trail[index - 1] = 0
        self.displace(index - 1)
        return steps[0]

    def open_group(self, index: int) -> Move | None:
        """The step that a segment takes if only the one before it is missing that opens its group.

        It is taken to be so when the next segment fits there as well, and would not fit here.
        """
        if index + 1 >= len(self.segments) or self.segments[index][0] not in self.rules.tags:
            return None
        key, follower = self.keys[index], self.keys[index + 1]
        if self.fitting(self.position, follower):
            return None
        for opener in self.positions.openers(key):
            for step in self.fitting(self.position, opener):
                within = [move for move in self.fitting(step.target, key) if _is_within(move.target, step)]
                if within and self.fitting(within[0].target, follower, within[0]):
                    self.miss(index, (step.counter,))
                    self.take(step, self.stepped)
                    return within[0]
        return None

    def any_use(self, index: int) -> Move | None:
        """The step that a segment takes whose code selects none of the uses that its tag has here; it is reported."""
        if isinstance(self.keys[index], str):
            return None
        steps = self.fitting(self.position, self.segments[index][0])
        if not steps:
            return None
        self.selected_by = self.findings.no_variant(index, [step.target for step in steps])
        return steps[0]

    def take(self, step: Move, index: int) -> None:
        """Take a step, for the segment at ``index`` or one that is missing."""
        self.earlier, self.stepped, self.position = self.position, index, step.target
        self.counts[step.counter] += 1
        if step.clear is not None:
            start, end = step.clear
            self.counts[start:end] = [0] * (end - start)

    def fitting(self, position: int, key: Key, after: Move | None = None) -> list[Move]:
        """The steps from ``position`` that leave nothing out and are not used up, once ``after`` is taken."""
        return [
            move
            for move in self.positions.moves(position, key)
            if self.counts[move.counter] + (after is not None and after.counter == move.counter) < move.limit
            and not move.passed.missing(self.counts)
        ]

    def displace(self, index: int) -> None:
        """Report a segment out of its place, and pass over what belongs to it."""
        tag = self.segments[index][0]
        self.misplaced.add(tag)
        self.following = frozenset().union(*(_tags(group) for group in self.positions.groups(tag)))
        self.findings.displaced(index)

    def miss(self, index: int, missing: tuple[int, ...]) -> None:
        """Report mandatory entries that should have stood before the segment at ``index``."""
        for counter in missing:
            tag = self.tag(counter)
            if tag in self.misplaced:
                self.misplaced.discard(tag)
            else:
                self.findings.missing(index, counter)

    def tag(self, counter: int) -> str:
        """The tag of what a counter counts."""
        return self.positions.entry(counter).tag


def _is_within(position: int, step: Move) -> bool:
    """Whether a position lies in the group that ``step`` enters."""
    return step.clear is not None and step.clear[0] <= position < step.clear[1]


def _tags(entry: Entry) -> Iterator[str]:
    """The tags inside a group, without the one that opens it."""
    for child in entry.children[1:]:
        yield child.tag
        yield from _tags(child)
