"""The service: the clock fires, what is due is done, partners who call are answered, until it is told to stop.

The workspace may be replaced meanwhile: all of the new one is made ready first, then the old one's work ends where
it can be taken up, and the new one's begins.  What is wrong with a new one leaves the old one at work.
"""

import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager, nullcontext
from datetime import timedelta
from types import FrameType
from typing import TYPE_CHECKING

from transload.canonical.errors import ConfigurationError, TransloadError
from transload.runner.dispatch import Dispatch
from transload.runner.dispatch.threads import Threads
from transload.runner.engine.engine import SWEEP_SECONDS, Engine, outlets_of
from transload.runner.engine.leaps import Leaps
from transload.runner.engine.work import POLL, Work, kin_of
from transload.runner.ledger import LedgerError, LockLost, ProcessLock
from transload.runner.ledger.outage import Outage
from transload.runner.lines.lines import Line
from transload.runner.lines.schedule import Clock
from transload.runner.lines.summary import Tally
from transload.runner.logs import get_logger
from transload.runner.masking.veil import Veil
from transload.runner.processes.signals import a_second_ends, handling
from transload.runner.processes.supervisor import Fault
from transload.runner.workspace.model import Workspace

if TYPE_CHECKING:
    from transload.runner.doors.doors import Doors
    from transload.runner.doors.porch import Porch
    from transload.runner.doors.web import Threshold

_log = get_logger("engine")


class Service:
    """Runs ``engine`` until it is told to stop."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._before: tuple[Workspace, dict[str, Line]] | None = None
        self._threshold: Threshold | None = None
        self._outage = Outage(clock=engine.clock)
        self._leaps = Leaps(engine.clock)

    def run(self, *, handle_signals: bool = True, started: Callable[[], None] | None = None) -> None:
        """Work until `Engine.stop` is called, or SIGTERM or SIGINT comes; SIGHUP loads the workspace anew.

        The first signal to end lets the calls under way end and be recorded; a second one ends
        the process at once, which the ledger survives as it does a crash.  Signals can be
        handled in the main thread only.  ``started`` is called when the clock runs.
        Raises as `Engine.run_pass` does when it cannot begin.
        """
        engine = self._engine
        for line in engine.lines.values():
            line.make_ready()
        with (
            engine.ledger.together("transload serve") as lock,
            self._signals() if handle_signals else nullcontext(),
            closing(self),
        ):
            engine.ledger.belong(engine.workspace.environment)
            engine.ledger.scratch.tidy()
            engine.come_to_terms()
            self._threshold = self._threshold_for(engine.workspace, lock)
            while not engine.stopping:
                with ExitStack() as parts:
                    try:
                        work, dispatch, clock = parts.enter_context(self._working(lock))
                    except Exception as error:
                        if self._before is None:
                            raise
                        unforeseen = not isinstance(error, TransloadError)
                        told = "the workspace cannot work: the one before is in force again"
                        _log.error(told, error=str(error), exc_info=unforeseen)
                        engine.workspace, engine.lines = self._before
                        self._before = None
                        continue
                    self._before = None
                    for finding in engine.orphans():
                        _log.warning(finding.message, hint=finding.hint)
                    engine.supervisor.ready(f"serving {engine.workspace.name}: {len(engine.lines)} routes")
                    if started is not None:
                        started()
                        started = None
                    self._sweep(work, dispatch, clock, lock)
        _log.info("stopped", workspace=engine.workspace.name)

    def close(self) -> None:
        """Listen no more."""
        if self._threshold is not None:
            self._threshold.close()
            self._threshold = None

    @contextmanager
    def _working(self, lock: ProcessLock) -> Iterator[tuple[Work, Dispatch, Clock]]:
        """All parts at work, by the engine's workspace as it is now."""
        from transload.runner.expectations.sentinel import Sentinel

        engine, ended = self._engine, False
        lines = list(engine.lines.values())
        engine.observing = engine.observed()
        with engine.observing.serving(lines, number=engine.number) as observer, ExitStack() as parts:
            work = Work(
                engine.ledger,
                lock,
                lines=lines,
                outlets=outlets_of(lines),
                readers=engine.readers(),
                tally=Tally(most_findings=0, observer=observer, veil=Veil(engine.workspace.mask, engine.ledger)),
                clock=engine.clock,
                wake=lambda names: dispatch.wake(names),
                stopping=lambda: ended or engine.stopping,
                by_ticks=True,
                outage=self._outage,
            )
            dispatch = self._dispatch(work, lock)
            parts.callback(dispatch.stop)
            dispatch.start()
            if self._threshold is not None:
                parts.callback(self._porch(self._threshold, dispatch).close)
            schedules = {ref: line.route.schedule for ref, line in engine.lines.items() if line.route.schedule}
            clock = Clock(engine.ledger, schedules, lambda route: dispatch.wake([POLL + route]), now=engine.clock)
            sentinel = Sentinel(
                engine.watch(outage=self._outage), engine.herald(), seconds=engine.looks, cries=engine.number == 0
            )
            for part in (engine.upkeep(), sentinel, clock):
                parts.callback(part.stop)
                part.start()
            _log.info("serving", workspace=engine.workspace.name, routes=len(lines), schedules=len(schedules))
            try:
                yield work, dispatch, clock
            finally:
                ended = True
                self._tell_stopping()

    def _tell_stopping(self) -> None:
        if self._engine.stopping:
            self._engine.supervisor.stopping()

    def _dispatch(self, work: Work, lock: ProcessLock) -> Dispatch:
        """Threads of our own; where other processes share the ledger, those of all."""
        place, broker = self._engine.ledger.database.wakes, self._engine.workspace.broker
        if broker is not None:
            if not lock.shared:
                raise ConfigurationError(
                    f"dispatch: is for services that share a ledger, and {self._engine.ledger.database.name} is not"
                    " shared",
                    hint="keep the ledger in PostgreSQL (store: postgresql://...), or leave dispatch: out",
                )
            from transload.runner.dispatch.jobs import Jobs

            return Jobs(work, lock, broker, ledger=self._engine.ledger.identity(), workers=self._engine.workers)
        if place is None or not lock.shared:
            return Threads(work.do, workers=self._engine.workers, kin=kin_of)
        from transload.runner.dispatch.wakes import Wakes

        return Wakes(work, lock, place, workers=self._engine.workers)

    def _threshold_for(self, workspace: Workspace, lock: ProcessLock) -> "Threshold | None":
        """Where partners reach us; None where none calls.  Raises `ConfigurationError`."""
        if not any(route.is_called for route in workspace.receive_routes.values()):
            return None
        from transload.runner.doors.web import Threshold  # the web server, for workspaces that are called only

        assert workspace.listening is not None  # checked when the workspace was loaded
        if self._threshold is not None and self._threshold.suits(workspace.listening):
            return self._threshold
        return Threshold(workspace.listening, key="http", shared=lock.shared)

    def _doors(self, lines: Iterable[Line], arrived: Callable[[str], None]) -> "Doors":
        """Raises as `Doors` does."""
        from transload.runner.doors.doors import Doors

        engine = self._engine
        return Doors(
            lines,
            engine.ledger,
            clock=engine.clock,
            stopping=lambda: engine.stopping,
            arrived=arrived,
            observer=engine.observing.observer,
            veil=Veil(engine.workspace.mask, engine.ledger),
        )

    def _porch(self, threshold: "Threshold", dispatch: Dispatch) -> "Porch":
        """Where partners reach us, answering."""
        from transload.runner.doors.porch import Porch

        assert self._engine.workspace.listening is not None
        doors = self._doors(self._engine.lines.values(), lambda lane: dispatch.wake([lane]))
        porch = Porch(threshold, self._engine.workspace.listening, doors)
        porch.open()
        return porch

    def _sweep(self, work: Work, dispatch: Dispatch, clock: Clock, lock: ProcessLock) -> None:
        """Look for what is due, until we are to stop or a new workspace is ready."""
        engine, leapt = self._engine, timedelta()
        while not engine.stopping:
            failed: TransloadError | None = None
            leapt += self._leaps.look() or timedelta()
            try:
                with self._outage.heard("sweep"):
                    lock.keep()
                    if leapt:
                        self._put_right(leapt, clock)
                        leapt = timedelta()
                    clock.look()
                    dispatch.wake(work.due())
            except LockLost:
                raise
            except LedgerError as error:  # it may be well again at the next sweep
                failed = error
            except Exception as error:  # noqa: BLE001  # what is under way goes on; it is no sign of life, if it lasts
                _log.exception("sweep failed: a fault of ours")
                failed = Fault.of(error)
            fault = self._outage.fault
            engine.supervisor.swept(failed or (LedgerError(fault) if fault else None))
            engine.observing.swept(failed, fault=fault)
            dispatch.errors.clear()
            if engine.renews():
                with engine.supervisor.reloading():
                    if self._loaded(lock):
                        return
            engine.pause(SWEEP_SECONDS)

    def _put_right(self, leap: timedelta, clock: Clock) -> None:
        """Go by the machine's clock, which was set.  Raises `LedgerError`."""
        way, span = ("forward", leap) if leap > timedelta() else ("back", -leap)
        _log.warning(f"the machine's clock was set {way}", by=str(timedelta(seconds=round(span.total_seconds()))))
        if way == "back":
            self._engine.come_to_terms(certain=True)
        clock.leapt(leap)

    def _loaded(self, lock: ProcessLock) -> bool:
        """Whether the workspace was loaded anew; what is wrong with it is told, and the one before stays."""
        engine = self._engine
        if engine.reload is None:
            return False
        try:
            workspace = engine.reload()
            _check_same_ledger(engine.workspace, workspace)
            lines = engine.ready(workspace)
            self._doors(lines.values(), lambda _: None)  # which looks up what they need
            threshold = self._threshold_for(workspace, lock)
        except Exception as fault:  # noqa: BLE001  # whatever is wrong with the new one, the old one works
            error = fault if isinstance(fault, TransloadError) else Fault.of(fault)
            unforeseen = not isinstance(fault, TransloadError)
            told = "the workspace is not loaded anew: the one before stays in force"
            _log.error(told, error=error.message, exc_info=unforeseen)
            engine.observing.pulse.note("workspace", f"it was not loaded anew: {error.message}")
            for finding in error.findings:
                _log.error(finding.message, place=str(finding.mapping or ""), hint=finding.hint)
            return False
        if threshold is not self._threshold:
            self.close()
            self._threshold = threshold
        self._before = engine.workspace, engine.lines
        engine.workspace, engine.lines = workspace, lines
        _log.info("the workspace is loaded anew", workspace=workspace.name)
        return True

    @contextmanager
    def _signals(self) -> Iterator[None]:
        handlers = {signal.SIGTERM: self._end, signal.SIGINT: self._end, signal.SIGHUP: self._load}
        with handling(handlers), a_second_ends(lambda number: 128 + number):
            yield

    def _end(self, number: int, frame: FrameType | None) -> None:
        self._engine.stop()

    def _load(self, number: int, frame: FrameType | None) -> None:
        self._engine.renew()


def _check_same_ledger(before: Workspace, after: Workspace) -> None:
    """Raises `ConfigurationError` where the service would have to work on another ledger."""
    if (before.store, before.environment) != (after.store, after.environment):
        raise ConfigurationError(
            "store: or environment: is another one now",
            hint="end the service and start it again, so that it works on that ledger",
        )
