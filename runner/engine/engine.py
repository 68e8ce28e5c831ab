"""The engine: polls routes, drains lanes, in one pass or as a service."""

import os
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from types import FrameType
from typing import TYPE_CHECKING, Any

from transload.canonical.findings import Finding, Severity
from transload.runner.engine.delivering import Delivering
from transload.runner.engine.dispatcher import Dispatcher
from transload.runner.engine.lines import Line, Outlet, lines_of
from transload.runner.engine.logs import get_logger
from transload.runner.engine.preview import Preview
from transload.runner.engine.processing import Processing
from transload.runner.engine.reception import Reception
from transload.runner.engine.schedule import Clock
from transload.runner.engine.summary import Summary, Tally
from transload.runner.ledger import Ledger, LedgerError, LockLost, ProcessLock, State
from transload.runner.ledger.incidents import Incident
from transload.runner.workspace.model import Workspace, choose

if TYPE_CHECKING:
    from transload.runner.alarms.herald import Herald
    from transload.runner.engine.porch import Porch
    from transload.runner.expectations.sentinel import Sentinel
    from transload.runner.expectations.watch import Watch

SWEEP_SECONDS = 1.0
"""How often a service looks for deliveries whose time has come."""
FIRST_LOOK, LOOK_SECONDS = 60.0, 30.0
"""How long a service fetches what waits at partners before it looks what is missing, and how often it looks then."""
_POLL, _IN = "poll:", "in:"
_log = get_logger("engine")


def utc_now() -> datetime:
    """The machine's clock."""
    return datetime.now(UTC)


class Engine:
    """Moves the documents of ``workspace`` through ``ledger``, which must be open.

    ``workers`` lanes are drained at the same time.  ``clock`` gives the time as an aware datetime.
    ``looks`` are the seconds to a service's first look at what is expected, and between looks.
    """

    def __init__(
        self,
        workspace: Workspace,
        ledger: Ledger,
        *,
        workers: int = 4,
        clock: Callable[[], datetime] = utc_now,
        looks: tuple[float, float] = (FIRST_LOOK, LOOK_SECONDS),
    ) -> None:
        self.workspace = workspace
        self.ledger = ledger
        self.clock = clock
        self.workers = workers
        self.looks = looks
        self.lines = lines_of(workspace)
        self._stopping = threading.Event()
        self._signals = 0
        from transload.runner.observing.observing import Observing  # it hears of our work, and so imports this package

        self.observing = Observing(workspace, ledger, clock=clock, stopping=self._stopping.is_set)

    def run_pass(self, routes: Sequence[str] | None = None) -> Summary:
        """Receive, process and deliver on ``routes`` (``acme/orders``; all when None) until nothing is due now.

        A send route's name (``erp/sales-orders``) stands for delivering what waits for it.
        Raises `ConfigurationError` before anything is received when a route or mapping is
        wrong or the ledger is that of another environment, `LedgerBusy` when another process
        works on the ledger (`LockLost` when it took it over meanwhile), and `LedgerError` when
        the ledger fails: then nothing more is received or settled.
        """
        poll, feeding, sends = self._selected(routes)
        for line in (*poll, *feeding):
            line.make_ready()
        outlets = _outlets(poll)
        outlets |= {lane: outlet for lane, outlet in _outlets(feeding).items() if outlet.target in sends}
        with self.ledger.exclusively("transload run") as lock, self.observing.passing() as observer:
            tally = Tally(observer=observer)
            self.ledger.belong(self.workspace.environment)
            self.ledger.scratch.tidy()
            work = _Work(self, poll, outlets, tally)
            with work.running(self.workers) as dispatcher:
                dispatcher.wake([_POLL + line.route.ref for line in poll])
                dispatcher.wake([line.lane for line in poll])
                dispatcher.wake(lane for lane in self.ledger.lanes.ready(self.clock()) if lane in work.outlets)
                while not dispatcher.join(SWEEP_SECONDS):
                    _keep(lock)
            for error in dispatcher.errors:
                raise error
            tally.note(self._orphans())
            tally.told = self._looked(None if routes is None else [line.route.ref for line in poll])
            return tally.summary(_sums(self.ledger.lanes.waiting(), outlets))

    def preview(self, routes: Sequence[str] | None = None) -> dict[str, Any]:
        """A dry run of ``routes``: what a pass would do (`Preview.look`), with nothing settled, stored or sent.

        Raises `ConfigurationError` as `run_pass` does.
        """
        poll, _, _ = self._selected(routes)
        for line in poll:
            line.make_ready()
        return Preview(self.ledger, clock=self.clock).look(poll)

    def serve(self, *, handle_signals: bool = True, started: Callable[[], None] | None = None) -> None:
        """Run as a service until `stop` is called, or SIGTERM or SIGINT comes.

        The first signal lets the calls under way end and be recorded; a second one ends
        the process at once, which the ledger survives as it does a crash.  Signals can be
        handled in the main thread only.  ``started`` is called when the clock runs.
        Raises as `run_pass` does when it cannot begin.
        """
        for line in self.lines.values():
            line.make_ready()
        with (
            self.ledger.exclusively("transload serve") as lock,
            _signals(self._signalled if handle_signals else None),
            self.observing.serving(list(self.lines.values())) as observer,
        ):
            self.ledger.belong(self.workspace.environment)
            self.ledger.scratch.tidy()
            lines = list(self.lines.values())
            work = _Work(self, lines, _outlets(lines), Tally(most_findings=0, observer=observer))
            with work.running(self.workers) as dispatcher:
                schedules = {ref: line.route.schedule for ref, line in self.lines.items() if line.route.schedule}
                clock = Clock(self.ledger, schedules, lambda route: dispatcher.wake([_POLL + route]), now=self.clock)
                porch = self._porch(lines, dispatcher)
                clock.start()
                sentinel = self._sentinel()
                sentinel.start()
                for finding in self._orphans():
                    _log.warning(finding.message, hint=finding.hint)
                _log.info("serving", workspace=self.workspace.name, routes=len(self.lines), schedules=len(schedules))
                if started is not None:
                    started()
                try:
                    self._sweep_until_stopped(work, dispatcher, lock)
                finally:
                    clock.stop()
                    sentinel.stop()
                    if porch is not None:
                        porch.close()
        _log.info("stopped", workspace=self.workspace.name)

    def _sentinel(self) -> "Sentinel":
        from transload.runner.expectations.sentinel import Sentinel  # it needs our log, and so it imports this package

        return Sentinel(self._watch(), self._herald(), seconds=self.looks)

    def _watch(self, routes: Sequence[str] | None = None) -> "Watch":
        from transload.runner.expectations.watch import Watch

        return Watch(self.workspace, self.ledger, clock=self.clock, routes=routes)

    def _herald(self) -> "Herald":
        from transload.runner.alarms.herald import Herald

        return Herald(self.workspace, self.ledger, clock=self.clock)

    def _looked(self, routes: Sequence[str] | None) -> tuple[Incident, ...]:
        """Look at what is expected of ``routes``, and tell; gives the incidents that were opened or closed."""
        told = self._watch(routes).look(in_turn=False)
        self._herald().tell()
        return tuple(told)

    def _porch(self, lines: Sequence[Line], dispatcher: Dispatcher) -> "Porch | None":
        """Where partners reach us, listening; None where none calls."""
        if not any(line.route.is_called for line in lines):
            return None
        from transload.runner.engine.doors import Doors
        from transload.runner.engine.porch import Porch  # the web server, for workspaces that are called only

        assert self.workspace.listening is not None  # checked when the workspace was loaded
        doors = Doors(
            lines,
            self.ledger,
            clock=self.clock,
            stopping=lambda: self.stopping,
            arrived=lambda lane: dispatcher.wake([lane]),
            observer=self.observing.observer,
        )
        porch = Porch(self.workspace.listening, doors)
        porch.open()
        return porch

    def stop(self) -> None:
        """Let the calls under way end, begin no others, and let `serve` or `run_pass` return."""
        self._stopping.set()

    @property
    def stopping(self) -> bool:
        """Whether `stop` was called."""
        return self._stopping.is_set()

    def _sweep_until_stopped(self, work: "_Work", dispatcher: Dispatcher, lock: ProcessLock) -> None:
        while not self._stopping.is_set():
            try:
                lock.keep()
                dispatcher.wake(_IN + route for route in self.ledger.arrivals.routes_due() if route in self.lines)
                dispatcher.wake(lane for lane in self.ledger.lanes.ready(self.clock()) if lane in work.outlets)
                self.observing.swept()
            except LockLost:
                raise
            except LedgerError as error:  # it may be well again at the next sweep
                _log.error("sweep failed", error=error.message)
                self.observing.swept(error)
            dispatcher.errors.clear()
            self._stopping.wait(SWEEP_SECONDS)

    def _orphans(self) -> list[Finding]:
        """Warnings of deliveries and receipts that wait for a route which the workspace does not have any more."""
        lanes = {lane for line in self.lines.values() for lane in line.lanes}
        waiting = self.ledger.lanes.waiting()
        lost = [(lane, sum(counts.values())) for lane, counts in sorted(waiting.items()) if lane not in lanes]
        texts = [f"{count} deliveries wait in the lane {lane}, which no route feeds any more" for lane, count in lost]
        texts += [
            f"receipts wait for the route {route}, which the workspace does not have any more"
            for route in self.ledger.arrivals.routes_due()
            if route not in self.lines
        ]
        hint = "restore the route, so that they go on"
        return [Finding(code="W-NO-ROUTE", severity=Severity.WARNING, message=text, hint=hint) for text in texts]

    def _signalled(self, number: int, frame: FrameType | None) -> None:
        self._signals += 1
        if self._signals > 1:
            os._exit(128 + number)
        self.stop()

    def _selected(self, routes: Sequence[str] | None) -> tuple[list[Line], list[Line], set[str]]:
        """The lines to poll, those that only feed a send route asked for, and these send routes."""
        if routes is None:
            return list(self.lines.values()), [], set()
        sends = {ref for ref in routes if ref in self.workspace.send_routes}
        poll = [choose(self.lines, ref, "route") for ref in dict.fromkeys(routes) if ref not in sends]
        feeding = [
            line
            for line in self.lines.values()
            if line not in poll and any(send.ref in sends for send in line.route.to)
        ]
        return poll, feeding, sends


def _keep(lock: ProcessLock) -> None:
    """Raises `LockLost` only: while nobody can tell whose the ledger is, each step of the pass tells what it meets."""
    try:
        lock.keep()
    except LockLost:
        raise
    except LedgerError as error:
        _log.error("the ledger is not reached", error=error.message)


def _outlets(lines: Iterable[Line]) -> dict[str, Outlet]:
    return {outlet.lane: outlet for line in lines for outlet in line.outlets}


def _sums(waiting: Mapping[str, Mapping[State, int]], lanes: Iterable[str]) -> dict[State, int]:
    sums: Counter[State] = Counter()
    for lane in lanes:
        sums.update(waiting.get(lane, {}))
    return dict(sums)


class _Work:
    """What the dispatcher's names stand for in one pass or service."""

    def __init__(self, engine: Engine, lines: Sequence[Line], outlets: dict[str, Outlet], tally: Tally) -> None:
        self._engine = engine
        self._lines = {line.route.ref: line for line in lines}
        self.outlets = outlets
        self._tally = tally
        self._dispatcher = Dispatcher(self._do, workers=engine.workers)
        ledger, clock = engine.ledger, engine.clock
        self._reception = Reception(
            ledger, tally, clock=clock, stopping=self._ended, arrived=lambda lane: self._dispatcher.wake([lane])
        )
        self._processing = Processing(ledger, tally, clock=clock, stopping=self._ended, staged=self._staged)
        self._delivering = Delivering(
            ledger,
            tally,
            clock=clock,
            stopping=self._ended,
            readers={line.route.answers.ref: line for line in engine.lines.values() if line.route.answers},
            arrived=lambda lane: self._dispatcher.wake([lane] if lane.removeprefix(_IN) in self._lines else []),
        )

    @contextmanager
    def running(self, workers: int) -> Iterator[Dispatcher]:
        """The dispatcher, its threads at work."""
        self._dispatcher.start()
        try:
            yield self._dispatcher
        except BaseException:
            self._engine.stop()
            raise
        finally:
            self._dispatcher.stop()

    def _ended(self) -> bool:
        return self._engine.stopping or any(isinstance(error, LedgerError) for error in self._dispatcher.errors)

    def _staged(self, lanes: Iterable[str]) -> None:
        self._dispatcher.wake(lane for lane in sorted(lanes) if lane in self.outlets)

    def _do(self, name: str) -> bool:
        if self._ended():
            return False
        if name.startswith(_POLL):
            self._reception.poll(self._lines[name.removeprefix(_POLL)])
        elif name.startswith(_IN):
            self._processing.drain(self._lines[name.removeprefix(_IN)])
        else:
            return self._delivering.drain(self.outlets[name])
        return False


@contextmanager
def _signals(handler: Callable[[int, FrameType | None], None] | None) -> Iterator[None]:
    """SIGTERM and SIGINT go to ``handler`` inside, and where they went before afterwards."""
    if handler is None:
        yield
        return
    before = {number: signal.signal(number, handler) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)
