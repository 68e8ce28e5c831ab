"""Finding the guide of a message: a workspace's folders first, then ours; the exact version, then the plain one."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from transload.adapters.edi.guides.guide import Guide
from transload.adapters.edi.guides.loader import load_rules

HERE = Path(__file__).parent
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,40}")
_SERVICE = {"CONTRL": "d3"}
"""Messages that belong to the syntax, not to a directory: one guide whatever version UNH names."""


def find_guide(standard: str, message: str, version: str, folders: Sequence[Path] = ()) -> Guide | None:
    """The guide of a message, or None where there is none.

    ``standard`` is ``edifact`` or ``x12``; ``message`` is ``ORDERS`` or ``850``; ``version`` is
    UNH's S009 from 0052 on, ``D:96A:UN:EAN008``, or GS08, ``004010``.  Guides lie in
    ``<folder>/<standard>/<version>/<message>.yaml``, all in lower case: ``edifact/d96a-ean008``, then
    ``edifact/d96a``; ``x12/004010vics``, then ``x12/004010``.

    Raises `ConfigurationError` when the guide's file has faults.
    """
    for folder in (*folders, HERE):
        for name in version_folders(standard, message, version):
            path = folder / standard / name / f"{message.lower()}.yaml"
            if _NAME.fullmatch(message) and _NAME.fullmatch(name) and path.is_file():
                changed = path.stat().st_mtime_ns
                return _loaded(path, changed, tuple(folders), _is_associated(standard, version, name))
    return None


def _is_associated(standard: str, version: str, folder: str) -> bool:
    """Whether UNH names an association (0057) for which the guide in ``folder`` was not written."""
    association = version.split(":")[3:4] if standard == "edifact" else []
    return any(association) and not folder.endswith(f"-{association[0].lower()}")


def version_folders(standard: str, message: str, version: str) -> Iterator[str]:
    """The folders that may hold the guide of this version, best first."""
    if standard == "edifact":
        parts = version.split(":")
        plain = "".join(parts[:2]).lower()
        association = parts[3].lower() if len(parts) > 3 else ""
        if association:
            yield f"{plain}-{association}"
        yield plain
        if message in _SERVICE:
            yield _SERVICE[message]
    else:
        yield version.lower()
        if len(version) > 6:
            yield version[:6].lower()


def shipped() -> list[Path]:
    """The message guides that come with the library."""
    return sorted(path for path in HERE.glob("*/*/*.yaml") if path.name not in ("segments.yaml", "codes.yaml"))


@lru_cache(maxsize=256)
def _loaded(path: Path, changed: int, folders: tuple[Path, ...], associated: bool) -> Guide:
    """The guide at ``path``, read again when its file has ``changed``."""
    standard = path.parent.parent.name

    def dictionary(version: str) -> Path | None:
        places = (folder / standard / version / "segments.yaml" for folder in (path.parents[2], *folders, HERE))
        return next((place for place in places if _NAME.fullmatch(version) and place.is_file()), None)

    name = path.relative_to(HERE.parent.parent.parent).as_posix() if path.is_relative_to(HERE) else str(path)
    return Guide(replace(load_rules(path, dictionary, name=name), associated=associated))
