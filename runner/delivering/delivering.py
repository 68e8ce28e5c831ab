"""Delivering: a lane's due deliveries are handed to its target, while the gate of its connection is open."""

from collections.abc import Callable, Mapping
from datetime import datetime

from transload.runner.delivering.draining import Draining
from transload.runner.dispatch.baton import Baton
from transload.runner.ledger import Ledger
from transload.runner.lines.gates import Closed, Gates
from transload.runner.lines.lines import Line, Outlet
from transload.runner.lines.summary import Tally


class Delivering:
    """Drains lanes.  ``stopping`` is asked between calls.

    ``readers`` are the lines that read the answers of send routes, by the names of these; ``arrived`` hears of
    new work in their lanes.  ``shared``: other processes may have had a lane before, and be alive.
    """

    def __init__(
        self,
        ledger: Ledger,
        tally: Tally,
        gates: Gates,
        baton: Baton,
        *,
        clock: Callable[[], datetime],
        stopping: Callable[[], bool],
        readers: Mapping[str, Line],
        arrived: Callable[[str], None],
        shared: bool = False,
    ) -> None:
        self.ledger = ledger
        self.tally = tally
        self.gates = gates
        self.baton = baton
        self.clock = clock
        self.stopping = stopping
        self.readers = readers
        self.arrived = arrived
        self.shared = shared

    def drain(self, outlet: Outlet) -> float | None:
        """Deliver what is due in a lane, for a while; gives in how many seconds to go on, so that others have a turn.

        Raises `LedgerError` when an attempt or its outcome cannot be recorded.
        """
        connection = outlet.way.connection
        try:
            breaker = self.gates.check(connection, outlet.settings, route=outlet.target)
        except Closed as closed:
            self.tally.note(closed.findings if closed.until is None else [])
            return None
        with self.gates.slots(connection, outlet.lane, most=1 if breaker else connection.limits.at_once) as slots:
            if not slots:
                return None
            epoch = self.ledger.lanes.take(outlet.lane, self.clock())
            if epoch is None:
                return None
            draining = Draining(self, outlet, epoch, at_once=slots)
            after = draining.run()
        if breaker and draining.succeeded and draining.stopped is None:
            self.ledger.breakers.close(connection.ref, self.clock(), lane=outlet.lane)
        return after
