"""A level of a record layout at run time: what it takes, what closes it, and who owns a record that nothing takes."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from transload.adapters.edi.guides import WirePlace
from transload.adapters.edi.guides.model import Entry
from transload.mappings.language.layout import Node, Segment
from transload.mappings.language.meaning import Ignored
from transload.mappings.language.terms import Slot

END: list[Any] = [None]
"""Stands after the last record; no tag equals its."""


def value_at(record: Sequence[str], place: WirePlace, component: str, repetition: str) -> str:
    """What stands at ``place``, or an empty text."""
    if len(record) <= place.element:
        return ""
    text = record[place.element]
    if place.repetition is not None:
        texts = text.split(repetition) if repetition else [text]
        text = texts[place.repetition - 1] if len(texts) >= place.repetition else ""
    if place.component is None:
        return text
    parts = text.split(component)
    return parts[place.component - 1] if len(parts) >= place.component else ""


def fits(slot: Slot, record: Sequence[str], component: str, repetition: str) -> bool:
    """Whether a literal slot holds; an attached one holds in an empty composite."""
    place = slot.places[0]
    if slot.attached and (len(record) <= place.element or not record[place.element]):
        return True
    return value_at(record, place, component, repetition) in slot.literals


def takes(node: Segment, record: Sequence[str], component: str, repetition: str) -> bool:
    """Whether the node would take the record."""
    return node.tag == record[0] and all(fits(slot, record, component, repetition) for slot in node.literals)


class Level:
    """A set of nodes that stand beside each other, and what surrounds them.

    ``outer`` are the nodes of enclosing levels that may come next.  ``entries`` is what the
    guide has at this level, empty without a guide.  ``owner`` is the node that opened it.
    """

    def __init__(
        self,
        number: int,
        nodes: Sequence[Segment],
        owner: Segment | None,
        outer: dict[str, list[Segment]],
        entries: Sequence[Entry],
        ignores: Sequence[Ignored],
        above: tuple[str, ...],
        *,
        keep: bool = False,
    ) -> None:
        self.number = number
        self.keep = keep
        self.nodes = [node for node in nodes if node.reads]
        self.owner = owner
        self.tags = {node.tag for node in self.nodes}
        self.outer = outer
        self.entries = entries
        self.inside = {
            tag: self._inside(tag) for tag in {*self.tags, *(entry.tag for entry in entries if entry.children)}
        }
        here = [entry for entry in ignores if entry.above == above[len(above) - len(entry.above) :]]
        self.ignores = [entry for entry in here if not entry.places]
        self.places = [entry for entry in here if entry.places or entry.deep]
        self.named = [] if keep else self.places
        self.always = frozenset(
            {None, *(tag for tag, nodes in outer.items() if tag not in self.tags and _opens(nodes))}
        )
        self.ranks: dict[Node, int] = {}
        self.position = ""
        self.maybe = frozenset(tag for tag in outer if tag not in self.always)

    def _inside(self, tag: str) -> frozenset[str]:
        """The tags of what may belong to a record of ``tag`` that nothing takes: by the guide, else by the mapping."""
        entries = self._group(tag)
        if entries:
            return frozenset(_tags(entries)) - {tag}
        found = {inner for node in self.nodes if node.tag == tag for inner in _then_tags(node)}
        return frozenset(found - {tag})

    def group(self, tag: str) -> tuple[Entry, ...]:
        """What the guide has inside the group that ``tag`` opens at this level."""
        return self._group(tag)[1:]

    def _group(self, tag: str) -> tuple[Entry, ...]:
        """The entries of the group, its own segment first; a level of a hierarchy is built like the one around it."""
        entry = next((entry for entry in self.entries if entry.children and entry.tag == tag), None)
        if entry is not None:
            return entry.children
        if self.owner is not None and self.owner.tag == tag and self.entries:
            return (Entry(name=tag, status="C", most=1), *self.entries)
        return ()

    def closes(self, record: Sequence[str], component: str, repetition: str) -> bool:
        """Whether a record that nothing here takes is taken by an outer level."""
        return any(takes(node, record, component, repetition) for node in self.outer.get(record[0], ()))

    def skip(self, segments: Sequence[list[str]], i: int, component: str, repetition: str, report: Any) -> int:
        """Leave a record aside, with those that belong to it; the index of the next one."""
        record = segments[i]
        quiet = self.ignored(record, component, repetition)
        if quiet is None:
            report.append(("unmapped", self, i, None))
        elif self.keep:
            report.append(("quiet", self, i, None))
        deep = quiet is not None and quiet.deep
        return self._past(segments, i, component, repetition, report, quiet=deep)

    def further(
        self, segments: Sequence[list[str]], i: int, component: str, repetition: str, report: Any, node: Segment
    ) -> int:
        """Leave aside, with those that belong to it, a record that ``node`` would take if it were the first."""
        quiet = self.ignored(segments[i], component, repetition)
        if quiet is None:
            report.append(("further", self, i, node))
        elif self.keep:
            report.append(("quiet", self, i, None))
        deep = quiet is not None and quiet.deep
        return self._past(segments, i, component, repetition, report, quiet=deep)

    def _past(
        self, segments: Sequence[list[str]], start: int, component: str, repetition: str, report: Any, *, quiet: bool
    ) -> int:
        """The index of the next record that does not belong to the one at ``start``."""
        i = start + 1
        inside = self.inside.get(segments[start][0], frozenset())
        while segments[i][0] in inside:
            self._belongs(segments[i], i, start, component, repetition, report, quiet=quiet)
            i += 1
        return i

    def rest(
        self, segments: Sequence[list[str]], i: int, component: str, repetition: str, report: Any, tags: frozenset[str]
    ) -> int:
        """Leave aside what belongs, by the guide, to the record before ``i``, below which the mapping has nothing."""
        start = i - 1
        while segments[i][0] in tags:
            self._belongs(segments[i], i, start, component, repetition, report, quiet=False)
            i += 1
        return i

    def _belongs(
        self, record: list[str], i: int, start: int, component: str, repetition: str, report: Any, *, quiet: bool
    ) -> None:
        """A record is left aside with the one at ``start``."""
        if not quiet and self.ignored(record, component, repetition) is None:
            report.append(("inside", self, i, start))
        elif self.keep:
            report.append(("quiet", self, i, start))

    def ignored(self, record: Sequence[str], component: str, repetition: str) -> Ignored | None:
        """The entry of ``ignores`` that covers the record."""
        for entry in self.ignores:
            if entry.tag == record[0] and (
                entry.qualifier is None or entry.qualifier in self.qualifiers(record, component, repetition)
            ):
                return entry
        return None

    def qualifiers(self, record: Sequence[str], component: str, repetition: str) -> Iterator[str]:
        """What a record may be called by: the values where the nodes of its tag have literals, and its first value."""
        for node in self.nodes:
            if node.tag == record[0]:
                for slot in node.literals:
                    yield value_at(record, slot.places[0], component, repetition)
        if len(record) > 1:
            yield record[1].split(component)[0] if component else record[1]


def _opens(nodes: Sequence[Segment]) -> bool:
    """Whether a record of these nodes' tag begins something of its own, or is always taken."""
    return any(node.then or node.items is not None or not node.literals for node in nodes)


def _tags(entries: Sequence[Entry]) -> Iterator[str]:
    for entry in entries:
        if entry.children:
            yield from _tags(entry.children)
        else:
            yield entry.name


def _then_tags(node: Segment) -> Iterator[str]:
    for inner in node.then:
        yield inner.tag
        yield from _then_tags(inner)


Skip = Callable[..., int]
