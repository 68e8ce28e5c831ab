"""Draining a lane: its due deliveries are handed to the target one by one, in order, each attempt announced first."""

import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import datetime
from typing import Any

from transload.adapters.base import Outbound, Reply, Target
from transload.canonical.errors import ConfigurationError, Retry, Stop, TransloadError
from transload.canonical.findings import Finding, Severity
from transload.runner.engine.lines import Line, Outlet
from transload.runner.engine.logs import about, get_logger
from transload.runner.engine.summary import Tally
from transload.runner.engine.verdicts import after_verifying, failed, given_up, not_begun, overdue, sent
from transload.runner.ledger import Ledger, State
from transload.runner.ledger.arrivals import Arrival
from transload.runner.ledger.lanes import Delivery, Outcome
from transload.runner.ledger.references import Ref
from transload.runner.workspace.model import SendRoute

MOST = 100
"""How many deliveries are announced at once at most."""
CHUNK_SECONDS = 0.05
"""How long the calls of one announced chunk may take together; its size follows from the calls before."""
SLICE_SECONDS = 2.0
"""After so long another lane may have the worker."""
FAILURES_IN_A_ROW = 3
"""After so many calls in a row that are to be tried again later, the lane rests until the first of them is due."""
_log = get_logger("delivery")


class Delivering:
    """Drains lanes.  ``stopping`` is asked between calls.

    ``readers`` are the lines that read the answers of send routes, by the names of these; ``arrived`` hears of
    new work in their lanes.
    """

    def __init__(
        self,
        ledger: Ledger,
        tally: Tally,
        *,
        clock: Callable[[], datetime],
        stopping: Callable[[], bool],
        readers: Mapping[str, Line],
        arrived: Callable[[str], None],
    ) -> None:
        self.ledger = ledger
        self.tally = tally
        self.clock = clock
        self.stopping = stopping
        self.readers = readers
        self.arrived = arrived

    def drain(self, outlet: Outlet) -> bool:
        """Deliver what is due in a lane; True when more may be due.

        Raises `LedgerError` when an attempt or its outcome cannot be recorded.
        """
        breaker = self.ledger.breakers.get(outlet.connection)
        if breaker and breaker.holds(outlet.settings, self.clock()):
            return False  # after that time one call tries it: chunks begin with one
        epoch = self.ledger.lanes.take(outlet.lane, self.clock())
        if epoch is None:
            return False
        with (
            about(lane=outlet.lane, route=outlet.target, partner=outlet.partner, connection=outlet.connection),
            _Call(outlet) as call,
        ):
            drained = _Drain(self, outlet, epoch, call)
            more = drained.run()
        if breaker and drained.succeeded and drained.stopped is None:
            self.ledger.breakers.close(outlet.connection, self.clock(), lane=outlet.lane)
        return more


class _Call:
    """The lane's target, connected at the first call that needs it and closed at the end."""

    def __init__(self, outlet: Outlet) -> None:
        self._outlet = outlet
        self._stack = ExitStack()
        self._target: Target[Any, Any] | None = None

    def __enter__(self) -> "_Call":
        return self

    def __exit__(self, *error: object) -> None:
        try:
            self._stack.close()
        except Exception:  # noqa: BLE001  # every outcome is recorded; a connection that will not close changes none
            _log.exception("closing failed")

    @property
    def target(self) -> Target[Any, Any]:
        if self._target is None:
            self._target = self._stack.enter_context(self._outlet.open_target())
        return self._target

    @property
    def idempotent(self) -> bool:
        return self._target is not None and self._target.idempotent


class _Drain:
    """One worker's turn at a lane."""

    def __init__(self, delivering: Delivering, outlet: Outlet, epoch: int, call: _Call) -> None:
        self.ledger = delivering.ledger
        self.tally = delivering.tally
        self.clock = delivering.clock
        self.stopping = delivering.stopping
        sends = isinstance(outlet.way, SendRoute)  # the lane of acknowledgements may be named as a send route is
        self.reader = delivering.readers.get(outlet.target) if sends else None
        self.arrived = delivering.arrived
        self.outlet = outlet
        self.epoch = epoch
        self.call = call
        self.size = 1
        self.began: dict[int, datetime] = {}
        self.in_a_row: list[datetime] = []
        self.succeeded = False
        self.stopped: TransloadError | None = None

    def run(self) -> bool:
        """Chunk by chunk, until nothing is due, the time is up, or the lane must rest."""
        end = time.monotonic() + SLICE_SECONDS
        while not self.stopping():
            chunk = self.ledger.lanes.due(
                self.outlet.lane, self.epoch, self.clock(), most=self.size, hold=self.outlet.hold
            )
            if not chunk:
                return False
            self.ledger.lanes.announce(self.outlet.lane, self.epoch, chunk, self.clock())
            began = time.monotonic()
            outcomes = self.deliver(chunk)
            self.record(outcomes)
            if self.stopped is not None:
                self.open_breaker(self.stopped)
                return False
            if len(self.in_a_row) >= FAILURES_IN_A_ROW:
                self.ledger.lanes.rest(self.outlet.lane, min(self.in_a_row))
                return False
            self.size = self.next_size((time.monotonic() - began) / len(chunk))
            if time.monotonic() > end:
                return True
        return False

    def next_size(self, seconds: float) -> int:
        """As many calls as fit into a chunk's time; one where a crash would leave the others' fate unknown."""
        if not self.call.idempotent:
            return 1
        return max(1, min(MOST, self.size * 4, int(CHUNK_SECONDS / max(seconds, 1e-6))))

    def deliver(self, chunk: list[Delivery]) -> list[Outcome]:
        """Call the target for each; those that are not begun when a reason to stop comes up stay as they were."""
        outcomes: list[Outcome] = []
        for delivery in chunk:
            if self.stopped is not None or self.stopping() or len(self.in_a_row) >= FAILURES_IN_A_ROW:
                outcomes.append(not_begun(delivery, self.clock()))
                continue
            self.began[delivery.id] = self.clock()
            with about(**_ids(delivery)):
                outcome = self.attempt(delivery)
            outcomes.append(outcome)
            if outcome.state is State.RETRY_AT and outcome.next_at is not None:
                self.in_a_row.append(outcome.next_at)
            elif self.stopped is None:
                self.in_a_row.clear()
                self.succeeded = True
        return outcomes

    def attempt(self, delivery: Delivery) -> Outcome:
        """One call, with a look first where an earlier one may have landed, and a look after an answer was lost."""
        outbound = Outbound(
            key=delivery.key,
            content=delivery.content,
            content_type=delivery.content_type,
            metadata=delivery.metadata,
        )
        policy = self.outlet.retry
        try:
            target = self.call.target
            if delivery.late is not None:
                return self.judge(delivery, target, outbound, delivery.late.reply)
            if delivery.state is State.AWAITING:
                return overdue(delivery, policy, self.clock())
            if delivery.unsure:
                known = self.look(delivery, target, outbound)
                known = known or given_up(delivery, policy, self.clock())
                if known is not None:
                    return known
            answer = target.deliver(outbound)
        except (Stop, ConfigurationError) as error:
            self.stopped = error.at(self.outlet.at)
            return failed(delivery, error, policy, self.clock())
        except Exception as error:  # noqa: BLE001  # also a plug-in's fault has a consequence: it may have landed
            if isinstance(error, TransloadError):
                error.at(self.outlet.at)
            else:
                _log.exception("target failed unexpectedly")
            outcome = failed(delivery, error, policy, self.clock())
            return self.resolve(delivery, outcome, outbound) if outcome.unsure else outcome
        return sent(delivery, answer, self.clock())

    def judge(self, delivery: Delivery, target: Target[Any, Any], outbound: Outbound, reply: Reply) -> Outcome:
        """What a late reply makes of the delivery; one that stops the connection is used up by that, and sent again."""
        said = (delivery.answer or {}).get("metadata") or {}
        try:
            return sent(delivery, target.judge(outbound, reply, said), self.clock())
        except Stop as error:
            self.stopped = error.at(self.outlet.at)
            later = Retry(error.message, findings=error.findings)
            return failed(delivery, later, self.outlet.retry, self.clock())

    def resolve(self, delivery: Delivery, outcome: Outcome, outbound: Outbound) -> Outcome:
        """Find out at once about a lost answer; where the target says that nothing landed, it is tried again later."""
        try:
            known = self.look(delivery, self.call.target, outbound, why=outcome.findings)
        except (Stop, ConfigurationError) as error:
            self.stopped = error
            return outcome
        return known or outcome

    def look(
        self, delivery: Delivery, target: Target[Any, Any], outbound: Outbound, why: tuple[Finding, ...] = ()
    ) -> Outcome | None:
        return after_verifying(
            delivery,
            lambda: target.verify(outbound),
            idempotent=target.idempotent,
            policy=self.outlet.retry,
            now=self.clock(),
            why=why,
        )

    def record(self, outcomes: list[Outcome]) -> None:
        """Commit the outcomes, then count and log them."""
        answers = _answers(self.reader, self.outlet, outcomes) if self.reader is not None else []
        self.ledger.lanes.conclude(self.outlet.lane, self.epoch, outcomes, self.clock(), answers)
        if answers and self.reader is not None:
            self.arrived(self.reader.lane)
        begun = [outcome for outcome in outcomes if outcome.said != "not begun"]
        self.tally.observer.attempted(self.outlet, begun, self.began)
        self.began = {}
        for outcome in begun:
            self.tally.delivered(outcome.delivery.id, outcome.state, _shown(outcome))
            _log.info(
                outcome.said,
                **_ids(outcome.delivery),
                state=outcome.state.value,
                attempt=outcome.delivery.tries + 1,
                error=outcome.findings[0].message if outcome.findings else None,
                next_at=outcome.next_at.isoformat() if outcome.next_at else None,
            )

    def open_breaker(self, error: TransloadError) -> None:
        """Leave the connection alone for a while."""
        breaker = self.ledger.breakers.open(
            self.outlet.connection,
            settings=self.outlet.settings,
            findings=error.findings,
            now=self.clock(),
            lane=self.outlet.lane,
        )
        _log.error("connection stopped", until=breaker.open_until.isoformat())
        self.tally.failure(error)


def _ids(delivery: Delivery) -> dict[str, str]:
    """What a delivery is called in the log, and what it carries: the first three documents where it has many."""
    names = [str(Ref("document", number)) for number, _ in delivery.documents[:3]]
    more = len(delivery.documents) - len(names)
    found = {"delivery": str(Ref("delivery", delivery.id))}
    if names:
        found["document"] = " ".join(names) + (f" and {more} more" if more else "")
    if delivery.receipt is not None:
        found["receipt"] = str(Ref("receipt", delivery.receipt))
    return found


def _answers(reader: Line, outlet: Outlet, outcomes: list[Outcome]) -> list[Arrival]:
    """The answers of targets as receipts of the line that reads them: they are committed with the outcomes."""
    return [
        Arrival(
            route=reader.route.ref,
            lane=reader.lane,
            connection=reader.route.connection.ref,
            source_key=f"answer to {outcome.delivery.id}",
            origin=f"answer to delivery {outcome.delivery.id} of {outlet.lane}",
            content=outcome.answer_content,
            metadata={**_facts(outcome), "in_reply_to": str(outcome.delivery.id)},
        )
        for outcome in outcomes
        if outcome.state is State.SENT and outcome.answer_content
    ]


def _facts(outcome: Outcome) -> dict[str, str]:
    known = (outcome.answer or {}).get("metadata") or {}
    return {str(name): str(value) for name, value in known.items() if name in ("status", "content_type", "message_id")}


def _shown(outcome: Outcome) -> tuple[Finding, ...]:
    """The findings as a summary shows them, without remarks: what will be tried again is no error yet."""
    if outcome.state is not State.RETRY_AT:
        return (
            ()
            if outcome.said == "stopped"
            else tuple(item for item in outcome.findings if item.severity is not Severity.REMARK)
        )
    return tuple(
        Finding(code=item.code, severity=Severity.WARNING, message=item.message, hint=item.hint, place=item.place)
        for item in outcome.findings
        if item.severity is not Severity.REMARK
    )
