"""The records of one document as a tree, and where every value of it stands."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from transload.adapters.base import Place, Tree
from transload.adapters.cobol.framing import Frame
from transload.adapters.cobol.records import RecordType


@dataclass(frozen=True, kw_only=True)
class Typed:
    """A record that is known: its kind, its cut, and its values."""

    type: RecordType
    frame: Frame
    values: dict[str, Any]


class CobolTree(Tree):
    """``root`` holds the records by name, ``{"ORDER-LINE": [{"QTY": "00012"}]}``; records may hold others so."""

    def __init__(
        self, records: Sequence[Typed], within: Mapping[str, str], file: str | None, *, lines: bool, number: int
    ) -> None:
        self.root: dict[str, list[dict[str, Any]]] = {}
        self.records = records
        self._file = file
        self._lines = lines
        self._number = number
        self._at: dict[tuple[str | int, ...], Typed] = {}
        last: dict[str, tuple[tuple[str | int, ...], dict[str, Any]]] = {}
        for record in records:
            name = record.type.name
            path, owner = last.get(within.get(name, ""), ((), self.root))
            beside = owner.setdefault(name, [])
            here = (*path, name, len(beside))
            beside.append(record.values)
            self._at[here] = record
            last[name] = here, record.values
            for inner in _below(name, within):
                last.pop(inner, None)

    def place(self, path: Sequence[str | int]) -> Place:
        """Where a value stands: its byte in the payload, the record's number, and the path in it."""
        steps = tuple(path)
        record, rest = self._record(steps)
        if record is None:
            if not self.records:
                return Place(file=self._file, message=self._number)
            named = [place for place in self._at if place[: len(steps)] == steps]
            record = self._at[named[0]] if named else self.records[0]
        offset = record.type.offset(record.frame.content, rest)
        shown = f"record {record.frame.number} {record.type.name}" + "".join(_shown(rest))
        return Place(
            file=self._file,
            line=record.frame.number if self._lines else None,
            byte=record.frame.start + offset,
            message=self._number,
            path=shown,
        )

    def extent(self, path: Sequence[str | int]) -> tuple[int, int] | None:
        """First byte of a value in the payload, and the byte behind it; None for what is not there."""
        record, rest = self._record(tuple(path))
        if record is None or not rest:
            return None
        offset, size = record.type.extent(record.frame.content, rest)
        start = record.frame.start + offset
        return (start, start + size) if size else None

    def _record(self, steps: tuple[str | int, ...]) -> tuple[Typed | None, tuple[str | int, ...]]:
        """The record that a path leads into, and the rest of the path."""
        length = len(steps)
        while length and steps[:length] not in self._at:
            length -= 1
        return self._at.get(steps[:length]), steps[length:] if length else ()


def _shown(rest: Sequence[str | int]) -> Iterator[str]:
    for step in rest:
        yield f"[{step + 1}]" if isinstance(step, int) else f" / {step}"


def _below(name: str, within: Mapping[str, str]) -> list[str]:
    """The records that belong to one of that name, and to those."""
    found = [inner for inner, outer in within.items() if outer == name]
    return [*found, *(deeper for inner in found for deeper in _below(inner, within))]
