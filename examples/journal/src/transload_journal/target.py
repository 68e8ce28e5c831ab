"""Appending to journals: each delivery one line, once, and whole."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from transload.adapters.base import Answer, Finding, Landing, Outbound, Probe, Reject, Stop, Target

from transload_journal.settings import Appending, Journals, probed, translated

_LONGEST_NAME = 200


class JournalTarget(Target[Journals, Appending]):
    """Appends a line with the delivery's key and content.

    Before it writes, it looks for the key, so a second attempt has no second effect. Writers take turns by a lock on
    the journal. Half a line, which a crash left at the end, is taken away by the next writer; a reader who waits for
    the line feed never sees it.
    """

    Options = Appending
    idempotent = True

    def deliver(self, outbound: Outbound) -> Answer:
        """Append the delivery; on return it is on the disk."""
        if len(outbound.content) > self.options.largest:
            raise Reject(f"the delivery has {len(outbound.content)} bytes", hint="raise largest if such ones are meant")
        path, line = self._path(outbound), _line(outbound)
        with translated(path), _locked(path) as file:
            if _holds(file, line):
                return Answer(summary=f"{path.name} had it already", reference=outbound.key)
            file.seek(_end_of_lines(file))
            file.truncate()
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
        return Answer(summary=f"appended to {path.name}", reference=outbound.key)

    def verify(self, outbound: Outbound) -> Landing:
        """Look for the line of an earlier attempt."""
        path = self._path(outbound)
        if not path.exists():
            return Landing.NOT_LANDED
        with translated(path), path.open("rb") as file:
            return Landing.LANDED if _holds(file, _line(outbound)) else Landing.NOT_LANDED

    def probe(self) -> Probe:
        """Look whether the folder is there."""
        return probed(self.connection.folder)

    def _path(self, outbound: Outbound) -> Path:
        folder = self.connection.folder
        if not folder.is_dir():
            raise Stop(f"there is no folder {folder}", hint="make it, or correct folder")
        name = outbound.metadata.get("file", self.options.file)
        long = len(name.encode(errors="surrogatepass")) > _LONGEST_NAME
        if long or not name.isprintable() or "/" in name or "\\" in name or name in ("", ".", ".."):
            message = f"{name[:60]!r} cannot be the name of a journal"
            finding = Finding(code="E-NAME", message=message, hint="correct the template file", value=name[:60])
            raise Reject(message, findings=[finding])
        return folder / name


def _line(outbound: Outbound) -> bytes:
    try:
        content = outbound.content.decode()
    except UnicodeDecodeError as error:
        raise Reject("the delivery is no UTF-8 text", hint="choose a format that writes UTF-8") from error
    return json.dumps({"key": outbound.key, "content": content}).encode() + b"\n"


@contextmanager
def _locked(path: Path) -> Iterator[BinaryIO]:
    """The journal, made when it is missing, for one writer at a time; a link is not followed."""
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666), "r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file


def _holds(file: BinaryIO, line: bytes) -> bool:
    file.seek(0)
    return any(known == line for known in file)


def _end_of_lines(file: BinaryIO) -> int:
    """Where the last complete line ends."""
    file.seek(0)
    end = 0
    for line in file:
        if line.endswith(b"\n"):
            end += len(line)
    return end
