"""Wakes through Celery: jobs in a queue of RabbitMQ that say where something is due, for workers on any host.

For those who run the two already.  A job holds a name and nothing else; what is lost with the broker is woken again
by the next sweep.  Where nobody listens at the queue, or the broker is away, each process does what it would
have put there itself: documents never wait for the broker.
"""

import threading
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from transload.canonical.errors import ConfigurationError
from transload.runner.dispatch import Duties
from transload.runner.dispatch.broker import Broker
from transload.runner.dispatch.shards import gathered
from transload.runner.dispatch.threads import Threads
from transload.runner.dispatch.turns import Turns
from transload.runner.ledger import ProcessLock
from transload.runner.logs import get_logger

if TYPE_CHECKING:
    from transload.runner.dispatch.receiving import Receiving

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 5.0
"""How long a broker that failed is left alone."""
AGAIN_SECONDS = 5.0
"""A name that was put into a queue which has not been seen empty since is done here after so long: whoever listens at
the queue has too much to do, or takes nothing."""
LEAVE_SECONDS = 1.0
_log = get_logger("dispatch")


class Jobs:
    """Lets ``duties`` be done by ``workers`` threads of this process, and those of all others at the ``broker``.

    ``ledger`` is the identity of the ledger, which names the queue.
    """

    def __init__(self, duties: Duties, lock: ProcessLock, broker: Broker, *, ledger: str, workers: int = 4) -> None:
        self._broker = broker
        self._ledger = ledger
        self._workers = workers
        self._turns = Turns(duties, lock, self._put, stopping=lambda: self._closed)
        self._pool = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="transload")
        self._outbox = Threads(self._post, workers=1)
        self._receiving: Receiving | None = None
        self._closed = False
        self._channel: Any = None
        self._connection: Any = None
        self._task: Any = None
        self._queue: Any = None
        self._pause = FIRST_PAUSE
        self._away_until = 0.0
        self._put_at: dict[str, float] = {}
        self._guard = threading.Lock()
        self._alone: set[str] = set()

    @property
    def errors(self) -> list[BaseException]:
        """What ended the work on a name."""
        return self._turns.errors

    def start(self) -> None:
        """Begin, whether or not the broker can be reached.

        Raises `ConfigurationError` where Celery is not installed or the address is none, `Stop` or `Retry` where a
        secret of it cannot be had.
        """
        check_installed()
        from transload.runner.dispatch.receiving import TASK, App, Receiving, queue_of

        self._queue = queue_of(self._ledger)
        app = App(self._queue, self._broker.connecting())
        self._receiving = Receiving(app, self._take, self._pool, workers=self._workers, shown=self._broker.shown)
        self._task = app.tasks[TASK]
        self._receiving.start()
        self._outbox.start()

    def wake(self, names: Iterable[str], *, after: float = 0.0) -> None:
        """Let the work on these names be done soon, or in so many seconds, by whichever worker is free."""
        self._put(names, after)

    def stop(self) -> None:
        """Let the work end that is being done, and begin no other."""
        self._closed = True
        self._outbox.stop()
        if self._receiving is not None:
            self._receiving.stop()
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._leave()

    def _put(self, names: Iterable[str], after: float) -> None:
        if not self._closed:
            self._outbox.wake(gathered(names), after=after)

    def _take(self, name: str) -> None:
        """Do what came from the queue, where anybody may have put anything."""
        if isinstance(name, str):
            self._put_at.pop(name, None)
            self._turns.take(name)

    def _post(self, name: str) -> None:
        """Put ``name`` into the queue, or do it here where that would be in vain."""
        listeners = 0
        if time.monotonic() >= self._away_until:
            try:
                listeners = self._posted(name)
                self._pause = FIRST_PAUSE
            except Exception as error:  # noqa: BLE001  # whatever it is, the work goes on without the broker
                if not self._closed:
                    _log.error("the broker takes no names", broker=self._broker.shown, error=str(error))
                self._leave()
                self._away_until = time.monotonic() + self._pause
                self._pause = min(self._pause * 2, LONGEST_PAUSE)
        if not listeners:
            self._do_here(name)

    def _posted(self, name: str) -> int:
        """Put ``name`` into the queue unless it is there; gives how many listen, or 0 where it is to be done here."""
        if self._connection is None:
            self._connection = self._task.app.connection_for_write()
            self._channel = self._connection.channel()
        told = self._queue.bind(self._channel).queue_declare()
        if not told.consumer_count:
            return 0
        now = time.monotonic()
        if not told.message_count:
            self._put_at.clear()
        put_at = self._put_at.get(name)
        if put_at is not None and now - put_at >= AGAIN_SECONDS:
            self._put_at[name] = now
            return 0
        if put_at is None:
            self._put_at[name] = now
            producer = self._task.app.amqp.Producer(self._channel)
            self._task.apply_async((name,), producer=producer, retry=False, delivery_mode="transient")
        return int(told.consumer_count)

    def _do_here(self, name: str) -> None:
        with self._guard:
            if self._closed or name in self._alone:
                return
            self._alone.add(name)
            self._pool.submit(self._done_here, name)

    def _done_here(self, name: str) -> None:
        with self._guard:
            self._alone.discard(name)
        self._turns.take(name)

    def _leave(self) -> None:
        connection, self._connection, self._channel = self._connection, None, None
        if connection is not None:
            with suppress(Exception):  # it may be broken
                connection.collect(socket_timeout=LEAVE_SECONDS)


def check_installed() -> None:
    """Raises `ConfigurationError` where Celery is not installed."""
    if find_spec("celery") is None:
        raise ConfigurationError(
            "dispatch: names Celery, which is not installed",
            hint='install it with: pip install "transload[celery]"',
        )
