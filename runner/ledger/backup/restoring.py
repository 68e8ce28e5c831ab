"""A ledger from its backup, in an empty place only; nothing works with it before `settling` has held its lanes."""

import os
import shutil
import sqlite3
from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from sqlalchemy import URL, Connection, column, insert, select, table
from sqlalchemy.schema import CreateTable, DropTable

from transload.runner.ledger.backup.copying import run_program
from transload.runner.ledger.backup.manifest import BLOBS, BackupError, Manifest, check_backup, listed
from transload.runner.ledger.backup.settling import Settled, settle
from transload.runner.ledger.database import shelf_of
from transload.runner.ledger.databases import Backend, backend_of
from transload.runner.ledger.encryption import Keyring
from transload.runner.ledger.errors import translated
from transload.runner.ledger.migrations import UNFINISHED_TABLE, VERSION_TABLE, migrate, unfinished, version_of
from transload.runner.ledger.schema import VERSION
from transload.runner.ledger.shelves import PRIVATE_FOLDER, Shelf
from transload.runner.ledger.store import SQLITE, Store

RESTORING = ".restoring"
"""What the name of a ledger's file ends in until its lanes are held."""
_WHAT = "transload ledger restore"
_BESIDE = ("", "-wal", "-shm", "-journal")
_Settling = Callable[[Connection], Settled]


def restore_backup(
    folder: Path, store: Store, routes: Collection[str], now: datetime, *, by: str, skip: int
) -> tuple[Manifest, Settled]:
    """Restore the backup in ``folder`` to ``store``, where no ledger is yet; gives what was done.

    ``routes`` are the lanes that the workspace sends through: those that the backup does not have are held too.
    ``skip`` is how many control numbers of each series are left out.  Every file is checked first.  Raises
    `BackupError` where the backup is damaged, does not fit, or the place is not empty, `LedgerError` where something
    cannot be written; then there is no ledger, and the same command can be given again.
    """
    manifest = check_backup(folder)
    url = store.address()
    kind = "sqlite" if url.get_backend_name() == SQLITE else "postgresql"
    _refuse_strange(manifest, folder, kind, store)
    backend = backend_of(url, store)
    shelf = shelf_of(store, backend, Keyring())  # what is encrypted is put back as it is
    if manifest.payloads and shelf is None:
        raise BackupError(
            f"the backup {folder} holds {manifest.payloads} payloads from outside of the database",
            hint="say in blobs: where they are to lie",
        )

    def settling(connection: Connection) -> Settled:
        return settle(connection, manifest, routes, now, by=by, skip=skip)

    with translated(backend.name, *backend.secrets):
        if kind == "sqlite":
            return manifest, _into_file(manifest, folder, Path(str(url.database)), backend, store, shelf, settling)
        return manifest, _into_schema(manifest, folder, url, backend, shelf, settling)


def _refuse_strange(manifest: Manifest, folder: Path, kind: str, store: Store) -> None:
    if manifest.schema > VERSION:
        raise BackupError(
            f"the backup {folder} has schema {manifest.schema}, and this version of Transload knows {VERSION}",
            hint="install the version of Transload that made it, or a newer one",
        )
    if kind != manifest.database:
        raise BackupError(
            f"the backup {folder} is of a ledger in {manifest.database}, and store: names one in {kind}",
            hint="restore it to a database of its own kind",
        )
    if kind == "postgresql" and manifest.name != store.schema:
        raise BackupError(
            f"the backup {folder} is of the schema {manifest.name!r}, and store: names {store.schema!r}",
            hint="give store: that schema, in another database where there is one already",
        )


def _into_file(
    manifest: Manifest,
    folder: Path,
    path: Path,
    backend: Backend,
    store: Store,
    shelf: Shelf | None,
    settling: _Settling,
) -> Settled:
    path.parent.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
    working = path.with_name(path.name + RESTORING)
    with backend.lock(_WHAT):
        if path.exists() and working.exists() and working.samefile(path):
            working.unlink()
            raise BackupError(
                f"the ledger {path} is restored already: that restore was ended behind its last step",
                hint="go on with `transload ledger restore --accept`",
            )
        _refuse_there(path)
        for name in _BESIDE:  # of one that was ended
            working.with_name(working.name + name).unlink(missing_ok=True)
        _lay(folder, shelf)
        working.touch(mode=0o600)
        shutil.copyfile(folder / manifest.file, working)
        address = store.address().set(database=str(working))
        done = _settled(manifest, backend_of(address, store), settling)
        _close(working)
        try:
            os.link(working, path)  # a rename would replace what another process has made meanwhile
        except FileExistsError:
            _refuse_there(path)
            raise
        working.unlink()
        descriptor = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        with suppress(OSError):
            os.fsync(descriptor)
        os.close(descriptor)
    return done


def _refuse_there(path: Path) -> None:
    there = [path.with_name(path.name + name) for name in _BESIDE if path.with_name(path.name + name).exists()]
    if there:
        raise BackupError(
            f"there is a ledger already: {there[0]}",
            hint="a restore replaces nothing: stop what works with it, and move its files to another place",
        )


def _close(working: Path) -> None:
    """All of it in the one file, and that on disk."""
    connection = sqlite3.connect(working)
    try:
        connection.execute("PRAGMA journal_mode=DELETE")
    finally:
        connection.close()
    with working.open("rb") as file:
        os.fsync(file.fileno())


def _into_schema(
    manifest: Manifest, folder: Path, url: URL, backend: Backend, shelf: Shelf | None, settling: _Settling
) -> Settled:
    with backend.lock(_WHAT):
        if not _is_begun(manifest, backend):
            _lay(folder, shelf)
            run_program(
                "pg_restore",
                url,
                "--single-transaction",
                "--exit-on-error",
                "--no-owner",
                "--no-privileges",
                f"--schema={manifest.name}",
                str(folder / manifest.file),
            )
        return _settled(manifest, backend, settling)


def _is_begun(manifest: Manifest, backend: Backend) -> bool:
    """Mark an empty schema; True where the tables of the same backup are there already, and not held yet."""
    engine = backend.engine()
    mark = table(UNFINISHED_TABLE, column("backup"))
    try:
        with backend.migrating(engine) as connection:
            there = backend.tables(connection)
            if not there:
                connection.execute(CreateTable(unfinished))
                connection.execute(insert(mark).values(backup=manifest.id))
                return False
            if UNFINISHED_TABLE in there and connection.scalar(select(mark.c.backup)) == manifest.id:
                return VERSION_TABLE in there
    finally:
        engine.dispose()
    hint = "a restore replaces nothing: name an empty database, or drop the schema if nobody needs it any more"
    raise BackupError(f"there are tables already in the ledger {backend.name}", hint=hint)


def _settled(manifest: Manifest, backend: Backend, settling: _Settling) -> Settled:
    """Bring the tables up to this version and hold the lanes, in one transaction."""
    engine = backend.engine()
    try:
        with backend.migrating(engine) as connection:
            found = version_of(connection)
            if found != manifest.schema:
                raise BackupError(
                    f"the backup says that it has schema {manifest.schema}, and its tables have {found}",
                    hint="take another backup",
                )
            if found < VERSION:
                migrate(connection)
            done = settling(connection)
            if UNFINISHED_TABLE in backend.tables(connection):
                connection.execute(DropTable(unfinished))
            return done
    finally:
        engine.dispose()


def _lay(folder: Path, shelf: Shelf | None) -> None:
    """Put the payloads back; one that lies there already is written again, as it may be damaged."""
    for _, name in listed(folder):
        if name.startswith(f"{BLOBS}/") and shelf is not None:
            shelf.lay(name.removeprefix(f"{BLOBS}/").replace("/", ""), folder / name)
