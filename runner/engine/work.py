"""What the names of a dispatch stand for: a route to be asked, what it received to be read, a lane to be drained."""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime

from transload.runner.delivering.delivering import Delivering
from transload.runner.dispatch.baton import Baton
from transload.runner.ledger import Ledger, ProcessLock
from transload.runner.ledger.outage import Outage
from transload.runner.lines.gates import Gates
from transload.runner.lines.lines import Line, Outlet
from transload.runner.lines.summary import Tally
from transload.runner.reading.processing import Processing
from transload.runner.receiving.polling import Polling
from transload.runner.receiving.reception import Reception

POLL, IN = "poll:", "in:"


def kin_of(name: str) -> str:
    """The partner that the work under ``name`` is for: partners take turns."""
    return name.removeprefix(POLL).removeprefix(IN).partition("/")[0]


class Work:
    """The work of ``lines``, and of the lanes of ``outlets``; ``readers`` read answers, by send routes.

    ``by_ticks``: routes are asked when a schedule wants it, and whenever their name comes up otherwise.
    ``wake`` hears of names with new work, ``stopping`` is asked between the steps of each, and ``outage`` hears where
    the ledger fails.
    """

    def __init__(
        self,
        ledger: Ledger,
        lock: ProcessLock,
        *,
        lines: Sequence[Line],
        outlets: Mapping[str, Outlet],
        readers: Mapping[str, Line],
        tally: Tally,
        clock: Callable[[], datetime],
        wake: Callable[[Iterable[str]], None],
        stopping: Callable[[], bool],
        by_ticks: bool,
        outage: Outage | None = None,
    ) -> None:
        self._outage = outage or Outage()
        self._ledger = ledger
        self._lock = lock
        self._lines = {line.route.ref: line for line in lines}
        self._feeding = {writer.outlet.lane: line.lane for line in lines for writer in line.writers}
        self._outlets = outlets
        self._clock = clock
        self._wake = wake
        self._stopping = stopping
        self._by_ticks = by_ticks
        self._current = threading.local()
        baton = Baton(used=ledger.is_local)
        gates = Gates(ledger, lock, clock=clock, wake=wake)
        self._reception = Reception(
            ledger, tally, gates, baton, clock=clock, stopping=self._ended, arrived=self._arrived
        )
        self._polling = Polling(ledger, self._reception, clock=clock, stopping=self._ended)
        self._processing = Processing(ledger, tally, baton, clock=clock, stopping=self._ended, staged=self._staged)
        self._delivering = Delivering(
            ledger,
            tally,
            gates,
            baton,
            clock=clock,
            stopping=self._ended,
            readers=readers,
            arrived=self._arrived,
            shared=lock.shared,
        )

    def do(self, name: str) -> float | None:
        """Do what is due under ``name`` for a while: gives in how many seconds it wants to go on, None for not now."""
        if self._stopping() or not self._is_ours(name):
            return None
        with self._doing(name), self._outage.heard(name):
            if name.startswith(POLL):
                line = self._lines[name.removeprefix(POLL)]
                return self._poll(line, name)
            if name.startswith(IN):
                return self._processing.drain(self._lines[name.removeprefix(IN)])
            return self._delivering.drain(self._outlets[name])

    def _poll(self, line: Line, name: str) -> float | None:
        if self._by_ticks:
            self._polling.poll(line, name)
            return None
        later = self._reception.poll(line, name)
        return later.at_least if later is not None and not later.failed else None

    def due(self) -> list[str]:
        """The names under which something is due, as the ledger knows: routes to be asked only by ticks."""
        return [*self._due(None)]

    def is_due(self, name: str) -> bool:
        """Whether something is due under ``name``."""
        return name in self._due(name)

    def _due(self, name: str | None) -> Iterator[str]:
        now = self._clock()
        found: list[str] = []
        if self._by_ticks and (name is None or name.startswith(POLL)):
            found += [POLL + ref for ref in self._ledger.ticks.due(now, name and name.removeprefix(POLL))]
        if name is None or name.startswith(IN):
            found += [IN + ref for ref in self._ledger.arrivals.routes_due(name and name.removeprefix(IN))]
            found += self._departing(now, name, found)
        if name is None or not name.startswith((POLL, IN)):
            found += self._ledger.lanes.ready(now, name)
        return filter(self._is_ours, found)

    def _departing(self, now: datetime, name: str | None, known: Sequence[str]) -> set[str]:
        """The names of lines that have batches to write, without those known already."""
        due = (lane for lane in self._ledger.departures.lanes_due(now) if lane in self._feeding)
        return {self._feeding[lane] for lane in due if name in (None, self._feeding[lane])} - set(known)

    def _is_ours(self, name: str) -> bool:
        """Whether the workspace has the route or lane, which may be gone from it."""
        if name.startswith((POLL, IN)):
            return name.removeprefix(POLL).removeprefix(IN) in self._lines
        return name in self._outlets

    @contextmanager
    def _doing(self, name: str) -> Iterator[None]:
        self._current.name = name
        try:
            yield
        finally:
            self._current.name = None

    def _ended(self) -> bool:
        """Whether the work under way must end: all must, or somebody else has taken it over meanwhile."""
        name = getattr(self._current, "name", None)
        return self._stopping() or (self._lock.shared and name is not None and not self._lock.holds(name))

    def _arrived(self, lane: str) -> None:
        self._wake([lane] if lane.removeprefix(IN) in self._lines else [])

    def _staged(self, lanes: Iterable[str]) -> None:
        self._wake([lane for lane in sorted(lanes) if lane in self._outlets])
