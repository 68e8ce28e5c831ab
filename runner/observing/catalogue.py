"""All metrics: name, kind, labels and meaning.  What is exported, its documentation and the dashboard follow it.

Labels are names that the workspace's files give (routes, partners, connections, lanes) and words of ours (states,
outcomes): nothing that a partner sends becomes one, so their number is bounded.
"""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["counter", "gauge", "histogram"]
WAYS = ("route", "partner")

MINUTES_TO_DAYS = (0.1, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 28800, 86400, 259200)
"""Seconds from a receipt to its delivery: most take seconds, retries take minutes to days."""
CALLS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)
"""Seconds of one call of a partner, or of reading one batch."""
COMMITS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 30)
"""Seconds of one commit."""


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One metric.  ``of`` says whose figure it is: what this ``process`` did, or what the ``ledger`` holds."""

    name: str
    kind: Kind
    labels: tuple[str, ...] = ()
    meaning: str
    of: Literal["process", "ledger"] = "process"
    buckets: tuple[float, ...] = ()

    @property
    def series(self) -> tuple[str, ...]:
        """The names that its series have."""
        if self.kind == "histogram":
            return (f"{self.name}_bucket", f"{self.name}_count", f"{self.name}_sum")
        return (self.name,)


RECEIVED = Metric(
    name="transload_received_total",
    kind="counter",
    labels=(*WAYS, "outcome"),
    meaning="What arrived: new, or repeated (it was there already)",
)
READ = Metric(
    name="transload_read_total",
    kind="counter",
    labels=(*WAYS, "state"),
    meaning="Receipts whose reading ended, by the state that they came to",
)
DOCUMENTS = Metric(
    name="transload_documents_total",
    kind="counter",
    labels=(*WAYS, "state"),
    meaning="Documents that were read from receipts, by their first state",
)
REPROCESSED = Metric(
    name="transload_reprocessed_documents_total",
    kind="counter",
    labels=WAYS,
    meaning="Documents among them that replace an earlier one: replays",
)
READING = Metric(
    name="transload_reading_seconds",
    kind="histogram",
    labels=WAYS,
    meaning="Reading, mapping and staging one batch of messages",
    buckets=CALLS,
)
POLLS = Metric(
    name="transload_polls_total",
    kind="counter",
    labels=(*WAYS, "outcome"),
    meaning="How often a source was asked: ok, later (it may work then), failed",
)
POLLING = Metric(
    name="transload_polling_seconds",
    kind="histogram",
    labels=WAYS,
    meaning="Asking a source, with all that it gave",
    buckets=CALLS,
)
ATTEMPTS = Metric(
    name="transload_attempts_total",
    kind="counter",
    labels=(*WAYS, "state"),
    meaning="Calls of targets, by the state that the delivery came to (SENT, RETRY_AT, DEAD, UNKNOWN, ...)",
)
RETRIES = Metric(
    name="transload_retries_total",
    kind="counter",
    labels=WAYS,
    meaning="Calls among them that were not a delivery's first",
)
CALLING = Metric(
    name="transload_call_seconds", kind="histogram", labels=WAYS, meaning="One call of a target", buckets=CALLS
)
LATENCY = Metric(
    name="transload_delivery_seconds",
    kind="histogram",
    labels=WAYS,
    meaning="From the commit of a receipt until a target has what was made of it; replays are left out",
    buckets=MINUTES_TO_DAYS,
)
COMMITTED = Metric(
    name="transload_ledger_commits_total",
    kind="counter",
    labels=("outcome",),
    meaning="Transactions on the ledger: ok or failed",
)
WRITES = Metric(
    name="transload_ledger_writes_total",
    kind="counter",
    meaning="Pieces of work in them; divided by the commits: how many shared one",
)
COMMITTING = Metric(
    name="transload_ledger_commit_seconds", kind="histogram", meaning="One transaction, to disk", buckets=COMMITS
)
SWEEPS = Metric(
    name="transload_sweeps_total",
    kind="counter",
    labels=("outcome",),
    meaning="How often the service looked for due work: ok, or failed since the ledger did not answer",
)
SWEPT = Metric(
    name="transload_last_sweep_age_seconds", kind="gauge", meaning="Since the last sweep that went well; -1 before it"
)
READY = Metric(name="transload_ready", kind="gauge", meaning="1 where /readyz says so, else 0")
INFO = Metric(name="transload_info", kind="gauge", labels=("version", "workspace", "environment"), meaning="Always 1")

LEDGER_UP = Metric(
    name="transload_ledger_up",
    kind="gauge",
    meaning="1 where the ledger answered the last time that it was asked for these figures, else 0",
    of="ledger",
)
LEDGER_AGE = Metric(
    name="transload_ledger_figures_age_seconds",
    kind="gauge",
    labels=("figures",),
    meaning="How old they are: waiting (asked each 15 seconds), totals (each minute, or less often where that is dear)",
    of="ledger",
)
WAITING = Metric(
    name="transload_lane_waiting",
    kind="gauge",
    labels=("lane", "partner", "state"),
    meaning="Depth of a queue: receipts to read in the lanes in:ROUTE; in the others unfinished deliveries, and"
    " documents that wait for their batch (GATHERED)",
    of="ledger",
)
OLDEST = Metric(
    name="transload_lane_oldest_seconds",
    kind="gauge",
    labels=("lane", "partner"),
    meaning="Age of the oldest of them, of a batch since it is due; 0 where nothing waits",
    of="ledger",
)
PAUSED = Metric(
    name="transload_lane_paused",
    kind="gauge",
    labels=("lane", "partner"),
    meaning="1 where a person has paused the lane, else 0",
    of="ledger",
)
BREAKER = Metric(
    name="transload_breaker_open",
    kind="gauge",
    labels=("connection", "partner"),
    meaning="1 where a connection is left alone after an error, else 0",
    of="ledger",
)
TRIPS = Metric(
    name="transload_breaker_trips",
    kind="gauge",
    labels=("connection", "partner"),
    meaning="How often in a row it was opened; 0 where it is closed",
    of="ledger",
)
INCIDENTS = Metric(
    name="transload_incidents_open",
    kind="gauge",
    labels=("source", "severity", "partner"),
    meaning="Incidents that wait for somebody; partner is empty where none is meant",
    of="ledger",
)
UNACKNOWLEDGED = Metric(
    name="transload_incidents_unacknowledged",
    kind="gauge",
    labels=("severity",),
    meaning="Those among them that nobody has acknowledged",
    of="ledger",
)
LAG = Metric(
    name="transload_schedule_lag_seconds",
    kind="gauge",
    labels=WAYS,
    meaning="How long ago a time of the schedule passed without being fired; else how late the last one was fired",
    of="ledger",
)
MISSED = Metric(
    name="transload_schedule_missed",
    kind="gauge",
    labels=WAYS,
    meaning="Times of the schedule that passed since the last one that was fired",
    of="ledger",
)
ALARMS = Metric(name="transload_alarms_unsent", kind="gauge", meaning="Alarms that wait to be sent", of="ledger")
RECEIPTS_HELD = Metric(
    name="transload_ledger_receipts",
    kind="gauge",
    labels=(*WAYS, "state"),
    meaning="Receipts in the ledger",
    of="ledger",
)
DOCUMENTS_HELD = Metric(
    name="transload_ledger_documents",
    kind="gauge",
    labels=(*WAYS, "state"),
    meaning="Documents in the ledger",
    of="ledger",
)
DELIVERIES_HELD = Metric(
    name="transload_ledger_deliveries",
    kind="gauge",
    labels=(*WAYS, "state"),
    meaning="Deliveries in the ledger",
    of="ledger",
)
REPLAYED = Metric(
    name="transload_ledger_replays",
    kind="gauge",
    labels=("what",),
    meaning="Replays in the ledger: documents that were mapped again, deliveries that were sent again",
    of="ledger",
)

METRICS: tuple[Metric, ...] = (
    RECEIVED,
    READ,
    DOCUMENTS,
    REPROCESSED,
    READING,
    POLLS,
    POLLING,
    ATTEMPTS,
    RETRIES,
    CALLING,
    LATENCY,
    COMMITTED,
    WRITES,
    COMMITTING,
    SWEEPS,
    SWEPT,
    READY,
    INFO,
    LEDGER_UP,
    LEDGER_AGE,
    WAITING,
    OLDEST,
    PAUSED,
    BREAKER,
    TRIPS,
    INCIDENTS,
    UNACKNOWLEDGED,
    LAG,
    MISSED,
    ALARMS,
    RECEIPTS_HELD,
    DOCUMENTS_HELD,
    DELIVERIES_HELD,
    REPLAYED,
)
