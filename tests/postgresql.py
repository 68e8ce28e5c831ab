"""A PostgreSQL server of our own, from the distribution's binaries: on loopback, with passwords, forced to disk."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg
from sqlalchemy import URL

from transload.runner.ledger import Ledger
from transload.runner.ledger.schema import metadata

PASSWORD = "only p@ss/for:tests"
"""With characters that mean something in an address."""
OWNER = "transload"
ALONE = (
    "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
"""Ends all sessions with a database but one."""
_RESTART = (
    "SELECT setval(quote_ident(sequencename)::regclass, 1, false) FROM pg_sequences WHERE schemaname = 'transload'"
)


def binaries() -> Path | None:
    """The folder of the newest server's programs, or None where there is none."""
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if found:
        return max(found, key=lambda path: float(path.parent.name))
    program = shutil.which("initdb")
    return Path(program).resolve().parent if program else None


class Server:
    """A running server; `stop` and `start` it as a test needs."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self.programs = programs
        self.folder = folder
        self.data = folder / "data"
        self._numbers = count(1)
        self._kept: str | None = None
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        as_root = os.getuid() == 0  # the server refuses to be run by root
        self._user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if as_root else []
        (folder / "password").write_text(PASSWORD)
        (folder / "password").chmod(0o644)
        if as_root:
            shutil.chown(folder, "postgres", "postgres")  # from here on even root may have no right to look into it

    def initialise(self) -> None:
        """Make its files, start it, and make an owner of ledgers who is no superuser."""
        self._run(
            "initdb",
            "-D",
            self.data,
            "-U",
            "postgres",
            "--auth=scram-sha-256",
            f"--pwfile={self.folder / 'password'}",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "--no-instructions",
        )
        self.start()
        with self.connect() as connection:
            connection.execute(f"CREATE ROLE {OWNER} LOGIN PASSWORD '{PASSWORD}'")

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 -c max_connections=60 -c fsync=on"
        options += " -c deadlock_timeout=100ms"
        self._run("pg_ctl", "-D", self.data, "-l", self.folder / "log", "-o", options, "-w", "-t", "60", "start")

    def stop(self, mode: str = "fast") -> None:
        """Stop it; ``immediate`` is as if its machine had lost its power."""
        self._run("pg_ctl", "-D", self.data, "-m", mode, "-w", "-t", "60", "stop")

    def connect(self, database: str = "postgres") -> psycopg.Connection:
        """A connection of the superuser, each statement a transaction of its own."""
        return psycopg.connect(
            host="127.0.0.1", port=self.port, user="postgres", password=PASSWORD, dbname=database, autocommit=True
        )

    def make_database(self, template: str = "template0") -> str:
        """A new database of the owner's; gives its name."""
        name = f"test{next(self._numbers)}"
        with self.connect() as connection:
            connection.execute(f"CREATE DATABASE {name} OWNER {OWNER} TEMPLATE {template}")
        return name

    def drop_database(self, name: str) -> None:
        """Away with it, whoever uses it."""
        with self.connect() as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def clean_database(self) -> str:
        """A database with an empty ledger, the same one each time: emptying it takes a fifth of making one."""
        if self._kept is None:
            self._kept = self.make_database()
            with Ledger(self.url(self._kept)):
                pass
            return self._kept
        with self.connect(self._kept) as connection:
            connection.execute(ALONE)
            with connection.transaction():
                connection.execute("SET LOCAL search_path = transload")
                connection.execute("SET LOCAL session_replication_role = replica")  # no look at references
                for table in metadata.tables:
                    connection.execute(f"DELETE FROM {table}")
                connection.execute(_RESTART)
        return self._kept

    def url(self, database: str, *, password: str = PASSWORD, **query: str) -> str:
        """The address of a database, for its owner."""
        address = URL.create("postgresql", OWNER, password, "127.0.0.1", self.port, database, query)
        return address.render_as_string(hide_password=False)

    def do(self, *command: object) -> int:
        """Run a command as the server's user; gives how it ended."""
        done = subprocess.run([*self._user, *map(str, command)], capture_output=True, cwd="/", check=False, timeout=120)
        return done.returncode

    def _run(self, program: str, *arguments: object) -> None:
        command = [*self._user, str(self.programs / program), *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, cwd="/", check=False, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def running(programs: Path) -> Iterator[Server]:
    """A server for the length of the block; its files are in a folder that its user may reach."""
    folder = Path(tempfile.mkdtemp(prefix="transload-postgresql-", dir="/tmp"))
    server = Server(programs, folder)
    try:
        server.initialise()
        yield server
    finally:
        if server.do("test", "-e", server.data / "postmaster.pid") == 0:
            server.stop("immediate")
        server.do("rm", "-rf", folder)
