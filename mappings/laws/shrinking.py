"""Making a counterexample small: fields dropped, lists shortened, values made plain, as long as it stays one."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from pydantic import ValidationError

from transload.canonical.model import Model

Wrong = Callable[[Model], bool]
_FEW = 8


def shrink(document: Model, wrong: Wrong, steps: int, plain: Callable[[tuple[str, ...]], list[Any]]) -> Model:
    """The smallest document found for which ``wrong`` still holds, in at most ``steps`` tries.

    ``plain`` gives the plainest values of a field, by its names.
    """
    value = document.model_dump(exclude_none=True)
    model = type(document)
    tries = 0
    smaller = True
    while smaller and tries < steps:
        smaller = False
        for candidate in _smaller(value, (), plain):
            tries += 1
            if tries > steps:
                break
            try:
                made = model.model_validate(candidate)
            except ValidationError:
                continue
            if wrong(made):
                value, document, smaller = candidate, made, True
                break
    return document


def _smaller(value: Any, names: tuple[str, ...], plain: Callable[[tuple[str, ...]], list[Any]]) -> Iterator[Any]:
    """The value with something taken away or made plainer, the largest steps first."""
    if isinstance(value, dict):
        large = sorted(value, key=lambda name: -_size(value[name]))
        yield from ({other: inner for other, inner in value.items() if other != name} for name in large)
        for name in large:
            yield from ({**value, name: inner} for inner in _smaller(value[name], (*names, name), plain))
    elif isinstance(value, list | tuple):
        yield from _shorter(value)
        for index, item in enumerate(value):
            yield from ([*value[:index], inner, *value[index + 1 :]] for inner in _smaller(item, names, plain))
    else:
        yield from _plainer(value, plain(names)[:2])


def _shorter(value: Sequence[Any]) -> Iterator[Any]:
    if len(value) > 1:
        yield value[: len(value) // 2]
        yield value[len(value) // 2 :]
    if len(value) < _FEW:
        yield from ([*value[:index], *value[index + 1 :]] for index in range(len(value)))


def _plainer(value: Any, plain: list[Any]) -> Iterator[Any]:
    yield from itertools.takewhile(lambda simple: simple != value, plain)
    if isinstance(value, str) and len(value) > 3:
        yield value[: len(value) // 2]
        yield value[len(value) // 2 :]


def _size(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + sum(_size(inner) for inner in value.values())
    if isinstance(value, list | tuple):
        return 1 + sum(_size(inner) for inner in value)
    return 1
