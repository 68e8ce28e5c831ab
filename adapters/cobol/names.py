"""The names by which the fields of a record are called.

Within a record, and within a table, groups do not matter: a field has its own name, and where several have the
same one, that of a group around it before it, as in ``ADDRESS.CITY``.  A table is a list, of texts or of objects
with names of their own; a table whose occurrences are called one by one (``LINE[2]``) is no list, and its fields
are called ``LINE[2]`` or ``ITEM[2].QTY``.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from transload.adapters.cobol.items import Item

Step = tuple[Item, int | None]
"""An entry on the way to a field, and which occurrence, from 1, where its table is called one by one."""


@dataclass(eq=False, kw_only=True)
class Names:
    """The names of one scope, a record or a table.

    ``keys`` gives the name of a field or table by the steps that lead to it; ``known`` the keys that a text may
    mean: several where it is ambiguous; ``groups`` the groups by the same texts.
    """

    keys: dict[tuple[Step, ...], str] = field(default_factory=dict)
    known: dict[str, list[str]] = field(default_factory=dict)
    items: dict[str, Item] = field(default_factory=dict)
    groups: dict[str, list[Item]] = field(default_factory=dict)
    inner: "dict[str, Names]" = field(default_factory=dict)

    def find(self, text: str) -> str | None:
        """The key of a name; None when there is none, or several."""
        found = self.known.get(text.upper(), [])
        return found[0] if len(found) == 1 else None

    def below(self, group: Item) -> list[str]:
        """The keys of all that stands in a group."""
        return [key for steps, key in self.keys.items() if any(item is group for item, _ in steps)]


def names_of(scope: Item, single: frozenset[Item] = frozenset()) -> Names:
    """The names of all fields and tables of a record or table; those in ``single`` are called one by one.

    Raises `ValueError` for fields that no name can tell apart.
    """
    names = Names()
    paths: dict[tuple[Step, ...], list[str]] = {}
    for steps in _steps(scope, (), single):
        paths[steps] = [part for item, index in steps if (part := _part(item, index))]
        item = steps[-1][0]
        if item.is_group and not _is_list(item, steps[-1][1]):
            for text in _suffixes(paths[steps]):
                names.groups.setdefault(text, []).append(item)
    leaves = {
        steps: path
        for steps, path in paths.items()
        if steps[-1][0].name and (not steps[-1][0].is_group or _is_list(*steps[-1]))
    }
    counted: dict[str, int] = {}
    for path in leaves.values():
        for text in _suffixes(path):
            counted[text] = counted.get(text, 0) + 1
    for steps, path in leaves.items():
        key = next((text for text in _suffixes(path) if counted[text] == 1), None)
        item = steps[-1][0]
        if key is None:
            raise ValueError(f"line {item.line}: there are two fields {'.'.join(path)}")
        names.keys[steps] = key
        names.items[key] = item
        for text in _suffixes(path):
            names.known.setdefault(text, []).append(key)
        if item.most and steps[-1][1] is None and item.is_group:
            names.inner[key] = names_of(item, single)
    return names


def _is_list(item: Item, index: int | None) -> bool:
    return item.most > 0 and index is None


def _part(item: Item, index: int | None) -> str:
    return item.name if index is None else f"{item.name}[{index}]"


def _suffixes(path: list[str]) -> list[str]:
    """The names of a path, the shortest first; an occurrence keeps its table with it."""
    starts = range(len(path) - 1, -1, -1)
    return [".".join(path[start:]) for start in starts if not any("[" in part for part in path[:start])]


def _steps(scope: Item, above: tuple[Step, ...], single: frozenset[Item]) -> Iterator[tuple[Step, ...]]:
    """Every entry that is called by a name in a scope, with the steps that lead to it."""
    for child in scope.children:
        for index in range(1, child.most + 1) if child in single else (None,):
            steps = (*above, (child, index))
            yield steps
            if child.is_group and not _is_list(child, index):
                yield from _steps(child, steps, single)
