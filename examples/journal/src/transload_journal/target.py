"""Appending to journals: each delivery one line, once, and whole."""

import errno
import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from transload.adapters.base import Answer, Finding, Landing, Outbound, Probe, Reject, Retry, Stop, Target

from transload_journal.settings import Appending, Journals, must_be_there, probed, translated

_LONGEST_NAME = 200
_PIECE = 65536


class JournalTarget(Target[Journals, Appending]):
    """Appends a line with the delivery's key and content.

    Before it writes, it looks for the line, so a second attempt has no second effect. Writers take turns by a lock on
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
        with translated(path), _locked(path, self.connection.patience.total_seconds()) as file:
            there, end = _searched(file, line)
            if there:
                return Answer(summary=f"{path.name} had it already", reference=outbound.key)
            file.seek(end)
            file.truncate()
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
            _keep_name(path.parent)
        return Answer(summary=f"appended to {path.name}", reference=outbound.key)

    def verify(self, outbound: Outbound) -> Landing:
        """Look for the line of an earlier attempt."""
        path, line = self._path(outbound), _line(outbound)
        with translated(path):
            try:
                file = _opened(path, os.O_RDONLY)
            except FileNotFoundError:
                return Landing.NOT_LANDED
            with file:
                return Landing.LANDED if _searched(file, line)[0] else Landing.NOT_LANDED

    def probe(self) -> Probe:
        """Look whether the folder is there."""
        return probed(self.connection.folder)

    def _path(self, outbound: Outbound) -> Path:
        folder = self.connection.folder
        must_be_there(folder)
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


def _opened(path: Path, flags: int) -> BinaryIO:
    """The journal; a link is not followed."""
    try:
        number = os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise Stop(f"{path} is a link", hint="put a file in its place, or take it away") from error
        raise
    return os.fdopen(number, "rb" if flags == os.O_RDONLY else "r+b")


@contextmanager
def _locked(path: Path, patience: float) -> Iterator[BinaryIO]:
    """The journal, made when it is missing, for one writer at a time."""
    with _opened(path, os.O_RDWR | os.O_CREAT) as file:
        end = time.monotonic() + patience
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if time.monotonic() > end:
                    hint = "it is tried again; look which program holds it"
                    raise Retry(f"{path} is being written by another program", hint=hint) from error
                time.sleep(0.01)
        yield file


def _searched(file: BinaryIO, line: bytes) -> tuple[bool, int]:
    """Whether the journal has this line, and where the last complete line ends."""
    file.seek(0)
    end = 0
    begins = True
    while piece := file.readline(max(_PIECE, len(line) + 1)):
        ends = piece.endswith(b"\n")
        if begins and piece == line:
            return True, end
        if ends:
            end = file.tell()
        begins = ends
    return False, end


def _keep_name(folder: Path) -> None:
    """A new journal's name is on the disk once its folder is."""
    number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
