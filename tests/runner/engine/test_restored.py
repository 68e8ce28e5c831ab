"""A ledger that lost what came after its backup: nothing leaves before people say so, and nothing twice unseen."""

import pytest

from transload.runner.ledger import Ledger, Ref, State
from transload.runner.ledger.backup.making import make_backup
from transload.runner.ledger.backup.manifest import BackupError
from transload.runner.ledger.backup.restoring import restore_backup
from transload.runner.ledger.backup.settling import Unaccepted, accept, held_since

LANE = "acme/orders/erp/sales-orders"


@pytest.fixture
def lost(make_house, hands, script, tmp_path):
    """A house whose ledger is that of a backup from before its two orders were sent, and a function for its passes.

    The first order waited at the backup.  The second came, was sent and stayed at the partner.
    """

    def start(**options):
        house = make_house(target_act=script("before landing", ["retry"]), **options)
        with house.ledger() as ledger:
            house.put_orders("a.txt", "1")
            house.engine(ledger, clock=hands).run_pass()
            make_backup(ledger, tmp_path / "b", hands.now)
            hands.turn(minutes=5)
            house.put_orders("b.txt", "2", reference="2")
            house.engine(ledger, clock=hands).run_pass()
            assert sorted(house.landed()) == ["1", "2"]
            ledger.queries.deliveries()
        for path in (tmp_path / "var").iterdir():
            if path.is_file():
                path.unlink()
        house.put_orders("b.txt", "2", reference="2")
        hands.turn(hours=1)
        _, settled = restore_backup(tmp_path / "b", house.store, [LANE, "new"], hands.now, by="ann", skip=500)
        ledger = house.ledger().open(create=False)
        opened.append(ledger)
        return house, ledger, settled, lambda: house.engine(ledger, clock=hands).run_pass()

    opened: list[Ledger] = []
    yield start
    for ledger in opened:
        ledger.close()


def accepted(ledger, hands):
    ledger.database.write(lambda connection: accept(connection, hands.now, by="bob"))


def test_nothing_is_fetched_or_sent_before_it_is_accepted(lost, hands):
    house, ledger, settled, run = lost()
    assert settled.held == (LANE, "new")
    assert settled.doubtful == {LANE: 1}
    assert settled.numbers == {"lines": (1, 501), "delivery:erp/sales-orders": (1, 501)}
    with pytest.raises(Unaccepted) as caught:
        run()
    assert "2026-03-02T08:00:00+00:00" in caught.value.message
    assert "--accept" in caught.value.hint
    assert house.offered == ["b.txt"]
    accepted(ledger, hands)
    with pytest.raises(BackupError):
        accepted(ledger, hands)
    run()
    assert house.offered == []
    assert sorted(house.landed()) == ["1", "2"]
    with ledger.read() as connection:
        assert held_since(connection) == [LANE, "new"]


def test_what_a_target_knows_is_not_sent_again(lost, hands):
    house, ledger, _, run = lost()
    accepted(ledger, hands)
    run()
    ledger.pauses.resume("lane", LANE, hands.now, by="bob")
    assert run().deliveries == {State.SENT: 2}
    assert sorted(house.landed()) == ["1", "2"]
    for delivery in (1, 10_002):
        (found,) = ledger.queries.journey(Ref("delivery", delivery))["deliveries"]
        assert found["attempts"][-1]["outcome"] == "verified"
    assert ledger.verify() == []


def test_what_no_target_can_tell_waits_for_a_person(lost, hands):
    house, ledger, _, run = lost(can_tell=False)
    accepted(ledger, hands)
    run()
    ledger.pauses.resume("lane", LANE, hands.now, by="bob")
    assert run().deliveries == {State.UNKNOWN: 2}
    assert sorted(house.landed()) == ["1", "2"]
    house.put_orders("c.txt", "3", reference="3")
    assert run().deliveries == {State.SENT: 1}  # what comes after the lane was released is nobody's doubt
    assert "|503" in house.log()[-1][2].splitlines()[0]


def test_every_step_of_it_is_an_event(lost, hands):
    _, ledger, _, run = lost()
    accepted(ledger, hands)
    run()
    ledger.pauses.resume("lane", LANE, hands.now, by="bob")
    ledger.pauses.pause("lane", LANE, hands.now, by="bob")
    ledger.pauses.resume("lane", LANE, hands.now, by="bob")
    with ledger.read() as connection:
        rows = connection.exec_driver_sql("SELECT lane, what, detail FROM events ORDER BY id").all()
    said = [(row.lane, row.what) for row in rows if "by" in (row.detail or "")]
    assert said == [
        (LANE, "PAUSED"),
        ("new", "PAUSED"),
        ("people", "RESTORED"),
        ("people", "RESTORE_ACCEPTED"),
        (LANE, "RELEASED"),
        (LANE, "PAUSED"),
        (LANE, "RELEASED"),
    ]
    asked = [row.detail for row in rows if row.what == "RELEASED"]
    assert ["asked_first" in detail for detail in asked] == [True, False]


def test_a_ledger_that_was_not_restored_has_nothing_to_accept(make_house, hands):
    with make_house().ledger() as ledger, pytest.raises(BackupError, match="not restored"):
        accepted(ledger, hands)
