"""Where two values of nested objects and lists differ, item by item; items are brought together by key or position."""

import json
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Any

Step = str | int
Steps = tuple[Step, ...]
Difference = tuple[Steps, Any, Any]
"""A path with the old and the new value; None for one that is not there."""

_KEYS = ("number", "line_number", "line", "position", "id", "ID", "LineID", "LineNumber", "sku", "gtin", "code", "role")
"""What items of lists are known by, where all of them have it and no two the same."""
_MOST = 1_000_000
"""So many pairs of items are compared to find what was added and what left out."""


def differences(old: Any, new: Any, path: Steps = ()) -> Iterator[Difference]:
    """The differences of two JSON values; an object or list on one side alone is told by each value in it."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in [*old, *(key for key in new if key not in old)]:
            yield from differences(old.get(key), new.get(key), (*path, key))
    elif isinstance(old, list) and isinstance(new, list):
        for one, other in _pairs(old, new):
            index = one if other is None else other
            assert index is not None  # a pair has at least one side
            before = old[one] if one is not None else None
            after = new[other] if other is not None else None
            yield from differences(before, after, (*path, index))
    elif isinstance(old, dict | list) or isinstance(new, dict | list):
        if type(old) is not type(new):
            yield from _alone(old, path, gone=True)
            yield from _alone(new, path, gone=False)
    elif old != new or type(old) is not type(new):
        yield path, old, new


def _alone(value: Any, path: Steps, *, gone: bool) -> Iterator[Difference]:
    """The values in what one side alone has."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _alone(inner, (*path, key), gone=gone)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _alone(inner, (*path, index), gone=gone)
    elif value is not None:
        yield (path, value, None) if gone else (path, None, value)


def _pairs(old: Sequence[Any], new: Sequence[Any]) -> Iterator[tuple[int | None, int | None]]:
    """The items that belong together, by their indexes."""
    key = next((name for name in _KEYS if _is_key(name, old) and _is_key(name, new)), None)
    if key is not None:
        there = {item[key]: index for index, item in enumerate(new)}
        here = {item[key] for item in old}
        if here & there.keys():
            for index, item in enumerate(old):
                yield index, there.get(item[key])
            for index, item in enumerate(new):
                if item[key] not in here:
                    yield None, index
            return
    if len(old) == len(new) or len(old) * len(new) > _MOST:
        yield from _by_position(range(len(old)), range(len(new)))
        return
    one, other = [_text(item) for item in old], [_text(item) for item in new]
    for _, i, j, k, m in SequenceMatcher(a=one, b=other, autojunk=False).get_opcodes():
        yield from _by_position(range(i, j), range(k, m))


def _by_position(old: range, new: range) -> Iterator[tuple[int | None, int | None]]:
    for number in range(max(len(old), len(new))):
        yield (
            old[number] if number < len(old) else None,
            new[number] if number < len(new) else None,
        )


def _is_key(name: str, items: Sequence[Any]) -> bool:
    values = [item.get(name) if isinstance(item, dict) else None for item in items]
    return all(isinstance(value, str | int) for value in values) and len(set(values)) == len(values)


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)
