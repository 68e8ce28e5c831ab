"""Traces by OpenTelemetry: one for each receipt, from its arrival through its documents to their deliveries.

Its id follows from the ledger's identity and the receipt's number, and so do those of the spans that have others below
them.  So processes that never heard of each other, hours apart, write one trace, and nothing is stored for it.
Names and numbers of the workspace and the ledger are all that a span tells: no payload, no text of a partner.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from threading import local
from typing import Any

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import IdGenerator, RandomIdGenerator
from opentelemetry.sdk.trace.sampling import Decision
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)

from transload.runner.ledger.attempts import Outcome
from transload.runner.ledger.drafts import Closing
from transload.runner.ledger.portions import Parsed, Staged
from transload.runner.ledger.receipts import Receipt
from transload.runner.ledger.references import Ref
from transload.runner.ledger.states import State
from transload.runner.lines.lines import PRODUCT, Line, Outlet
from transload.runner.lines.observer import Observer

_BAD = (State.DEAD, State.UNKNOWN, State.QUARANTINED, State.RETRY_AT, State.REJECTED)
_STOP_MILLISECONDS = 5000
_MOST_LINKS = 100


class Tracing(Observer):
    """Sends spans to ``endpoint``, or where the variables ``OTEL_EXPORTER_OTLP_*`` say.

    ``ledger`` is its identity (`transload.runner.ledger.ledger.Ledger.identity`).  Spans wait in memory and are sent
    by a thread; where the receiver does not answer they are dropped, and nothing else waits for it.
    """

    def __init__(self, *, ledger: str, workspace: str, environment: str, endpoint: str | None = None) -> None:
        self._ledger = ledger
        self._ids = _Ids()
        named = {
            SERVICE_NAME: "transload",
            SERVICE_VERSION: PRODUCT.partition(" ")[2],
            "transload.workspace": workspace,
            "deployment.environment.name": environment,
        }
        resource = Resource(named).merge(OTELResourceDetector().detect())  # the variables win
        self._provider = TracerProvider(id_generator=self._ids, resource=resource, shutdown_on_exit=False)
        address = f"{endpoint.rstrip('/')}/v1/traces" if endpoint is not None else None
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=address)))
        self._tracer = self._provider.get_tracer("transload")

    def stop(self) -> None:
        """Send what waits, for some seconds at most, and end."""
        self._provider.force_flush(_STOP_MILLISECONDS)
        self._provider.shutdown()

    def received(self, line: Line, receipt: int, began: datetime, ended: datetime, *, new: bool) -> None:
        """The span at the root of a receipt's trace."""
        if new:
            facts = {"transload.connection": line.route.connection.ref, **_of(line, receipt)}
            self._span("receive", receipt, began, ended, facts, own=f"receipt {receipt}", kind=SpanKind.CONSUMER)

    def unpacked(self, line: Line, receipt: Receipt, began: datetime, ended: datetime) -> None:
        """A span for the filters; what they unwrapped are receipts of their own."""
        self._span("unpack", receipt.id, began, ended, _of(line, receipt.id), below=f"receipt {receipt.id}")

    def staged(
        self,
        line: Line,
        receipt: Receipt,
        batch: Sequence[Parsed],
        staged: Staged,
        began: datetime,
        ended: datetime,
        closing: Closing | None,
    ) -> None:
        """A span for the batch, and one below it for each document."""
        of = _of(line, receipt.id)
        first = batch[0].message if batch else 0
        comes = line.route.is_polled or line.route.is_called
        if first == 1 and not receipt.generation and (receipt.unpacked or not comes):
            # nobody else told of it: it came within another one, or is what a target answered
            at = receipt.received_at
            self._span("receive", receipt.id, at, at, of, own=f"receipt {receipt.id}", kind=SpanKind.CONSUMER)
        reading = f"batch {receipt.id} {receipt.generation} {first}"
        facts = {**of, "transload.generation": receipt.generation, "transload.documents": len(staged.documents)}
        bad = closing is not None and closing.state in _BAD
        if closing is not None:
            facts["transload.state"] = closing.state.value
        self._span("read", receipt.id, began, ended, facts, own=reading, below=f"receipt {receipt.id}", bad=bad)
        for item, document, state in zip(batch, staged.documents, staged.states, strict=True):
            facts = {
                **of,
                "transload.document": str(Ref("document", document)),
                "transload.message": item.message,
                "transload.model": item.document,
                "transload.mapping": item.mapping,
                "transload.state": state.value,
            }
            own = f"document {document}"
            self._span("map", receipt.id, began, ended, facts, own=own, below=reading, bad=state in _BAD)

    def attempted(self, outlet: Outlet, outcomes: Sequence[Outcome], began: Mapping[int, datetime]) -> None:
        """A span for each call, below that of the document which it delivers; it is linked to those of others."""
        for outcome in outcomes:
            delivery = outcome.delivery
            if delivery.receipt is None:
                continue
            carried = [f"document {number}" for number, _ in delivery.documents]
            facts = {
                "transload.route": outlet.target,
                "transload.partner": outlet.partner,
                "transload.lane": outlet.lane,
                "transload.connection": outlet.connection,
                "transload.kind": delivery.kind,
                "transload.receipt": str(Ref("receipt", delivery.receipt)),
                "transload.delivery": str(Ref("delivery", delivery.id)),
                "transload.document": [str(Ref("document", number)) for number, _ in delivery.documents[:_MOST_LINKS]],
                "transload.attempt": delivery.tries + 1,
                "transload.outcome": outcome.said,
                "transload.state": outcome.state.value,
                "transload.findings": sorted({finding.code for finding in outcome.findings}),
            }
            self._span(
                "deliver",
                delivery.receipt,
                began.get(delivery.id, outcome.ended_at),
                outcome.ended_at,
                facts,
                below=carried[0] if carried else f"receipt {delivery.receipt}",
                links=carried[1:_MOST_LINKS],
                bad=outcome.state in _BAD,
                kind=SpanKind.PRODUCER,
            )

    def _span(
        self,
        name: str,
        receipt: int,
        began: datetime,
        ended: datetime,
        facts: Mapping[str, Any],
        *,
        own: str | None = None,
        below: str | None = None,
        links: Sequence[str] = (),
        bad: bool = False,
        kind: SpanKind = SpanKind.INTERNAL,
    ) -> None:
        """Write a span of a receipt's trace; its id follows from ``own``, that of the one above it from ``below``."""
        trace = self._number(f"receipt {receipt}", 16)
        self._ids.choose(trace, None if own is None else self._number(own, 8))
        above = Context() if below is None else set_span_in_context(NonRecordingSpan(self._context(trace, below)))
        span = self._tracer.start_span(
            name,
            context=above,
            kind=kind,
            attributes={key: value for key, value in facts.items() if value is not None},
            links=[Link(self._context(trace, other)) for other in links],
            start_time=_nanoseconds(began),
        )
        if bad:
            span.set_status(Status(StatusCode.ERROR))
        span.end(max(_nanoseconds(began), _nanoseconds(ended)))

    def _context(self, trace: int, what: str) -> SpanContext:
        """That of a span which this or another process writes; it is sampled where the root of its trace is."""
        sampled = self._provider.sampler.should_sample(None, trace, "receive").decision is Decision.RECORD_AND_SAMPLE
        flags = TraceFlags(TraceFlags.SAMPLED if sampled else TraceFlags.DEFAULT)
        return SpanContext(trace, self._number(what, 8), is_remote=True, trace_flags=flags)

    def _number(self, what: str, size: int) -> int:
        """An id of ``size`` bytes, the same in every process; never zero, which stands for none."""
        return int.from_bytes(sha256(f"{self._ledger} {what}".encode()).digest()[:size], "big") or 1


class _Ids(IdGenerator):
    """Gives the ids that were chosen for the next span of this thread, and a random one where none was."""

    def __init__(self) -> None:
        self._random = RandomIdGenerator()
        self._chosen = local()

    def choose(self, trace: int, span: int | None) -> None:
        self._chosen.trace, self._chosen.span = trace, span

    def generate_trace_id(self) -> int:
        trace: int = self._chosen.trace
        return trace

    def generate_span_id(self) -> int:
        span: int | None = self._chosen.span
        return self._random.generate_span_id() if span is None else span


def _of(line: Line, receipt: int) -> dict[str, Any]:
    return {
        "transload.route": line.route.ref,
        "transload.partner": line.partner.name,
        "transload.receipt": str(Ref("receipt", receipt)),
    }


def _nanoseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000) * 1000
