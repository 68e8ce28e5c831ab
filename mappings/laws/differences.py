"""Where two documents differ: their values by path, and the paths at which they are not the same."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

_INDEX = re.compile(r"\[\d+\]")
_ONE_OF_SEVERAL = re.compile(r"^documents\[\d+\]\.")


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A field that is not as it was: ``path`` is ``lines[0].quantity``; None stands for no value."""

    path: str
    before: Any
    after: Any

    def __str__(self) -> str:
        return f"{self.path}: before {_shown(self.before)}, after {_shown(self.after)}"

    def as_dict(self) -> dict[str, Any]:
        """The shape in JSON."""
        return {"path": self.path, "before": _plain(self.before), "after": _plain(self.after)}


def flat(document: BaseModel) -> dict[str, Any]:
    """All values of a document that are not None, by path; each list with how many items it has."""
    return dict(_flat(document, ""))


def _flat(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, BaseModel):
        for name, inner in value.__dict__.items():
            yield from _flat(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, tuple | list):
        for index, inner in enumerate(value):
            yield from _flat(inner, f"{path}[{index}]")
    elif value is not None:
        yield path, value


def general(path: str) -> str:
    """``lines[3].quantity`` as ``lines[].quantity``."""
    return _INDEX.sub("[]", path)


def own(path: str) -> str:
    """A path within its document: ``lines[0].uom`` for ``documents[2].lines[0].uom`` of a message with several."""
    return _ONE_OF_SEVERAL.sub("", path)


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    """What differs, in the order of ``before``."""
    return [
        Difference(path=path, before=before.get(path), after=after.get(path))
        for path in [*before, *(path for path in after if path not in before)]
        if before.get(path) != after.get(path)
    ]


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, str | bool | int) else str(value)


def _shown(value: Any) -> str:
    return "nothing" if value is None else repr(value) if isinstance(value, str) else str(value)
