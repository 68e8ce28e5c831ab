"""Tables in CSV files beside a mapping."""

import csv
import errno
import io
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import TypeVar

from transload.adapters.base.regular import read_regular
from transload.canonical.places import MappingPlace
from transload.mappings.source.bounds import OutsideError, beside
from transload.mappings.source.problems import Problems, suggest

LARGEST = 64 << 20
"""Bytes of the largest table file."""
_LONGEST = 100_000
"""Characters that the line of names may have; below what the csv module takes as one value."""
_SEPARATORS = (",", ";", "\t", "|")
Made = TypeVar("Made")


@dataclass(frozen=True, kw_only=True)
class TableFile:
    """A file as it was read: ``name`` is what findings call it, ``digest`` the SHA-256 of its bytes."""

    name: str
    content: bytes
    digest: str


def open_table(reference: str, folder: Path, at: MappingPlace, problems: Problems, code: str) -> TableFile | None:
    """The file ``reference``, from the mapping's folder; None with a finding when it cannot be had.

    A mapping that somebody else wrote may not look around: the file is in the mapping's own
    workspace, or where there is none in the mapping's folder.
    """
    try:
        content = read_regular(beside(reference, folder), LARGEST)
    except OutsideError as error:
        message = f"the file {reference!r} lies outside of {error.area}"
        problems.add(code, at, message, hint="keep it beside the mapping")
        return None
    except OSError as error:
        large = error.errno == errno.EFBIG
        message = f"is larger than {LARGEST >> 20} MiB" if large else f"cannot be read: {error.strerror}"
        hint = "use database:" if large else "the path starts at the folder of the mapping"
        problems.add(code, at, f"the file {reference!r} {message}", hint=hint)
        return None
    return TableFile(name=str(Path(at.file).parent / reference), content=content, digest=sha256(content).hexdigest())


def rows_of(
    file: TableFile, columns: Sequence[str], at: MappingPlace, problems: Problems, code: str
) -> Iterator[tuple[list[str], int]]:
    """The values of ``columns`` in each row, with the line; without names the first two.

    The separator is the one of , ; tab | that finds the columns in the first line.  Blanks at both ends of a value are
    no part of it; rows in which one of the first two is empty are findings.
    """
    try:
        text = file.content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = file.content.count(b"\n", 0, error.start) + 1
        problems.add(code, MappingPlace(file=file.name, line=line, column=1), "the file is no UTF-8 text")
        return
    head = text.partition("\n")[0].rstrip("\r")
    if len(head) > _LONGEST:
        first = MappingPlace(file=file.name, line=1, column=1)
        problems.add(code, first, f"the first line has more than {_LONGEST} characters", hint="it holds the names")
        return
    places, separator = _columns(head, columns)
    if places is None:
        names = [name.strip() for name in next(csv.reader([head], delimiter=separator), [])]
        missing = next((name for name in columns if name not in names), None)
        words = f"the file {file.name} has no column {missing!r}" if missing else f"{file.name} has no two columns"
        problems.add(code, at, words, hint=suggest(missing or "", names, f"it has {', '.join(names) or 'none'}"))
        return
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        next(reader)
        for row in reader:
            if not any(row):
                continue
            if len(row) <= max(places):
                yield [], reader.line_num
            else:
                yield [row[place].strip() for place in places], reader.line_num
    except csv.Error as error:
        at = MappingPlace(file=file.name, line=reader.line_num, column=1)
        problems.add(code, at, f"the file is no CSV: {error}")


def _columns(head: str, columns: Sequence[str]) -> tuple[list[int] | None, str]:
    best = ","
    for separator in _SEPARATORS:
        names = [name.strip() for name in next(csv.reader([head], delimiter=separator), [])]
        if len(names) < 2:
            continue
        best = separator
        if not columns:
            return [0, 1], separator
        if all(name in names for name in columns):
            return [names.index(name) for name in columns], separator
    return None, best


class Kept:
    """What was made of files, by the digest of their content; the oldest go first.  Safe for threads."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._made: OrderedDict[object, object] = OrderedDict()
        self._lock = Lock()

    def get(self, key: object, make: Callable[[], Made]) -> Made:
        """What is kept under ``key``, made now if it is not there."""
        with self._lock:
            if key in self._made:
                self._made.move_to_end(key)
                return self._made[key]  # type: ignore[return-value]
        made = make()
        with self._lock:
            self._made[key] = made
            while len(self._made) > self._most:
                self._made.popitem(last=False)
        return made
