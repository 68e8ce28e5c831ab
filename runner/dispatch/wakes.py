"""Wakes through procrastinate: jobs in PostgreSQL that say where something is due, for workers on any host.

A job holds a name and nothing else.  ``queueing_lock`` keeps one of a name from waiting twice; ``lock`` is never
used, as fetching a job becomes dear when many wait on locks.  What is lost with a job, or with its worker, is woken
again by the next sweep.
"""

import asyncio
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from transload.runner.dispatch import Duties
from transload.runner.dispatch.shards import gathered
from transload.runner.dispatch.turns import Turns
from transload.runner.ledger import LedgerError, ProcessLock
from transload.runner.ledger.databases.wake_schema import WakeSchema
from transload.runner.logs import get_logger

HEARTBEAT_SECONDS = 10.0
DEAD_SECONDS = 30.0
"""A worker without a heartbeat for so long is dead; the next that begins forgets its jobs, woken anew by sweeps."""
LOOK_SECONDS = 1.0
"""How often a worker looks into the queue, whatever it hears: of a job that came before it listened, or while it was
looking, it hears nothing, and sweeps put none of a name there where one waits."""
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 5.0
"""How long a worker waits before it goes back to a queue that it lost."""
_TASK = "work"
_log = get_logger("dispatch")


class Wakes:
    """Lets ``duties`` be done by ``workers`` threads of this process, and those of all others at ``place``."""

    def __init__(self, duties: Duties, lock: ProcessLock, place: WakeSchema, *, workers: int = 4) -> None:
        self._place = place
        self._workers = workers
        self._turns = Turns(duties, lock, self._put, stopping=lambda: self._closed)
        self._pool = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="transload")
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._worker: Any = None
        self._waiting: dict[str, None] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._woken: asyncio.Event | None = None
        self._closed = False
        self._ready = threading.Event()
        self._failed: BaseException | None = None

    @property
    def errors(self) -> list[BaseException]:
        """What ended the work on a name."""
        return self._turns.errors

    def start(self) -> None:
        """Make the queue's tables where they are missing, and begin.  Raises `LedgerError` where the queue fails."""
        self._place.prepare()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="transload-wakes", daemon=True)
        self._thread.start()
        self._ready.wait()
        if self._failed is not None:
            self._thread.join()
            raise LedgerError(f"the queue of wakes in {self._place.name} cannot be used: {self._failed}") from None

    def wake(self, names: Iterable[str], *, after: float = 0.0) -> None:
        """Let the work on these names be done soon, or in so many seconds, by whichever worker is free."""
        self._put(names, after)

    def stop(self) -> None:
        """Let the work end that is being done, and begin no other."""
        self._closed = True
        loop = self._loop
        if loop is not None:
            with suppress(RuntimeError):  # it has ended by itself
                loop.call_soon_threadsafe(self._end)
        if self._thread is not None:
            self._thread.join()
        self._pool.shutdown(wait=True)

    def _put(self, names: Iterable[str], after: float) -> None:
        known = list(names)
        loop = self._loop
        if loop is None or self._closed or not known:
            return
        with suppress(RuntimeError):  # the loop has ended
            if after > 0:
                loop.call_soon_threadsafe(self._postpone, known, after)
            else:
                loop.call_soon_threadsafe(self._add, known)

    def _postpone(self, names: list[str], after: float) -> None:
        """One timer for a name, or they would pile up."""
        assert self._loop is not None
        for name in names:
            timer = self._timers.get(name)
            if timer is not None and timer.when() <= self._loop.time() + after:
                continue
            if timer is not None:
                timer.cancel()
            self._timers[name] = self._loop.call_later(after, self._come, name)

    def _come(self, name: str) -> None:
        del self._timers[name]
        self._add([name])

    def _add(self, names: list[str]) -> None:
        self._waiting.update(dict.fromkeys(names))
        if self._woken is not None:
            self._woken.set()

    def _end(self) -> None:
        if self._woken is not None:
            self._woken.set()
        if self._worker is not None:
            self._worker.stop()

    async def _run(self) -> None:
        self._loop, self._woken = asyncio.get_running_loop(), asyncio.Event()
        pause = FIRST_PAUSE
        while not self._closed:
            try:
                await self._serve()
                pause = FIRST_PAUSE
            except Exception as error:  # noqa: BLE001  # the database is gone: it comes back, or the sweep tells more
                if not self._ready.is_set():
                    self._failed = error
                    self._ready.set()
                    return
                _log.error("the queue of wakes is not reached", error=str(error).strip())
            if not self._closed:
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)

    async def _serve(self) -> None:
        """Put and take names until the connection breaks, or we are to end."""
        from procrastinate import App, PsycopgConnector
        from procrastinate.worker import Worker

        connector = PsycopgConnector(
            min_size=1, max_size=self._workers + 2, kwargs=self._place.connect, configure=self._place.configure
        )
        app = App(connector=connector)
        task = app.task(name=_TASK, queue=_TASK)(self._work)
        async with app.open_async():
            await self._forget(app)
            self._worker = Worker(
                app,
                queues=[_TASK],
                name=None,
                concurrency=self._workers,
                delete_jobs="always",
                install_signal_handlers=False,
                fetch_job_polling_interval=LOOK_SECONDS,
                update_heartbeat_interval=HEARTBEAT_SECONDS,
                stalled_worker_timeout=DEAD_SECONDS,
                abort_job_polling_interval=3600.0,
            )
            running = asyncio.create_task(self._worker.run())
            putting = asyncio.create_task(self._putting(task))
            self._ready.set()
            try:
                await asyncio.wait([running, putting], return_when=asyncio.FIRST_COMPLETED)
            finally:
                worker, self._worker = self._worker, None
                worker.stop()
                putting.cancel()
                results = await asyncio.gather(running, putting, return_exceptions=True)
        for result in results:
            if isinstance(result, Exception):
                raise result

    async def _work(self, name: str) -> None:
        await asyncio.get_running_loop().run_in_executor(self._pool, self._turns.take, name)

    async def _putting(self, task: Any) -> None:
        from procrastinate.exceptions import AlreadyEnqueued

        assert self._woken is not None
        while not self._closed:
            await self._woken.wait()
            self._woken.clear()
            names, self._waiting = gathered(self._waiting), {}
            for name in names:
                with suppress(AlreadyEnqueued):
                    await task.configure(queueing_lock=name).defer_async(name=name)

    async def _forget(self, app: Any) -> None:
        """Delete what dead workers were at: it waits for nobody."""
        from procrastinate.jobs import Status

        for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=DEAD_SECONDS):
            await app.job_manager.finish_job_by_id_async(job.id, status=Status.FAILED, delete_job=True)
