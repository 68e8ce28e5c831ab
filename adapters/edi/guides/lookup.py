"""Finding the guide of a message: a workspace's folders first, then ours; the exact version, then the plain one."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from transload.adapters.edi.guides.guide import Guide
from transload.adapters.edi.guides.loader import load_rules

if TYPE_CHECKING:
    from transload.adapters.edi.guides.overlays import Overlay

HERE = Path(__file__).parent
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,40}")
_SERVICE = {"CONTRL": "d3"}
"""Messages that belong to the syntax, not to a directory: one guide whatever version UNH names."""


def find_guide(
    standard: str, message: str, version: str, folders: Sequence[Path] = (), overlays: Sequence[str] = ()
) -> Guide | None:
    """The guide of a message, or None where there is none.

    ``standard`` is ``edifact`` or ``x12``; ``message`` is ``ORDERS`` or ``850``; ``version`` is
    UNH's S009 from 0052 on, ``D:96A:UN:EAN008``, or GS08, ``004010``.  Guides lie in
    ``<folder>/<standard>/<version>/<message>.yaml``, all in lower case: ``edifact/d96a-ean008``, then
    ``edifact/d96a``; ``x12/004010vics``, then ``x12/004010``.  Of ``overlays``, names of files in
    ``<folder>/overlays``, those that change this guide are applied in their order.

    Raises `ConfigurationError` when the guide's file or an overlay has faults, or an overlay is not there.
    """
    if not folders and not overlays:
        return _shipped(standard, message, version)  # for each interchange anew, and nothing about it changes
    return _find(standard, message, version, folders, overlays)


@lru_cache(maxsize=256)
def _shipped(standard: str, message: str, version: str) -> Guide | None:
    return _find(standard, message, version, (), ())


def _find(standard: str, message: str, version: str, folders: Sequence[Path], overlays: Sequence[str]) -> Guide | None:
    changes = [_overlay(name, folders) for name in overlays]
    for folder in (*folders, HERE):
        for name in version_folders(standard, message, version):
            path = folder / standard / name / f"{message.lower()}.yaml"
            if _NAME.fullmatch(message) and _NAME.fullmatch(name) and path.is_file():
                key = f"{standard}/{name}/{message.lower()}"
                applied = tuple(overlay for overlay in changes if overlay.guide == key)
                associated = _is_associated(standard, version, name)
                return _loaded(path, path.stat().st_mtime_ns, tuple(folders), applied, associated)
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


def check_overlays(standard: str, overlays: Sequence[str], folders: Sequence[Path] = ()) -> None:
    """Read all overlays and apply each to the guide that it names.

    Raises `ConfigurationError` when one is not there or has faults, or its guide is not there or of the other standard.
    """
    for name in overlays:
        overlay = _overlay(name, folders)
        found_standard, version, message = overlay.guide.split("/")
        if found_standard != standard:
            overlay.refuse_guide(f"the format is {standard}, the overlay's guide {overlay.guide}")
        if find_guide(standard, message.upper(), _version(standard, version), folders, overlays) is None:
            overlay.refuse_guide(f"there is no guide {overlay.guide!r}")


def _version(standard: str, folder: str) -> str:
    """The version of a folder, as a message writes it."""
    if standard == "x12":
        return folder.upper()
    plain, _, association = folder.partition("-")
    return f"{plain[:1]}:{plain[1:]}:UN:{association}".rstrip(":").upper()


def _overlay(name: str, folders: Sequence[Path]) -> "Overlay":
    from transload.adapters.edi.guides.overlays import find_overlay, read_overlay  # here, since few partners need any

    path = find_overlay(name, folders)
    return read_overlay(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=256)
def _loaded(
    path: Path, changed: int, folders: tuple[Path, ...], overlays: "tuple[Overlay, ...]", associated: bool
) -> Guide:
    """The guide at ``path`` with its overlays, read again when its file has ``changed``."""
    standard = path.parent.parent.name

    def dictionary(version: str) -> Path | None:
        places = (folder / standard / version / "segments.yaml" for folder in (path.parents[2], *folders, HERE))
        return next((place for place in places if _NAME.fullmatch(version) and place.is_file()), None)

    name = path.relative_to(HERE.parent.parent.parent).as_posix() if path.is_relative_to(HERE) else str(path)
    rules = replace(load_rules(path, dictionary, name=name), associated=associated)
    for overlay in overlays:
        rules = overlay.apply(rules)
    return Guide(rules)
