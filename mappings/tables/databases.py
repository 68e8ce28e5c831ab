"""Tables in databases, read whole, kept for a while, and read again.

A database that is down is no fault of a document: `Retry` is raised when a value is looked up,
and nothing is asked when a mapping is loaded.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, Any

from transload.canonical.errors import ConfigurationError, Retry
from transload.canonical.findings import Finding
from transload.mappings.tables.rows import Row, Rows

if TYPE_CHECKING:
    from sqlalchemy import Engine

MOST = 1_000_000
"""Rows of the largest table."""
_PATIENCE = 5.0
"""Seconds for which a database that failed is not asked again, so that a batch does not wait for each document."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Database:
    """A database that mappings may look things up in.

    ``url`` gives its SQLAlchemy URL, secrets resolved, each time a connection is made; it may raise `Stop`.
    ``queries`` are SQL texts by name, which the workspace's owner wrote and mappings name.
    """

    name: str
    url: Callable[[], str] = field(repr=False)
    queries: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What of a database makes a table: its columns, and ``table`` or the name of a ``query``.

    ``scope`` are the values of the column ``partner`` of which a row must have one; empty without scope.
    """

    theirs: str
    ours: str
    table: str | None = None
    query: str | None = None
    partner: str | None = None
    scope: tuple[str, ...] = ()


class LiveTable:
    """A table of a database: whole in memory, read again when it is older than ``refresh`` seconds.

    One thread reads it while others go on with what was there; the first look-up waits.
    """

    def __init__(
        self, name: str, database: Database, wanted: Wanted, refresh: float, clock: Callable[[], float] = monotonic
    ) -> None:
        self.name = name
        self._database = database
        self._wanted = wanted
        self._refresh = refresh
        self._clock = clock
        self._lock = Lock()
        self._rows: Rows | None = None
        self._until = 0.0
        self._failed: Retry | None = None
        self._again = 0.0

    @property
    def known(self) -> Rows | None:
        """What was read last."""
        return self._rows

    def rows(self) -> Rows:
        """The table as it is known now.

        Raises `Retry` when the database cannot be asked, `ConfigurationError` when what it gives is no table.
        """
        found = self._rows
        if found is not None and self._clock() < self._until:
            return found
        if not self._lock.acquire(blocking=found is None):
            assert found is not None
            return found  # another thread is reading it
        try:
            if self._rows is None or self._clock() >= self._until:
                self._read()
            assert self._rows is not None
            return self._rows
        finally:
            self._lock.release()

    def _read(self) -> None:
        now = self._clock()
        if self._failed is not None and now < self._again:
            raise self._failed
        try:
            self._rows = self._load()
        except Retry as error:
            self._failed, self._again = error, now + _PATIENCE
            raise
        self._failed = None
        self._until = self._clock() + self._refresh

    def _load(self) -> Rows:
        from sqlalchemy import NullPool, create_engine  # here, since it brings much with it, and few mappings ask
        from sqlalchemy.exc import SQLAlchemyError

        wanted = self._wanted
        try:
            engine = create_engine(self._database.url(), poolclass=NullPool)
        except (SQLAlchemyError, ImportError, ValueError) as error:
            raise _wrong(f"the URL of the database {self._database.name} is refused: {type(error).__name__}") from None
        try:
            rows = Rows(self._fetched(engine))
        except SQLAlchemyError as error:
            message = f"the table {self.name} cannot be read from the database {self._database.name}"
            reason = type(getattr(error, "orig", None) or error).__name__
            hint = f"the database says {reason}; it is asked again when the work is tried again"
            raise Retry(message, hint=hint, findings=[Finding(code="E-XREF", message=message, hint=hint)]) from None
        finally:
            engine.dispose()
        if rows.clashes:
            first = rows.clashes[0]
            more = f" (and {len(rows.clashes) - 1} more)" if len(rows.clashes) > 1 else ""
            table_of = wanted.table or wanted.query
            raise _wrong(f"{table_of}: {first.text()}: rows {first.first} and {first.second}{more}")
        return rows

    def _fetched(self, engine: "Engine") -> Iterator[Row]:
        from sqlalchemy import column, select, table, text

        wanted = self._wanted
        names = [wanted.theirs, wanted.ours, *([wanted.partner] if wanted.partner else [])]
        statement: Any
        if wanted.query is not None:
            statement = text(self._database.queries[wanted.query])
        else:
            assert wanted.table is not None
            schema, _, name = wanted.table.rpartition(".")
            source = table(name, *(column(item) for item in names), schema=schema or None)
            statement = select(*(source.c[item] for item in names))
            if wanted.partner:
                statement = statement.where(source.c[wanted.partner].in_(wanted.scope))
        with engine.connect().execution_options(stream_results=True) as connection:
            result = connection.execute(statement)
            keys = list(result.keys())
            missing = next((item for item in names if item not in keys), None)
            if missing is not None:
                raise _wrong(f"the query {wanted.query} of {self._database.name} gives no column {missing!r}")
            places = [keys.index(item) for item in names]
            for number, row in enumerate(result, start=1):
                if number > MOST:
                    raise _wrong(f"{wanted.table or wanted.query} has more than {MOST} rows")
                values = [row[place] for place in places]
                if wanted.partner and str(values[2]) not in wanted.scope:
                    continue
                if values[0] is None or values[1] is None:
                    continue
                theirs, ours = str(values[0]).strip(), str(values[1]).strip()
                if theirs and ours:
                    yield theirs, ours, number


def _wrong(message: str) -> ConfigurationError:
    return ConfigurationError(message, findings=[Finding(code="E-XREF", message=message)])
