"""The ledger's figures, asked for in a thread, so that whoever fetches metrics never waits for the database."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from transload.runner.ledger import Ledger, LedgerError
from transload.runner.ledger.figures import READING, Figures, Totals, Waiting
from transload.runner.lines.lines import Line
from transload.runner.lines.schedule import fires_at, missed_times
from transload.runner.logs import get_logger
from transload.runner.observing import catalogue
from transload.runner.observing.catalogue import Metric
from transload.runner.workspace.model import Workspace

SECONDS = 15.0
"""How often it asks what waits, at most."""
TOTALS_SECONDS, SHARE = 60.0, 50
"""How often it counts everything, at most; each kind of question takes a fiftieth of the time at most."""
_log = get_logger("observing")


class Survey(Collector):
    """Asks ``ledger`` from time to time, and gives what it said as metrics.

    Figures of a ledger that fails are left out.
    """

    def __init__(
        self, workspace: Workspace, ledger: Ledger, lines: Sequence[Line], *, clock: Callable[[], datetime]
    ) -> None:
        self._workspace = workspace
        self._figures = Figures(ledger.database)
        self._lanes = {
            name: _partner(name) for line in lines for name in (line.lane, *(way.lane for way in line.outlets))
        }
        ways = {way.connection for line in lines for way in line.outlets}
        self._connections = ways | {line.route.connection.ref for line in lines}
        self._schedules = {ref: route.schedule for ref, route in workspace.receive_routes.items() if route.schedule}
        self._clock = clock
        self._begun = clock()
        self._waiting: tuple[float, Waiting] | None = None
        self._totals: tuple[float, Totals] | None = None
        self._next_totals = self._rest = 0.0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="transload-survey", daemon=True)

    def start(self) -> None:
        """Begin to ask."""
        self._thread.start()

    def stop(self) -> None:
        """Ask no more; a question under way may end."""
        self._stopping.set()
        self._thread.join(5)

    def look(self) -> None:
        """Ask once."""
        try:
            before = time.monotonic()
            found = self._figures.waiting(self._schedules)
            began = time.monotonic()
            self._waiting, self._rest = (began, found), SHARE * (began - before)
            if began >= self._next_totals:
                totals = self._figures.totals()
                ended = time.monotonic()
                self._totals = ended, totals
                self._next_totals = ended + max(TOTALS_SECONDS, SHARE * (ended - began))
        except LedgerError as error:
            _log.warning("the ledger's figures are not known", error=error.message)
            self._waiting = self._totals = None
            self._next_totals = 0.0

    def _run(self) -> None:
        while True:
            try:
                self.look()
            except Exception:  # noqa: BLE001  # figures that fail must not end the asking
                _log.exception("the ledger's figures are not known: a fault of ours")
                self._waiting = self._totals = None
            if self._stopping.wait(max(SECONDS, self._rest)):
                return

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The figures that are known, as they are now."""
        waiting, totals = self._waiting, self._totals
        yield _family(catalogue.LEDGER_UP, [((), float(waiting is not None))])
        ages = [
            ((name,), time.monotonic() - known[0])
            for name, known in (("waiting", waiting), ("totals", totals))
            if known is not None
        ]
        yield _family(catalogue.LEDGER_AGE, ages)
        if waiting is not None:
            yield from self._of_waiting(waiting[1])
        if totals is not None:
            yield from _of_totals(totals[1])

    def _of_waiting(self, found: Waiting) -> Iterator[GaugeMetricFamily]:
        now = self._clock()
        lanes = self._lanes | {lane: _partner(lane) for lane, _ in found.lanes}
        yield _family(
            catalogue.WAITING, [((lane, lanes[lane], state), n) for (lane, state), n in sorted(found.lanes.items())]
        )
        yield _family(
            catalogue.OLDEST,
            [((lane, of), _seconds(found.oldest.get(lane), now)) for lane, of in sorted(lanes.items())],
        )
        yield _family(catalogue.PAUSED, [((lane, of), lane in found.paused) for lane, of in sorted(lanes.items())])
        connections = sorted({*self._connections, *found.breakers})
        held = {name: breaker.opened_at <= now < breaker.open_until for name, breaker in found.breakers.items()}
        trips = {name: breaker.trips for name, breaker in found.breakers.items()}
        yield _family(catalogue.BREAKER, [((name, _partner(name)), held.get(name, False)) for name in connections])
        yield _family(catalogue.TRIPS, [((name, _partner(name)), trips.get(name, 0)) for name in connections])
        incidents: Counter[tuple[str, ...]] = Counter()
        for (source, severity, partner), count in found.incidents.items():
            known = partner if partner in self._workspace.partners else None
            incidents[source, severity, known or ""] += count
        yield _family(catalogue.INCIDENTS, sorted(incidents.items()))
        unseen = {severity: found.unacknowledged.get(severity, 0) for severity in ("warning", "error")}
        yield _family(catalogue.UNACKNOWLEDGED, [((severity,), n) for severity, n in unseen.items()])
        yield _family(catalogue.ALARMS, [((), found.alarms)])
        lags = [(ref, *self._lag(ref, found, now)) for ref in sorted(self._schedules)]
        yield _family(catalogue.LAG, [((ref, _partner(ref)), lag) for ref, lag, _ in lags])
        yield _family(catalogue.MISSED, [((ref, _partner(ref)), missed) for ref, _, missed in lags])

    def _lag(self, ref: str, found: Waiting, now: datetime) -> tuple[float, int]:
        """How late a schedule is, in seconds, and how many of its times were missed."""
        schedule = self._schedules[ref]
        tick = found.ticks.get(ref)
        last = tick[0] if tick is not None else self._begun
        latest, missed = missed_times(schedule, last, now)
        if latest is not None and fires_at(schedule, latest):
            return _seconds(latest, now), missed
        return (_seconds(tick[0], tick[1]) if tick is not None else 0.0), 0


def _of_totals(found: Totals) -> Iterator[GaugeMetricFamily]:
    for metric, numbers in (
        (catalogue.RECEIPTS_HELD, found.receipts),
        (catalogue.DOCUMENTS_HELD, found.documents),
        (catalogue.DELIVERIES_HELD, found.deliveries),
    ):
        yield _family(metric, [((way, _partner(way), state), n) for (way, state), n in sorted(numbers.items())])
    again = (("documents", found.mapped_again), ("deliveries", found.sent_again))
    yield _family(catalogue.REPLAYED, [((what,), number) for what, number in again])


def _family(metric: Metric, samples: Iterable[tuple[tuple[str, ...], float]]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(metric.name, metric.meaning, labels=metric.labels)
    for labels, value in samples:
        family.add_metric(labels, float(value))
    return family


def _partner(name: str) -> str:
    """Whose route, lane or connection it is."""
    return name.removeprefix(READING).partition("/")[0]


def _seconds(since: datetime | None, now: datetime) -> float:
    return max(0.0, (now - since).total_seconds()) if since is not None else 0.0
