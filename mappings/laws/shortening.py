"""Large samples made short for changing their values: of many items that look alike a few are enough.

Reading a message takes as long as it is large, and it is read again for each value that is changed.  So of each list
the first items stay, the last one, and those that hold something at a place where none before did.
"""

from collections.abc import Iterator, Sequence, Set
from typing import Any

from transload.mappings.language.meaning import Meaning

KEPT = 50
"""So many items of a list stay in any case."""
_NEW = 50
"""So many more stay since they hold something new."""
_ROUNDS = 3
_LARGE = 20_000
_QUALIFIER = 3


def is_large(count: int) -> bool:
    """Whether a message with so many values is read as seldom as can be."""
    return count > _LARGE


def kept_records(meaning: Meaning, segments: Sequence[Sequence[str]]) -> list[int]:
    """The indices of the records that stay: whole groups, each begun by the record of a node with ``each:``."""
    tags = {node.tag for node in meaning.nodes() if node.items is not None}
    kept = [*range(len(segments))]
    for _ in range(_ROUNDS):
        starts: dict[str, list[int]] = {}
        for position, index in enumerate(kept):
            if segments[index][0] in tags:
                starts.setdefault(segments[index][0], []).append(position)
        begun = max(starts.values(), key=len, default=[])
        if len(begun) <= KEPT + _NEW + 1:
            return kept
        groups = [kept[start:end] for start, end in zip(begun, [*begun[1:], len(kept)], strict=True)]
        chosen = chosen_of([{kind for index in group for kind in _kinds(segments[index], tags)} for group in groups])
        kept = [*kept[: begun[0]], *(index for number in chosen for index in groups[number])]
    return kept


def _kinds(segment: Sequence[str], tags: Set[str]) -> Iterator[tuple[str, str, int]]:
    """The places of a segment that hold something, with its qualifier; one that begins an item may have a number."""
    first = segment[1] if len(segment) > 1 and len(segment[1]) <= _QUALIFIER and segment[0] not in tags else ""
    for position, text in enumerate(segment):
        if text:
            yield segment[0], first, position


def chosen_of(kinds: Sequence[set[Any]]) -> list[int]:
    """The numbers of the items that stay, by what each of them holds."""
    seen: set[Any] = set()
    chosen: list[int] = []
    for number, found in enumerate(kinds):
        new = number >= KEPT and not found <= seen and len(chosen) < KEPT + _NEW
        if number < KEPT or new or number == len(kinds) - 1:
            chosen.append(number)
            seen |= found
    return chosen


def shorten_xml(root: Any) -> None:
    """Take the elements out of a tree that do not stay."""
    for element in list(root.iter()):
        alike: dict[Any, list[Any]] = {}
        for child in element if len(element) > KEPT else ():
            alike.setdefault(child.tag, []).append(child)
        for children in alike.values():
            if len(children) > KEPT + _NEW + 1:
                chosen = set(chosen_of([set(_xml_kinds(child)) for child in children]))
                for number, child in enumerate(children):
                    if number not in chosen:
                        element.remove(child)


def _xml_kinds(element: Any, above: tuple[Any, ...] = ()) -> Iterator[Any]:
    path = (*above, element.tag)
    yield path
    for name in element.attrib:
        yield *path, name
    for child in element:
        yield from _xml_kinds(child, path)


def shorten_json(value: Any, kept: dict[int, list[int]]) -> None:
    """Take the items out of lists that do not stay; ``kept`` gets the numbers of those that do, by the list's id."""
    if isinstance(value, list) and len(value) > KEPT + _NEW + 1:
        chosen = chosen_of([set(_json_kinds(item)) for item in value])
        kept[id(value)] = chosen
        value[:] = [value[number] for number in chosen]
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        shorten_json(inner, kept)


def _json_kinds(value: Any, above: tuple[str, ...] = ()) -> Iterator[Any]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _json_kinds(inner, (*above, key))
    elif isinstance(value, list):
        for inner in value:
            yield from _json_kinds(inner, (*above, "*"))
    elif value is not None and value != "":
        yield above


def count_of(value: Any) -> int:
    """How many values and objects JSON has."""
    if isinstance(value, dict):
        return 1 + sum(map(count_of, value.values()))
    return 1 + sum(map(count_of, value)) if isinstance(value, list) else 1
