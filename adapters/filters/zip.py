"""zip archives: each entry is a payload of its own; on the way out one entry with a name from a template.

Only stored and deflated entries are opened.  Other methods can claim gigabytes of memory in a few bytes (the dictionary
of LZMA, the blocks of bzip2), and no partner of EDI uses them.
"""

import io
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from pydantic import Field

from transload.adapters.base import Finding, Reject, Severity, Template
from transload.adapters.base.bounds import Bounds, Meter, refused
from transload.adapters.base.filter import Filter, Payload
from transload.adapters.base.folders.names import fault_of, shown
from transload.adapters.base.folders.options import Patterns
from transload.adapters.filters.archive import directory_end, entries_claimed, entries_told

_LOCAL, _END = b"PK\x03\x04", b"PK\x05\x06"
_ENCRYPTED = 0x1
_NAMES = {1: "shrink", 6: "implode", 9: "deflate64", 12: "bzip2", 14: "lzma", 93: "zstd", 95: "xz", 98: "ppmd"}
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_AGAIN = "it was damaged on the way; ask the partner to send it again"
_LONGEST = 1000
_OLDEST = (1980, 1, 1, 0, 0, 0)


class ZipOptions(Bounds):
    """A zip archive."""

    optional: bool = Field(default=False, description="Take what is no archive as it is, where a partner sends both")
    pattern: Patterns = Field(
        default=("*",),
        min_length=1,
        description="Shell pattern of the entries that are taken, by the last part of their names, or a list of them;"
        " others are left",
    )
    entries: int = Field(default=1000, ge=1, description="Entries that an archive may have, those within it included")
    nesting: int = Field(
        default=1, ge=1, le=8, description="Levels of archives: 1 is the archive itself, 2 also opens the .zip in it"
    )
    name: Template = Field(default="{number:06}.txt", min_length=1, description="Written: the name of the one entry")


class ZipFilter(Filter[ZipOptions]):
    """Opens archives that arrive; puts what leaves into one, with no time in it."""

    Options = ZipOptions
    content_type = "application/zip"

    def unwrap(self, payload: Payload, remark: Callable[[Finding], None]) -> Iterator[Payload]:
        """The entries that are taken, in the archive's order, their whole names as ``entry`` in the metadata.

        Raises `Reject`: E-ZIP, E-ZIP-ENCRYPTED, E-ZIP-METHOD, E-ZIP-LINK, E-ENTRIES, E-NESTING, E-BOMB.
        """
        if not payload.content.startswith((_LOCAL, _END)):
            if not self.options.optional:
                hint = "remove the filter, or set 'optional' where the partner packs only some"
                begin = payload.content[:8].hex(" ")
                raise refused("E-ZIP", f"{payload.name} is no zip archive", hint, byte=0, value=begin)
            yield payload
            return
        meter = Meter(self.options, len(payload.content), payload.name)
        yield from _Archive(self.options, meter, remark, len(payload.content)).opened(payload, 1)

    def wrap(self, content: bytes, filled: Mapping[str, str]) -> bytes:
        """An archive with one deflated entry, called as the template ``name`` says.

        Raises `Reject` (E-NAME) for a name that leads out of the folder in which somebody unpacks it, or names none.
        """
        name = filled["name"]
        if fault := _fault_of(name):
            message = f"an entry cannot be called {shown(name[:80])!r}: {fault}"
            hint = "look at the template 'name' of the filter, and at the value that it takes from the document"
            raise refused("E-NAME", message, hint, value=shown(name[:_LONGEST]))
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            entry = zipfile.ZipInfo(name, date_time=_OLDEST)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)
        return buffer.getvalue()


def _fault_of(name: str) -> str | None:
    """Why an entry of ours is not called ``name``, or None; folders before the name are good."""
    if len(name) > _LONGEST:
        return f"it is longer than {_LONGEST} characters"
    try:
        name.encode()
    except UnicodeEncodeError:
        return "it has a sign that is no Unicode"
    if name[1:2] == ":":
        return "it begins with a drive"
    return next((fault for part in name.split("/") if (fault := fault_of(part))), None)


class _Archive:
    """One archive with those in it, which share all limits."""

    def __init__(self, options: ZipOptions, meter: Meter, remark: Callable[[Finding], None], size: int) -> None:
        self.options = options
        self.meter = meter
        self.remark = remark
        self.size = size
        self.entries = 0
        self.outer: int | None = None
        """Where the archive that is being read begins in the payload, if it is within another one."""

    def opened(self, payload: Payload, level: int) -> Iterator[Payload]:
        end = directory_end(payload.content)
        self.entries += entries_claimed(payload.content)
        if self.entries > self.options.entries:
            message = f"{payload.name} has more than {self.options.entries} entries"
            raise self._refused("E-ENTRIES", message, "raise 'entries' of the filter if such archives are meant", end)
        try:
            archive = zipfile.ZipFile(io.BytesIO(payload.content))
            infos = archive.infolist()
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError) as error:
            message = f"{payload.name} is a damaged zip archive: {shown(str(error))}"
            raise self._refused("E-ZIP", message, _AGAIN, end) from error
        told = entries_told(payload.content)
        if told not in (None, len(infos) % 0x10000):  # one may hide in what claims to be another's comment
            archive.close()
            message = f"{payload.name} says that it has {told} entries, and {len(infos)} are listed"
            raise self._refused("E-ZIP", message, _AGAIN, end)
        with archive:
            for info in infos:
                yield from self._entry(archive, info, payload, level)

    def _entry(
        self, archive: zipfile.ZipFile, info: zipfile.ZipInfo, payload: Payload, level: int
    ) -> Iterator[Payload]:
        whole = shown(info.filename)
        if info.filename.endswith("/"):  # a folder; the library's own question fails on empty names
            if info.file_size or info.CRC:
                message = f"the entry {whole} of {payload.name} is a folder by its name, and has bytes"
                raise self._refused("E-ZIP", message, _AGAIN, info.header_offset)
            return
        name = PurePosixPath(info.filename).name or "unnamed"
        packed = name.lower().endswith(".zip")
        if not (packed and level < self.options.nesting) and not any(
            fnmatchcase(name, pattern) for pattern in self.options.pattern
        ):
            message = f"the entry {whole} of {payload.name} is left: no 'pattern' of the filter fits"
            self.remark(Finding(code="R-ENTRY", severity=Severity.REMARK, message=message))
            return
        self._check(info, whole, payload.name)
        content = self._content(archive, info, whole, payload.name)
        above = payload.metadata.get("entry")
        metadata = {**payload.metadata, "entry": f"{above}/{whole}" if above else whole}
        found = Payload(content=content, name=shown(name), metadata=metadata)
        if packed and content.startswith((_LOCAL, _END)):
            if level >= self.options.nesting:
                message = f"the entry {whole} of {payload.name} is an archive in an archive"
                hint = f"raise 'nesting' of the filter, which is {self.options.nesting}, if such archives are meant"
                raise self._refused("E-NESTING", message, hint, info.header_offset)
            outer = self.outer
            self.outer = info.header_offset if outer is None else outer
            yield from self.opened(found, level + 1)
            self.outer = outer
        else:
            yield found

    def _content(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo, whole: str, name: str) -> bytes:
        """The entry's bytes; its CRC is checked.  What the archive claims of its size is not believed."""
        pieces: list[bytes] = []
        try:
            with archive.open(info) as stream:
                while piece := stream.read(self.meter.left):
                    self.meter.add(len(piece))
                    pieces.append(piece)
        except Reject:
            raise
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError) as error:
            message = f"the entry {whole} of {name} cannot be unpacked: {shown(str(error))}"
            raise self._refused("E-ZIP", message, _AGAIN, info.header_offset) from error
        return b"".join(pieces)

    def _refused(self, code: str, message: str, hint: str, byte: int) -> Reject:
        """A refusal with its byte in the payload: of an archive within another, only where it begins is known there.

        Offsets come from the archive, which may say anything.
        """
        known = byte if self.outer is None else self.outer
        return refused(code, message, hint, byte=min(max(0, known), self.size))

    def _check(self, info: zipfile.ZipInfo, whole: str, name: str) -> None:
        """Refuse what is not to be opened."""
        if info.flag_bits & _ENCRYPTED:
            message = f"the entry {whole} of {name} is encrypted"
            hint = "zip passwords are weak and not supported; agree with the partner on the filter pgp"
            raise self._refused("E-ZIP-ENCRYPTED", message, hint, info.header_offset)
        if info.compress_type not in _METHODS:
            method = _NAMES.get(info.compress_type, str(info.compress_type))
            message = f"the entry {whole} of {name} is packed with the method {method}"
            hint = "only stored and deflated entries are opened; ask the partner to pack as every zip program does"
            raise self._refused("E-ZIP-METHOD", message, hint, info.header_offset)
        if stat.S_ISLNK(info.external_attr >> 16):
            message = f"the entry {whole} of {name} is a symbolic link"
            hint = "a link says nothing here; ask the partner to pack the file itself"
            raise self._refused("E-ZIP-LINK", message, hint, info.header_offset)
