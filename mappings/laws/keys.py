"""Items that mappings choose by a key: the names of their values, as findings and lineage have them."""

import re
from typing import Any

from transload.mappings.language.meaning import Meaning
from transload.mappings.laws.differences import general
from transload.mappings.laws.shapes import plain_list

_ITEM = re.compile(r"\[\d+\]")


class Keys:
    """Which lists of a mapping have items that are chosen by a key, and by which field."""

    def __init__(self, meaning: Meaning) -> None:
        self._names = {plain_list(scope): scope.key[0] for scope in meaning.scopes if scope.key is not None}

    def named(self, values: dict[str, Any]) -> dict[str, Any]:
        """The values of a document by path, ``references[0].number`` as ``references[kind=contract].number``."""
        if not self._names:
            return values
        return {self._name(path, values): value for path, value in values.items()}

    def _name(self, path: str, values: dict[str, Any]) -> str:
        new = ""
        end = 0
        for step in _ITEM.finditer(path):
            new += path[end : step.start()]
            end = step.end()
            key = self._names.get(general(path[: step.start()]))
            text = values.get(f"{path[:end]}.{key}") if key is not None else None
            new += step[0] if text is None else f"[{key}={text}]"
        return new + path[end:]
