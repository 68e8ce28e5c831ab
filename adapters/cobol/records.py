"""A record as a dict, and a dict as a record: every field where the copybook says it stands."""

from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from transload.adapters.cobol.items import Item
from transload.adapters.cobol.names import Names, Step, names_of
from transload.adapters.cobol.values import Machine, Unreadable, default_of, read_field, write_field

Path = tuple[str | int, ...]
Counts = dict[Item, int]
"""How large tables are, by the field that they depend on."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A field or a table of a scope: its name there (None for a FILLER) and its first byte, from that of the scope."""

    item: Item
    key: str | None
    at: int
    table: bool


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A value that does not fit, by the keys and indexes that lead to it."""

    path: Path
    message: str
    value: str | None = None


class RecordType:
    """One record of a copybook, read and written.

    ``single`` are the tables whose occurrences are called one by one, and ``full`` says that a table of changing
    size has all its room in the record.
    """

    def __init__(self, item: Item, machine: Machine, *, single: frozenset[Item] = frozenset(), full: bool) -> None:
        self.item = item
        self.machine = machine
        self.full = full
        self.names: Names = names_of(item, single)
        self._single = single
        self._tables = [part for part in item.walk() if part.depending is not None]
        self._counters = {part.depending for part in self._tables}
        self._defaults: dict[Item, bytes] = {}
        self._spots: dict[Item, list[Spot]] = {}

    @property
    def name(self) -> str:
        """Its name, in capitals."""
        return self.item.name

    @property
    def ends(self) -> frozenset[int]:
        """The lengths that a record without tables of changing size may have: of each view of its last bytes."""
        return frozenset() if self._counters else frozenset(_ends(self.item, 0))

    def read(self, content: bytes) -> dict[str, Any]:
        """The values of a record: texts, lists and dicts; a field without a value has no key.

        What cannot be read is an `Unreadable`.  Fields beyond the end of ``content`` have no value.
        """
        return self._read(self.item, self.names, content, 0, {})

    def counts(self, content: bytes) -> Counts:
        """How large the tables of a record are, as it says itself."""
        counts: Counts = {}
        self._read(self.item, self.names, content, 0, counts)
        return counts

    def length(self, counts: Counts) -> int:
        """The bytes of a record with tables of this size."""
        walk = self._walk(self.item, (), 0, self.names, counts)
        while True:
            try:
                next(walk)
            except StopIteration as end:
                return int(end.value)

    def offset(self, content: bytes, path: Sequence[str | int]) -> int:
        """The byte in the record where the value at ``path`` begins; for one that is absent, where its owner does."""
        return self.extent(content, path)[0]

    def extent(self, content: bytes, path: Sequence[str | int]) -> tuple[int, int]:
        """The same, and how many bytes the value takes: none where it is absent."""
        item, names, at = self.item, self.names, 0
        steps = list(path)
        while steps:
            key = steps.pop(0)
            spot = next((spot for spot in self.spots(item, names, self.counts(content)) if spot.key == key), None)
            if spot is None:
                return at, 0
            item, at = spot.item, at + spot.at
            if not steps or not isinstance(steps[0], int):
                return at, 0 if steps else item.size
            at += int(steps.pop(0)) * item.size
            names = names.inner.get(str(key), Names())
        return at, item.size

    def write(
        self, values: Mapping[str, Any], original: bytes | None = None, bound: frozenset[Path] | None = None
    ) -> tuple[bytes, list[Fault]]:
        """The bytes of a record, and the values that do not fit.

        In those of an ``original`` only fields whose values differ from what stands there are written anew.
        ``bound`` are the fields that the writer knows, by their keys; others stay there as they are.
        """
        return _Writing(self, values, original, bound).written()

    def default(self, item: Item) -> bytes:
        """The bytes of one occurrence without any value."""
        if item not in self._defaults:
            content = bytearray(item.size if item.is_group else default_of(item, self.machine))
            end = 0
            for child in item.children:
                if child.redefines is None:
                    content[end : end + child.room] = self.default(child) * max(child.most, 1)
                    end += child.room
            self._defaults[item] = bytes(content)
        return self._defaults[item]

    def spots(self, scope: Item, names: Names, counts: Counts) -> Iterable[Spot]:
        """The fields and tables of a scope; ``counts`` may be filled while they are asked for."""
        if self._counters and not self.full:
            return self._walk(scope, (), 0, names, counts)
        if scope not in self._spots:
            self._spots[scope] = list(self._walk(scope, (), 0, names, counts))
        return self._spots[scope]

    def is_counter(self, item: Item) -> bool:
        """Whether the size of a table depends on the field."""
        return item in self._counters

    def tables(self, counter: Item) -> list[Item]:
        """The tables whose size depends on a field."""
        return [table for table in self._tables if table.depending is counter]

    def _walk(
        self, group: Item, steps: tuple[Step, ...], at: int, names: Names, counts: Counts
    ) -> Generator[Spot, None, int]:
        end = at
        start: dict[Item, int] = {}
        for child in group.children:
            here = start[child] = end if child.redefines is None else start[child.redefines]
            if child.most and child not in self._single:
                way = (*steps, (child, None))
                yield Spot(child, names.keys.get(way), here, table=True)
                after = here + child.size * self._count(child, counts)
            else:
                after = here
                indexes: Iterable[int | None] = range(1, self._count(child, counts) + 1) if child.most else (None,)
                for index in indexes:
                    way = (*steps, (child, index))
                    if child.is_group:
                        after = yield from self._walk(child, way, after, names, counts)
                    else:
                        yield Spot(child, names.keys.get(way), after, table=False)
                        after += child.size
            end = max(end, after)
        return end

    def _count(self, table: Item, counts: Counts) -> int:
        if self.full or table.depending is None:
            return table.most
        return min(counts.get(table.depending, 0), table.most)

    def _read(self, scope: Item, names: Names, content: bytes, at: int, counts: Counts) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for spot in self.spots(scope, names, counts):
            value: Any = None
            if spot.table:
                if spot.key is not None:
                    value = self._list(spot.item, names.inner.get(spot.key), content, at + spot.at, counts)
            elif spot.key is not None:
                value = self._text(spot.item, content, at + spot.at)
                if spot.item in self._counters:
                    counts[spot.item] = int(value) if isinstance(value, str) and value.isdecimal() else 0
            if value:
                values[spot.key] = value  # type: ignore[index]
        return values

    def _text(self, item: Item, content: bytes, at: int) -> str | Unreadable | None:
        part = content[at : at + item.size]
        return read_field(item, part, self.machine) if len(part) == item.size else None

    def _list(
        self, table: Item, names: Names | None, content: bytes, at: int, counts: Counts
    ) -> list[Any] | Unreadable:
        """The occurrences of a table; unused ones at the end, and texts without a character, are left out."""
        count = table.most if table.depending is None else counts.get(table.depending, 0)
        if count > table.most:
            assert table.depending is not None
            reason = f"{table.depending.name} says that {table.name} has {count} items, and it holds {table.most}"
            return Unreadable(reason, content[at : at + table.room])
        count = min(count, max(len(content) - at, 0) // table.size)
        if table.depending is None:
            while count and self._is_unused(table, content[at + (count - 1) * table.size :][: table.size]):
                count -= 1
        places = [at + index * table.size for index in range(count)]
        if names is not None:
            return [self._read(table, names, content, place, counts) for place in places]
        return [text for place in places if (text := self._text(table, content, place))]

    def _is_unused(self, table: Item, content: bytes) -> bool:
        return (
            not content.strip(b"\0")
            or not content.strip(bytes([self.machine.page.blank]))
            or content == self.default(table)
        )


class _Writing:
    """One record that is being written."""

    def __init__(
        self, record: RecordType, values: Mapping[str, Any], original: bytes | None, bound: frozenset[Path] | None
    ) -> None:
        self.record = record
        self.values = values
        self.faults: list[Fault] = []
        self.counts: Counts = {}
        self.before: dict[str, Any] | None = None
        self.content = bytearray()
        self.done = bytearray()
        self.original = original
        self.bound = bound

    def written(self) -> tuple[bytes, list[Fault]]:
        record = self.record
        before = record.read(self.original) if self.original is not None else None
        self._count(before)
        length = record.length(self.counts)
        if self.original is not None and before is not None and len(self.original) <= record.item.size:
            same = record.counts(self.original) == self.counts
            self.before = before if same else None
        if self.before is not None and self.original is not None:
            self.content = bytearray(self.original)
        else:
            self.content = self._blank(length)
        self.done = bytearray(len(self.content))
        self.scope(record.item, record.names, self.values, self.before, 0, ())
        return bytes(self.content), self.faults

    def _blank(self, length: int) -> bytearray:
        """A record without values, its tables as large as they are now."""
        record = self.record
        content = bytearray(record.default(record.item))
        if length != len(content):
            content = bytearray(length)
            for spot in record.spots(record.item, record.names, self.counts):
                if spot.item.redefines is None and not any(up.redefines for up in _upwards(spot.item)):
                    room = record._count(spot.item, self.counts) if spot.table else 1  # noqa: SLF001
                    default = record.default(spot.item) * room
                    content[spot.at : spot.at + len(default)] = default
        for counter, count in self.counts.items():
            key = next((key for steps, key in record.names.keys.items() if steps[-1][0] is counter), None)
            at = record.offset(bytes(content), (key,)) if key is not None else 0
            content[at : at + counter.size] = write_field(counter, Decimal(count), record.machine)
        return content

    def _count(self, before: Mapping[str, Any] | None) -> None:
        """Find how large the tables must be: as many as there are items, or as the field itself says."""
        names = self.record.names
        keys = {steps[-1][0]: key for steps, key in names.keys.items()}
        for counter in {table.depending for table in self.record._tables if table.depending is not None}:  # noqa: SLF001
            tables = self.record.tables(counter)
            longest = 0
            for table in tables:
                held = self.values.get(keys.get(table, ""), ())
                found = 0 if isinstance(held, Unreadable) else len(held)
                if found > table.most:
                    self.fault((keys[table],), f"{found} items do not fit {keys[table]}, which holds {table.most}")
                longest = max(longest, min(found, table.most), table.least)
            said = self.values.get(keys.get(counter, ""))
            count = int(said) if isinstance(said, int | Decimal) or (isinstance(said, str) and said.isdecimal()) else 0
            if said is not None and count < longest:
                message = f"{keys[counter]} is {said}, and the table that depends on it has {longest} items"
                self.fault((keys[counter],), message, said)
            self.counts[counter] = max(longest, count)

    def fault(self, path: Path, message: str, value: Any = None) -> None:
        self.faults.append(Fault(path=path, message=message, value=None if value is None else str(value)))

    def scope(
        self,
        scope: Item,
        names: Names,
        values: Mapping[str, Any],
        before: Mapping[str, Any] | None,
        at: int,
        path: Path,
    ) -> None:
        for key in values:
            if key not in names.items:
                self.fault((*path, key), f"the copybook has no field {key} here")
        if before is None:
            self._open_views(scope, names, values, at)
        for spot in self.record.spots(scope, names, self.counts):
            if spot.key is None:
                continue
            value = values.get(spot.key)
            old = before.get(spot.key) if before is not None else None
            if value == "" or value == []:
                value = None
            if isinstance(value, Unreadable) and value != old:
                self.fault((*path, spot.key), value.reason)
                continue
            if value == old or (value is None and not self._knows((*path, spot.key))):
                continue
            if spot.table:
                self.table(spot.item, names.inner.get(spot.key), value or (), old, at + spot.at, (*path, spot.key))
            else:
                self.field(spot.item, value, at + spot.at, (*path, spot.key))

    def _knows(self, path: Path) -> bool:
        """Whether a field without a value is one that should have none, and not one that nobody wrote."""
        return self.bound is None or tuple(step for step in path if isinstance(step, str)) in self.bound

    def _open_views(self, scope: Item, names: Names, values: Mapping[str, Any], at: int) -> None:
        """Where an entry that redefines another has values, its bytes begin as its own."""
        for steps in names.keys:
            views = [item for item, _ in steps if item.redefines is not None]
            if not views or not any(names.keys[way] in values for way in names.keys if views[0] in dict(way)):
                continue
            spots = [s for s in self.record.spots(scope, names, self.counts) if s.key is not None]
            first = min(s.at for s in spots if s.key in {names.keys[w] for w in names.keys if views[0] in dict(w)})
            default = self.record.default(views[0])
            if not any(self.done[at + first : at + first + len(default)]):
                self.content[at + first : at + first + len(default)] = default

    def table(
        self, table: Item, names: Names | None, items: Sequence[Any], before: Sequence[Any] | None, at: int, path: Path
    ) -> None:
        if len(items) > table.most:
            if table.depending is None:
                self.fault(path, f"{len(items)} items do not fit {path[-1]}, which holds {table.most}")
            items = items[: table.most]
        for index, value in enumerate(items):
            place = at + index * table.size
            if names is None:
                self.field(table, value, place, (*path, index))
                continue
            old = before[index] if before is not None and index < len(before) else None
            if old is None and self.before is not None:
                self.content[place : place + table.size] = self.record.default(table)
            self.scope(table, names, value, old, place, (*path, index))
        for index in range(len(items), len(before or ())):
            place = at + index * table.size
            self.content[place : place + table.size] = self.record.default(table)

    def field(self, item: Item, value: Any, at: int, path: Path) -> None:
        if value is None:
            content = self.record.default(item)
        elif isinstance(value, Unreadable):
            self.fault(path, value.reason)
            return
        else:
            try:
                content = write_field(item, value, self.record.machine)
            except (ValueError, ArithmeticError) as error:
                self.fault(path, f"{path[-1] if isinstance(path[-1], str) else item.name}: {error}", value)
                return
        if any(self.done[at : at + item.size]) and self.content[at : at + item.size] != content:
            self.fault(path, f"{item.name} has bytes of another field that is written as well", value)
        if at + item.size > len(self.content):  # beyond a record that came short
            self.content += self.record.default(self.record.item)[len(self.content) : at + item.size]
            self.done += bytes(len(self.content) - len(self.done))
        self.content[at : at + item.size] = content
        self.done[at : at + item.size] = b"\1" * item.size


def _upwards(item: Item) -> list[Item]:
    found = []
    while item.parent is not None:
        item = item.parent
        found.append(item)
    return found


def _ends(group: Item, at: int) -> list[int]:
    """Where a group that begins at ``at`` may end: the views of what stands last in it end differently."""
    found: list[int] = []
    end = at
    start: dict[Item, int] = {}
    for child in group.children:
        here = start[child] = end if child.redefines is None else start[child.redefines]
        mine = _ends(child, here) if child.is_group and not child.most else [here + child.room]
        found = mine if child.redefines is None else [*found, *mine]
        end = max(end, here + child.room)
    return found
