"""Paths in the structure of a message: ``SG2/NAD``, ``2010AA/NM1.billing``, ``SG25``; and entries changed at a path.

A segment's name alone (``QTY``) means all its uses.  A path of several names need not begin at the top, as long as only
one entry of the structure ends with it: ``SG28/PRI`` is found in SG25.
"""

from collections.abc import Callable, Iterator

from transload.adapters.edi.guides.model import Entry

Structure = tuple[Entry, ...]
Index = tuple[int, ...]
"""Where an entry stands: its place in the list, in the children of that entry, and so on."""


class PathError(Exception):
    """A path that leads nowhere, or to more than one place."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def walk(structure: Structure, above: Index = (), names: tuple[str, ...] = ()) -> Iterator[tuple[Index, Entry, str]]:
    """All entries with their full path, each group before what stands in it."""
    for position, entry in enumerate(structure):
        index, path = (*above, position), (*names, entry.rule)
        yield index, entry, "/".join(path)
        yield from walk(entry.children, index, path)


def find(structure: Structure, text: str) -> list[tuple[Index, Entry, str]]:
    """The entries that a path means.

    Raises `PathError` when there is none, or when a path of several names could mean more than one.
    """
    wanted = text.split("/")
    found = [row for row in walk(structure) if _ends(row[2].split("/"), wanted)]
    if not found:
        names = dict.fromkeys(row[2] for row in walk(structure) if _same(row[2].split("/")[-1], wanted[-1]))
        hint = f"it stands at {', '.join(names)}" if names else "write groups and segment: SG2/NAD"
        raise PathError(f"the structure has no {text}", hint)
    whole = [row for row in found if row[2].count("/") == len(wanted) - 1]
    if len(wanted) == 1 or len({row[2] for row in found}) == 1:
        return found
    if len({row[2] for row in whole}) == 1:
        return whole
    raise PathError(f"{text} could mean more than one place", f"write one of {', '.join(row[2] for row in found)}")


def edit(structure: Structure, index: Index, change: Callable[[Entry], tuple[Entry, ...]]) -> Structure:
    """The structure with the entry at ``index`` replaced by what ``change`` makes of it: none, one or more entries."""
    first, *rest = index
    entry = structure[first]
    if rest:
        new: tuple[Entry, ...] = (_with_children(entry, edit(entry.children, tuple(rest), change)),)
    else:
        new = change(entry)
    return (*structure[:first], *new, *structure[first + 1 :])


def _with_children(entry: Entry, children: Structure) -> Entry:
    return Entry(name=entry.name, status=entry.status, most=entry.most, children=children)


def _ends(path: list[str], wanted: list[str]) -> bool:
    tail = path[-len(wanted) :]
    return len(tail) == len(wanted) and all(_same(name, part) for name, part in zip(tail, wanted, strict=True))


def _same(name: str, wanted: str) -> bool:
    """Whether an entry's name is the wanted one; a tag alone is that of all its uses."""
    return wanted in (name, name.partition(".")[0])
