"""The files of a UN/CEFACT release, out of a zip of zips, a folder, or one file.

Nothing in a source is trusted: names are only shown, never used as paths; sizes are counted while
unpacking, whatever an archive says of itself; and what is too large, too deep or broken is a finding.
"""

import io
import os
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from transload.canonical.errors import TransloadError
from transload.canonical.findings import Finding
from transload.canonical.places import Place

MOST_FILES = 20_000
MOST_BYTES = 16 << 20
"""So large may one file be; the largest of a directory, the code list, has about 2 million bytes."""
MOST_LINES = 400_000
"""So many lines may one file have; the code list of D.01B has 41,000."""
MOST_BYTES_IN_ALL = 128 << 20
"""So much may be read in all, packed and unpacked; the directory of D.01B is 14 million bytes."""
DEEPEST = 3
"""So many zips may lie in each other; the UN packs two."""
HIGHEST_RATIO = 200

_BOXES = str.maketrans("─━│┃┐┘┴┤┼└┌├┬╗╝╩║═", "--||++++++++++++|-")
"""What segment groups are drawn with in code page 437, as later releases draw them in ASCII."""
_LONGEST_LINE = 400


@dataclass(frozen=True, kw_only=True)
class Part:
    """A text file of the source: ``name`` shows the way to it, ``d96a.zip/TRSD.ZIP/TRSD.96A``."""

    name: str
    lines: tuple[str, ...]

    @property
    def file(self) -> str:
        """The last part of the name, in upper case: ``TRSD.96A``."""
        return self.name.rpartition("/")[2].upper()

    def place(self, line: int | None = None) -> Place:
        """The place of a line, counted from 1."""
        return Place(file=self.name, line=line)


@dataclass(kw_only=True)
class _Allowance:
    """What may still be read."""

    files: int
    size: int
    faults: list[Finding] = field(default_factory=list)

    def take(self, size: int, *, files: int = 0) -> None:
        """Count what was read."""
        self.files -= files
        self.size -= size
        if self.files < 0:
            raise _TooMuch(f"holds more than {MOST_FILES} files")
        if self.size < 0:
            raise _TooMuch(f"holds more than {MOST_BYTES_IN_ALL >> 20} MiB")

    def refuse(self, name: str, message: str, hint: str) -> None:
        self.faults.append(Finding(code="E-IMPORT", message=message, hint=hint, place=Place(file=name)))


class _TooMuch(Exception):
    """The source as a whole is larger than any release can be."""


def read_parts(source: Path) -> tuple[list[Part], list[Finding]]:
    """The text files of ``source``, a zip, a folder or a single file, and what is wrong with others.

    Raises `TransloadError` (``E-FILE``, ``E-IMPORT``) when there is nothing that can be read.
    """
    allowance = _Allowance(files=MOST_FILES, size=MOST_BYTES_IN_ALL)
    name = _shown(source.name or str(source.resolve().name))
    parts: list[Part] = []
    try:
        for path, content in _contents(source, name, allowance):
            text = _decoded(content)
            if text.count("\n") >= MOST_LINES:
                allowance.refuse(path, f"{path} has more than {MOST_LINES:,} lines", "leave it out")
            elif text:
                lines = tuple(line.rstrip()[:_LONGEST_LINE] for line in text.split("\n"))
                parts.append(Part(name=path, lines=lines))
    except _TooMuch as error:
        raise _error("E-IMPORT", f"{name} {error}", "this is no directory of the UN; unpack and look at it") from None
    except OSError as error:
        raise _error("E-FILE", f"{source} cannot be read: {error.strerror}", None) from error
    if not parts and allowance.faults:
        raise TransloadError(allowance.faults[0].message, findings=allowance.faults)
    return parts, allowance.faults


def _contents(source: Path, name: str, allowance: _Allowance) -> Iterator[tuple[str, bytes]]:
    if not source.exists():
        raise _error("E-FILE", f"there is no file or folder {source}", "download the release's zip from unece.org")
    if not source.is_dir():
        yield from _unpacked(name, _taken(source, name, allowance), allowance, deep=0)
        return
    for folder, folders, files in os.walk(source):
        folders.sort()
        for file in sorted(files):
            path = Path(folder, file)
            shown = f"{name}/{_shown(path.relative_to(source).as_posix())}"
            if path.is_file() and not path.is_symlink():
                yield from _unpacked(shown, _taken(path, shown, allowance), allowance, deep=0)


def _taken(path: Path, name: str, allowance: _Allowance) -> bytes:
    with path.open("rb") as file:
        content = file.read(MOST_BYTES_IN_ALL + 1)
    allowance.take(len(content), files=1)
    if len(content) > MOST_BYTES and not content.startswith(b"PK"):
        allowance.refuse(name, f"{name} is larger than {MOST_BYTES >> 20} MiB", "leave it out")
        return b""
    return content


def _unpacked(name: str, content: bytes, allowance: _Allowance, *, deep: int) -> Iterator[tuple[str, bytes]]:
    """``content``, or what is in it where it is a zip."""
    if not content.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK00PK\x03\x04")):
        if name.lower().endswith(".zip") and content:
            allowance.refuse(name, f"{name} is no zip file", "download it again")
        yield name, content
        return
    if deep == DEEPEST:
        allowance.refuse(name, f"more than {DEEPEST} zips lie in each other", "unpack it and name the folder")
        return
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        allowance.refuse(name, f"{name} is a broken zip file: {_lower(error)}", "download it again")
        return
    for entry in archive.infolist():
        if not entry.is_dir():
            shown = f"{name}/{_shown(entry.filename)}"
            allowance.take(0, files=1)
            inner = _extracted(archive, entry, shown, allowance)
            if inner is not None:
                yield from _unpacked(shown, inner, allowance, deep=deep + 1)


def _extracted(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str, allowance: _Allowance) -> bytes | None:
    """One entry's bytes; sizes are counted as they come, since an archive may lie about them."""
    try:
        with archive.open(entry) as file:
            content = file.read(MOST_BYTES + 1)
    except NotImplementedError:
        hint = "unpack it with unzip or 7z and name the folder"
        allowance.refuse(name, f"{name} is packed by a method that is not read here", hint)
        return None
    except RuntimeError:
        allowance.refuse(name, f"{name} is locked with a password", "unpack it and name the folder")
        return None
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, OSError) as error:
        allowance.refuse(name, f"{name} cannot be unpacked: {_lower(error)}", "download the zip again")
        return None
    if len(content) > MOST_BYTES:
        allowance.refuse(name, f"{name} is larger than {MOST_BYTES >> 20} MiB unpacked", "leave it out")
        return None
    if len(content) > 1 << 20 and len(content) > HIGHEST_RATIO * max(entry.compress_size, 1):
        allowance.refuse(name, f"{name} grows more than {HIGHEST_RATIO} times when unpacked", "leave it out")
        return None
    allowance.take(len(content))
    return content


def _decoded(content: bytes) -> str:
    """The text, its line ends made one and its boxes drawn in ASCII; empty for what is no text.

    The UN's files are code page 437 while they draw boxes with it, later plain ASCII with a few
    Windows letters, or UTF-8.
    """
    if b"\0" in content[:4096] or content.startswith((b"MZ", b"%PDF", b"{\\rtf")):
        return ""
    if b"\xc4\xc4\xc4" in content:
        text = content.decode("cp437")
    else:
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = content.decode("cp1252", errors="replace")
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n").replace("\x1a", "")
    return text.translate(_BOXES).expandtabs()


def _shown(name: str) -> str:
    """A name for people: one that climbs or begins at a root loses what makes it do so."""
    steps = [step for step in name.replace("\\", "/").split("/") if step not in ("", ".", "..")]
    return "/".join(os.fsencode(step).decode(errors="backslashreplace") for step in steps) or "?"


def _lower(error: BaseException) -> str:
    text = str(error) or type(error).__name__
    return text[0].lower() + text[1:]


def _error(code: str, message: str, hint: str | None) -> TransloadError:
    return TransloadError(message, hint=hint, findings=[Finding(code=code, message=message, hint=hint)])
