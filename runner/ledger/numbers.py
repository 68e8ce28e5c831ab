"""Control numbers, durable and without gaps: taken in the transaction that freezes the bytes they stand in."""

from sqlalchemy import Connection, bindparam, select

from transload.runner.ledger.database import upsert
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
        """The next number of ``series``, from 1."""
        if series not in self._last:
            self._last[series] = self._stored[series] = self._connection.scalar(_last, {"of": series}) or 0
        self._last[series] += 1
        return self._last[series]

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
