"""The fast way through a message: one look for the order and one for the contents of each segment.

A state knows where in the structure a message is and how often what matters has come so far; which state
follows for a segment is found by `positions` when it is first asked for, then kept.  So messages that are right
cost one lookup and one match of a regular expression for each segment.  Whatever is not surely right is left
to `diagnosis` and `contents`.
"""

from collections.abc import Callable, Sequence

from transload.adapters.base.format import ELEMENT
from transload.adapters.edi.guides.contents import Contents
from transload.adapters.edi.guides.model import Rules, SegmentRule
from transload.adapters.edi.guides.patterns import segment_pattern
from transload.adapters.edi.guides.positions import ENDLESS, Positions
from transload.adapters.edi.guides.selecting import Key

COUNTED = 200
"""Up to this limit a state counts exactly; what may come more often is counted at the end of the message."""
_MOST_STATES = 20_000
_MOST_VALUES = 5_000

Match = Callable[[str], object]
Doubt = tuple[int, int]
"""The index of a segment that its expression does not match, and its position in the structure."""


class State(dict[Key, "tuple[State, Match]"]):
    """A place in the structure: for the key of a segment, the state that follows and what its contents must match.

    ``ends`` says whether the message may end here.
    """

    __slots__ = ("counts", "ends", "machine", "position")

    def __init__(self, machine: "Machine", position: int, counts: tuple[int, ...], *, ends: bool) -> None:
        super().__init__()
        self.machine = machine
        self.position = position
        self.counts = counts
        self.ends = ends

    def __missing__(self, key: Key) -> "tuple[State, Match]":
        return self.machine.follow(self, key)


class Machine:
    """The states of one guide for one set of separators; ``element`` is that of the texts that it is given."""

    def __init__(self, rules: Rules, positions: Positions, contents: Contents, element: str = ELEMENT) -> None:
        self.element = element
        self.rules = rules
        self.positions = positions
        self.contents = contents
        self._matches: dict[str, Match] = {}
        self._states: dict[tuple[int, tuple[int, ...]], State] = {}
        self._caps = [_cap(positions.limit(counter)) for counter in range(positions.size)]
        self._large: dict[str, int] = {}
        for counter in range(1, positions.size):
            tag, limit = positions.entry(counter).tag, positions.limit(counter)
            if COUNTED < limit < ENDLESS:
                self._large[tag] = min(limit, self._large.get(tag, limit))
        self._least = min(self._large.values(), default=ENDLESS)
        self._lost = State(self, 0, (), ends=False)
        self.start = self._state(0, ())

    def run(self, segments: Sequence[list[str]], texts: Sequence[str]) -> list[Doubt] | None:
        """The segments whose contents are in doubt, or None when the structure is; ``texts`` are the same segments."""
        if len(segments) > self._least and self._may_exceed(segments):
            return None
        state = self.start
        right = True
        if self.positions.uses:
            for key, text in zip(self._keys(segments), texts, strict=True):
                state, match = state[key]
                if not match(text):
                    right = False
        else:  # every name in this loop is paid for once a segment
            for segment, text in zip(segments, texts, strict=True):
                state, match = state[segment[0]]
                if not match(text):
                    right = False
        if not state.ends:
            return None
        return [] if right else self._doubts(segments, texts)

    def _doubts(self, segments: Sequence[list[str]], texts: Sequence[str]) -> list[Doubt]:
        """The segments that do not match, in a message whose structure is right."""
        state = self.start
        doubts: list[Doubt] = []
        for index, key in enumerate(self._keys(segments)):
            state, match = state[key]
            if not match(texts[index]):
                doubts.append((index, state.position))
        return doubts

    def trail(self, segments: Sequence[list[str]], texts: Sequence[str]) -> list[int] | None:
        """The position of each segment, or None when the structure is in doubt."""
        if self.run(segments, texts) is None:
            return None
        state = self.start
        found: list[int] = []
        for key in self._keys(segments):
            state, _ = state[key]
            found.append(state.position)
        return found

    def _keys(self, segments: Sequence[list[str]]) -> list[Key]:
        key, component, repetition = self.positions.key, self.contents.component, self.contents.repetition
        return [key(segment, component, repetition) for segment in segments]

    def follow(self, state: State, key: Key) -> tuple[State, Match]:
        """What follows for a key that a state does not have yet; what has no place leads where nothing leads back."""
        if state is self._lost:
            return state, _anything
        counts = [0] * self.positions.size
        for counter, times in zip(self.positions.counters(state.position), state.counts, strict=True):
            counts[counter] = times
        move = next((move for move in self.positions.moves(state.position, key) if move.fits(counts)), None)
        if move is None:
            return self._lost, _anything  # not kept: tags come from partners
        counts[move.counter] += 1
        if move.clear is not None:
            start, end = move.clear
            counts[start:end] = [0] * (end - start)
        reached = tuple(min(counts[counter], self._caps[counter]) for counter in self.positions.counters(move.target))
        found = self._states.get((move.target, reached))
        if found is None:
            found = self._state(move.target, reached)
        following = state[key] = found, self.match(self.positions.entry(move.target).rule)
        return following

    def _state(self, position: int, counts: tuple[int, ...]) -> State:
        if len(self._states) >= _MOST_STATES:  # how often something comes is up to partners
            self._states.clear()
            self.start = self._state(0, ())
        come = dict(zip(self.positions.counters(position), counts, strict=True))
        rest = self.positions.unfinished(position)
        ends = not rest.always and all(come.get(counter) for counter in rest.due)
        state = self._states[position, counts] = State(self, position, counts, ends=ends)
        return state

    def right(self, key: str, segment: Sequence[str]) -> object:
        """Whether a segment is surely right by the rules of ``key``."""
        return self.match(key)(self.element.join(segment))

    def match(self, key: str) -> Match:
        """What says whether the text of a segment is surely right by the rules of ``key``."""
        found = self._matches.get(key)
        if found is None:
            found = self._matches[key] = self._compile(self.rules.segments[key])
        return found

    def _compile(self, rule: SegmentRule) -> Match:
        element = self.element
        pattern = segment_pattern(rule, self.contents.component, self.contents.repetition, element)
        fullmatch = pattern.expression.fullmatch
        if pattern.open:
            faults = self.contents.faults
            return lambda text: fullmatch(text) is not None and not faults(rule, text.split(element))
        if not pattern.codes:
            return fullmatch
        good: set[tuple[str | None, ...]] = set()

        def looked_up(text: str) -> bool:
            match = fullmatch(text)
            if match is None:
                return False
            values = match.groups()
            if values not in good:
                if not pattern.allows(values):
                    return False
                if len(good) >= _MOST_VALUES:
                    good.clear()
                good.add(values)
            return True

        return looked_up

    def _may_exceed(self, segments: Sequence[list[str]]) -> bool:
        """Whether a tag stands more often in the whole message than a limit that no state counts."""
        tags = [segment[0] for segment in segments]
        return any(tags.count(tag) > limit for tag, limit in self._large.items())


def _anything(_: str) -> bool:
    return True


def _cap(limit: int) -> int:
    """Up to where a counter is counted: beyond `COUNTED` it only matters whether something has come."""
    return limit if limit <= COUNTED else 1
