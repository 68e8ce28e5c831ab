"""The fields of canonical documents that are masked."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from transload.canonical.compact import compact_text

MASKED = "[masked]"
"""What stands in the place of a value."""
EVERY = ""
"""In the place of a document's name: all that have the field."""
Path = tuple[str, ...]
"""Names from the document down, through lists without numbers: ``("lines", "price")``."""
Paths = Mapping[str, tuple[Path, ...]]
"""By the document's name (``order/1``), or by `EVERY`."""
ALL: Paths = {EVERY: ((),)}
"""Whole documents."""
_OUTER = "documents"
"""Mappings that make several documents of a message put this before a field's path."""


def path_of(text: str) -> Path:
    """The names of a path in any of the ways in which people write it.

    ``buyer.name``, ``/buyer/name``, ``lines.price``, ``lines[3].price``, ``/lines/*/price`` and ``buyer.*``: numbers
    and stars say nothing, since every item of a list is meant, and all that is below a field.
    """
    names = re.split(r"[./]", re.sub(r"\[[^\]]*\]", "", text.strip()))
    return tuple(name for name in names if name and name != "*" and not name.isdigit())


@dataclass(frozen=True, kw_only=True)
class Fields:
    """The masked fields; all below a path is masked too.

    ``partners`` are what single partners mask besides, in documents that come from them or go to them: as long as
    nobody has said with `of` whose a document is, it may be anybody's, and all of that is masked.
    ``may_be_shown``: whether people may ask for the real values, which is then an event.
    """

    paths: Paths = field(default_factory=dict)
    partners: Mapping[str, Paths] = field(default_factory=dict)
    may_be_shown: bool = True

    def __bool__(self) -> bool:
        """Whether anything is masked."""
        return any(any(paths.values()) for paths in self._all())

    def of(self, partners: Iterable[str] | None) -> "Fields":
        """What is masked in documents that come from ``partners`` or go to them; None: nobody knows whose they are."""
        if partners is None or not self.partners:
            return self
        return replace(self, partners={name: self.partners[name] for name in partners if name in self.partners})

    def cover(self, document: str | None, path: str) -> bool:
        """Whether the field at ``path`` is masked, or is in one that is, or has one in it.

        Without a ``document`` it is enough that it is so in any.
        """
        names = path_of(path)
        names = names[1:] if names[:1] == (_OUTER,) else names
        return any(_meet(names, masked) for masked in self._of(document))

    def without(self, document: str | None, value: Any) -> Any:
        """A document as JSON values with `MASKED` in the place of each masked one."""
        for path in self._of(document):
            value = _replaced(value, path)
        return value

    def within(self, document: str | None, path: str, value: Any) -> Any:
        """The same for the ``value``, as JSON, of the field at ``path`` of a document."""
        names = path_of(path)
        for masked in self._of(document):
            if _meet(names, masked):
                value = _replaced(value, masked[len(names) :])
        return value

    def bytes_without(self, document: str | None, content: bytes) -> bytes:
        """The same for the bytes of a document; they stay as they are where nothing is masked."""
        if not self:
            return content
        value = self.without(document, json.loads(content))
        return compact_text(value).encode()

    def texts(self, document: str | None, value: Any) -> set[str]:
        """The masked values of a document, given as JSON values, as texts."""
        return {text for path in self._of(document) for found in _at(value, path) for text in _leaves(found)}

    def _of(self, document: str | None) -> Iterator[Path]:
        for paths in self._all():
            for name, found in paths.items():
                if document is None or name in (EVERY, document):
                    yield from found

    def _all(self) -> Iterator[Paths]:
        yield self.paths
        yield from self.partners.values()


def _meet(one: Path, other: Path) -> bool:
    """Whether one of two paths leads to the other, or through it."""
    return one[: len(other)] == other or other[: len(one)] == one


def _replaced(value: Any, path: Path) -> Any:
    if isinstance(value, list):
        return [_replaced(item, path) for item in value]
    if isinstance(value, dict):
        if not path:
            return {name: _replaced(item, path) for name, item in value.items()}
        if path[0] in value:
            return {**value, path[0]: _replaced(value[path[0]], path[1:])}
        return value
    return value if path or value is None else MASKED


def _at(value: Any, path: Path) -> Iterator[Any]:
    if isinstance(value, list):
        for item in value:
            yield from _at(item, path)
    elif not path:
        yield value
    elif isinstance(value, dict) and path[0] in value:
        yield from _at(value[path[0]], path[1:])


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _leaves(item)
    elif value is not None and not isinstance(value, bool):
        yield str(value)
