"""That somebody was shown real values of masked fields: who, when, why, and of what, before they are shown."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from transload.runner.ledger.database import Database
from transload.runner.ledger.journal import Journal
from transload.runner.ledger.references import Ref
from transload.runner.ledger.repeating import Who, lane_of

LANE = "looks"
"""The lane of the events about many things at once."""
UNMASKED = "UNMASKED"
_MOST = 100


class Looks:
    """Notes them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(self, command: str, refs: Sequence[Ref], now: datetime, *, who: Who) -> None:
        """Note that ``command`` shows ``refs`` unmasked.

        One alone is told in its own story; of many the first hundred are named, in an event of the lane `LANE`.
        """

        def work(connection: Connection) -> None:
            alone = refs[0] if len(refs) == 1 else None
            journal = Journal(connection, LANE if alone is None else lane_of(connection, alone), now)
            detail = who.detail(command=command)
            if alone is None:
                detail |= {"count": len(refs), "refs": " ".join(str(ref) for ref in refs[:_MOST])}
            of = {alone.kind: alone.id} if alone is not None else {}
            journal.record(
                UNMASKED,
                receipt=of.get("receipt"),
                document=of.get("document"),
                delivery=of.get("delivery"),
                detail=detail,
            )
            journal.flush()

        self._database.write(work)
