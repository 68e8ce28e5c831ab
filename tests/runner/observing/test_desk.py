"""The desk: what metrics, health and readiness say of a service that works, fails and stops."""

import socket
from datetime import timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.runner.observing.conftest import HERE, until

from transload.canonical.errors import ConfigurationError
from transload.runner.ledger import LedgerError
from transload.runner.observing.catalogue import METRICS
from transload.runner.observing.pulse import ALIVE_SECONDS, READY_SECONDS, Pulse
from transload.runner.workspace.model import Every, Listening, Operations

ACME = {"route": "acme/orders", "partner": "acme"}
ERP = {"route": "erp/sales-orders", "partner": "erp"}
OUT = "acme/orders/erp/sales-orders"


def series(text):
    """All series of a text of metrics, by name and labels."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.fixture
def working(make_house, serve, script):
    """A service whose target was busy once, took one delivery, and then refused the login."""
    acts = script("before landing", ["retry", "", "stop"])
    house = make_house(schedule=Every(interval=timedelta(hours=1)), target_act=acts, operations=HERE)
    house.retry = type(house.retry)(first=timedelta(milliseconds=5), longest=timedelta(milliseconds=5))
    house.put("a.txt", "H|PETER|us|77", "M|1|1|ACME", "M|2|BAD|ACME", "M|3|2|ACME", "T|3")
    house.put_orders("b.txt", "3", reference="2")
    service = serve(house)
    until(lambda: service.ledger.breakers.list())
    until(lambda: len(service.ledger.queries.receipts()) == 2 and not service.ledger.arrivals.routes_due())
    found = service.engine.observing.survey
    found._next_totals = 0.0
    found.look()
    return service


def test_metrics_of_a_service_that_delivers_retries_and_is_refused(working):
    text = working.get("/metrics").text
    found = series(text)

    def value(name, **labels):
        return found[name, tuple(sorted(labels.items()))]

    assert value("transload_received_total", **ACME, outcome="new") == 2
    assert value("transload_received_total", **ACME, outcome="repeated") == 0
    assert value("transload_read_total", **ACME, state="PARSED") == 2
    assert value("transload_documents_total", **ACME, state="STAGED") == 3
    assert value("transload_documents_total", **ACME, state="QUARANTINED") == 1
    assert value("transload_attempts_total", **ERP, state="SENT") == 1
    # the refused login is not the fault of whose turn came third: it stands as it stood before,
    # and that is RETRY_AT if it is the one that was tried at first
    states = {
        state: found.get(("transload_attempts_total", (*sorted(ERP.items()), ("state", state))), 0)
        for state in ("RETRY_AT", "STAGED")
    }
    assert states in ({"RETRY_AT": 1, "STAGED": 1}, {"RETRY_AT": 2, "STAGED": 0})
    assert value("transload_retries_total", **ERP) in (0, 1)
    assert value("transload_call_seconds_count", **ERP) == 3
    assert value("transload_delivery_seconds_count", **ERP) == 1
    assert value("transload_delivery_seconds_bucket", **ERP, le="60.0") == 1
    assert value("transload_polls_total", **ACME, outcome="ok") == 1
    assert value("transload_ledger_commits_total", outcome="ok") > 5
    assert value("transload_ledger_commit_seconds_count") <= value("transload_ledger_writes_total")
    assert value("transload_ledger_up") == 1
    assert value("transload_breaker_open", connection="erp/box", partner="erp") == 1
    assert value("transload_breaker_open", connection="acme/mailbox", partner="acme") == 0
    depth = [n for (name, labels), n in found.items() if name == "transload_lane_waiting" and ("lane", OUT) in labels]
    assert sum(depth) == 2
    assert 0 < value("transload_lane_oldest_seconds", lane=OUT, partner="acme") < 60
    assert value("transload_lane_oldest_seconds", lane="in:acme/orders", partner="acme") == 0
    assert value("transload_schedule_missed", **ACME) == 0
    assert value("transload_ledger_documents", **ACME, state="QUARANTINED") == 1
    assert value("transload_ready") == 1
    assert "PETER" not in text  # nor anything else that a partner sends
    assert "77" not in [label for _, labels in found for _, label in labels]


def test_what_is_exported_is_what_the_catalogue_says(working):
    metrics = {metric.name: metric for metric in METRICS}
    seen = {}
    for family in text_string_to_metric_families(working.get("/metrics").text):
        for sample in family.samples:
            if sample.name.startswith("transload") and not sample.name.endswith("_created"):
                seen.setdefault(sample.name, (family.type, set(sample.labels) - {"le"}))
    expected = {name: (metric.kind, set(metric.labels)) for metric in METRICS for name in metric.series}
    silent = {"transload_incidents_open"}  # of which there is none
    assert {name: seen[name] for name in seen} == {name: expected[name] for name in expected if name not in silent}
    assert metrics.keys() >= silent


def test_a_ledger_out_of_reach_makes_a_service_unready_and_not_dead(make_house, serve, monkeypatch):
    house = make_house(operations=HERE)
    service = serve(house)
    until(lambda: service.get("/readyz").status_code == 200)
    assert service.get("/readyz").json() == {"ready": True}
    assert service.get("/healthz").json()["alive"] is True

    def failing(*_):
        raise LedgerError("the ledger postgresql://db/x cannot be reached: hunter2")

    service.engine.workspace.hidden.learn("hunter2")
    with monkeypatch.context() as patch:
        patch.setattr(service.ledger.arrivals, "routes_due", failing)
        until(lambda: service.get("/readyz").status_code == 503)
        why = ["ledger: the ledger postgresql://db/x cannot be reached: ***"]
        assert service.get("/readyz").json() == {"ready": False, "why": why}
        assert service.get("/healthz").status_code == 200
    until(lambda: service.get("/readyz").status_code == 200)
    service.engine.observing.pulse.note("workspace", "mappings/acme/partner.yaml has an error")
    assert service.get("/readyz").json()["why"] == ["workspace: mappings/acme/partner.yaml has an error"]
    assert service.get("/other").status_code == 404
    assert service.get("/healthz").headers["cache-control"] == "no-store"


def test_an_address_that_is_taken_is_told(make_house):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        house = make_house(operations=Operations(listening=Listening(host="127.0.0.1", port=port)))
        with house.ledger() as ledger, pytest.raises(ConfigurationError) as raised:
            house.engine(ledger).serve(handle_signals=False)
    assert raised.value.message.startswith(f"we cannot listen on 127.0.0.1:{port}: Address already in use")
    assert raised.value.hint == "choose another address under operations: listen:"


def test_a_service_that_hangs_starts_or_stops_says_so():
    now, stopping = [100.0], [False]
    pulse = Pulse(stopping=lambda: stopping[0], tick=lambda: now[0])
    starting = "it is starting: the doors are not open and nothing was swept yet"
    assert pulse.readiness() == (False, {"ready": False, "why": [starting]})
    assert pulse.health() == (True, {"alive": True, "last_sweep_seconds_ago": 0.0, "starting": True})
    pulse.swept()
    assert pulse.readiness() == (True, {"ready": True})
    now[0] += READY_SECONDS + 1
    assert pulse.readiness()[1]["why"] == ["no sweep went well for 61 seconds"]
    assert pulse.health()[0]
    now[0] += ALIVE_SECONDS
    assert pulse.health()[1]["why"] == ["no sweep has ended for 241 seconds: the service hangs"]
    pulse.swept("it is locked")
    stopping[0] = True
    assert pulse.health()[0]
    assert pulse.readiness()[1]["why"] == ["ledger: it is locked", "it is stopping"]
