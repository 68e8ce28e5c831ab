"""The series of control numbers as people see and set them: at cut-over ours go on where the old system stopped."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from transload.canonical.errors import ConfigurationError
from transload.runner.ledger.database import Database
from transload.runner.ledger.dialects import insert_missing
from transload.runner.ledger.journal import Journal
from transload.runner.ledger.pauses import PEOPLE
from transload.runner.ledger.repeating import NotPossible, Who
from transload.runner.ledger.schema import numbers

_OURS = "id:"
"""What the series begin with that count rows; nobody sees or sets them."""
GREATEST = 2**63 - 2


@dataclass(frozen=True, kw_only=True)
class Set:
    """A series that was set: its last number before (None: it was new) and now."""

    series: str
    before: int | None
    last: int

    def as_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {"series": self.series, "before": self.before, "last": self.last}


class Series:
    """The series of a ledger."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self, part: str = "") -> list[tuple[str, int]]:
        """The series whose name holds ``part``, each with the last number that was used."""
        with self._database.read() as connection:
            rows = connection.execute(select(numbers).order_by(numbers.c.series)).all()
        return [(row.series, row.last) for row in rows if not row.series.startswith(_OURS) and part in row.series]

    def set(self, wanted: Sequence[tuple[str, int]], now: datetime, *, who: Who, backwards: bool = False) -> list[Set]:
        """Let each series go on after a number, all of them or none.

        Raises `NotPossible` for a number below one that was used already, unless ``backwards`` is wanted, and
        `ConfigurationError` for what is no series or number.
        """
        for series, last in wanted:
            if not series or series.startswith(_OURS):
                raise ConfigurationError(f"{series!r} is no series of control numbers", hint="see transload numbers")
            if not 0 <= last <= GREATEST:
                raise ConfigurationError(f"{last} is no number that {series} can have", hint="give one from 0")
        if len({series for series, _ in wanted}) < len(wanted):
            raise ConfigurationError("a series is named twice", hint="give each one number")

        def work(connection: Connection) -> list[Set]:
            journal = Journal(connection, PEOPLE, now)
            done = [self._set(connection, series, last, backwards=backwards) for series, last in sorted(wanted)]
            for one in done:
                journal.record("NUMBERS", detail=who.detail(series=one.series, before=one.before, last=one.last))
            journal.flush()
            return done

        return self._database.write(work)

    def _set(self, connection: Connection, series: str, last: int, *, backwards: bool) -> Set:
        query = select(numbers.c.last).where(numbers.c.series == series).with_for_update()
        before: int | None = connection.scalar(query)
        if before is None:
            insert_missing(connection, numbers, [{"series": series, "last": last}])
            found = connection.scalar(query)
            if found == last:
                return Set(series=series, before=None, last=last)
            before = found or 0
        if last < before and not backwards:
            raise NotPossible(
                f"{series} has used {before} already: after {last} numbers would be used twice",
                hint="partners refuse a number that they know; if it must be, say --although-backwards",
            )
        connection.execute(numbers.update().where(numbers.c.series == series).values(last=last))
        return Set(series=series, before=before, last=last)
