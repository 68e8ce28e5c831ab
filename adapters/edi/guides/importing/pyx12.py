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
from transload.adapters.edi.guides.importing.outlines.checking import faults_of
from transload.adapters.edi.guides.importing.outlines.drafting import Imported, Part, draft
from transload.adapters.edi.guides.importing.outlines.records import size_of
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

    ``messages`` are transaction sets (``837``), ``files`` names of map files.  Without files all maps are taken that
    ``maps.xml`` lists, as pyx12 does; a map that it does not list is taken, for the version that it names itself,
    when ``files`` names it.  Findings are remarks (``R-IMPORT``) about what a guide cannot say, and errors
    (``E-IMPORT``) about files that cannot be understood.
    """
    findings: list[Finding] = []
    wanted, chosen = set(files), set(messages)
    index = _read_index(folder, findings)
    shared = read_shared(folder, findings)
    there = sorted(path.name for path in folder.glob("*.xml") if path.name not in _NO_MAPS)
    findings += [
        fault(folder / name, 1, f"there is no map {name!r}", hint=f"maps are: {', '.join(there)}")
        for name in sorted(wanted.difference(there))
    ]
    groups: dict[tuple[str, str], list[Part]] = {}
    for name in there:
        rows = [row for row in index if row.file == name]
        if wanted and name not in wanted:
            continue
        if not wanted and not _versions(rows):
            if not chosen:
                findings.append(_left_out(folder / name, listed=bool(rows)))
            continue
        said: list[Finding] = []
        one = read_map(folder / name, shared, said)
        if one is not None and chosen and one.message not in chosen:
            continue
        findings += said
        wrong = faults_of(one, folder / name) if one is not None else []
        findings += wrong
        if one is None or wrong:
            continue
        own = [_Row(file=name, version=version, name="", purpose="") for version in one.versions[:1]]
        for row in _versions(rows) or own:
            only = (row.purpose,) if row.purpose else ()
            part = Part(outline=one, path=folder / name, name=row.name, place="02", only=only)
            groups.setdefault((row.version, one.message), []).append(part)
    made = [_make(version, parts, findings) for (version, _), parts in sorted(groups.items())]
    if chosen and not made:
        findings.append(fault(folder, 1, f"there is no map of {', '.join(sorted(chosen))}"))
    return made, findings


def _left_out(path: Path, *, listed: bool) -> Finding:
    if listed:
        return remark(path, 1, "the map describes the envelope, which needs no guide; it is left out")
    return remark(
        path,
        1,
        "maps.xml does not list this map, so pyx12 does not use it; it is left out",
        hint=f"name the file to have it: {path.name}",
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Row:
    """A line of ``maps.xml``: the map of a version (GS08); ``purpose`` is BHT02 where that chooses between two.

    The maps of the envelope have no version.
    """

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
    return [row for row in served if row.version and (len(row.version) == 6 or row.version[:6] not in plain)]


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
