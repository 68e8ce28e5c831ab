"""Picking up files: list, wait until stable, fetch, give out, and clear away only what was committed.

The order is what keeps a file from being lost or read twice: its bytes are committed
before anything is changed at the partner, and a file that was committed but not
cleared away (a crash came between) is known by its key and only cleared away.
"""

import logging
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import IO, Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from transload.adapters.base.folders.names import archived, fault_of, joined, shown, wanted
from transload.adapters.base.folders.stability import Quiet, Stability, Watch
from transload.adapters.base.folders.store import Denied, Entry, FileFault, FileStore, Missing, Taken
from transload.adapters.base.settings import Settings
from transload.adapters.base.transport import Inbound, Memory
from transload.canonical.errors import Reject, Retry, Stop
from transload.canonical.findings import Finding
from transload.canonical.places import Place

LARGE = 8 * 1024 * 1024
"""Bytes from which on a file is kept on disk instead of in memory."""

_log = logging.getLogger(__name__)


def _list_of_one(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Patterns = Annotated[
    tuple[Annotated[str, Field(min_length=1)], ...],
    BeforeValidator(_list_of_one, json_schema_input_type=str | tuple[str, ...]),
]


class Move(Settings):
    """Where a file goes once its content is safe with us."""

    move: str = Field(
        min_length=1,
        description="Archive folder, written like folder; made when it is missing; a name in use gets a suffix",
    )


class PickUp(Settings):
    """What is taken from a folder, and what becomes of it there."""

    folder: str = Field(
        default=".", min_length=1, description="Folder to look in; a relative one counts from where the login begins"
    )
    pattern: Patterns = Field(
        default=("*",), min_length=1, description="Shell pattern of the names, or a list of them; case counts"
    )
    ignore: Patterns = Field(
        default=(".*", "*.tmp", "*.part", "*.filepart", "*.writing"),
        description="Names that are never taken: hidden and unfinished files",
    )
    stable: Stability = Field(
        default=Quiet(polls=2),
        json_schema_extra={"default": "2 polls"},
        description="How long size and time must stay the same first: none, 2 polls, 30s or '2 polls, 30s'",
    )
    afterwards: Literal["keep", "delete"] | Move = Field(
        default="keep",
        description="What becomes of a file once its content is safe: keep, delete, or {move: folder}; a kept file"
        " is taken again when its size or time of change differs",
    )
    empty: Literal["skip", "take"] = Field(default="skip", description="What to do with files of zero bytes")
    at_most: int = Field(default=1000, ge=1, description="Most files taken in one pass; the others wait for the next")


@dataclass(frozen=True, slots=True)
class _Fetched:
    content: bytes | Path
    digest: str

    def discard(self) -> None:
        if isinstance(self.content, Path):
            self.content.unlink(missing_ok=True)


def pick_up(store: FileStore, options: PickUp, memory: Memory, now: Callable[[], datetime]) -> Iterator[Inbound]:
    """Yield the files that are ready, oldest first.

    A file that vanished or changed meanwhile is left for the next pass.  What is wrong
    with single files is raised at the end, as one `Reject`, after all others were given out.
    """
    listed = _listed(store, options)
    watch = Watch(memory, options.stable, now())
    watch.forget_all_but(listed)
    ready = [entry for entry in sorted(listed, key=lambda entry: (entry.changed, entry.name)) if watch.ready(entry)]
    if len(ready) < len(listed):
        folder = shown(options.folder)
        _log.info("%d of %d files in %s are ready; the others must prove stable", len(ready), len(listed), folder)
    problems: list[Finding] = []
    given = 0
    for entry in ready:
        if given == options.at_most:
            _log.info("%d files in %s wait for the next pass", len(ready) - given, shown(options.folder))
            break
        try:
            fetched = _fetch(store, entry)
            if fetched is None:
                _log.info("%s changed while it was read; it is left for the next pass", shown(entry.path))
                continue
            settle = partial(_clear_away, store, options.afterwards, watch, entry, fetched.digest)
            key = f"{shown(entry.path)}|{entry.size}|{entry.changed}|{fetched.digest}"
            if memory.seen(key):
                fetched.discard()
                settle()
                continue
        except FileFault as fault:
            problems.append(_problem(fault, "cannot be read"))
            continue
        except Reject as error:
            problems.extend(error.findings)
            continue
        given += 1
        yield Inbound(
            key=key,
            content=fetched.content,
            origin=shown(entry.path),
            metadata={"name": shown(entry.name), "size": str(entry.size), "sha256": fetched.digest},
            settle=settle,
        )
    if problems:
        raise Reject(f"{len(problems)} files in {shown(options.folder)} have problems", findings=problems)


def _listed(store: FileStore, options: PickUp) -> list[Entry]:
    try:
        found = store.list(options.folder)
    except Missing as fault:
        raise Stop(
            f"there is no folder {shown(options.folder)}", hint="correct folder, or have the partner make it"
        ) from fault
    except Denied as fault:
        raise Stop(
            f"the folder {shown(options.folder)} may not be listed: {fault.reason or fault.said}",
            hint="ask who keeps the folder for the right to read it",
        ) from fault
    except FileFault as fault:
        raise Retry(f"the folder {shown(options.folder)} cannot be listed: {fault.reason or fault.said}") from fault
    return [
        entry
        for entry in found
        if fault_of(entry.name) is None
        and wanted(entry.name, options.pattern, options.ignore)
        and (entry.size > 0 or options.empty == "take")
    ]


def _fetch(store: FileStore, entry: Entry) -> _Fetched | None:
    """The content of ``entry`` if it stays what was listed, before, during and after reading; else None."""
    if not entry.same_as(store.look(entry.path)):
        return None
    if entry.size <= LARGE:
        pieces: list[bytes] = []
        digest = _read(store, entry, pieces.append)
        fetched = _Fetched(b"".join(pieces), digest) if digest else None
    else:
        fetched = _spool(store, entry)
    if fetched is not None and not entry.same_as(store.look(entry.path)):
        fetched.discard()
        return None
    return fetched


def _spool(store: FileStore, entry: Entry) -> _Fetched | None:
    """The content in a temporary file, which is removed again unless all went well."""
    try:
        with tempfile.NamedTemporaryFile(prefix="transload-", delete=False) as file:
            path = Path(file.name)
            try:
                digest = _read(store, entry, partial(_store, file))
            except BaseException:
                path.unlink()
                raise
    except OSError as error:
        raise Retry(f"no temporary file can be written: {error.strerror or error}", hint="make room") from error
    if digest is None:
        path.unlink()
        return None
    return _Fetched(path, digest)


def _store(file: IO[bytes], piece: bytes) -> None:
    file.write(piece)


def _read(store: FileStore, entry: Entry, keep: Callable[[bytes], None]) -> str | None:
    """Give every piece to ``keep``; the SHA-256 of all, or None when the file is longer or shorter than listed."""
    hashed = sha256()
    size = 0
    try:
        for piece in store.read(entry.path, entry.size):
            size += len(piece)
            if size > entry.size:
                return None
            hashed.update(piece)
            keep(piece)
    except Missing:
        return None
    return hashed.hexdigest() if size == entry.size else None


def _clear_away(
    store: FileStore, afterwards: Literal["keep", "delete"] | Move, watch: Watch, entry: Entry, digest: str
) -> None:
    """Do what the route says about a file whose content is committed; doing it twice does no harm.

    A file that is no longer there was cleared away before, by us or by another runner.
    One that has changed is a new arrival under the old name, and stays.
    """
    if afterwards == "keep":
        watch.take(entry)
        return
    try:
        if not entry.same_as(store.look(entry.path)):
            return
        if afterwards == "delete":
            store.remove(entry.path)
        else:
            _archive(store, afterwards.move, entry, digest)
    except FileFault as fault:
        if isinstance(fault, Missing) and fault.path == entry.path:
            return  # another runner was faster
        done = "deleted" if afterwards == "delete" else "archived"
        problem = _problem(fault, f"is safe with us but cannot be {done}", entry.path)
        raise Reject(problem.message, findings=[problem]) from fault


def _archive(store: FileStore, folder: str, entry: Entry, digest: str) -> None:
    if not store.has_folder(folder):
        store.make_folder(folder)
    for name in archived(entry.name, digest):
        target = joined(folder, name)
        if store.look(target) is not None:
            continue
        try:
            store.move(entry.path, target)
        except Taken:
            continue
        return
    raise Taken(joined(folder, entry.name), "too many files of this name")


def _problem(fault: FileFault, what: str, path: str | None = None) -> Finding:
    """A finding about one file at the partner."""
    hints = {
        Denied: "ask who keeps the folder for the right to read, rename and delete in it",
        Missing: "the parent of the archive folder must exist",
    }
    file = shown(path or fault.path)
    return Finding(
        code="E-DENIED" if isinstance(fault, Denied) else "E-FILE",
        message=f"{file} {what}: {fault.reason or fault.said}",
        hint=hints.get(type(fault)),
        place=Place(file=file),
    )


def missing_folders(store: FileStore, folders: Sequence[str]) -> list[Finding]:
    """A finding for each of ``folders`` that is not there."""
    return [
        Finding(
            code="E-FILE",
            message=f"there is no folder {shown(folder)}",
            hint="correct the name, or have the partner make it",
            place=Place(file=shown(folder)),
        )
        for folder in folders
        if not store.has_folder(folder)
    ]
