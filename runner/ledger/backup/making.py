"""A backup, made while the ledger is used.

The database is copied first, as of one moment, and then the payloads outside of it that this copy speaks of.  That
order is the safe one: a payload is durable before a commit speaks of it, so all that the copy names lie there already.
The other way round, what arrived between the two would be named by the database and missing from the payloads.  What
has been erased between the two is rightly not there.

All is written into a folder with another name, forced to disk, and then renamed; so whatever ends the process, what is
called as was asked for is whole.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from uuid import uuid4

from sqlalchemy import Connection, func, select

from transload.runner.ledger.backup.copying import copied
from transload.runner.ledger.backup.manifest import (
    BLOBS,
    DUMP_FILE,
    MANIFEST,
    SQLITE_FILE,
    SUMS,
    BackupError,
    Manifest,
    digest_of,
    write_manifest,
)
from transload.runner.ledger.errors import LedgerError, translated
from transload.runner.ledger.ledger import Ledger
from transload.runner.ledger.migrations import version_of
from transload.runner.ledger.schema import blobs, meta, metadata
from transload.runner.ledger.shelves import PRIVATE_FOLDER, Shelf

UNFINISHED = ".unfinished"
"""What the name of a backup's folder ends in until it is whole."""
_AT_ONCE = 1000


def make_backup(ledger: Ledger, folder: Path, now: datetime) -> Manifest:
    """Back the open ``ledger`` up into ``folder``, which is new or empty; others may work with it meanwhile.

    Payloads that are missing or damaged in the ledger itself are told in `Manifest.lacking`: the rest is worth a backup
    all the more.  Raises `BackupError` where the folder is in use, `LedgerError` where something cannot be read or
    written; then nothing is called ``folder``.
    """
    store, shelf = ledger.database.store, ledger.database.shelf
    with translated(str(folder)), _unfinished(folder) as work:
        size = payloads = 0
        lacking: list[str] = []
        with (work / SUMS).open("x", encoding="ascii") as sums:
            with copied(store, work) as connection:
                counts = {
                    table.name: int(connection.scalar(select(func.count()).select_from(table)) or 0)
                    for table in metadata.sorted_tables
                }
                environment = connection.scalar(select(meta.c.value).where(meta.c.name == "environment"))
                database, schema = connection.dialect.name, version_of(connection)
                for digest in _outside(connection):
                    written = _copy_payload(shelf, digest, work)
                    if written is None:
                        lacking.append(digest)
                        continue
                    payloads, size = payloads + 1, size + written[1]
                    sums.write(f"{written[0]}  {_named(digest)}\n")
            name = SQLITE_FILE if database == "sqlite" else DUMP_FILE
            _force(work / name)
            sums.write(f"{digest_of(work / name)}  {name}\n")
            size += (work / name).stat().st_size
        _force(work / SUMS)
        manifest = Manifest(
            id=uuid4().hex,
            made_at=now.isoformat(),
            product=version("transload"),
            ledger=ledger.database.name,
            database=database,
            schema=schema,
            name=None if database == "sqlite" else store.schema,
            environment=environment,
            counts=counts,
            payloads=payloads,
            size=size,
            lacking=tuple(_still_wanted(ledger, lacking)),
            sums=str(digest_of(work / SUMS)),
        )
        write_manifest(work, manifest)
        _force(work / MANIFEST)
        for path in (*(path for path in (work / BLOBS).glob("*")), work / BLOBS, work):
            _force(path)
    return manifest


@contextmanager
def _unfinished(folder: Path) -> Iterator[Path]:
    """A new folder that gets the name ``folder`` at the end; what an earlier one has left is removed."""
    _refuse_used(folder)
    whole = folder.resolve()
    work = whole.with_name(whole.name + UNFINISHED)
    work.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
    with _alone(work, folder):
        try:
            _empty(work)
            yield work
            work.rename(whole)  # onto nothing, or an empty folder: anything else refuses
        except BaseException:
            shutil.rmtree(work, ignore_errors=True)
            raise
        _force(whole.parent)


@contextmanager
def _alone(work: Path, folder: Path) -> Iterator[None]:
    """Two at the same backup would remove each other's files; the lock is on the folder itself."""
    descriptor = os.open(work, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            ours = os.path.samestat(os.fstat(descriptor), work.stat())
        except (BlockingIOError, FileNotFoundError):
            ours = False
        if not ours:  # another process has it, or had it, and it has its name by now
            raise BackupError(f"another process writes the backup {folder}", hint="wait for it")
        yield
    finally:
        os.close(descriptor)


def _empty(work: Path) -> None:
    for path in work.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _refuse_used(folder: Path) -> None:
    if folder.is_symlink() or (folder.exists() and (not folder.is_dir() or any(folder.iterdir()))):
        raise BackupError(
            f"{folder} is there already, and not empty", hint="name a new folder: a backup replaces nothing"
        )


def _outside(connection: Connection) -> Iterator[str]:
    """The names of the payloads that lie outside of the database, in their order.

    They are asked for in pieces, so that a copy of many holds no cursor for hours.
    """
    after = ""
    while True:
        query = select(blobs.c.digest).where(blobs.c.encoding == "file", blobs.c.digest > after)
        names = connection.scalars(query.order_by(blobs.c.digest).limit(_AT_ONCE)).all()
        yield from names
        if len(names) < _AT_ONCE:
            return
        after = names[-1]


def _still_wanted(ledger: Ledger, lacking: Sequence[str]) -> Iterator[str]:
    """Those that the ledger still says to have; others were erased while the backup was made."""
    with ledger.read() as connection:
        for digest in lacking:
            if connection.scalar(select(blobs.c.encoding).where(blobs.c.digest == digest)) == "file":
                yield digest


def _copy_payload(shelf: Shelf | None, digest: str, work: Path) -> tuple[str, int] | None:
    """Copy it; gives its SHA-256 and size, or None where it is missing or not what its name says."""
    path = work / _named(digest)
    path.parent.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
    if shelf is None:
        return None
    checksum, size = sha256(), 0
    try:
        with path.open("xb") as file:
            for chunk in shelf.raw(digest):
                checksum.update(chunk)
                size += file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
    except LedgerError as error:
        path.unlink(missing_ok=True)
        if _is_missing(error):
            return None
        raise
    if not _is_whole(shelf, digest, checksum.hexdigest()):
        path.unlink()
        return None
    return checksum.hexdigest(), size


def _is_whole(shelf: Shelf, digest: str, found: str) -> bool:
    """Whether what lies on the shelf, and has the SHA-256 ``found``, is the payload: an encrypted one is opened."""
    if found == digest or shelf.key(digest) is None:
        return found == digest
    try:
        for _ in shelf.read(digest):
            pass
    except LedgerError:
        return False
    return True


def _is_missing(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, FileNotFoundError):
            return True
        error = error.__cause__
    return False


def _named(digest: str) -> str:
    return f"{BLOBS}/{digest[:2]}/{digest[2:]}"


def _force(path: Path) -> None:
    """To disk: a file's content, a folder's names."""
    if not path.exists():
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
