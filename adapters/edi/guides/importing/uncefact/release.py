"""A UN/CEFACT release as guides: which files belong to it, and what they make together."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

from transload.adapters.edi.guides.importing.uncefact.directory import build_directory
from transload.adapters.edi.guides.importing.uncefact.messages import (
    MESSAGE_FILE,
    Entry,
    UnMessage,
    names_of,
    read_message,
)
from transload.adapters.edi.guides.importing.uncefact.parts import Part, read_parts
from transload.adapters.edi.guides.importing.writing import Directory, Line, MessageFile, Release
from transload.adapters.edi.guides.lookup import version_folders
from transload.canonical.errors import TransloadError
from transload.canonical.findings import Finding, Severity

Progress = Callable[[int, int], None]
"""Called with how many files have been read, and how many there are."""

_DIRECTORY_FILE = re.compile(r"(?P<family>TR|ED|ID)(?P<kind>SD|CD|ED)\.(?P<release>\d\d[A-Z0-9])(?:\.TXT)?")
_CODE_FILE = re.compile(r"UN(?P<kind>CL)(?:-?\d)?\.(?P<release>\d\d[A-Z0-9])(?:\.TXT)?")
_HEADINGS = {
    "SD": re.compile(r"(?i)\s*\d\.\s+Segment specifications"),
    "CD": re.compile(r"(?i)\s*\d\.\s+Composite (?:data element )?specifications"),
    "ED": re.compile(r"(?i)\s*\d\.\s+Data element specifications"),
    "CL": re.compile(r"(?i)\s*\d\.\s+Code lists?(?: UNCL)?"),
}
_LINES_OF_HEADING = 10
_WHOLE = "give the whole release: the zip, or the folder that it was unpacked to"


@dataclass(frozen=True, kw_only=True)
class Imported:
    """What a source holds of one release: the files to write, and all its messages.

    ``release`` lacks those messages that cannot be written, for which there are findings.
    """

    release: Release
    version: str
    messages: tuple[UnMessage, ...]

    @property
    def counts(self) -> dict[str, int]:
        """How much there is of each kind."""
        held = self.release.directory or Directory()
        return {
            "messages": len(self.messages),
            "segments": len(held.segments),
            "composites": len(held.composites),
            "elements": len(held.elements),
            "code lists": len(held.codes),
            "codes": sum(len(codes) for codes in held.codes.values()),
        }


def read_releases(
    source: Path,
    *,
    wanted: Collection[str] = (),
    held: Callable[[str], Collection[str] | None] = lambda folder: None,
    progress: Progress = lambda done, total: None,
) -> tuple[list[Imported], list[Finding]]:
    """The releases that ``source`` (a zip, a folder, a file) holds, and all that is wrong with it.

    ``wanted`` are the message types to take, all where it is empty.  ``held`` gives the tags of the
    segments that the user's folder of a version declares already, or None: with them, messages may come
    without their directory.  What cannot be read is left out with a finding.

    Raises `TransloadError` when the source cannot be read, or holds nothing of a directory.
    """
    parts, findings = read_parts(source)
    shelves = _sorted(parts, {kind.upper() for kind in wanted}, findings, progress)
    read = [
        found
        for name, shelf in sorted(shelves.items())
        if (found := _imported(source.name or source.resolve().name, name, shelf, held, findings)) is not None
    ]
    if not read and not any(finding.is_error for finding in findings):
        message = f"there is no directory of UN/EDIFACT in {source}"
        findings.append(Finding(code="E-IMPORT", message=message, hint=_WHOLE))
        raise TransloadError(message, hint=_WHOLE, findings=findings)
    return read, findings


@dataclass(kw_only=True)
class _Shelf:
    """What belongs to one release: its messages, and the files of its directory by their kind."""

    messages: dict[tuple[str, ...], UnMessage] = field(default_factory=dict)
    directory: dict[str, list[Part]] = field(default_factory=lambda: defaultdict(list))
    broken: bool = False


def _sorted(
    parts: Sequence[Part], wanted: Collection[str], findings: list[Finding], progress: Progress
) -> dict[str, _Shelf]:
    """The files by release.  Interactive ones are left out with a remark, what is no part of a directory silently."""
    shelves: dict[str, _Shelf] = defaultdict(_Shelf)
    nameless: list[tuple[str, Part]] = []
    types: set[str] = set()
    interactive = 0
    for done, part in enumerate(parts):
        progress(done, len(parts))
        found = _DIRECTORY_FILE.fullmatch(part.file) or _CODE_FILE.fullmatch(part.file)
        if found:
            if found.groupdict().get("family") != "ID":
                shelves[found["release"]].directory[found["kind"]].append(part)
        elif names := names_of(part):
            interactive += names["header"] == "UIH"
            if names["header"] == "UNH":
                types.add(names["type"])
                if not wanted or names["type"] in wanted:
                    _put(shelves[_release_of(part) or names["release"]], part, findings)
        elif kind := _kind_of(part):
            nameless.append((kind, part))
    for kind, part in nameless:
        shelves[next(iter(shelves)) if len(shelves) == 1 else ""].directory[kind].append(part)
    progress(len(parts), len(parts))
    if interactive:
        what = "1 interactive message (UIH) is" if interactive == 1 else f"{interactive} interactive messages (UIH) are"
        message = f"{what} left out: guides are made of batch messages (UNH)"
        findings.append(Finding(code="R-IMPORT", severity=Severity.REMARK, message=message))
    findings += [_absent(kind, types) for kind in sorted(set(wanted) - types)]
    return shelves


def _put(shelf: _Shelf, part: Part, findings: list[Finding]) -> None:
    message = read_message(part, findings)
    if message is None:
        shelf.broken = True
        return
    key = (message.type, message.version, message.release, message.agency)
    first = shelf.messages.setdefault(key, message)
    if first is not message and first.part.lines != part.lines:
        findings.append(
            Finding(
                code="W-IMPORT",
                severity=Severity.WARNING,
                message=f"{':'.join(key)} stands in the source twice, in different words; the other file was taken",
                hint=f"leave one of them out; the other one is {first.part.name}",
                place=part.place(),
            )
        )


def _release_of(part: Part) -> str | None:
    """The release that a message's file belongs to by its name: ``96A`` of ``ORDERS_D.96A``."""
    found = MESSAGE_FILE.fullmatch(part.file)
    return found["release"] if found else None


def _kind_of(part: Part) -> str | None:
    """What a file without a name of the UN's is, by its heading."""
    for line in part.lines[:_LINES_OF_HEADING]:
        for kind, pattern in _HEADINGS.items():
            if pattern.fullmatch(line):
                return kind
    return None


def _absent(kind: str, types: Collection[str]) -> Finding:
    close = get_close_matches(kind, types, n=3, cutoff=0.6)
    return Finding(
        code="E-IMPORT",
        message=f"the source has no message {kind}",
        hint=f"did you mean {' or '.join(close)}?" if close else "--list shows what it has",
    )


def _imported(
    source: str,
    name: str,
    shelf: _Shelf,
    held: Callable[[str], Collection[str] | None],
    findings: list[Finding],
) -> Imported | None:
    """The release ``name`` as files, or None with a finding when nothing can be made of it."""
    messages = list(shelf.messages.values())
    version = Counter(m.version for m in messages).most_common(1)[0][0] if messages else "D"
    title = f"UN/EDIFACT {version}.{name}" if name else "UN/EDIFACT"
    if not messages and (shelf.broken or not shelf.directory.get("SD")):
        if not shelf.broken and shelf.directory:
            findings.append(
                _incomplete(f"{title}: the source has neither messages nor a segment directory (TRSD, EDSD)")
            )
        return None
    if not name and shelf.directory:
        findings.append(
            Finding(
                code="E-IMPORT",
                message="the files do not say which release they belong to",
                hint="name them as the UN does: EDSD.01B, EDCD.01B, EDED.01B, UNCL.01B",
                place=next(iter(shelf.directory.values()))[0].place(),
            )
        )
        return None
    folder = _folder(version, name) if name else _folder(messages[0].version, messages[0].release)
    directory = build_directory(shelf.directory, findings) if shelf.directory.get("SD") else None
    tags = directory.segments if directory else held(folder)
    if tags is None:
        findings.append(_incomplete(f"{title}: the source has messages, but no segment directory (TRSD, EDSD)"))
    if directory and not shelf.directory.get("CL"):
        message = f"{title}: the source has no code list (UNCL), so values will not be checked against codes"
        findings.append(Finding(code="W-IMPORT", severity=Severity.WARNING, message=message, hint=_WHOLE))
    messages.sort(key=lambda message: message.type)
    good = [message for message in messages if tags is not None and _is_known(message, tags, findings)]
    files = tuple(_file(message, folder, title) for message in good)
    written = (
        f"{title}, imported from {source}. Codes, names, positions, statuses and forms are UN/CEFACT's; "
        "descriptions are left out, and so are code lists whose elements may hold codes from elsewhere."
    )
    release = Release(standard="edifact", folder=folder, source=written, directory=directory, messages=files)
    return Imported(release=release, version=f"{version}.{name}", messages=tuple(messages))


def _incomplete(message: str) -> Finding:
    return Finding(code="E-IMPORT", message=message, hint=_WHOLE)


def _is_known(message: UnMessage, tags: Collection[str], findings: list[Finding]) -> bool:
    unknown = {tag: line for tag, line in message.tags.items() if tag not in tags}
    for tag, line in unknown.items():
        findings.append(
            Finding(
                code="E-IMPORT",
                message=f"{message.type} uses segment {tag}, which no directory of the source declares; "
                "the message is left out",
                hint=_WHOLE,
                place=message.part.place(line),
            )
        )
    return not unknown


def _folder(version: str, release: str) -> str:
    """The folder in which guides of a version are looked for."""
    return next(version_folders("edifact", "", f"{version}:{release}"))


def _file(message: UnMessage, directory: str, title: str) -> MessageFile:
    folder = _folder(message.version, message.release)
    return MessageFile(
        folder=folder,
        message=message.type,
        version=f"{message.version}:{message.release}:{message.agency}",
        source=f"{title}, imported from {message.part.name}. Order, statuses and numbers of times are UN/CEFACT's.",
        structure=tuple(_line(entry) for entry in message.entries),
        title=message.title,
        dictionary=directory if folder != directory else None,
    )


def _line(entry: Entry) -> Line:
    return Line(
        text=f"{entry.name} {entry.status} {entry.most}", children=tuple(_line(child) for child in entry.children)
    )
