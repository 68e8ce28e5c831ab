"""The structure of a message as a table of moves: from each position, where a tag leads.

Every segment of the structure is a *position*.  A tag is looked for the way the
standards read a message (ISO 9735:1988, section 8; X12.6): on from the current
position in its group, then a repetition of the group, then the same in the group
around it.  Moves are found once for each position and tag, and kept.
"""

from dataclasses import dataclass, field

from transload.adapters.edi.guides.model import UNLIMITED, Entry

_ENDLESS = 1 << 62


@dataclass(frozen=True, kw_only=True, slots=True)
class Move:
    """A step to ``target``: one more of ``counter``, whose ``limit`` is its highest number of times.

    ``clear`` is the range of counters that begin again, when a group is entered.
    ``missing`` are the mandatory entries that this step passes by.
    """

    target: int
    counter: int
    limit: int
    clear: tuple[int, int] | None
    missing: tuple[Entry, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """Where a segment stands in the structure: the ``groups`` around it, outermost first, and whether it ``opens`` one.

    Without groups for a segment outside of any, and for one that is out of its place.
    """

    groups: tuple[str, ...] = ()
    opens: bool = False


@dataclass(kw_only=True, slots=True)
class _Node:
    """An entry in the table.  Nodes are numbered in the order of the file, so a group's are a range."""

    entry: Entry
    number: int
    parent: "_Node | None"
    index: int
    children: "list[_Node]" = field(default_factory=list)
    end: int = 0

    @property
    def opener(self) -> "_Node":
        """The node of the segment that stands for this entry: itself, or what opens the group."""
        return self.children[0] if self.children else self

    @property
    def limit(self) -> int:
        return _ENDLESS if self.entry.most == UNLIMITED else self.entry.most


class Positions:
    """The table of one structure.  The start of a message is position 0."""

    def __init__(self, structure: tuple[Entry, ...]) -> None:
        self._nodes: list[_Node] = []
        self._root = self._build(Entry(name="", status="M", most=1, children=structure), None, 0)
        self._moves: list[dict[str, tuple[Move, ...]]] = [{} for _ in self._nodes]

    @property
    def size(self) -> int:
        """How many counters there are."""
        return len(self._nodes)

    def entry(self, position: int) -> Entry:
        """The entry that a counter counts: a segment or a group."""
        return self._nodes[position].entry

    def opens(self, position: int) -> Entry | None:
        """The group that the segment at ``position`` opens, if any."""
        node = self._nodes[position]
        if node.parent is None or node.parent is self._root or node.parent.opener is not node:
            return None
        return node.parent.entry

    def standing(self, position: int) -> Standing:
        """The groups around the segment at ``position``."""
        names: list[str] = []
        node = self._nodes[position].parent
        while node is not None and node is not self._root:
            names.append(node.entry.name)
            node = node.parent
        return Standing(groups=tuple(reversed(names)), opens=self.opens(position) is not None)

    def groups(self, tag: str) -> list[Entry]:
        """All groups that ``tag`` opens."""
        return [node.entry for node in self._nodes[1:] if node.children and node.entry.tag == tag]

    def openers(self, tag: str) -> list[str]:
        """The tags that open groups in which ``tag`` stands directly, without duplicates."""
        inside = [node.entry for node in self._nodes[1:] if any(child.entry.tag == tag for child in node.children[1:])]
        return list(dict.fromkeys(entry.tag for entry in inside))

    def moves(self, position: int, tag: str) -> tuple[Move, ...]:
        """The steps that ``tag`` can take from ``position``, nearest first; none when it has no place from there."""
        known = self._moves[position]
        found = known.get(tag)
        if found is None:
            if len(known) > 500:  # tags come from partners: what is no tag of ours must not fill the memory
                known.clear()
            found = known[tag] = tuple(self._find(self._nodes[position], tag))
        return found

    def unfinished(self, position: int) -> tuple[Entry, ...]:
        """The mandatory entries still to come when the message ends at ``position``."""
        node = self._nodes[position]
        after = list(node.children) if node is self._root else []
        while node.parent is not None:
            after += node.parent.children[node.index + 1 :]
            node = node.parent
        return tuple(sibling.entry for sibling in after if sibling.entry.mandatory)

    def _build(self, entry: Entry, parent: _Node | None, index: int) -> _Node:
        node = _Node(entry=entry, number=len(self._nodes), parent=parent, index=index)
        self._nodes.append(node)
        node.children = [self._build(child, node, place) for place, child in enumerate(entry.children)]
        node.end = len(self._nodes)
        return node

    def _find(self, node: _Node, tag: str) -> list[Move]:
        found: list[Move] = []
        missing: list[Entry] = []
        if node is self._root:
            self._scan(self._root.children, tag, missing, found)
            return found
        if node.entry.name == tag and self.opens(node.number) is None:
            found.append(Move(target=node.number, counter=node.number, limit=node.limit, clear=None, missing=()))
        current = node
        while current.parent is not None:
            group = current.parent
            self._scan(group.children[current.index + 1 :], tag, missing, found)
            if group is not self._root and group.entry.tag == tag:
                found.append(self._enter(group, missing))
            current = group
        return found

    def _scan(self, siblings: list[_Node], tag: str, missing: list[Entry], found: list[Move]) -> None:
        for sibling in siblings:
            if sibling.entry.tag == tag:
                if sibling.children:
                    found.append(self._enter(sibling, missing))
                else:
                    number = sibling.number
                    found.append(
                        Move(target=number, counter=number, limit=sibling.limit, clear=None, missing=tuple(missing))
                    )
            if sibling.entry.mandatory:
                missing.append(sibling.entry)

    @staticmethod
    def _enter(group: _Node, missing: list[Entry]) -> Move:
        return Move(
            target=group.opener.number,
            counter=group.number,
            limit=group.limit,
            clear=(group.number + 1, group.end),
            missing=tuple(missing),
        )
