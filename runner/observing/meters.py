"""What this process does, counted as it happens; each service has a registry of its own."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Histogram

from transload.runner.ledger.attempts import Outcome
from transload.runner.ledger.drafts import Closing
from transload.runner.ledger.portions import Parsed, Staged
from transload.runner.ledger.receipts import Receipt
from transload.runner.ledger.states import State
from transload.runner.lines.lines import Line, Outlet
from transload.runner.lines.observer import Observer
from transload.runner.observing import catalogue
from transload.runner.observing.catalogue import Metric


class Meters(Observer):
    """Counts into ``registry``."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def counter(metric: Metric) -> Counter:
            return Counter(metric.name, metric.meaning, metric.labels, registry=registry)

        def histogram(metric: Metric) -> Histogram:
            return Histogram(metric.name, metric.meaning, metric.labels, registry=registry, buckets=metric.buckets)

        self._received = counter(catalogue.RECEIVED)
        self._read = counter(catalogue.READ)
        self._documents = counter(catalogue.DOCUMENTS)
        self._reprocessed = counter(catalogue.REPROCESSED)
        self._reading = histogram(catalogue.READING)
        self._polls = counter(catalogue.POLLS)
        self._polling = histogram(catalogue.POLLING)
        self._attempts = counter(catalogue.ATTEMPTS)
        self._retries = counter(catalogue.RETRIES)
        self._calling = histogram(catalogue.CALLING)
        self._latency = histogram(catalogue.LATENCY)
        self._commits = counter(catalogue.COMMITTED)
        self._writes = counter(catalogue.WRITES)
        self._committing = histogram(catalogue.COMMITTING)
        self._sweeps = counter(catalogue.SWEEPS)

    def prepare(self, lines: Sequence[Line]) -> None:
        """Show zeros for all routes, so that the first event of each is an increase."""
        for line in lines:
            for outcome in ("new", "repeated"):
                self._received.labels(*_of(line), outcome)
            for state in (State.PARSED, State.QUARANTINED, State.DUPLICATE):
                self._read.labels(*_of(line), state.value)
            self._reprocessed.labels(*_of(line))
            for outlet in line.outlets:
                self._retries.labels(*_to(outlet))
                self._latency.labels(*_to(outlet))
                for state in (State.SENT, State.RETRY_AT, State.DEAD, State.UNKNOWN):
                    self._attempts.labels(*_to(outlet), state.value)

    def polled(self, line: Line, outcome: str, began: datetime, ended: datetime) -> None:
        """Count a poll."""
        self._polls.labels(*_of(line), outcome).inc()
        self._polling.labels(*_of(line)).observe(_span(began, ended))

    def received(self, line: Line, receipt: int, began: datetime, ended: datetime, *, new: bool) -> None:
        """Count an arrival."""
        self._received.labels(*_of(line), "new" if new else "repeated").inc()

    def staged(
        self,
        line: Line,
        receipt: Receipt,
        batch: Sequence[Parsed],
        staged: Staged,
        began: datetime,
        ended: datetime,
        closing: Closing | None,
    ) -> None:
        """Count the documents of a batch, and the receipt that it ends."""
        for state in set(staged.states):
            self._documents.labels(*_of(line), state.value).inc(staged.states.count(state))
        again = sum(item.replaces is not None for item in batch)
        if again:
            self._reprocessed.labels(*_of(line)).inc(again)
        self._reading.labels(*_of(line)).observe(_span(began, ended))
        if closing is not None:
            self._read.labels(*_of(line), closing.state.value).inc()

    def unpacked(self, line: Line, receipt: Receipt, began: datetime, ended: datetime) -> None:
        """Count a receipt that was unpacked."""
        self._read.labels(*_of(line), State.UNPACKED.value).inc()

    def attempted(self, outlet: Outlet, outcomes: Sequence[Outcome], began: Mapping[int, datetime]) -> None:
        """Count calls, and how long what landed took since it arrived."""
        for outcome in outcomes:
            delivery = outcome.delivery
            self._attempts.labels(*_to(outlet), outcome.state.value).inc()
            if delivery.tries:
                self._retries.labels(*_to(outlet)).inc()
            if delivery.id in began:
                self._calling.labels(*_to(outlet)).observe(_span(began[delivery.id], outcome.ended_at))
            landed = outcome.state in (State.SENT, State.AWAITING) and delivery.state is not State.AWAITING
            if landed and delivery.received_at is not None:
                self._latency.labels(*_to(outlet)).observe(_span(delivery.received_at, outcome.ended_at))

    def committed(self, works: int, seconds: float, well: bool) -> None:
        """Count a transaction on the ledger; see `transload.runner.ledger.database.Database.committed`."""
        self._commits.labels("ok" if well else "failed").inc()
        self._writes.inc(works)
        self._committing.observe(seconds)

    def swept(self, *, well: bool) -> None:
        """Count a sweep."""
        self._sweeps.labels("ok" if well else "failed").inc()


def _of(line: Line) -> tuple[str, str]:
    return line.route.ref, line.partner.name


def _to(outlet: Outlet) -> tuple[str, str]:
    return outlet.target, outlet.partner


def _span(began: datetime, ended: datetime) -> float:
    """Seconds; none where the clock was set back meanwhile."""
    return max(0.0, (ended - began).total_seconds())
