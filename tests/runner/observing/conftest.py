"""A house that is served in a thread, with what those who operate it see of it."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from transload.runner.workspace.model import Listening, Operations

HERE = Operations(listening=Listening(host="127.0.0.1", port=0))


@pytest.fixture(autouse=True)
def _loggers() -> Iterator[None]:
    """Whoever configures the log leaves it to the other tests as it was."""
    loggers = [logging.getLogger(), logging.getLogger("transload")]
    before = [(one, one.handlers[:], one.level, one.propagate) for one in loggers]
    yield
    for one, handlers, level, propagate in before:
        one.handlers[:], one.propagate = handlers, propagate
        one.setLevel(level)


def until(condition: Callable[[], Any], seconds: float = 20.0) -> None:
    """Wait for something that another thread or process does."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


class Service:
    """An engine that serves; `get` asks its desk."""

    def __init__(self, house: Any) -> None:
        self.ledger = house.ledger().open()
        self.engine = house.engine(self.ledger)
        self.errors: list[BaseException] = []
        self.started = threading.Event()
        self.thread = threading.Thread(target=self._serve)
        self.thread.start()
        assert self.started.wait(20)
        assert self.errors == []

    def _serve(self) -> None:
        try:
            self.engine.serve(handle_signals=False, started=self.started.set)
        except BaseException as error:  # noqa: BLE001  # the test looks at it
            self.errors.append(error)
        finally:
            self.started.set()

    def get(self, path: str) -> requests.Response:
        return requests.get(f"http://127.0.0.1:{self.engine.observing.port}{path}", timeout=10)

    def stop(self) -> None:
        self.engine.stop()
        self.thread.join(20)
        assert not self.thread.is_alive()
        self.ledger.close()


@pytest.fixture
def serve() -> Iterator[Callable[..., Service]]:
    """Serves a house until the test ends."""
    services: list[Service] = []

    def start(house: Any) -> Service:
        services.append(Service(house))
        return services[-1]

    yield start
    for service in services:
        service.stop()
