"""A worker's turn at a lane: each attempt is announced first, made, and its outcome recorded.

One call follows another, or several are under way at once; of those with one order key it is one at a time always.
"""

import threading
import time
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from transload.adapters.base import Outbound, Reply, Target
from transload.canonical.errors import ConfigurationError, Retry, Stop, TransloadError
from transload.canonical.findings import Finding, Severity
from transload.runner.delivering.answers import answers_of
from transload.runner.delivering.verdicts import (
    after_verifying,
    damaged,
    failed,
    given_up,
    not_begun,
    overdue,
    sent,
    unfit,
    unread,
    waited_for,
)
from transload.runner.ledger import Damaged, State
from transload.runner.ledger.attempts import Delivery, Outcome
from transload.runner.ledger.references import Ref
from transload.runner.lines.lines import Outlet
from transload.runner.logs import about, get_logger
from transload.runner.workspace.model import SendRoute

if TYPE_CHECKING:
    from transload.runner.delivering.delivering import Delivering

MOST = 100
"""How many deliveries are announced at once at most."""
CHUNK_SECONDS = 0.25
"""How long the calls of one announced chunk may take together; its size follows from the calls before."""
SLICE_SECONDS = 2.0
"""After so long another lane may have the worker."""
LONG_WAIT = 1.0
"""Seconds from which on a lane rests that waits for its connection's rate."""
CALL_PATIENCE = timedelta(minutes=1)
"""How long a call may go on of a worker that lost its lane to another."""
FAILURES_IN_A_ROW = 3
"""After so many calls in a row that are to be tried again later, the lane rests until the first of them is due."""
_log = get_logger("delivery")


class Targets:
    """The lane's target, one for each thread that calls: connected at its first call, and closed at the end."""

    def __init__(self, outlet: Outlet) -> None:
        self._outlet = outlet
        self._stack = ExitStack()
        self._lock = threading.Lock()
        self._own = threading.local()
        self._any: Target[Any, Any] | None = None

    def __enter__(self) -> "Targets":
        return self

    def __exit__(self, *error: object) -> None:
        try:
            self._stack.close()
        except Exception:  # noqa: BLE001  # every outcome is recorded; a connection that will not close changes none
            _log.exception("closing failed")

    def own(self) -> Target[Any, Any]:
        """This thread's.  Raises what opening it raises."""
        target: Target[Any, Any] | None = getattr(self._own, "target", None)
        if target is None:
            opened = self._outlet.open_target()
            target = opened.__enter__()
            with self._lock:
                self._stack.push(opened)
                self._any = target
            self._own.target = target
        return target

    @property
    def idempotent(self) -> bool:
        """Whether the target knows a delivery again; False before anything was called."""
        return self._any is not None and self._any.idempotent

    @property
    def is_local(self) -> bool:
        """Whether it works on this machine alone; False before anything was called."""
        return self._any is not None and self._any.is_local


class Draining:
    """One worker's turn at a lane, with ``at_once`` calls at the same time."""

    def __init__(self, delivering: "Delivering", outlet: Outlet, epoch: int, *, at_once: int) -> None:
        self.ledger = delivering.ledger
        self.tally = delivering.tally
        self.gates = delivering.gates
        self.baton = delivering.baton
        self.clock = delivering.clock
        self.stopping = delivering.stopping
        self.shared = delivering.shared
        sends = isinstance(outlet.way, SendRoute)  # the lane of acknowledgements may be named as a send route is
        self.reader = delivering.readers.get(outlet.target) if sends else None
        self.arrived = delivering.arrived
        self.outlet = outlet
        self.context = {
            "lane": outlet.lane,
            "route": outlet.target,
            "partner": outlet.partner,
            "connection": outlet.connection,
        }
        self.epoch = epoch
        self.at_once = at_once
        self.targets = Targets(outlet)
        self.began: dict[int, datetime] = {}
        self.in_a_row: list[datetime] = []
        self.succeeded = False
        self.stopped: TransloadError | None = None
        self.wait = 0.0
        self.end = time.monotonic() + SLICE_SECONDS

    def run(self) -> float | None:
        """Deliver until nothing is due, the time is up, or the lane must rest.

        Gives in how many seconds to go on: 0 when the time is up, None when not before somebody wakes the lane.
        """
        with about(**self.context), self.targets:
            goes_on = self.one_by_one() if self.at_once == 1 else self.several_at_once()
        if self.stopped is not None:
            self.open_breaker(self.stopped)
        elif len(self.in_a_row) >= FAILURES_IN_A_ROW:
            self.ledger.lanes.rest(self.outlet.lane, min(self.in_a_row))
        elif self.wait:
            if self.wait > LONG_WAIT:  # so that no sweep looks into it meanwhile
                until = self.clock() + timedelta(seconds=self.wait - LONG_WAIT / 10)
                self.ledger.lanes.rest(self.outlet.lane, until)
            return self.wait
        elif goes_on and not self.stopping():
            return 0
        return None

    def one_by_one(self) -> bool:
        """Chunk by chunk; gives whether more may be due."""
        size = 1
        while self.may_begin():
            with self.baton.held(wanted=self.targets.is_local):
                chunk = self.announced(size)
                if not chunk:
                    return False
                began = time.monotonic()
                self.record([self.begun(delivery) for delivery in chunk])
                size = self.next_size(size, (time.monotonic() - began) / len(chunk))
        return True

    def several_at_once(self) -> bool:
        """As one call ends, its outcome is recorded and the next begins; gives whether more may be due."""
        under_way: set[Future[Outcome]] = set()
        more = True
        with ThreadPoolExecutor(self.at_once, thread_name_prefix="transload-call") as pool:
            while True:
                room = self.at_once - len(under_way)
                if more and room and self.may_begin():
                    chunk = self.announced(room)
                    under_way |= {pool.submit(self.begun, delivery) for delivery in chunk}
                    more = bool(chunk)
                if not under_way:
                    return more
                ended, under_way = wait(under_way, return_when=FIRST_COMPLETED)
                self.record([call.result() for call in ended])
                more = more or not self.wait  # of an order key whose first is done the next may be due

    def may_begin(self) -> bool:
        """Whether another call may begin in this turn."""
        going_on = self.stopped is None and not self.wait and len(self.in_a_row) < FAILURES_IN_A_ROW
        return going_on and not self.stopping() and time.monotonic() < self.end

    def announced(self, most: int) -> list[Delivery]:
        """Up to ``most`` due deliveries, as many as the connection's rate lets pass, announced in the ledger."""
        lanes, lane = self.ledger.lanes, self.outlet.lane
        while chunk := lanes.due(lane, self.epoch, self.clock(), most=most, hold=self.outlet.hold):
            granted, wait_for = self.gates.calls(self.outlet.way.connection, len(chunk))
            self.wait = wait_for if granted < len(chunk) else 0.0
            if not granted:
                return []
            announced = lanes.announce(lane, self.epoch, chunk[:granted], self.clock())
            if announced:
                return announced  # else all of them were cancelled since
        return []

    def next_size(self, size: int, seconds: float) -> int:
        """As many calls as fit into a chunk's time; one where a crash would leave the others' fate unknown."""
        if not self.targets.idempotent:
            return 1
        return max(1, min(MOST, size * 4, int(CHUNK_SECONDS / max(seconds, 1e-6))))

    def begun(self, delivery: Delivery) -> Outcome:
        """Call the target; when a reason to stop has come up since it was announced, the delivery stays as it was."""
        if self.stopped is not None or self.stopping() or len(self.in_a_row) >= FAILURES_IN_A_ROW:
            return not_begun(delivery, self.clock())
        self.began[delivery.id] = self.clock()
        with about(**self.context, **_ids(delivery)):
            outcome = self.attempt(delivery)
        if outcome.state is State.RETRY_AT and outcome.next_at is not None:
            self.in_a_row.append(outcome.next_at)
        elif self.stopped is None:
            self.in_a_row.clear()
            self.succeeded = True
        return outcome

    def attempt(self, delivery: Delivery) -> Outcome:
        """One call, with a look first where an earlier one may have landed, and a look after an answer was lost."""
        outbound = Outbound(
            key=delivery.key,
            content=delivery.content,
            content_type=delivery.content_type,
            metadata=delivery.metadata,
        )
        policy = self.outlet.retry
        if delivery.damage is not None:
            return damaged(delivery, delivery.damage, self.clock())
        try:
            target = self.targets.own()
            if lacking := self.outlet.lacking(delivery.metadata, target.forgoes):
                return unfit(delivery, lacking, self.outlet.connection, self.clock())
            if delivery.late is not None:
                reply = delivery.late.reply
                if isinstance(reply, Damaged):
                    return unread(delivery, reply, self.clock())
                return self.judge(delivery, target, outbound, reply)
            if delivery.state is State.AWAITING:
                return overdue(delivery, policy, self.clock())
            if delivery.unsure:
                known = self.look(delivery, target, outbound)
                known = known or given_up(delivery, policy, self.clock())
                if known is None and self.shared and not target.idempotent:
                    known = waited_for(delivery, CALL_PATIENCE, self.clock())
                if known is not None:
                    return known
            answer = target.deliver(outbound)
        except (Stop, ConfigurationError) as error:
            self.stop(delivery, error.at(self.outlet.at))
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
            self.stop(delivery, error.at(self.outlet.at))
            later = Retry(error.message, findings=error.findings)
            return failed(delivery, later, self.outlet.retry, self.clock())

    def stop(self, delivery: Delivery, error: TransloadError) -> None:
        """Call no more; what is told of the connection goes without the masked values of the last ``delivery``."""
        veil = self.tally.veil
        if veil.fields:
            told = veil.findings(error.findings, veil.values([Ref("delivery", delivery.id)]))
            error = Stop(told[0].message, hint=told[0].hint, findings=told)
        self.stopped = error

    def resolve(self, delivery: Delivery, outcome: Outcome, outbound: Outbound) -> Outcome:
        """Find out at once about a lost answer; where the target says that nothing landed, it is tried again later."""
        try:
            known = self.look(delivery, self.targets.own(), outbound, why=outcome.findings)
        except (Stop, ConfigurationError) as error:
            self.stop(delivery, error)
            return outcome
        return known or outcome

    def look(
        self, delivery: Delivery, target: Target[Any, Any], outbound: Outbound, why: tuple[Finding, ...] = ()
    ) -> Outcome | None:
        """Ask the target, and see what follows; None: send it (again)."""
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
        answers = answers_of(self.reader, self.outlet, outcomes) if self.reader is not None else []
        self.ledger.lanes.conclude(self.outlet.lane, self.epoch, outcomes, self.clock(), answers)
        if answers and self.reader is not None:
            self.arrived(self.reader.lane)
        begun = [outcome for outcome in outcomes if outcome.said != "not begun"]
        began = {item.delivery.id: self.began[item.delivery.id] for item in begun}
        self.tally.observer.attempted(self.outlet, begun, began)
        for outcome in begun:
            self.began.pop(outcome.delivery.id)
            found = self.seen(outcome)
            self.tally.delivered(outcome.delivery.id, outcome.state, _shown(outcome, found))
            _log.info(
                outcome.said,
                **_ids(outcome.delivery),
                state=outcome.state.value,
                attempt=outcome.delivery.tries + 1,
                error=found[0].message if found else None,
                next_at=outcome.next_at.isoformat() if outcome.next_at else None,
            )

    def seen(self, outcome: Outcome) -> list[Finding]:
        """The findings as they may be told: without the masked values of what is delivered."""
        veil = self.tally.veil
        refs = [Ref("delivery", outcome.delivery.id)] if outcome.findings else []
        return veil.findings(outcome.findings, veil.values(refs))

    def open_breaker(self, error: TransloadError) -> None:
        """Leave the connection alone for a while."""
        breaker = self.ledger.breakers.open(
            self.outlet.connection,
            settings=self.outlet.settings,
            findings=error.findings,
            now=self.clock(),
            lane=self.outlet.lane,
        )
        said = self.tally.said(error)
        _log.error("connection stopped", **self.context, error=said, until=breaker.open_until.isoformat())
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


def _shown(outcome: Outcome, findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """The findings as a summary shows them, without remarks: what will be tried again is no error yet."""
    told = tuple(item for item in findings if item.severity is not Severity.REMARK)
    if outcome.state is not State.RETRY_AT:
        return () if outcome.said == "stopped" else told
    return tuple(
        Finding(code=item.code, severity=Severity.WARNING, message=item.message, hint=item.hint, place=item.place)
        for item in told
    )
