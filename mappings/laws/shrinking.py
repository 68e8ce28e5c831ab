"""Making a counterexample small: fields dropped, lists shortened, values made plain, as long as it stays one."""

from collections.abc import Callable, Iterator
from typing import Any

from pydantic import ValidationError

from transload.canonical.model import Model

Wrong = Callable[[Model], bool]


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
        for name in large:
            yield {other: inner for other, inner in value.items() if other != name}
        for name in large:
            for inner in _smaller(value[name], (*names, name), plain):
                yield {**value, name: inner}
    elif isinstance(value, list | tuple):
        if len(value) > 1:
            yield value[: len(value) // 2]
            yield value[len(value) // 2 :]
        for index in range(len(value)) if len(value) < 8 else ():
            yield [*value[:index], *value[index + 1 :]]
        for index, item in enumerate(value):
            for inner in _smaller(item, names, plain):
                yield [*value[:index], inner, *value[index + 1 :]]
    else:
        for simple in plain(names)[:2]:
            if simple == value:
                break
            yield simple
        if isinstance(value, str) and len(value) > 3:
            yield value[: len(value) // 2]
            yield value[len(value) // 2 :]


def _size(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + sum(_size(inner) for inner in value.values())
    if isinstance(value, list | tuple):
        return 1 + sum(_size(inner) for inner in value)
    return 1
