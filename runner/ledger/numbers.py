"""Control numbers, durable and without gaps: taken in the transaction that freezes the bytes they stand in.

And the ids of rows, which are wanted before the rows are inserted.
"""

from sqlalchemy import Connection, Table, bindparam, func, select

from transload.runner.ledger.dialects import insert_missing, upsert
from transload.runner.ledger.schema import numbers

_last = select(numbers.c.last).where(numbers.c.series == bindparam("of")).with_for_update()


class LedgerNumbers:
    """The control numbers of one transaction (`transload.canonical.context.Numbers`).

    Numbers taken since a `mark` can be given `back` when what they were taken for is
    not staged after all; `flush` makes the rest durable with the transaction.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._last: dict[str, int] = {}
        self._stored: dict[str, int] = {}

    def next(self, series: str) -> int:
        """The next number of ``series``, from 1.  Whoever wants one of the same series waits for our commit."""
        if series not in self._last:
            self._last[series] = self._stored[series] = self._stored_last(series)
        self._last[series] += 1
        return self._last[series]

    def _stored_last(self, series: str) -> int:
        last: int | None = self._connection.scalar(_last, {"of": series})
        if last is None:  # a row that is not there cannot be locked, and two would begin with the same number
            insert_missing(self._connection, numbers, [{"series": series, "last": 0}])
            last = self._connection.execute(_last, {"of": series}).scalar_one()
        return last

    def mark(self) -> dict[str, int]:
        """How far each series is now."""
        return dict(self._last)

    def back(self, mark: dict[str, int]) -> None:
        """Take back the numbers given out since ``mark``."""
        self._last = {series: mark.get(series, self._stored[series]) for series in self._last}

    def flush(self) -> None:
        """Write the last number of each series that was used."""
        changed = {series: last for series, last in self._last.items() if last != self._stored[series]}
        upsert(self._connection, numbers, [{"series": series, "last": last} for series, last in changed.items()])
        self._stored.update(changed)


class Ids:
    """The ids of rows that one transaction will insert; `flush` makes them used.

    SQLite counts them in a table.  PostgreSQL has its sequences, which hold nobody up until the commit, and of which a
    transaction that fails leaves a gap.  ``most`` is how many are likely to be wanted of a table: they are asked for at
    once.
    """

    def __init__(self, connection: Connection, most: int = 1) -> None:
        self._connection = connection
        self._most = most
        self._ready: dict[str, list[int]] = {}
        self._counted = LedgerNumbers(connection)

    def next(self, table: Table) -> int:
        """The next id of ``table``."""
        if self._connection.dialect.name != "postgresql":
            return self._counted.next(f"id:{table.name}")
        ready = self._ready.setdefault(table.name, [])
        if not ready:
            wanted = func.generate_series(1, self._most).table_valued("number")
            following = func.nextval(func.pg_get_serial_sequence(table.name, "id"))
            ready += sorted(self._connection.scalars(select(following).select_from(wanted)), reverse=True)
            self._most = 1
        return ready.pop()

    def flush(self) -> None:
        """Write how far the counting is; call it once, at the end of the transaction."""
        self._counted.flush()
