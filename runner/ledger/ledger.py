"""The ledger as one thing: the database of all that arrived, was made of it, and became of it."""

from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

from sqlalchemy import Connection, func, select

from transload.canonical.errors import ConfigurationError
from transload.canonical.findings import Finding
from transload.runner.ledger.actions import Actions
from transload.runner.ledger.alarms import Alarms
from transload.runner.ledger.arrivals import Arrivals
from transload.runner.ledger.auditing import Audit
from transload.runner.ledger.backup.settling import refuse_unaccepted
from transload.runner.ledger.blobs import BlobStore
from transload.runner.ledger.breakers import Breakers
from transload.runner.ledger.bulks import Bulks
from transload.runner.ledger.conditions import Conditions
from transload.runner.ledger.database import Database
from transload.runner.ledger.databases.backend import ProcessLock
from transload.runner.ledger.departures import Departures
from transload.runner.ledger.dialects import insert_missing
from transload.runner.ledger.encryption.covers import cover_of
from transload.runner.ledger.encryption.rekeying import Rekeying
from transload.runner.ledger.erasing import Erasing
from transload.runner.ledger.expectations import Observed
from transload.runner.ledger.failures import Failures
from transload.runner.ledger.history import History
from transload.runner.ledger.incidents import Incidents
from transload.runner.ledger.lanes import Lanes
from transload.runner.ledger.leaps import Leaps
from transload.runner.ledger.looks import Looks
from transload.runner.ledger.memory import LedgerMemory
from transload.runner.ledger.pauses import Pauses
from transload.runner.ledger.queries import Queries
from transload.runner.ledger.rates import Rates
from transload.runner.ledger.reconciled import Reconciled
from transload.runner.ledger.reopening import Reopening
from transload.runner.ledger.responses import Responses
from transload.runner.ledger.schema import VERSION, deliveries, documents, events, meta, receipts
from transload.runner.ledger.scratch import Scratch
from transload.runner.ledger.seals import Seal, Seals
from transload.runner.ledger.searching import Searching
from transload.runner.ledger.series import Series
from transload.runner.ledger.staging import Staging
from transload.runner.ledger.statements import Statements
from transload.runner.ledger.store import Store
from transload.runner.ledger.ticks import Ticks
from transload.runner.ledger.unpacking import Unpacking


class Ledger:
    """The durable record that owns all work.

    ``store`` is where it is kept, or its address alone: ``sqlite:////srv/transload/ledger.db``, say.  Use it
    inside ``with ledger:``, or `open` and `close` it.  Every method that writes has its changes on disk
    when it returns, and raises `transload.runner.ledger.errors.LedgerError` when it cannot.
    """

    def __init__(self, store: Store | str) -> None:
        self.database = Database(Store(url=store) if isinstance(store, str) else store)
        self.store = BlobStore(lambda: self.database.shelf, lambda: self.database.keys)
        self.scratch = Scratch(lambda: self.database.scratch)
        self.arrivals = Arrivals(self.database, self.store)
        self.unpacking = Unpacking(self.database, self.store)
        self.responses = Responses(self.database, self.store)
        self.staging = Staging(self.database, self.store)
        self.departures = Departures(self.database, self.store)
        self.lanes = Lanes(self.database, self.store)
        self.breakers = Breakers(self.database)
        self.rates = Rates(self.database)
        self.ticks = Ticks(self.database)
        self.leaps = Leaps(self.database)
        self.queries = Queries(self.database, self.store)
        self.history = History(self.database, self.store)
        self.reconciled = Reconciled(self.database, self.store)
        self.actions = Actions(self.database)
        self.observed = Observed(self.database)
        self.conditions = Conditions(self.database)
        self.incidents = Incidents(self.database)
        self.alarms = Alarms(self.database)
        self.statements = Statements(self.database)
        self.erasing = Erasing(self.database, self.store)
        self.seals = Seals(self.database)
        self.reopening = Reopening(self.database, self.store)
        self.pauses = Pauses(self.database)
        self.bulks = Bulks(self.database)
        self.searching = Searching(self.database)
        self.failures = Failures(self.database)
        self.series = Series(self.database)
        self.looks = Looks(self.database)

    @property
    def is_local(self) -> bool:
        """Whether it is a file of this machine, for which nobody waits long."""
        return self.database.is_local

    def open(self, *, create: bool = True) -> Self:
        """Open the ledger, making it first unless ``create`` is False; raises as `Database.open` does."""
        self.database.open(create=create)
        return self

    def close(self) -> None:
        """Close all connections to the database."""
        self.database.close()

    def __enter__(self) -> Self:
        return self.open()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def belong(self, environment: str) -> None:
        """Tie the ledger to ``environment`` at its first use, for good.

        What arrived and waits in one environment would leave through the connections of
        another.  Raises `ConfigurationError` when it belongs to another one, or was restored
        from a backup and nobody has accepted that.
        """
        query = select(meta.c.value).where(meta.c.name == "environment")

        def work(connection: Connection) -> str | None:
            insert_missing(connection, meta, [{"name": "environment", "value": environment}])
            return connection.scalar(query)

        with self.read() as connection:
            refuse_unaccepted(connection, self.database.name)
            known = connection.scalar(query)
        known = known or self.database.write(work)
        if known != environment:
            message = f"the ledger {self.database.name} is that of the environment {known!r}, not {environment!r}"
            hint = "give each its own, as in store: {test: sqlite:///var/test.db, production: sqlite:///var/ledger.db}"
            finding = Finding(code="C-ENVIRONMENT", message=message, hint=hint)
            raise ConfigurationError(message, hint=hint, findings=[finding])

    def identity(self) -> str:
        """A name that no other ledger has, and that a copy keeps; made when it is first asked for."""
        query = select(meta.c.value).where(meta.c.name == "identity")

        def work(connection: Connection) -> str:
            insert_missing(connection, meta, [{"name": "identity", "value": str(uuid4())}])
            return str(connection.scalar(query))

        with self.read() as connection:
            known = connection.scalar(query)
        return known or self.database.write(work)

    def read(self) -> AbstractContextManager[Connection]:
        """A connection for queries, which sees one moment of the ledger."""
        return self.database.read()

    def memory(self, *, route: str, connection: str, folder: Path | None = None) -> LedgerMemory:
        """What the source of ``route`` remembers; ``folder`` is for what is half received, in place of its own."""
        folder = folder or self.scratch.of(route=route, connection=connection)
        cover = cover_of(self.database.keys)
        return LedgerMemory(self.database, scope=route, connection=connection, folder=folder, cover=cover)

    def verify(self) -> list[Finding]:
        """All that `audit` finds."""
        return list(self.audit().findings())

    def audit(self, *, payloads: bool = True, against: Seal | None = None) -> Audit:
        """A look whether the ledger is as it was written."""
        return Audit(self.database, self.store, payloads=payloads, against=against)

    def rekeying(self) -> Rekeying:
        """A run that brings all payloads under the key in use."""
        return Rekeying(self.database, self.store)

    def described(self) -> dict[str, Any]:
        """Where it is kept and how much it holds, for people and as JSON values.

        Keys: ``store``, ``database`` (its kind), ``schema`` (the version of the tables), ``environment`` (None before
        the first run), ``payloads`` (where large ones lie), and the numbers of ``receipts``, ``documents``,
        ``deliveries`` and ``events``.
        """
        with self.read() as connection:
            environment = connection.scalar(select(meta.c.value).where(meta.c.name == "environment"))
            counts = {
                table.name: connection.scalar(select(func.count()).select_from(table))
                for table in (receipts, documents, deliveries, events)
            }
            kind = connection.dialect.name
        shelf = self.database.shelf
        return {
            "store": self.database.name,
            "database": kind,
            "schema": VERSION,
            "environment": environment,
            "payloads": shelf.name if shelf is not None else "in the database",
            **counts,
        }

    def exclusively(self, what: str) -> AbstractContextManager[ProcessLock]:
        """The right to do the ledger's work in this process alone; ``what`` is named to who asks for it meanwhile."""
        return self.database.exclusively(what)

    def together(self, what: str) -> AbstractContextManager[ProcessLock]:
        """The right to do its work beside other services, where its database lets several; alone else."""
        return self.database.together(what)
