"""Reading journals: each complete line once."""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from transload.adapters.base import Finding, Inbound, Memory, Probe, Reject, Source, Stop

from transload_journal.settings import Journals, Reading, must_be_there, probed, translated

_PIECE = 65536


class JournalSource(Source[Journals, Reading]):
    """Gives the lines that were appended since the last pass.

    A line is known by its journal, the byte that it begins at, and its hash; a journal is never rewritten, so this
    never changes. Notes in the memory: ``at NAME``, the byte up to which a journal is read.
    """

    Options = Reading

    def receive(self, memory: Memory) -> Iterator[Inbound]:
        """Yield the new lines, journal by journal. A last line without a line feed is still being written."""
        folder = self.connection.folder
        must_be_there(folder)
        problems: list[Finding] = []
        with translated(folder):
            paths = sorted(path for path in folder.iterdir() if fnmatchcase(path.name, self.options.pattern))
            paths = [path for path in paths if path.is_file() and not path.is_symlink()]
        for path in paths:
            yield from self._lines(path, memory, problems)
        if problems:
            raise Reject(
                f"{len(problems)} journals have a line longer than {self.options.largest} bytes", findings=problems
            )

    def probe(self) -> Probe:
        """Look whether the folder is there."""
        return probed(self.connection.folder)

    def _lines(self, path: Path, memory: Memory, problems: list[Finding]) -> Iterator[Inbound]:
        name = _shown(path.name)
        note = f"at {name}"
        with translated(path):
            file = path.open("rb")
        with file:
            start = int(memory.get(note) or 0)
            with translated(path):
                if path.stat().st_size < start:
                    hint = "a journal is only appended to; give a new one another name, and put this one back"
                    raise Stop(f"{name} is shorter than what was read of it already", hint=hint)
                file.seek(start)
            while True:
                with translated(path):
                    line, end = _line(file, self.options.largest)
                if end is None:
                    return
                if line is None:
                    message = f"the line at byte {start} of {name} is too long; it waits, and with it those behind it"
                    problems.append(Finding(code="E-LINE", message=message, hint="raise largest if it is meant"))
                    return
                key = f"{name}|{start}|{sha256(line).hexdigest()}"
                # The note becomes durable with the next receipt, so what it says is true once this line is safe.
                memory.put(note, str(end))
                if not memory.seen(key):
                    yield Inbound(key=key, content=line, origin=f"{name} at byte {start}")
                start = end


def _line(file: BinaryIO, largest: int) -> tuple[bytes | None, int | None]:
    """The next line without its line feed, and where the one after it begins.

    The end is None when there is no complete line; the line is None when it is too long, and then it was not kept.
    """
    kept = b""
    whole = True
    while piece := file.readline(_PIECE):
        if whole:
            kept += piece
            whole = len(kept) <= largest + 1
        if piece.endswith(b"\n"):
            return (kept[:-1] if whole else None), file.tell()
    return None, None


def _shown(name: str) -> str:
    """A name as it can be stored and printed, no two of them the same."""
    return name.encode("unicode_escape").decode()
