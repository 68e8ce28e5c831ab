"""Copies of a ledger's database while others write to it, each that of one moment."""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import URL, Connection, NullPool, create_engine, text

from transload.adapters.base.masking import masked
from transload.runner.ledger.backup.manifest import DUMP_FILE, SQLITE_FILE, BackupError
from transload.runner.ledger.databases import backend_of
from transload.runner.ledger.errors import LedgerError, translated
from transload.runner.ledger.store import SQLITE, Store, shown

_PASSWORDS = ("password", "sslpassword")


@contextmanager
def copied(store: Store, folder: Path) -> Iterator[Connection]:
    """Copy the database of ``store`` into a file in ``folder``; gives a connection that sees what the copy holds.

    Raises `LedgerError` where that fails.
    """
    url = store.address()
    if url.get_backend_name() == SQLITE:
        path = folder / SQLITE_FILE
        _copy_file(Path(str(url.database)), path)
        with reading_copy(path) as connection:
            yield connection
        return
    backend = backend_of(url, store)
    engine = backend.engine()
    try:
        with translated(backend.name, *backend.secrets), backend.reading(engine) as connection:
            # it waits for the other program as long as that takes, and then counts all rows
            for limit in ("idle_in_transaction_session_timeout", "statement_timeout"):
                connection.execute(text("SELECT set_config(:limit, '0', true)"), {"limit": limit})
            snapshot = connection.scalar(text("SELECT pg_export_snapshot()"))
            with (folder / DUMP_FILE).open("xb") as file:
                run_program(
                    "pg_dump",
                    url,
                    "--format=custom",
                    "--no-owner",
                    "--no-privileges",
                    f"--snapshot={snapshot}",
                    f"--schema={pattern(store.schema)}",
                    "--lock-wait-timeout=60s",
                    output=file,
                )
            yield connection
    finally:
        engine.dispose()


@contextmanager
def reading_copy(path: Path) -> Iterator[Connection]:
    """A connection to a SQLite file that nobody writes, and that may lie where nothing can be written."""
    engine = create_engine(
        URL.create("sqlite", database=f"file:{_quoted(path)}", query={"mode": "ro", "immutable": "1", "uri": "true"}),
        poolclass=NullPool,
    )
    try:
        with translated(str(path)), engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def pattern(schema: str) -> str:
    """The name of a schema as pg_dump and pg_restore take it, with nothing in it meant as a pattern."""
    return '"' + schema.replace('"', '""') + '"'


def run_program(name: str, url: URL, *arguments: str, output: Any = None) -> None:
    """Run one of PostgreSQL's programs against ``url``, whose secrets no other user sees.

    Raises `LedgerError` with what the program says.
    """
    program = shutil.which(name)
    if program is None:
        raise LedgerError(
            f"the program {name} is not installed",
            hint="install PostgreSQL's client programs, not older than the server: apt-get install postgresql-client",
        )
    settings = _settings(url)
    with TemporaryDirectory() as folder:
        service = Path(folder) / "services"
        service.touch(mode=0o600)
        lines = [f"{key}={value}\n" for key, value in settings.items() if key != "password"]
        service.write_text("".join(["[ledger]\n", *lines]), encoding="utf-8")
        environment = {**os.environ, "PGSERVICEFILE": str(service), "LC_ALL": "C"}
        if "password" in settings:
            environment["PGPASSWORD"] = settings["password"]
        command = [program, "--no-password", "--dbname=service=ledger", *arguments]
        done = subprocess.run(  # noqa: S603  # the program found on the path, and no shell
            command, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.PIPE, check=False
        )
    if done.returncode:
        secrets = [settings[key] for key in _PASSWORDS if key in settings]
        said = masked(done.stderr.decode("utf-8", "replace"), *secrets).strip().splitlines()
        hint = "install the client programs of the server's version, or newer ones" if _is_older(said) else None
        first = said[0] if said else f"it ended with {done.returncode}"
        raise LedgerError(f"{name} failed for the ledger {shown(url)}: {first}", hint=hint)


def _settings(url: URL) -> Mapping[str, str]:
    """What libpq is to be given, by its names."""
    settings = url.get_dialect()().create_connect_args(url)[1]
    texts = {name: str(value) for name, value in settings.items()}
    if any("\n" in value or "\r" in value for value in texts.values()):
        raise BackupError("a setting of store: holds the end of a line", hint="no setting of a connection does")
    return texts


def _is_older(lines: list[str]) -> bool:
    return any("server version mismatch" in line for line in lines)


def _copy_file(source: Path, target: Path) -> None:
    """By SQLite's own backup: all pages as of one moment, while writers go on writing to the WAL."""
    with translated(str(source)):
        reading = sqlite3.connect(f"file:{_quoted(source)}?mode=ro", uri=True)
        writing = sqlite3.connect(target)
        try:
            reading.backup(writing)
            writing.execute("PRAGMA journal_mode=DELETE")  # one file, which can be read where nothing can be written
            fault = writing.execute("PRAGMA quick_check(1)").fetchone()[0]
        finally:
            writing.close()
            reading.close()
    if fault != "ok":
        raise LedgerError(f"the ledger {source} is damaged: {fault}", hint="restore it from an earlier backup")


def _quoted(path: Path) -> str:
    from urllib.parse import quote

    return quote(str(path.resolve()))
