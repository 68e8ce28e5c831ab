"""Watching a ledger: incidents are opened once, whoever looks, and closed by what comes or by a person."""

import json
import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from transload.runner.engine import Engine
from transload.runner.expectations import conditions
from transload.runner.expectations.awaiting import awaited
from transload.runner.expectations.settings import AcknowledgementExpectation, Expectation
from transload.runner.expectations.watch import Watch
from transload.runner.ledger import Ledger
from transload.runner.ledger.incidents import Incident, Judged, Opening
from transload.runner.ledger.references import NotFound
from transload.runner.ledger.repeating import NotPossible
from transload.runner.ledger.schema import documents, events, partner_verdicts

WORKER = Path(__file__).with_name("look_worker.py")


class Scene:
    """A house with a ledger, a clock and a watch."""

    def __init__(self, house: Any, ledger: Ledger, hands: Any) -> None:
        self.house, self.ledger, self.hands = house, ledger, hands
        self.workspace = house.workspace()
        self.watch = Watch(self.workspace, ledger, clock=hands)

    def expect(self, *settings: dict[str, Any]) -> None:
        found = tuple(Expectation.model_validate(each) for each in settings)
        object.__setattr__(self.workspace.receive_route("acme/orders"), "expect", found)

    def expect_acknowledgement(self, **settings: Any) -> None:
        found = AcknowledgementExpectation.model_validate(settings)
        object.__setattr__(self.workspace.send_route("erp/sales-orders"), "expect_acknowledgement", found)

    def run(self, routes: list[str] | None = None) -> Any:
        return Engine(self.workspace, self.ledger, clock=self.hands).run_pass(routes)

    def look(self) -> list[str]:
        return [f"{'new' if one.is_open else 'over'}: {one.title}" for one in self.watch.look(in_turn=False)]

    @property
    def open(self) -> list[Incident]:
        return self.ledger.incidents.waiting()

    def what(self) -> list[str]:
        """The events of incidents."""
        with self.ledger.read() as connection:
            query = events.select().where(events.c.lane == "incidents").order_by(events.c.sequence)
            return [row.what for row in connection.execute(query)]


@pytest.fixture
def scene(make_house: Callable[..., Any], ledger: Ledger, hands: Any) -> Callable[..., Scene]:
    return lambda **options: Scene(make_house(**options), ledger, hands)


def test_an_overdue_file_is_an_incident_and_over_once_it_comes(scene: Callable[..., Scene]) -> None:
    found = scene()
    found.expect({"by": "18:00"})
    assert found.look() == []  # it is Monday, eight o'clock
    found.hands.turn(hours=11)
    assert found.look() == ["new: no arrivals on acme/orders by 2026-03-02 18:00 UTC"]
    assert found.look() == []
    (incident,) = found.open
    assert (incident.ref, incident.source, incident.severity, incident.partner) == ("i1", "arrival", "error", "acme")
    found.house.put_orders("a.txt", "1")
    summary = found.run()
    assert [(one.ref, one.is_open) for one in summary.incidents] == [("i1", False)]
    assert summary.as_dict()["incidents"][0]["note"] == "it came late"
    assert found.open == []
    assert found.what() == ["INCIDENT_OPENED", "INCIDENT_CLOSED"]
    assert found.ledger.verify() == []


def test_only_the_documents_that_are_named_count_and_no_repeats(scene: Callable[..., Scene]) -> None:
    found = scene()
    found.expect({"by": "18:00", "document": "order/1", "at_least": 2}, {"by": "18:00", "document": "invoice/1"})
    found.look()
    found.hands.turn(hours=1)
    found.house.put_orders("a.txt", "1", "BAD")
    found.house.put_orders("b.txt", "1", "BAD")  # the same interchange again
    found.run()
    found.hands.turn(hours=10)
    told = found.look()
    assert "new: 1 of 2 order/1 on acme/orders by 2026-03-02 18:00 UTC" in told
    assert "new: no invoice/1 on acme/orders by 2026-03-02 18:00 UTC" in told


def test_a_gap_is_told_after_its_span_and_over_when_the_number_comes(scene: Callable[..., Scene]) -> None:
    found = scene()
    found.expect({"gaps": "1h"})
    found.look()
    for number in ("7", "8", "11"):
        found.house.put_orders(f"{number:0>2}.txt", number, reference=number)
    found.run()
    found.hands.turn(minutes=30)
    assert found.look() == []
    found.hands.turn(minutes=31)
    assert found.look() == ["new: interchanges 9-10 from acme to us never came on acme/orders"]
    assert found.open[0].count == 2
    found.house.put_orders("9.txt", "9", reference="9")
    found.run()
    found.hands.turn(minutes=2)
    assert found.look() == []
    assert found.open[0].title == "interchanges 10 from acme to us never came on acme/orders"
    found.house.put_orders("10.txt", "10", reference="10")
    found.run()
    found.hands.turn(minutes=2)
    assert found.look() == ["over: interchanges 10 from acme to us never came on acme/orders"]


def test_a_gap_that_a_person_has_closed_stays_closed_and_the_next_is_told(scene: Callable[..., Scene]) -> None:
    found = scene()
    found.expect({"gaps": "0s"})
    found.look()
    for number in ("7", "9"):
        found.house.put_orders(f"{number:0>2}.txt", number, reference=number)
    found.run()
    found.hands.turn(minutes=2)
    assert len(found.look()) == 1
    found.ledger.incidents.close(1, found.hands(), by="anna", note="never used")
    found.hands.turn(minutes=2)
    assert found.look() == []
    found.house.put_orders("12.txt", "12", reference="12")
    found.run()
    found.hands.turn(minutes=2)
    assert found.look() == ["new: interchanges 10-11 from acme to us never came on acme/orders"]


def acknowledge(ledger: Ledger, delivery: int, kind: str, now: datetime) -> None:
    """Let a verdict be there, as an acknowledgement that came would."""
    row = {
        "receipt_id": 1, "document_id": 1, "delivery_id": delivery, "kind": kind, "verdict": "accepted",
        "findings": [], "fingerprint": None, "pending": False, "at": now,
    }  # fmt: skip
    ledger.database.write(lambda connection: connection.execute(partner_verdicts.insert(), row))


def test_acknowledgements_that_do_not_come_are_one_incident_that_shrinks(scene: Callable[..., Scene]) -> None:
    found = scene()
    found.expect_acknowledgement(kind="contrl", within="4h")
    found.look()
    found.house.put_orders("a.txt", "1", "2")
    found.run()
    found.hands.turn(hours=3)
    assert found.look() == []
    found.hands.turn(hours=2)
    assert found.look() == ["new: 2 deliveries have no CONTRL on erp/sales-orders within 4h00m"]
    assert found.ledger.incidents.members(1) == [1, 2]
    acknowledge(found.ledger, 1, "997", found.hands())  # of another kind
    assert found.look() == []
    assert found.open[0].count == 2
    acknowledge(found.ledger, 1, "CONTRL", found.hands())
    found.look()
    assert found.open[0].title == "1 delivery has no CONTRL on erp/sales-orders within 4h00m"
    found.house.put_orders("b.txt", "3", reference="2")
    found.run()
    found.hands.turn(hours=5)
    found.look()
    assert (found.open[0].count, found.ledger.incidents.members(1)) == (2, [1, 2, 3])
    for delivery in (2, 3):
        acknowledge(found.ledger, delivery, "CONTRL", found.hands())
    assert found.look() == ["over: 2 deliveries have no CONTRL on erp/sales-orders within 4h00m"]
    assert found.open == []


def test_acknowledgements_are_counted_in_working_time_where_that_is_asked_for(scene: Callable[..., Scene]) -> None:
    found = scene()
    found.expect_acknowledgement(within="8h", hours="working")
    found.look()
    found.hands.turn(days=4, hours=12)  # Friday, eight in the evening
    found.house.put_orders("a.txt", "1")
    found.run()
    found.hands.turn(days=2, hours=3)  # Sunday, eleven in the evening: four hours of Friday are all that passed
    assert found.look() == []
    found.hands.turn(hours=6)
    assert found.look() == ["new: 1 delivery has no acknowledgement on erp/sales-orders within 8h00m of working time"]


def test_a_delivery_that_a_person_has_closed_is_not_told_again(scene: Callable[..., Scene]) -> None:
    found = scene()
    found.expect_acknowledgement(within="1h")
    found.look()
    found.house.put_orders("a.txt", "1")
    found.run()
    found.hands.turn(hours=2)
    assert len(found.look()) == 1
    found.ledger.incidents.close(1, found.hands(), by="anna", note="they phoned")
    assert found.look() == []
    assert found.ledger.incidents.get(1).note == "they phoned"


def test_what_waits_for_people_is_told_by_kind_of_failure(scene: Callable[..., Scene], script: Any) -> None:
    found = scene(target_act=script("before landing", ["reject", "reject"]))
    found.house.put_orders("a.txt", "1", "2", "3", "BAD")
    summary = found.run()
    titles = sorted(one.title for one in summary.incidents)
    assert titles == [
        "1 document is quarantined on acme/orders (E-VALUE)",
        "2 deliveries are DEAD on erp/sales-orders (E-REJECT)",
    ]


def test_a_dead_delivery_that_is_sent_again_needs_nobody(scene: Callable[..., Scene], script: Any) -> None:
    found = scene(target_act=script("before landing", ["reject"]))
    found.house.put_orders("a.txt", "1")
    (incident,) = found.run().incidents
    assert (incident.source, incident.about, incident.detail["first"]) == ("dead", "erp/sales-orders", "s1")
    assert found.look() == []
    found.ledger.actions.redeliver(1, found.hands())
    (over,) = found.run().incidents
    assert (over.ref, over.is_open, over.note) == ("i1", False, "nothing of it waits any more")
    assert found.open == []


def test_a_quarantined_message_that_is_mapped_again_needs_nobody(scene: Callable[..., Scene]) -> None:
    found = scene()
    found.house.put_orders("a.txt", "BAD")
    assert [one.source for one in found.run().incidents] == ["quarantined"]
    found.house.mapping.fixed = True
    found.ledger.actions.remap(SimpleNamespace(kind="document", id=1), found.hands())  # type: ignore[arg-type]
    assert [one.is_open for one in found.run().incidents] == [False]


def test_a_receipt_that_cannot_be_read_is_an_incident(scene: Callable[..., Scene]) -> None:
    found = scene()
    found.house.put("a.txt", "what is this")
    (incident,) = found.run().incidents
    assert incident.title.startswith("1 receipt is quarantined: nothing could be read on acme/orders")


def test_an_unknown_delivery_is_over_when_a_person_decides(scene: Callable[..., Scene], script: Any) -> None:
    found = scene(target_act=script("after landing", ["unknown"]), can_tell=False)
    found.house.put_orders("a.txt", "1")
    found.run()
    found.hands.turn(minutes=5)
    found.run()
    assert [one.source for one in found.open] == ["unknown"]
    found.ledger.actions.resolve(1, found.hands(), landed=True)
    assert len(found.look()) == 1
    assert found.open == []


def test_what_was_mended_and_is_wrong_again_is_told_again(scene: Callable[..., Scene], script: Any) -> None:
    found = scene(target_act=script("after landing", ["unknown", "unknown"]), can_tell=False)
    found.house.put_orders("a.txt", "1")
    for ref in ("i1", "i2"):
        found.run()
        found.hands.turn(minutes=5)
        found.run()
        assert [(one.ref, one.source, one.count) for one in found.open] == [(ref, "unknown", 1)]
        assert found.look() == []
        found.ledger.actions.resolve(1, found.hands(), landed=False)
        assert [line.partition(":")[0] for line in found.look()] == ["over"]
    assert found.ledger.verify() == []


def test_numbers_that_came_by_another_route_of_the_partner_are_no_gap(scene: Callable[..., Scene]) -> None:
    found = scene()
    found.expect({"gaps": "0s"})
    route = found.workspace.receive_route("acme/orders")
    route.partner.receive["acknowledgements"] = replace(route, name="acknowledgements", expect=())  # type: ignore[index]
    found.look()
    for number in ("7", "8", "9"):
        found.house.put_orders(f"{number}.txt", number, reference=number)
    found.run(["acme/orders"])
    found.ledger.database.write(
        lambda connection: (
            connection.execute(
                documents.update().where(documents.c.interchange == "8").values(route="acme/acknowledgements")
            ).rowcount
        )
    )
    found.hands.turn(minutes=2)
    assert found.look() == []
    found.house.put_orders("11.txt", "11", reference="11")
    found.run(["acme/orders"])
    found.hands.turn(minutes=2)
    assert found.look() == ["new: interchanges 10 from acme to us never came on acme/orders"]


def test_a_clock_that_was_far_ahead_blinds_nobody(scene: Callable[..., Scene]) -> None:
    found = scene()
    found.expect({"by": "18:00"})
    found.look()
    found.hands.turn(days=400)
    found.look()
    found.hands.turn(days=-400)
    found.look()
    for incident in found.open:
        found.ledger.incidents.close(incident.id, found.hands(), by="anna", note="the clock was wrong")
    found.hands.turn(hours=11)
    assert found.look() == ["new: no arrivals on acme/orders by 2026-03-02 18:00 UTC"]


def test_a_run_of_other_routes_judges_not_what_it_has_not_asked_for(scene: Callable[..., Scene]) -> None:
    found = scene()
    found.expect({"by": "18:00"})
    found.look()
    found.hands.turn(hours=11)
    assert found.run(["erp/sales-orders"]).incidents == ()
    assert found.open == []
    assert len(found.run(["acme/orders"]).incidents) == 1
    assert found.run(["erp/sales-orders"]).incidents == (), "and it does not end what it has not looked at"
    assert len(found.open) == 1


def test_an_open_breaker_lasts_until_it_closes_and_nobody_can_close_it(
    scene: Callable[..., Scene], script: Any
) -> None:
    found = scene(target_act=script("before landing", ["stop"]))
    found.house.put_orders("a.txt", "1")
    (incident,) = found.run().incidents
    assert (incident.source, incident.about, incident.lasting) == ("breaker", "erp/box", True)
    with pytest.raises(NotPossible, match="lasts") as caught:
        found.ledger.incidents.close(incident.id, found.hands(), by="anna")
    assert caught.value.hint is not None
    assert "--acknowledge" in caught.value.hint
    found.ledger.incidents.acknowledge(incident.id, found.hands(), by="anna", note="new password on its way")
    found.hands.turn(minutes=2)
    (over,) = found.run().incidents
    assert (over.is_open, over.acknowledged_by, over.note) == (False, "anna", "the connection works again")
    assert found.what() == ["INCIDENT_OPENED", "INCIDENT_ACKNOWLEDGED", "INCIDENT_CLOSED"]


def test_a_lane_that_does_not_move_is_told_after_half_an_hour(scene: Callable[..., Scene]) -> None:
    found = scene()
    found.house.put_orders("a.txt", "1")
    found.run()
    held = "acme/orders/erp/sales-orders"
    found.ledger.pauses.pause("lane", held, found.hands(), by="ann")
    found.house.put_orders("b.txt", "2", reference="2")
    found.run()
    found.hands.turn(minutes=31)
    assert found.look() == []  # now it is known where the lane stands
    found.hands.turn(minutes=29)
    assert found.look() == []
    found.hands.turn(minutes=2)
    assert found.look() == [f"new: 1 wait in the lane {held}, which is held"]
    assert found.open[0].severity == "warning"
    found.ledger.pauses.resume("lane", held, found.hands(), by="ann")
    assert [one.is_open for one in found.run().incidents] == [False]


def test_a_disk_that_is_nearly_full(ledger: Ledger, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    usage = SimpleNamespace(total=100 * 2**30, free=4 * 2**30)
    monkeypatch.setattr(conditions.shutil, "disk_usage", lambda folder: usage)
    now = datetime(2026, 3, 2, tzinfo=UTC)
    (tmp_path / "scratch").mkdir()  # of the same disk
    told = ledger.incidents.apply(conditions.disk([tmp_path, tmp_path / "scratch", tmp_path / "none"], [], now), now)
    assert [one.title for one in told] == [f"the disk of {tmp_path} is nearly full: 4096 MiB are left"]
    usage.free = 6 * 2**30
    told = ledger.incidents.apply(conditions.disk([tmp_path], ledger.incidents.waiting(), now), now)
    assert [one.note for one in told] == ["there is space again"]


@pytest.mark.parametrize(("days", "severity"), [(30, None), (20, "warning"), (2, "error"), (-1, "error")])
def test_a_certificate_that_ends_soon(ledger: Ledger, tmp_path: Path, days: int, severity: str | None) -> None:
    import trustme

    file, now = tmp_path / "us.pem", datetime.now(UTC)
    authority = trustme.CA()
    authority.issue_cert("edi.example", not_after=now + timedelta(days=days)).cert_chain_pems[0].write_to_path(
        str(file)
    )
    told = ledger.incidents.apply(conditions.certificates([file, tmp_path / "none"], [], now), now)
    assert [one.severity for one in told] == ([severity] if severity else [])


def test_what_is_not_expected_any_more_is_over(scene: Callable[..., Scene]) -> None:
    found = scene()
    found.expect({"by": "18:00"})
    found.look()
    found.hands.turn(hours=11)
    assert len(found.look()) == 1
    found.expect({"by": "19:30"})
    assert found.look() == ["over: no arrivals on acme/orders by 2026-03-02 18:00 UTC"]
    assert found.ledger.incidents.get(1).note == "it is not expected any more"


def test_two_who_look_at_once_tell_once(scene: Callable[..., Scene]) -> None:
    found = scene()
    found.expect({"by": "18:00"})
    found.look()
    found.hands.turn(hours=11)
    told: list[Incident] = []
    watches = [Watch(found.workspace, found.ledger, clock=found.hands) for _ in range(8)]
    threads = [threading.Thread(target=lambda watch=watch: told.extend(watch.look(in_turn=False))) for watch in watches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(told) == 1
    assert found.what() == ["INCIDENT_OPENED"]


def test_turns_are_taken_and_a_clock_set_back_holds_up_nobody(ledger: Ledger) -> None:
    now, span = datetime(2026, 3, 2, tzinfo=UTC), timedelta(seconds=20)
    assert ledger.incidents.take_turn("look", now, span)
    assert not ledger.incidents.take_turn("look", now + timedelta(seconds=19), span)
    assert ledger.incidents.take_turn("look", now + timedelta(seconds=20), span)
    assert ledger.incidents.take_turn("look", now - timedelta(hours=1), span)
    assert ledger.incidents.states() == {}


def test_a_subject_has_one_open_incident_and_a_key_is_used_once(ledger: Ledger) -> None:
    now = datetime(2026, 3, 2, tzinfo=UTC)

    def opening(key: str) -> Judged:
        return Judged(
            changes=[
                Opening(
                    source="dead", subject="s", key=key, severity="error", partner=None, about="a", title="t", hint="h"
                )
            ]
        )

    assert [one.ref for one in ledger.incidents.apply(opening("k1"), now)] == ["i1"]
    assert ledger.incidents.apply(opening("k1"), now) == []
    assert ledger.incidents.apply(opening("k2"), now) == []
    ledger.incidents.close(1, now, by="anna")
    assert ledger.incidents.apply(opening("k1"), now) == []
    assert [one.key for one in ledger.incidents.apply(opening("k2"), now)] == ["k2"]
    with pytest.raises(NotPossible, match="i1 is closed already"):
        ledger.incidents.acknowledge(1, now, by="anna")
    with pytest.raises(NotFound, match="the ledger holds no incident i9"):
        ledger.incidents.close(9, now, by="anna")


@pytest.mark.parametrize(("moment", "left"), [("before", 1), ("after", 0)])
def test_who_is_killed_while_he_tells_leaves_it_told_once(
    scene: Callable[..., Scene], forks: Any, moment: str, left: int
) -> None:
    """That a due time is judged and the incident are one transaction."""
    found = scene()
    found.expect({"by": "18:00"})
    found.look()
    found.hands.turn(hours=11)
    ended = forks.run(found.house.root, moment, found.hands().isoformat(), script=WORKER)
    assert ended.returncode == -9
    found.hands.turn(minutes=1)
    assert len(found.look()) == left
    assert [one.title for one in found.open] == ["no arrivals on acme/orders by 2026-03-02 18:00 UTC"]
    assert found.what() == ["INCIDENT_OPENED"]
    assert found.ledger.verify() == []


def test_what_is_awaited_by_when(scene: Callable[..., Scene]) -> None:
    found = scene()
    found.expect({"by": "18:00", "at_least": 2}, {"gaps": "1h"}, {"silence": "learned"})
    found.expect_acknowledgement(within="4h")
    found.look()
    found.house.put_orders("a.txt", "1", reference="17")
    found.run()
    found.hands.turn(minutes=2)
    found.look()
    entries = list(awaited(found.workspace, found.ledger, found.hands()))
    assert [(one["kind"], one["state"], one["due"]) for one in entries] == [
        ("by", "waiting", "2026-03-02T18:00:00+00:00"),
        ("gaps", "met", None),
        ("silence", "learning", None),
        ("acknowledgement", "waiting", "2026-03-02T12:00:00+00:00"),
    ]
    assert entries[0]["what"] == "2 or more arrivals, 1 so far"
    assert entries[1]["what"] == "control numbers: acme to us at 17"
    found.hands.turn(hours=11)
    found.look()
    assert next(awaited(found.workspace, found.ledger, found.hands()))["state"] == "overdue"
    assert json.dumps(entries)


def test_the_log_tells_each_incident(scene: Callable[..., Scene], caplog: pytest.LogCaptureFixture) -> None:
    found = scene()
    found.expect({"by": "18:00"})
    found.look()
    found.hands.turn(hours=11)
    with caplog.at_level(logging.INFO, logger="transload"):
        found.look()
        found.ledger.incidents.close(1, found.hands(), by="anna")
    (record,) = [record for record in caplog.records if record.name == "transload.incidents"]
    assert record.levelname == "ERROR"
    assert "no arrivals on acme/orders" in str(record.msg)
