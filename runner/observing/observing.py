"""What those who operate a service see of it: metrics, health, traces; started and stopped with the service."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from transload.canonical.errors import ConfigurationError, TransloadError
from transload.runner.engine.lines import PRODUCT, Line
from transload.runner.engine.observer import Observer
from transload.runner.ledger import Ledger
from transload.runner.logs import get_logger
from transload.runner.observing.observers import Observers
from transload.runner.observing.pulse import Pulse
from transload.runner.processes.supervisor import Fault
from transload.runner.workspace.model import Listening, Workspace

if TYPE_CHECKING:
    from transload.runner.observing.meters import Meters
    from transload.runner.observing.survey import Survey

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_log = get_logger("observing")


class Observing:
    """The eyes on one engine's work.  ``observer`` hears of the work; ``pulse`` is told of each sweep.

    ``stopping`` is asked whether the service ends.  What the workspace asks for is made in `passing` and `serving`
    only, so nothing is imported where it asks for nothing.
    """

    def __init__(
        self, workspace: Workspace, ledger: Ledger, *, clock: Callable[[], datetime], stopping: Callable[[], bool]
    ) -> None:
        self._workspace = workspace
        self._ledger = ledger
        self._clock = clock
        self._stopping = stopping
        self._meters: Meters | None = None
        self.survey: Survey | None = None
        self.pulse = Pulse(stopping=stopping)
        self.observer = Observer()
        self.port: int | None = None
        """Where it listens, while it serves."""

    @contextmanager
    def passing(self) -> Iterator[Observer]:
        """For one pass: traces, where they are asked for."""
        with ExitStack() as stack:
            self.observer = Observers(self._tracing(stack))
            yield self.observer

    @contextmanager
    def serving(self, lines: Sequence[Line], *, number: int = 0) -> Iterator[Observer]:
        """For a service that works on ``lines``: traces, and the desk with metrics and health.

        ``number`` counts the processes of one service on this machine: each listens at the next port.
        Raises `ConfigurationError` where the address cannot be used.
        """
        with ExitStack() as stack:
            found = self._tracing(stack)
            listening = self._workspace.operations.listening
            if listening is not None:
                found = [*found, self._desk(stack, listening, lines, number)]
            self.observer = Observers(found)
            yield self.observer

    def swept(self, error: TransloadError | None = None, *, fault: str | None = None) -> None:
        """Say that a sweep ended, what was wrong with the ledger or with us, and ``fault``: what other work met."""
        self.pulse.swept(error.message if error is not None else None, alive=not isinstance(error, Fault))
        self.pulse.note("ledger", fault if error is None else None)
        if self._meters is not None:
            self._meters.swept(well=error is None)

    def _tracing(self, stack: ExitStack) -> list[Observer]:
        endpoint = self._workspace.operations.traces
        if endpoint is None and not _asked_by_variables():
            return []
        try:
            from transload.runner.observing.tracing import Tracing  # the extra `otel`
        except ImportError:
            hint = "install transload[otel]"
            if endpoint is not None:
                raise ConfigurationError(
                    "traces are sent by OpenTelemetry, which is not installed", hint=hint
                ) from None
            _log.warning("variables ask for traces, but OpenTelemetry is not installed", hint=hint)
            return []
        tracing = Tracing(
            ledger=self._ledger.identity(),
            workspace=self._workspace.name,
            environment=self._workspace.environment,
            endpoint=endpoint,
        )
        stack.callback(tracing.stop)
        return [tracing]

    def _desk(self, stack: ExitStack, listening: Listening, lines: Sequence[Line], number: int) -> Observer:
        from prometheus_client import CollectorRegistry, Gauge, ProcessCollector

        from transload.runner.observing import catalogue
        from transload.runner.observing.desk import Desk
        from transload.runner.observing.meters import Meters
        from transload.runner.observing.survey import Survey

        registry = CollectorRegistry(auto_describe=True)
        ProcessCollector(registry=registry)
        meters = self._meters = Meters(registry)
        meters.prepare(lines)
        info = Gauge(catalogue.INFO.name, catalogue.INFO.meaning, catalogue.INFO.labels, registry=registry)
        info.labels(PRODUCT.partition(" ")[2], self._workspace.name, self._workspace.environment).set(1)
        since = Gauge(catalogue.SWEPT.name, catalogue.SWEPT.meaning, registry=registry)
        since.set_function(lambda: -1.0 if self.pulse.since_sweep is None else self.pulse.since_sweep)
        ready = Gauge(catalogue.READY.name, catalogue.READY.meaning, registry=registry)
        ready.set_function(lambda: float(self.pulse.readiness()[0]))
        survey = self.survey = Survey(self._workspace, self._ledger, lines, clock=self._clock)
        registry.register(survey)
        port = listening.port + number if listening.port else 0
        desk = Desk(Listening(host=listening.host, port=port), registry, self.pulse, mask=self._workspace.hidden.mask)
        desk.open()
        stack.callback(desk.close)
        self.port = desk.port
        self._ledger.database.committed = meters.committed
        stack.callback(setattr, self._ledger.database, "committed", None)
        survey.start()
        stack.callback(survey.stop)
        return meters


def _asked_by_variables() -> bool:
    """Whether the standard variables of OpenTelemetry say where traces go."""
    if os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return False
    if os.environ.get("OTEL_TRACES_EXPORTER", "otlp").strip().lower() != "otlp":
        return False
    return any(os.environ.get(name) for name in _ENDPOINTS)
