"""A Celery worker inside of our own process: it takes names from a queue, and hands them to threads of ours.

It is Celery's own worker without what belongs to a program of its own: no signals, no configuration of logs, no
settings from the environment, no remote control, no events, no results.  A name is acknowledged when the work on it
ends, so a worker holds as many as it works on and no more, and what a dead one had goes to another at once.
"""

import os
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from celery import Celery
from celery.concurrency.thread import ApplyResult, TaskPool
from celery.exceptions import WorkerShutdown
from celery.worker import WorkController
from celery.worker.consumer import Consumer
from kombu import Connection, Exchange, Queue
from kombu.asynchronous import set_event_loop

from transload.runner.logs import get_logger

TASK = "transload.work"
CONNECT_SECONDS = 4.0
ANSWER_SECONDS = 5.0
"""How long is waited for the broker's answer to one command."""
HEARTBEAT_SECONDS = 10
QUEUE_SECONDS = 600.0
"""A queue at which no worker listens for so long is deleted."""
NAME_SECONDS = 60.0
"""A name that waits longer is dropped: sweeps have put it there again."""
MOST_NAMES = 10_000
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 5.0
"""How long a worker waits before it goes back to a broker that it lost."""
STOP_SECONDS = 3.0
"""How long a broker is given to take leave of us."""
_log = get_logger("dispatch")


def queue_of(ledger: str) -> Queue:
    """The queue of names for the services on the ledger of this identity.

    A classic queue whose messages are not written to disk: no name is worth keeping, and where the broker's node
    with the queue is gone, each service does without.  It is durable, as brokers give up others that are shared.
    """
    return Queue(
        f"transload.{ledger}",
        Exchange(""),
        routing_key=f"transload.{ledger}",
        durable=True,
        expires=QUEUE_SECONDS,
        message_ttl=NAME_SECONDS,
        max_length=MOST_NAMES,
    )


class App(Celery):  # type: ignore[misc]
    """A Celery application that knows its broker from us alone, whatever CELERY_BROKER_URL says."""

    def __init__(self, queue: Queue, connecting: dict[str, Any]) -> None:
        super().__init__(
            "transload",
            set_as_current=False,
            fixups=[],
            config_source={
                "accept_content": ["json"],
                "broker_heartbeat": HEARTBEAT_SECONDS,
                "task_acks_late": True,
                "task_default_queue": queue.name,
                "task_create_missing_queues": False,
                "task_ignore_result": True,
                "task_queues": [queue],
                "task_serializer": "json",
                "worker_cancel_long_running_tasks_on_connection_loss": False,
                "worker_enable_prefetch_count_reduction": False,
                "worker_enable_remote_control": False,
                "worker_prefetch_multiplier": 1,
                "worker_send_task_events": False,
            },
        )
        self._connecting = connecting

    def connection_for_read(self, url: str | None = None, **options: Any) -> Connection:
        """For taking names."""
        return self._to_broker(heartbeat=options.get("heartbeat") or 0)

    def connection_for_write(self, url: str | None = None, **options: Any) -> Connection:
        """For putting names, each confirmed; it beats no heart, as nobody looks after it between two names."""
        waits = {"read_timeout": ANSWER_SECONDS, "write_timeout": ANSWER_SECONDS}
        return self._to_broker(transport_options={"confirm_publish": True, **waits})

    def _to_broker(self, **options: Any) -> Connection:
        return Connection(**self._connecting, connect_timeout=CONNECT_SECONDS, **options)


class _Unheard:
    """A log for names that cannot be acknowledged, since the broker is gone: they come again, and that is all."""

    def critical(self, *told: object, **more: object) -> None:
        pass


class Receiving:
    """Lets ``work`` be done on each name that comes to ``app``, by up to ``workers`` threads of ``pool``."""

    def __init__(
        self, app: App, work: Callable[[str], None], pool: ThreadPoolExecutor, *, workers: int, shown: str
    ) -> None:
        self._app = app
        self._pool = pool
        self._workers = workers
        self._shown = shown
        self._ending = threading.Event()
        self._controller: WorkController | None = None
        self._thread: threading.Thread | None = None

        @app.task(name=TASK, shared=False)  # type: ignore[untyped-decorator]
        def do(name: str) -> None:  # Celery takes functions, no methods
            work(name)

    def start(self) -> None:
        """Begin; a broker that is not there is asked again and again."""
        self._thread = threading.Thread(target=self._run, name="transload-celery", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Let the work end that is being done, and take leave of the broker, who may not delay it."""
        self._ending.set()
        controller = self._controller
        if controller is not None and controller.hub is not None:
            controller.hub.call_soon(lambda: None)  # it looks whether it is to end when it wakes up
        if self._thread is not None:
            self._thread.join(STOP_SECONDS)
            while self._thread.is_alive():
                self._cut()
                self._thread.join(STOP_SECONDS)

    def _cut(self) -> None:
        """End the connection on our side alone, so that nobody waits for the other."""
        with suppress(Exception):  # there is none, or not any more
            assert self._controller is not None
            connection = self._controller.consumer.connection
            if connection.connected:
                connection.connection.transport.sock.shutdown(socket.SHUT_RDWR)

    def _run(self) -> None:
        pause = FIRST_PAUSE
        while not self._ending.is_set():
            began = time.monotonic()
            known: tuple[type[Exception], ...] = ()
            try:
                self._controller = self._made()
                known = (*self._controller.consumer.connection_errors, *self._controller.consumer.channel_errors)
                self._controller.start()
            except WorkerShutdown:
                pass
            except Exception as error:  # noqa: BLE001  # a thread has nobody above it
                exc_info = not isinstance(error, known)
                _log.error("the Celery worker fails", broker=self._shown, error=str(error), exc_info=exc_info)
            if self._ending.is_set():
                return
            pause = FIRST_PAUSE if time.monotonic() - began > LONGEST_PAUSE * 2 else min(pause * 2, LONGEST_PAUSE)
            self._ending.wait(pause)

    def _reached(self, connection: Connection) -> Connection:
        """The ``connection`` as soon as it can be made; raises `WorkerShutdown` once we end."""
        pause = FIRST_PAUSE
        while not self._ending.is_set():
            try:
                connection.connect()
                return connection
            except Exception as error:  # noqa: BLE001  # whatever it is, it may be mended meanwhile
                _log.error("the broker is not reached", broker=self._shown, error=str(error))
            self._ending.wait(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
        raise WorkerShutdown(0)

    def _look(self) -> None:
        if self._ending.is_set():
            raise WorkerShutdown(0)

    def _made(self) -> WorkController:
        app, pool, reached = self._app, self._pool, self._reached

        class OurPool(TaskPool):  # type: ignore[misc]
            """Hands names to our threads, which outlive it."""

            executor: Any

            def __init__(self, *args: Any, **options: Any) -> None:
                super().__init__(*args, **options)
                self.executor.shutdown()
                self.executor = pool

            def on_stop(self) -> None:
                pass

            def on_apply(self, target: Callable[..., Any], *args: Any, **options: Any) -> ApplyResult:
                def as_ours(*given: Any, **more: Any) -> Any:
                    app.set_current()  # of this thread: it is how the worker finds the task
                    return target(*given, **more)

                return super().on_apply(as_ours, *args, **options)

        class OurConsumer(Consumer):  # type: ignore[misc]
            """Tries to reach the broker until we end."""

            def ensure_connected(self, conn: Connection) -> Connection:
                return reached(conn)

            def call_soon_ack(self, p: Callable[..., None], logger: Any, *more: Any) -> Any:
                return super().call_soon_ack(p, _Unheard(), *more)

        class OurController(WorkController):  # type: ignore[misc]
            """Lets us tell why it ended."""

            def start(self) -> None:
                try:
                    self.blueprint.start(self)
                except BaseException:
                    self.stop()
                    raise

        set_event_loop(None)  # a loop of its own, for this worker alone
        controller = OurController(
            app=app,
            pool_cls=OurPool,
            consumer_cls=OurConsumer,
            concurrency=self._workers,
            hostname=f"transload-{os.getpid()}@{socket.gethostname()}",
            task_events=False,
            without_gossip=True,
            without_heartbeat=True,
            without_mingle=True,
        )
        controller.hub.on_tick.add(self._look)
        return controller
