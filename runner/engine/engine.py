"""The engine: one pass over routes, a look at what one would do, or a service."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from socket import gethostname
from typing import TYPE_CHECKING, Any

from transload.canonical.findings import Finding, Severity
from transload.runner.dispatch.threads import Threads
from transload.runner.engine.preview import Preview
from transload.runner.engine.upkeep import Upkeep
from transload.runner.engine.work import POLL, Work, kin_of
from transload.runner.ledger import Ledger, LedgerError, LockLost, ProcessLock, State
from transload.runner.ledger.gathering import Gathering, gatherings
from transload.runner.ledger.incidents import Incident
from transload.runner.ledger.outage import Outage
from transload.runner.ledger.receipts import Arrival
from transload.runner.lines.lines import Line, Outlet, lines_of
from transload.runner.lines.summary import Summary, Tally
from transload.runner.logs import get_logger
from transload.runner.masking.veil import Veil
from transload.runner.processes.bell import Bell
from transload.runner.processes.supervisor import Supervisor
from transload.runner.workspace.model import Workspace, choose

if TYPE_CHECKING:
    from transload.runner.alarms.herald import Herald
    from transload.runner.expectations.watch import Watch
from transload.runner.observing.observing import Observing

SWEEP_SECONDS = 1.0
"""How often is looked for what is due: deliveries whose time has come, and what nobody was woken for."""
FIRST_LOOK, LOOK_SECONDS = 60.0, 30.0
"""How long a service fetches what waits at partners before it looks what is missing, and how often it looks then."""
_log = get_logger("engine")


def utc_now() -> datetime:
    """The machine's clock."""
    return datetime.now(UTC)


class Engine:
    """Moves the documents of ``workspace`` through ``ledger``, which must be open.

    ``workers`` lanes are drained at the same time.  ``clock`` gives the time as an aware datetime.
    ``looks`` are the seconds to a service's first look at what is expected, and between looks.
    ``reload`` loads the workspace anew for a service; it raises what is wrong with it.
    ``supervisor`` is told how a service does; ``number`` counts those of one crew, from 0.
    """

    def __init__(
        self,
        workspace: Workspace,
        ledger: Ledger,
        *,
        workers: int = 4,
        clock: Callable[[], datetime] = utc_now,
        looks: tuple[float, float] = (FIRST_LOOK, LOOK_SECONDS),
        reload: Callable[[], Workspace] | None = None,
        number: int = 0,
        supervisor: Supervisor | None = None,
    ) -> None:
        self.workspace = workspace
        self.ledger = ledger
        self.clock = clock
        self.workers = workers
        self.looks = looks
        self.reload = reload
        self.number = number
        self.supervisor = supervisor or Supervisor()
        self.lines = lines_of(workspace)
        self._stopping = self._renewing = False  # signals set them: no locks
        self._bell = Bell()
        self.observing = self.observed()

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
        outlets = _ways_out(poll, feeding, sends)
        with self.ledger.exclusively("transload run") as lock, self.observing.passing() as observer:
            tally = Tally(observer=observer, veil=Veil(self.workspace.mask, self.ledger))
            self.ledger.belong(self.workspace.environment)
            self.ledger.scratch.tidy()
            self.come_to_terms()
            failed = False

            def ended() -> bool:
                return self.stopping or any(isinstance(error, LedgerError) for error in threads.errors)

            work = Work(
                self.ledger,
                lock,
                lines=poll,
                outlets=outlets,
                readers=self.readers(),
                tally=tally,
                clock=self.clock,
                wake=lambda names: threads.wake(names),
                stopping=lambda: failed or ended(),
                by_ticks=False,
            )
            threads = Threads(work.do, workers=self.workers, kin=kin_of)
            threads.start()
            try:
                threads.wake([POLL + line.route.ref for line in poll])
                threads.wake([line.lane for line in poll])
                threads.wake(lane for lane in self.ledger.lanes.ready(self.clock()) if lane in outlets)
                while not threads.join(SWEEP_SECONDS):
                    _keep(lock)
            except BaseException:
                failed = True
                raise
            finally:
                threads.stop()
            for error in threads.errors:
                raise error
            tally.note([*self.orphans(), *self.gathering()])
            tally.told = self._looked(None if routes is None else [line.route.ref for line in poll])
            self.upkeep().look()
            return tally.summary(_sums(self.ledger.lanes.waiting(), outlets))

    def preview(self, routes: Sequence[str] | None = None) -> dict[str, Any]:
        """A dry run of ``routes``: what a pass would do (`Preview.look`), with nothing settled, stored or sent.

        Raises `ConfigurationError` as `run_pass` does.
        """
        poll, feeding, sends = self._selected(routes)
        for line in (*poll, *feeding):
            line.make_ready()
        preview = Preview(self.ledger, clock=self.clock, mask=self.workspace.mask)
        return preview.look(poll, _ways_out(poll, feeding, sends).values())

    def foresee(self, route: str, arrivals: Sequence[Arrival]) -> dict[str, Any]:
        """A dry run of what is submitted to ``route``, as `preview` gives it.  Raises as `run_pass` does."""
        (line,), _, _ = self._selected([route])
        line.make_ready()
        return Preview(self.ledger, clock=self.clock, mask=self.workspace.mask).submitted(line, arrivals)

    def serve(self, *, handle_signals: bool = True, started: Callable[[], None] | None = None) -> None:
        """Run as a service until `stop` is called, or SIGTERM or SIGINT comes; see `Service.run`."""
        from transload.runner.engine.service import Service

        Service(self).run(handle_signals=handle_signals, started=started)

    def stop(self) -> None:
        """Let the calls under way end, begin no others, and let `serve` or `run_pass` return."""
        self._stopping = True
        self._bell.ring()

    @property
    def stopping(self) -> bool:
        """Whether `stop` was called."""
        return self._stopping

    def renew(self) -> None:
        """Let `serve` load the workspace anew."""
        self._renewing = True
        self._bell.ring()

    def renews(self) -> bool:
        """Whether `renew` was called since this was asked last."""
        asked, self._renewing = self._renewing, False
        return asked

    def pause(self, seconds: float) -> None:
        """Wait so long, or until `stop` or `renew` is called."""
        if not self._stopping:
            self._bell.wait(seconds)

    def ready(self, workspace: Workspace) -> dict[str, Line]:
        """The routes of ``workspace``, all made ready.  Raises `ConfigurationError` where one cannot work."""
        lines = lines_of(workspace)
        for line in lines.values():
            line.make_ready()
        return lines

    def readers(self) -> dict[str, Line]:
        """The lines that read the answers of send routes, by the names of these."""
        return {line.route.answers.ref: line for line in self.lines.values() if line.route.answers}

    def watch(self, routes: Sequence[str] | None = None, outage: Outage | None = None) -> "Watch":
        """What looks for what is missing or wrong on ``routes``, or on all; ``outage`` is this process's."""
        from transload.runner.expectations.watch import Watch

        process = f"process {self.number + 1} of {gethostname()}"
        return Watch(self.workspace, self.ledger, clock=self.clock, routes=routes, outage=outage, process=process)

    def herald(self) -> "Herald":
        """What tells people of it."""
        from transload.runner.alarms.herald import Herald

        return Herald(self.workspace, self.ledger, clock=self.clock)

    def observed(self) -> "Observing":
        """What those who operate it see of the work by the workspace as it is now."""
        from transload.runner.observing.observing import Observing  # it hears of our work, and so imports this package

        return Observing(self.workspace, self.ledger, clock=self.clock, stopping=lambda: self.stopping)

    def upkeep(self) -> Upkeep:
        """What seals the ledger's events, and lets go of what need not be kept."""
        return Upkeep(self.ledger, clock=self.clock, keep=self.workspace.keep_payloads)

    def gathering(self) -> list[Finding]:
        """Remarks on the documents that wait for a batch."""
        with self.ledger.read() as connection:
            found = gatherings(connection)
        ours = {lane for line in self.lines.values() for lane in line.lanes}
        return [_gathered(batch) for batch in found if batch.lane in ours]

    def come_to_terms(self, *, certain: bool = False) -> None:
        """Let nothing wait for times that are to come since the machine's clock was set back; it was if ``certain``."""
        now = self.clock()
        if certain or self.ledger.leaps.is_ahead(now):
            count = self.ledger.leaps.put_right(now)
            _log.warning("the ledger has seen later times: what waits is due now", deliveries=count)

    def orphans(self) -> list[Finding]:
        """Warnings of deliveries and receipts that wait for a route which the workspace does not have any more."""
        lanes = {lane for line in self.lines.values() for lane in line.lanes}
        waiting = self.ledger.lanes.waiting()
        lost = [(lane, sum(counts.values())) for lane, counts in sorted(waiting.items()) if lane not in lanes]
        texts = [f"{count} deliveries wait in the lane {lane}, which no route feeds any more" for lane, count in lost]
        with self.ledger.read() as connection:
            batches = [batch for batch in gatherings(connection) if batch.lane not in lanes]
        texts += [
            f"{one.documents} documents wait for a batch in the lane {one.lane}, which no route feeds any more"
            for one in batches
        ]
        texts += [
            f"receipts wait for the route {route}, which the workspace does not have any more"
            for route in self.ledger.arrivals.routes_due()
            if route not in self.lines
        ]
        hint = "restore the route, so that they go on"
        return [Finding(code="W-NO-ROUTE", severity=Severity.WARNING, message=text, hint=hint) for text in texts]

    def _looked(self, routes: Sequence[str] | None) -> tuple[Incident, ...]:
        """Look at what is expected of ``routes``, and tell; gives the incidents that were opened or closed."""
        told = self.watch(routes).look(in_turn=False)
        self.herald().tell()
        return tuple(told)

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


def outlets_of(lines: Iterable[Line]) -> dict[str, Outlet]:
    """The ways out of ``lines``, by their lanes."""
    return {outlet.lane: outlet for line in lines for outlet in line.outlets}


def _gathered(batch: Gathering) -> Finding:
    when = f"at {batch.leaves_at:%Y-%m-%d %H:%M:%S} UTC" if batch.leaves_at else "once there are enough"
    documents = f"{batch.documents} document{'s are' if batch.documents != 1 else ' is'}"
    message = f"{documents} gathered in {batch.lane} for a batch, which leaves {when}"
    return Finding(code="R-GATHERED", severity=Severity.REMARK, message=message)


def _keep(lock: ProcessLock) -> None:
    """Raises `LockLost` only: while nobody can tell whose the ledger is, each step of the pass tells what it meets."""
    try:
        lock.keep()
    except LockLost:
        raise
    except LedgerError as error:
        _log.error("the ledger is not reached", error=error.message)


def _ways_out(poll: Iterable[Line], feeding: Iterable[Line], sends: set[str]) -> dict[str, Outlet]:
    """The lanes of a pass: all of the lines to poll, and of those that feed a send route asked for the ones to it."""
    return outlets_of(poll) | {lane: outlet for lane, outlet in outlets_of(feeding).items() if outlet.target in sends}


def _sums(waiting: Mapping[str, Mapping[State, int]], lanes: Iterable[str]) -> dict[State, int]:
    sums: Counter[State] = Counter()
    for lane in lanes:
        sums.update(waiting.get(lane, {}))
    return dict(sums)
