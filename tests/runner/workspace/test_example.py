"""The worked example, with every key that a workspace may have."""

from datetime import date, time, timedelta
from pathlib import Path

import pytest

from transload.runner.workspace import Cron, load_workspace


@pytest.fixture
def example(fixtures: Path) -> Path:
    return fixtures / "workspace"


def test_it_loads_without_a_finding(example: Path) -> None:
    assert load_workspace(example).findings == ()


def test_limits_and_windows_arrive(example: Path) -> None:
    workspace = load_workspace(example)
    mailbox, api = workspace.connection("acme/mailbox").limits, workspace.connection("erp/api").limits
    assert (mailbox.slots, mailbox.at_once, api.slots, api.at_once) == (2, 1, 4, 4)
    assert mailbox.settings["windows"] == {"closed": ["Sun 02:00-04:00"], "timezone": str(workspace.timezone)}
    assert api.settings == {"limits": {"in_flight": 4, "rate": "20/s", "burst": 20}}


def test_what_stands_in_it_arrives(example: Path) -> None:
    workspace = load_workspace(example)
    assert list(workspace.receive_routes) == ["acme/orders", "erp/confirmations"]
    confirmations = workspace.receive_route("erp/confirmations")
    assert confirmations.schedule is not None
    assert isinstance(confirmations.schedule, Cron)
    assert str(confirmations.schedule.timezone) == "Europe/London"
    assert confirmations.to == (workspace.send_route("acme/order-responses"),)
    orders = workspace.receive_route("acme/orders")
    assert orders.acknowledge is not None
    assert orders.acknowledge.templates == {"file": "CONTRL_{number:06}.edi"}
    assert workspace.send_route("acme/order-responses").retry.attempts == 20
    assert workspace.connection("acme/mailbox").settings["timeouts"] == {"connect": "10s", "answer": "60s"}
    assert workspace.connection("erp/api").settings["timeouts"] == {"connect": "10s", "read": "60s"}


def test_what_is_expected_arrives(example: Path) -> None:
    workspace = load_workspace(example)
    (expectation,) = workspace.receive_route("acme/orders").expect
    assert (expectation.by, expectation.at_least, expectation.on) == (time(18), 1, ("working days",))
    owed = workspace.send_route("acme/order-responses").expect_acknowledgement
    assert owed is not None
    assert (owed.kind, owed.within) == ("contrl", timedelta(hours=4))
    calendar = workspace.partners["acme"].calendar
    assert calendar == workspace.calendar
    assert calendar.holiday(date(2026, 3, 8)) is not None  # International Women's Day, in Berlin
    assert not calendar.is_working(date(2026, 5, 1))


def test_the_other_environment(example: Path) -> None:
    workspace = load_workspace(example, environment="test")
    assert workspace.is_test
    assert workspace.store.url.endswith("/var/test.db")
    assert workspace.connection("acme/mailbox").settings["host"] == "sftp-test.acme.example"
