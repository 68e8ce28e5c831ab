"""Traces, as a receiver of OTLP over HTTP gets them."""

import gzip
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from transload.canonical.errors import ConfigurationError
from transload.runner.workspace.model import Operations

pytest.importorskip("opentelemetry.exporter.otlp.proto.http", reason="transload[otel] is not installed")


class Receiver(ThreadingHTTPServer):
    """Keeps the spans that it gets."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.spans: list[Any] = []
        self.resources: list[dict[str, str]] = []
        self.paths: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

        content = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            content = gzip.decompress(content)
        request = ExportTraceServiceRequest.FromString(content)
        self.server.paths.append(self.path)
        for group in request.resource_spans:
            self.server.resources.append({a.key: a.value.string_value for a in group.resource.attributes})
            self.server.spans += [span for scope in group.scope_spans for span in scope.spans]
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Tests are quiet."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def facts(span):
    return {fact.key: fact.value.string_value or fact.value.int_value for fact in span.attributes}


def run(house, hands):
    with house.ledger() as ledger:
        return house.engine(ledger, clock=hands).run_pass()


def test_processes_that_are_hours_apart_write_one_trace(make_house, receiver, hands, script, monkeypatch):
    """The first receives and maps, and its call fails; the second, with nothing but the ledger, delivers."""
    monkeypatch.setenv("OTEL_SERVICE_NAME", "edi")
    house = make_house(operations=Operations(traces=receiver.url), target_act=script("before landing", ["retry"]))
    house.put_orders("a.txt", "1", "BAD")
    run(house, hands)
    hands.turn(hours=3)
    run(house, hands)
    assert set(receiver.paths) == {"/v1/traces"}
    assert receiver.resources[0]["service.name"] == "edi"
    assert receiver.resources[0]["transload.workspace"] == "house"
    assert len({span.trace_id for span in receiver.spans}) == 1
    by_name: dict[str, list[Any]] = {}
    for span in receiver.spans:
        by_name.setdefault(span.name, []).append(span)
    [root], [read] = by_name["receive"], by_name["read"]
    mapped, delivered = by_name["map"], by_name["deliver"]
    assert root.parent_span_id == b""
    assert read.parent_span_id == root.span_id
    assert {span.parent_span_id for span in mapped} == {read.span_id}
    assert [span.status.code for span in mapped] == [0, 2]  # the second document is quarantined
    assert [span.parent_span_id for span in delivered] == [mapped[0].span_id] * 2
    assert [facts(span)["transload.state"] for span in delivered] == ["RETRY_AT", "SENT"]
    assert [facts(span)["transload.attempt"] for span in delivered] == [1, 2]
    hours = (delivered[1].start_time_unix_nano - root.start_time_unix_nano) / 3.6e12
    assert hours == pytest.approx(3, abs=0.01)
    assert facts(delivered[1]) | {"transload.document": "d1"} == {
        "transload.route": "erp/sales-orders",
        "transload.partner": "erp",
        "transload.lane": "acme/orders/erp/sales-orders",
        "transload.connection": "erp/box",
        "transload.kind": "document",
        "transload.receipt": "r1",
        "transload.delivery": "s1",
        "transload.document": "d1",
        "transload.attempt": 2,
        "transload.outcome": "sent",
        "transload.state": "SENT",
        "transload.findings": 0,
    }


def test_the_variables_of_opentelemetry_ask_for_traces_and_sample_them(make_house, receiver, hands, monkeypatch):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.url)
    house = make_house()
    for number in range(4):
        house.put_orders(f"{number}.txt", str(number), reference=str(number))
    with monkeypatch.context() as patch:
        patch.setenv("OTEL_TRACES_SAMPLER", "parentbased_traceidratio")
        patch.setenv("OTEL_TRACES_SAMPLER_ARG", "0")
        run(house, hands)
    assert receiver.spans == []
    with monkeypatch.context() as patch:
        patch.setenv("OTEL_SDK_DISABLED", "true")
        house.put_orders("x.txt", "x", reference="x")
        run(house, hands)
    assert receiver.spans == []
    house.put_orders("y.txt", "y", reference="y")
    run(house, hands)
    assert sorted(span.name for span in receiver.spans) == ["deliver", "map", "read", "receive"]


def test_a_receiver_that_is_not_there_holds_nothing_up(make_house, hands, monkeypatch):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "1")
    house = make_house(operations=Operations(traces="http://127.0.0.1:1"))
    house.put_orders("a.txt", "1")
    assert run(house, hands).exit_code == 0
    assert house.landed() == ["1"]


def test_without_the_extra_a_setting_is_an_error_and_a_variable_a_warning(make_house, hands, monkeypatch, caplog):
    import sys

    monkeypatch.setitem(sys.modules, "transload.runner.observing.tracing", None)
    with pytest.raises(ConfigurationError) as raised:
        run(make_house(operations=Operations(traces="http://127.0.0.1:1")), hands)
    assert raised.value.message == "traces are sent by OpenTelemetry, which is not installed"
    assert raised.value.hint == "install transload[otel]"
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    assert run(make_house(), hands).exit_code == 0
    assert "variables ask for traces, but OpenTelemetry is not installed" in caplog.text
