"""The files of an imported release: ``segments.yaml``, ``codes.yaml`` and one file a message.

Importers give texts as guide files have them (``DTM C 35``, ``1154 C r5``, ``an..35 reference``);
here they become YAML.  Nothing is overwritten unasked: all files are compared first, then written
one by one, each whole or not at all.
"""

import os
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from transload.canonical.errors import TransloadError
from transload.canonical.findings import Finding

_WIDTH = 118
_FILE_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,40}")
_PLAIN = re.compile(r"[A-Za-z0-9(/][A-Za-z0-9 ./()&%+_=|>'-]*")
_TYPED = re.compile(r"(?i)null|true|false|yes|no|on|off|[yn]|0[0-9x]\S*|[\d.+-]*\d:\S*|\d+e\d+|\d\d\d\d-\d\d-\d\d.*")
"""What other YAML readers take for no text."""
_UNSEEN = re.compile('[\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029\\ufeff\\ud800-\\udfff"\\\\]')


@dataclass(frozen=True, kw_only=True)
class Line:
    """An entry of a message's structure: ``DTM C 35``, or a group ``SG1 C 10`` with what stands in it."""

    text: str
    children: tuple["Line", ...] = ()


@dataclass(frozen=True, kw_only=True)
class Body:
    """A composite or segment: its title, its parts (``1154 C``, ``4440 C x4``), its conditions (``D5(01,02)``)."""

    title: str = ""
    parts: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Directory:
    """Elements (code to ``an..35 title``), composites and segments by code; ``codes`` are the allowed values."""

    elements: Mapping[str, str] = field(default_factory=dict)
    composites: Mapping[str, Body] = field(default_factory=dict)
    segments: Mapping[str, Body] = field(default_factory=dict)
    codes: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class MessageFile:
    """One message: what stands in its file.

    ``folder`` is its version's, ``d96a``; ``dictionary`` that of the directory where it is another one.
    ``own`` are directory entries for this message alone.
    """

    folder: str
    message: str
    version: str
    source: str
    structure: tuple[Line, ...]
    title: str = ""
    dictionary: str | None = None
    subset: bool = False
    own: Directory = field(default_factory=Directory)


@dataclass(frozen=True, kw_only=True)
class Release:
    """What an importer read: messages, and the directory of their version.

    ``directory.codes`` go to a file of their own.  Without a directory only messages are written.
    """

    standard: str
    folder: str
    source: str
    directory: Directory | None
    messages: tuple[MessageFile, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Written:
    """Which files were made, written over, or already held the same."""

    new: tuple[Path, ...]
    replaced: tuple[Path, ...]
    unchanged: tuple[Path, ...]


def write_release(release: Release, into: Path, *, day: date, replace: bool = False) -> Written:
    """Write the release's files to ``into/<standard>/<version>/``; ``day`` is named in each.

    A file that differs in nothing but the day stays as it is.  Raises `TransloadError` (``E-FILE``) when
    another file stands in the way and ``replace`` is not set, before anything is written; and when a file
    cannot be written.
    """
    wanted = {into / release.standard / name: text for name, text in _files(release, day)}
    same = [path for path, text in wanted.items() if _holds(path, text)]
    there = [path for path in wanted if path not in same and os.path.lexists(path)]
    if there and not replace:
        raise _in_the_way(there)
    for path, text in wanted.items():
        if path not in same:
            _write(path, text)
    return Written(
        new=tuple(path for path in wanted if path not in same and path not in there),
        replaced=tuple(there),
        unchanged=tuple(same),
    )


def _files(release: Release, day: date) -> Iterator[tuple[str, str]]:
    """The names below the standard's folder, and the texts."""
    head = f"# Imported by transload on {day.isoformat()}.\n"
    if release.directory is not None:
        held = release.directory
        yield (
            _name(release.folder, "segments"),
            head + "".join([_folded("source", release.source), *_elements(held), *_bodies(held)]),
        )
        if held.codes:
            yield (
                _name(release.folder, "codes"),
                head + _folded("source", release.source) + "".join(_codes(held.codes)),
            )
    for message in release.messages:
        yield _name(message.folder, message.message), head + _message(release.standard, message)


def _name(folder: str, name: str) -> str:
    name = name.lower()
    if not _FILE_NAME.fullmatch(folder) or not _FILE_NAME.fullmatch(name):
        refusal = f"{folder}/{name} is no name for a guide"
        raise TransloadError(refusal, findings=[Finding(code="E-FILE", message=refusal)])
    return f"{folder}/{name}.yaml"


def _message(standard: str, message: MessageFile) -> str:
    rows = [f"# {_comment(message.title)}\n"] if message.title else []
    rows += [f"standard: {standard}\n", f"message: {quoted(message.message)}\n"]
    rows += [f"version: {quoted(message.version)}\n", _folded("source", message.source)]
    if message.subset:
        rows.append("coverage: subset\n")
    if message.dictionary:
        rows.append(f"dictionary: {quoted(message.dictionary)}\n")
    rows.append("\nstructure:\n")
    rows += [row for line in message.structure for row in _structure(line, "  ")]
    rows += [*_elements(message.own), *_bodies(message.own), *_codes(message.own.codes)]
    return "".join(rows)


def _structure(line: Line, indent: str) -> Iterator[str]:
    if not line.children:
        yield f"{indent}- {quoted(line.text)}\n"
        return
    head = f"{indent}- {quoted(line.text)}:"
    flow = f"{head} [{', '.join(quoted(child.text) for child in line.children)}]"
    if len(flow) <= _WIDTH and not any(child.children for child in line.children):
        yield f"{flow}\n"
        return
    yield f"{head}\n"
    for child in line.children:
        yield from _structure(child, f"{indent}    ")


def _elements(directory: Directory) -> Iterator[str]:
    if directory.elements:
        yield "\nelements:\n"
    for code, text in directory.elements.items():
        yield f"  {quoted(code)}: {quoted(text)}\n"


def _bodies(directory: Directory) -> Iterator[str]:
    for key, bodies in (("composites", directory.composites), ("segments", directory.segments)):
        if bodies:
            yield f"\n{key}:\n"
        for code, body in bodies.items():
            yield _body(code, body)


def _body(code: str, body: Body) -> str:
    lists = [("parts", body.parts), *([("conditions", body.conditions)] if body.conditions else [])]
    flows = [(key, [quoted(text) for text in texts]) for key, texts in lists]
    inner = ", ".join(
        [*([f"title: {quoted(body.title)}"] if body.title else []), *(f"{k}: [{', '.join(t)}]" for k, t in flows)]
    )
    row = f"  {quoted(code)}: {{{inner}}}\n"
    if len(row) <= _WIDTH:
        return row
    rows = [f"  {quoted(code)}:\n", *([f"    title: {quoted(body.title)}\n"] if body.title else [])]
    for key, texts in flows:
        rows.append(f"    {key}: [{', '.join(texts)}]\n")
        if len(rows[-1]) > _WIDTH:
            rows[-1] = f"    {key}:\n      [\n" + "".join(f"{row},\n" for row in _filled(texts)) + "      ]\n"
    return "".join(rows)


def _filled(texts: Sequence[str]) -> Iterator[str]:
    """The texts with commas in lines of the page's width."""
    row = ""
    for text in texts:
        if row and len(row) + len(text) > _WIDTH - 12:
            yield f"        {row}"
            row = ""
        row = f"{row}, {text}" if row else text
    yield f"        {row}"


def _codes(codes: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Each list is one text: a list of twenty thousand YAML nodes would take a second to read."""
    if codes:
        yield "\ncodes:\n"
    for element, values in codes.items():
        yield (
            f"  {quoted(element)}: >-\n"
            + textwrap.fill(
                " ".join(values),
                width=_WIDTH,
                initial_indent="    ",
                subsequent_indent="    ",
                break_long_words=False,
                break_on_hyphens=False,
            )
            + "\n"
        )


def _folded(key: str, text: str) -> str:
    body = textwrap.fill(
        " ".join(_comment(text).split()),
        width=_WIDTH,
        initial_indent="  ",
        subsequent_indent="  ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    return f"{key}: >-\n{body}\n"


def _comment(text: str) -> str:
    """``text`` without what may not stand bare in YAML."""
    return _UNSEEN.sub(lambda sign: sign[0] if sign[0] in '"\\' else " ", text)


def quoted(text: str) -> str:
    """``text`` as a YAML scalar, in a list of brackets too: quoted where a reader might take it for more than it is.

    Plain numbers stay bare, as people write them in guides: our loader reads every scalar as text.
    """
    if _PLAIN.fullmatch(text) and not _TYPED.fullmatch(text) and text == text.strip() and ": " not in text:
        return text
    return '"' + _UNSEEN.sub(lambda sign: "\\" + sign[0] if sign[0] in '"\\' else f"\\u{ord(sign[0]):04x}", text) + '"'


def _holds(path: Path, text: str) -> bool:
    """Whether the file holds ``text`` already, whatever day its first line names."""
    try:
        held = path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return False
    return held.partition("\n")[2] == text.partition("\n")[2] and held.startswith("# Imported by transload on ")


def _write(path: Path, text: str) -> None:
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            beside.write_text(text, encoding="utf-8", newline="\n")
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        message = f"{path} cannot be written: {error.strerror}"
        hint = "choose another folder, or mend its rights"
        raise TransloadError(
            message, hint=hint, findings=[Finding(code="E-FILE", message=message, hint=hint)]
        ) from error


def _in_the_way(paths: Sequence[Path]) -> TransloadError:
    shown = ", ".join(path.name for path in paths[:5]) + (f" and {len(paths) - 5} more" if len(paths) > 5 else "")
    several = len(paths) > 1
    message = (
        f"{len(paths)} files stand in {paths[0].parent} already and hold something else"
        if several
        else f"{paths[0]} is there already and holds something else"
    )
    hint = "write over them with --replace, or name another folder with --into"
    finding = Finding(code="E-FILE", message=message, hint=hint, value=shown if several else None)
    return TransloadError(message, hint=hint, findings=[finding])
