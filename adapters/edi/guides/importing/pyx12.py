"""Guides from pyx12's maps: the implementation guides of health care (4010 and 5010) that an installed pyx12 brings.

A folder of maps holds ``maps.xml`` (which map serves which version), one file a map, ``dataele.xml`` (data elements)
and ``codes.xml`` (external code lists).  Of each map become: loops as groups, wrappers (HEADER, DETAIL) as what they
hold, usages R, S and N as M, O and N, uses of one segment as variants that are chosen by the element by which pyx12
tells them apart, syntax notes as conditions, codes and external code lists.
"""

import importlib.util
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from transload.adapters.edi.guides.importing.markup import fault, line_of, read_markup, remark
from transload.adapters.edi.guides.importing.outlines.drafting import Imported, Part, draft
from transload.adapters.edi.guides.importing.outlines.records import Outline, size_of
from transload.adapters.edi.guides.importing.pyx12_maps.reading import read_map
from transload.adapters.edi.guides.importing.pyx12_maps.shared import read_shared
from transload.canonical.findings import Finding

INDEX = "maps.xml"
_NO_MAPS = frozenset({INDEX, "dataele.xml", "codes.xml"})


def installed_maps() -> Path | None:
    """The map folder of the pyx12 that is installed beside us; it is looked for and not imported."""
    found = importlib.util.find_spec("pyx12")
    for place in (found.submodule_search_locations or ()) if found else ():
        folder = Path(place) / "map"
        if (folder / INDEX).is_file():
            return folder
    return None


def is_map_folder(folder: Path) -> bool:
    """Whether a folder holds maps of pyx12."""
    return (folder / INDEX).is_file() and (folder / "dataele.xml").is_file()


def import_maps(
    folder: Path, *, messages: Iterable[str] = (), files: Iterable[str] = ()
) -> tuple[list[Imported], list[Finding]]:
    """The guides of a folder of maps, and what of the maps they cannot say.

    ``messages`` are transaction sets (``837``), ``files`` names of map files; without both all maps are
    taken.  A map that is not in ``maps.xml`` is taken too, for the version that it names itself, unless the
    index has another for that version: then only when ``files`` names it.  Findings are remarks (``R-IMPORT``) about
    what a guide cannot say, and errors (``C-XML``) about files that cannot be understood.
    """
    findings: list[Finding] = []
    wanted = set(files)
    index = _read_index(folder, findings)
    shared = read_shared(folder, findings)
    names = (
        sorted(wanted) if wanted else sorted(path.name for path in folder.glob("*.xml") if path.name not in _NO_MAPS)
    )
    chosen = set(messages)
    groups: dict[tuple[str, str], list[Part]] = {}
    later: list[tuple[Path, Outline]] = []
    for name in names:
        path = folder / name
        one = read_map(path, shared, findings)
        if one is None or (chosen and one.message not in chosen):
            continue
        served = [row for row in index if row.file == name]
        if served:
            for row in _versions(served):
                part = Part(
                    outline=one, path=path, name=row.name, place="02", only=(row.purpose,) if row.purpose else ()
                )
                groups.setdefault((row.version, one.message), []).append(part)
        else:
            later.append((path, one))
    for path, one in later:
        _add_unlisted(groups, path, one, named=path.name in wanted, findings=findings)
    made = [_make(version, parts, findings) for (version, _), parts in sorted(groups.items())]
    return made, findings


@dataclass(frozen=True, kw_only=True, slots=True)
class _Row:
    """A line of ``maps.xml``: the map of a version (GS08); ``purpose`` is BHT02 where that chooses between two."""

    file: str
    version: str
    name: str
    purpose: str


def _read_index(folder: Path, findings: list[Finding]) -> list[_Row]:
    root = read_markup(folder / INDEX)
    if isinstance(root, Finding):
        findings.append(root)
        return []
    rows: list[_Row] = []
    for row in root.iter("map"):
        file = str(row.text or "").strip()
        version = row.get("vriic") or ""
        if not version:
            continue  # the map of the envelope
        if Path(file).name != file or not (folder / file).is_file():
            findings.append(fault(folder / INDEX, line_of(row), f"the map {file!r} is not in the folder"))
            continue
        rows.append(_Row(file=file, version=version, name=row.get("abbr") or "", purpose=row.get("tspc") or ""))
    return rows


def _versions(served: list[_Row]) -> list[_Row]:
    """The versions to write a guide for: where a map serves a plain version and those built on it, the plain one.

    A guide of 004010 is found for 004010X098A1 too, where there is no nearer one.
    """
    plain = {row.version for row in served if len(row.version) == 6}
    return [row for row in served if len(row.version) == 6 or row.version[:6] not in plain]


def _add_unlisted(
    groups: dict[tuple[str, str], list[Part]], path: Path, one: Outline, *, named: bool, findings: list[Finding]
) -> None:
    if not one.versions:
        findings.append(remark(path, 1, "the map names no version, and maps.xml does not list it; it is left out"))
        return
    version = min(one.versions, key=len)
    key = (version, one.message)
    if key in groups and not named:
        findings.append(
            remark(
                path,
                1,
                f"maps.xml lists another map of {one.message} {version}, which is taken",
                hint=f"name this file to have it instead: {path.name}",
            )
        )
        return
    groups[key] = [Part(outline=one, path=path)]


def _make(version: str, parts: list[Part], findings: list[Finding]) -> Imported:
    if len(parts) == 1:
        only = parts[0]
        parts = [Part(outline=only.outline, path=only.path)]
    files = tuple(part.path.name for part in parts)
    source = f"{' and '.join(files)} of pyx12, with its dataele.xml and codes.xml"
    return Imported(
        files=files,
        sizes=tuple(size_of(part.outline) for part in parts),
        message=draft(parts, version.lower(), version, source, findings),
    )
