"""The clock: APScheduler fires routes at their times, and the ledger's ticks see to it that each time counts once.

APScheduler holds no state of ours: its jobs live in memory, and what has fired is in
the ledger.  So after a stop the times that passed are found, counted and made up
for by one poll.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any

from apscheduler.executors.base import BaseExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.interval import IntervalTrigger

from transload.runner.calendar.firing import Firing
from transload.runner.calendar.moments import moment_at
from transload.runner.ledger import Ledger, LedgerError
from transload.runner.ledger.leaps import TOLERANCE
from transload.runner.logs import get_logger
from transload.runner.workspace.model import Cron, Every, Schedule

_log = get_logger("schedule")
_BEGIN = datetime(2020, 1, 1, tzinfo=UTC)
_MOST_MISSED = 10_000
_FARTHEST = timedelta(days=3660)


def trigger_of(schedule: Schedule) -> BaseTrigger:
    """APScheduler's trigger.  Intervals are counted from one fixed moment, so that every process has the same times."""
    if isinstance(schedule, Every):
        return IntervalTrigger(seconds=schedule.interval.total_seconds(), start_date=_BEGIN, timezone=UTC)
    return Firing(schedule.expression, schedule.timezone, schedule.calendar, schedule.otherwise)


def fires_at(schedule: Schedule, moment: datetime) -> bool:
    """Whether a time of the trigger counts: those of an interval may be for worked days only."""
    if isinstance(schedule, Cron) or schedule.calendar is None:
        return True
    return schedule.calendar.is_working(moment.astimezone(schedule.calendar.timezone).date())


def next_time(schedule: Schedule, now: datetime) -> datetime:
    """The first time of ``schedule`` after ``now`` that counts; for a crontab that has none in ten years, ``now``."""
    if isinstance(schedule, Cron):
        return Firing(schedule.expression, schedule.timezone, schedule.calendar, schedule.otherwise).after(now) or now
    moment, calendar = _time_after(schedule, now), schedule.calendar
    while calendar is not None and not fires_at(schedule, moment) and moment < now + _FARTHEST:
        day = calendar.next_working(moment.astimezone(calendar.timezone).date())
        begin = moment_at(day, time(0), calendar.timezone)
        moment = _time_after(schedule, begin - timedelta(microseconds=1))
    return moment


def _time_after(schedule: Every, moment: datetime) -> datetime:
    return _BEGIN + ((moment - _BEGIN) // schedule.interval + 1) * schedule.interval


def missed_times(schedule: Schedule, last: datetime, now: datetime) -> tuple[datetime | None, int]:
    """The latest time of ``schedule`` after ``last`` up to ``now``, and how many there were (10,000 at most)."""
    if isinstance(schedule, Every):
        interval = schedule.interval
        number = (now - _BEGIN) // interval
        latest = _BEGIN + number * interval
        count = number - (last - _BEGIN) // interval
        return (latest, count) if count > 0 else (None, 0)
    trigger = trigger_of(schedule)
    latest_fire: datetime | None = None
    count = 0
    moment = trigger.get_next_fire_time(last, last + timedelta(microseconds=1))
    while moment is not None and moment <= now and count < _MOST_MISSED:
        latest_fire, count = moment.astimezone(UTC), count + 1
        moment = trigger.get_next_fire_time(moment, moment + timedelta(microseconds=1))
    return latest_fire, count


class _Ticker(BaseExecutor):  # type: ignore[misc]  # APScheduler has no types
    """Hands the times that APScheduler finds due to a function; polling itself is the dispatcher's work."""

    def __init__(self, tick: Callable[[str, datetime], None]) -> None:
        super().__init__()
        self._tick = tick

    def _do_submit_job(self, job: Any, run_times: list[datetime]) -> None:
        # `submit_job` holds the executor's lock; a job counts as running from here to the end of the tick
        self._instances[job.id] -= 1
        self._tick(job.id, run_times[-1].astimezone(UTC))


class Clock:
    """Fires ``wake(route)`` at the times of ``schedules`` (by route).

    Call `look` now and then, so that what could not be recorded is, once the ledger is back.
    """

    def __init__(
        self,
        ledger: Ledger,
        schedules: Mapping[str, Schedule],
        wake: Callable[[str], None],
        *,
        now: Callable[[], datetime],
    ) -> None:
        self._ledger = ledger
        self._schedules = schedules
        self._wake = wake
        self._now = now
        self._scheduler: Any = None
        self._unrecorded: dict[str, tuple[datetime, int]] = {}
        """The last time of each route that the ledger could not take, and how many there were."""

    def start(self) -> None:
        """Make up for missed times, then fire at each new one."""
        self._come_to_terms()
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"default": _Ticker(self._due)},
            job_defaults={"coalesce": True, "misfire_grace_time": None, "max_instances": 1},
        )
        for route, schedule in self._schedules.items():
            self._scheduler.add_job(_nothing, trigger_of(schedule), id=route, name=route)
        self._scheduler.start()

    def stop(self) -> None:
        """Fire no more."""
        if self._scheduler is not None:
            self._scheduler.shutdown(wait=True)
            self._scheduler = None

    def look(self) -> None:
        """Record the times that could not be recorded.  Raises `LedgerError` while they still cannot."""
        for route, (fire_time, count) in list(self._unrecorded.items()):
            self._fire(route, fire_time, missed=count - 1)
            if self._unrecorded.get(route) == (fire_time, count):
                del self._unrecorded[route]

    def leapt(self, leap: timedelta) -> None:
        """Go by the machine's clock, which was set by ``leap``.  Raises `LedgerError`.

        Forward, times that passed count as missed, and are made up for once.  Back, intervals and what fires often go
        on; a time that comes once in what is lived again (03:00, each day) does not come twice.
        """
        self._come_to_terms(since=self._now() - leap)
        for route, schedule in self._schedules.items():
            self._scheduler.reschedule_job(route, trigger=trigger_of(schedule))  # it sleeps by the clock before

    def _come_to_terms(self, since: datetime | None = None) -> None:
        """Let times come that the ledger has seen before the clock was set back, and make up for those that passed."""
        ahead = self._now() + TOLERANCE
        for route, schedule in self._schedules.items():
            self._ledger.ticks.forget_ahead(route, ahead, least=1 if isinstance(schedule, Every) else 2)
            self._catch_up(route, schedule, since)

    def _due(self, route: str, fire_time: datetime) -> None:
        try:
            self._fire(route, fire_time)
        except LedgerError as error:  # `look` does it, when the ledger is back
            if not self._unrecorded:  # of many routes one line is enough
                _log.error("times of schedules wait for the ledger", route=route, error=error.message)
            _, count = self._unrecorded.get(route, (None, 0))
            self._unrecorded[route] = fire_time, count + 1

    def _catch_up(self, route: str, schedule: Schedule, since: datetime | None) -> None:
        now, last = self._now(), self._ledger.ticks.last(route) or since
        if last is None:
            if isinstance(schedule, Cron):
                return  # a time of day is waited for
            last = now - schedule.interval
        latest, count = missed_times(schedule, last, now)
        if latest is None or not fires_at(schedule, latest):
            return
        if self._ledger.ticks.fire(route, latest, now, missed=count - 1):
            _log.info("catching up", route=route, missed=count - 1, fire_time=latest.isoformat())
            self._wake(route)

    def _fire(self, route: str, fire_time: datetime, *, missed: int = 0) -> None:
        if not fires_at(self._schedules[route], fire_time):
            return
        if self._ledger.ticks.fire(route, fire_time, self._now(), missed=missed):
            self._wake(route)


def _nothing() -> None:
    """The job of every schedule: the ticker does the work."""
