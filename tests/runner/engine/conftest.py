"""Shared by the tests of the engine."""

import logging
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest


@pytest.fixture
def serving(make_house: Callable[..., Any]) -> Iterator[Callable[..., Any]]:
    """Runs a house's service in a thread for the length of a test."""
    running = []

    def start(house: Any, **options: Any) -> Any:
        ledger = house.ledger().open()
        engine = house.engine(ledger, **options)
        started = threading.Event()
        errors: list[BaseException] = []

        def serve() -> None:
            try:
                engine.serve(handle_signals=False, started=started.set)
            except BaseException as error:  # noqa: BLE001  # the test looks at it
                errors.append(error)
            finally:
                started.set()

        thread = threading.Thread(target=serve)
        thread.start()
        running.append((engine, ledger, thread))
        assert started.wait(20)
        assert errors == []
        return engine, ledger

    yield start
    for engine, ledger, thread in running:
        engine.stop()
        thread.join(20)
        assert not thread.is_alive()
        ledger.close()


class Log(logging.Handler):
    """The lines of the runner's log, each as its facts."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        if isinstance(record.msg, dict):
            self.lines.append(dict(record.msg))

    def told(self, *levels: str) -> list[str]:
        """What was said on these levels."""
        return [line["event"] for line in self.lines if line["level"] in levels]


@pytest.fixture
def log() -> Iterator[Log]:
    """The runner's log."""
    logger, handler = logging.getLogger("transload"), Log()
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield handler
    logger.setLevel(before)
    logger.removeHandler(handler)
