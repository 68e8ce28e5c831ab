"""The structure of a message as a table of moves: from each position, where a segment leads.

Every segment of the structure is a *position*.  A segment is looked for the way the
standards read a message (ISO 9735:1988, section 8; X12.6): on from the current
position in its group, then a repetition of the group, then the same in the group
around it.  So of two places that a tag could take, the nearest that is not used up is meant.

Entries that stand one after another with the same tag, told apart by selectors, are one
*run*: they may come in any order, as the uses of one segment in X12 implementation guides do.
Moves are found once for each position and key, and kept.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from transload.adapters.edi.guides.model import UNLIMITED, Entry, Selector
from transload.adapters.edi.guides.selecting import Key, Uses

ENDLESS = 1 << 62
"""The limit of what may stand any number of times."""
_ANY = -1


@dataclass(frozen=True, kw_only=True, slots=True)
class Passed:
    """The mandatory entries that a step goes by, by their counters: ``due`` ones are missing where the counter is 0."""

    always: tuple[int, ...] = ()
    due: tuple[int, ...] = ()

    def missing(self, counts: Sequence[int]) -> tuple[int, ...]:
        """The counters of what is missing, as far as ``counts`` go."""
        return (*(counter for counter in self.due if not counts[counter]), *self.always)


@dataclass(frozen=True, kw_only=True, slots=True)
class Move:
    """A step to ``target``: one more of ``counter``, whose ``limit`` is its highest number of times.

    ``clear`` is the range of counters that begin again, when a group is entered.
    """

    target: int
    counter: int
    limit: int
    clear: tuple[int, int] | None
    passed: Passed

    def fits(self, counts: Sequence[int]) -> bool:
        """Whether this step leaves nothing out and is not used up."""
        return counts[self.counter] < self.limit and not self.passed.missing(counts)


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """Where a segment stands in the structure: the ``groups`` around it, outermost first, and whether it ``opens`` one.

    ``rule`` is the key of the rules for this use of it; empty for a segment out of its place.
    """

    groups: tuple[str, ...] = ()
    opens: bool = False
    rule: str = ""


@dataclass(kw_only=True, slots=True)
class _Node:
    """An entry in the table.  Nodes are numbered in the order of the file, so a group's are a range.

    ``run`` are the nodes beside it that may come in any order, itself among them.
    """

    entry: Entry
    number: int
    parent: "_Node | None"
    use: int
    children: "list[_Node]" = field(default_factory=list)
    runs: "list[list[_Node]]" = field(default_factory=list)
    run: int = 0
    end: int = 0

    @property
    def opener(self) -> "_Node":
        """The node of the segment that stands for this entry: itself, or what opens the group."""
        return self.children[0] if self.children else self

    @property
    def limit(self) -> int:
        return ENDLESS if self.entry.most == UNLIMITED else self.entry.most

    def takes(self, tag: str, uses: int) -> bool:
        """Whether a segment that is one of ``uses`` may stand here."""
        opener = self.opener
        return opener.entry.name == tag and (not opener.use or bool(opener.use & uses))


class Positions:
    """The table of one structure.  The start of a message is position 0."""

    def __init__(self, structure: tuple[Entry, ...]) -> None:
        self.uses = {tag: Uses(tag, found) for tag, found in _selectors(structure).items()}
        self._nodes: list[_Node] = []
        self._root = self._build(Entry(name="", status="M", most=1, children=structure), None)
        self._tags = {node.entry.name for node in self._nodes if not node.children}
        self._moves: list[dict[Key, tuple[Move, ...]]] = [{} for _ in self._nodes]

    @property
    def size(self) -> int:
        """How many counters there are."""
        return len(self._nodes)

    def key(self, segment: Sequence[str], component: str, repetition: str) -> Key:
        """The key by which a segment is looked for."""
        uses = self.uses.get(segment[0])
        return segment[0] if uses is None else uses.key(segment, component, repetition)

    def entry(self, position: int) -> Entry:
        """The entry that a counter counts: a segment or a group."""
        return self._nodes[position].entry

    def path(self, position: int) -> str:
        """The path of the segment that an entry stands for, as `paths` writes it."""
        node: _Node | None = self._nodes[position].opener
        names: list[str] = []
        while node is not None and node is not self._root:
            names.insert(0, node.entry.rule)
            node = node.parent
        return "/".join(names)

    def standing(self, position: int) -> Standing:
        """Where a segment at ``position`` stands; nowhere at the start."""
        node = self._nodes[position]
        if node is self._root:
            return Standing()
        groups: list[str] = []
        group = node.parent
        while group is not None and group is not self._root:
            groups.insert(0, group.entry.name)
            group = group.parent
        return Standing(groups=tuple(groups), opens=self._opens(node), rule=node.entry.rule)

    def limit(self, position: int) -> int:
        """The highest number of times for a counter."""
        return self._nodes[position].limit

    def counters(self, position: int) -> tuple[int, ...]:
        """The counters that matter for what may follow ``position``: those of the runs that it stands in."""
        found: list[int] = []
        node = self._nodes[position]
        while node.parent is not None:
            if not self._opens(node):
                found += [mate.number for mate in node.parent.runs[node.run]]
            node = node.parent
        return tuple(sorted(found))

    def groups(self, tag: str) -> list[Entry]:
        """All groups that ``tag`` opens."""
        return [node.entry for node in self._nodes[1:] if node.children and node.entry.tag == tag]

    def openers(self, key: Key) -> list[str]:
        """The tags that open groups in which a segment stands directly, without duplicates."""
        tag, uses = _split(key)
        inside = [node.entry for node in self._nodes[1:] if any(child.takes(tag, uses) for child in node.children[1:])]
        return list(dict.fromkeys(entry.tag for entry in inside))

    def moves(self, position: int, key: Key) -> tuple[Move, ...]:
        """The steps that a segment can take from ``position``, nearest first; none when it has no place from there.

        For the tag alone of a segment that has several uses, those of all uses.
        """
        known = self._moves[position]
        found = known.get(key)
        if found is None:
            if _split(key)[0] not in self._tags:  # tags come from partners: what is none of ours is not kept
                return ()
            found = known[key] = tuple(self._find(self._nodes[position], key))
        return found

    def unfinished(self, position: int) -> Passed:
        """The mandatory entries still to come when the message ends at ``position``."""
        node = self._nodes[position]
        passing = _Passing()
        if node is self._root:
            passing.leave(node.runs)
        while node.parent is not None:
            passing.leave_run(node, opener=self._opens(node))
            passing.leave(self._later(node))
            node = node.parent
        return passing.passed()

    def _build(self, entry: Entry, parent: _Node | None) -> _Node:
        uses = self.uses.get(entry.name)
        use = uses.bits[entry.selectors] if entry.selectors and uses is not None else 0
        node = _Node(entry=entry, number=len(self._nodes), parent=parent, use=use)
        self._nodes.append(node)
        node.children = [self._build(child, node) for child in entry.children]
        node.end = len(self._nodes)
        for position, child in enumerate(node.children):
            last = node.runs[-1] if node.runs else []
            alone = parent is not None and position == 1  # what opens a group is in no run with what follows
            if last and not alone and _in_one_run(last[-1], child):
                last.append(child)
            else:
                node.runs.append([child])
            child.run = len(node.runs) - 1
        for run in node.runs:  # who asks for codes is asked before who takes any
            run.sort(key=lambda mate: not mate.opener.use)
        return node

    def _opens(self, node: _Node) -> bool:
        """Whether a node is the segment that opens its group."""
        parent = node.parent
        return parent is not None and parent is not self._root and parent.opener is node

    def _later(self, node: _Node) -> "list[list[_Node]]":
        """The runs after a node's own in its group."""
        return node.parent.runs[node.run + 1 :] if node.parent is not None else []

    def _find(self, node: _Node, key: Key) -> Iterator[Move]:
        tag, uses = _split(key)
        passing = _Passing()
        if node is self._root:
            yield from self._scan(node.runs, tag, uses, passing)
        while node.parent is not None:
            opener = self._opens(node)
            if not opener:
                yield from self._step(node.parent.runs[node.run], tag, uses, passing)
            passing.leave_run(node, opener=opener)
            yield from self._scan(self._later(node), tag, uses, passing)
            node = node.parent

    def _scan(self, runs: "list[list[_Node]]", tag: str, uses: int, passing: "_Passing") -> Iterator[Move]:
        for run in runs:
            yield from self._step(run, tag, uses, passing)
            passing.leave([run])

    @staticmethod
    def _step(run: list[_Node], tag: str, uses: int, passing: "_Passing") -> Iterator[Move]:
        for node in run:
            if node.takes(tag, uses):
                yield Move(
                    target=node.opener.number,
                    counter=node.number,
                    limit=node.limit,
                    clear=(node.number + 1, node.end) if node.children else None,
                    passed=passing.passed(),
                )


@dataclass(kw_only=True, slots=True)
class _Passing:
    """What has been passed by on the way to the next place."""

    always: list[int] = field(default_factory=list)
    due: list[int] = field(default_factory=list)

    def leave(self, runs: list[list[_Node]]) -> None:
        """Go by whole runs."""
        for run in runs:
            self.always += sorted(node.number for node in run if node.entry.mandatory)

    def leave_run(self, node: _Node, *, opener: bool) -> None:
        """Leave the run in which ``node`` stands, of which some may have come."""
        if opener or node.parent is None:
            return
        mates = node.parent.runs[node.run]
        self.due += sorted(mate.number for mate in mates if mate.entry.mandatory and mate is not node)

    def passed(self) -> Passed:
        return Passed(always=tuple(self.always), due=tuple(self.due))


def _in_one_run(one: _Node, other: _Node) -> bool:
    same = one.entry.tag == other.entry.tag
    return same and bool(one.opener.use or other.opener.use)


def _split(key: Key) -> tuple[str, int]:
    return (key, _ANY) if isinstance(key, str) else key


def _selectors(structure: tuple[Entry, ...]) -> dict[str, list[tuple[Selector, ...]]]:
    """The selectors of each tag that has some, in the order of the structure."""
    found: dict[str, list[tuple[Selector, ...]]] = {}
    waiting = list(reversed(structure))
    while waiting:
        entry = waiting.pop()
        waiting += reversed(entry.children)
        if entry.selectors:
            found.setdefault(entry.name, []).append(entry.selectors)
    return found
