"""Back-pressure: a source is left alone while too much of its route waits, and asked again by itself."""

from transload.runner.engine.engine import outlets_of
from transload.runner.engine.work import Work
from transload.runner.expectations.watch import Watch
from transload.runner.lines.summary import Tally
from transload.runner.receiving.reception import CROWDED


def crowd(ledger):
    return [one for one in ledger.incidents.waiting() if one.source == "crowd"]


def test_a_source_is_not_asked_while_too_much_waits(make_house, hands, script):
    house = make_house(target_act=script("before landing", ["retry after 300"] * 3), at_most_waiting=2)
    house.put_orders("a.txt", "1", "2", "3")
    with house.ledger() as ledger:
        engine = house.engine(ledger, clock=hands)
        engine.run_pass()
        assert house.offered == []
        house.put_orders("b.txt", "4", reference="2")
        for _ in range(2):
            summary = engine.run_pass()
            assert house.offered == ["b.txt"]
            assert [finding.code for finding in summary.findings] == ["R-CROWDED"]
            Watch(house.workspace(), ledger, clock=hands).look(in_turn=False)
        (incident,) = crowd(ledger)
        assert incident.title == "the source of acme/orders is not asked: more than 2 wait, to be read or sent"
        hands.turn(minutes=10)
        engine.run_pass()  # what waits is sent
        engine.run_pass()
        assert house.offered == []
        Watch(house.workspace(), ledger, clock=hands).look(in_turn=False)
        assert crowd(ledger) == []
    assert house.landed() == ["1", "2", "3", "4"]


def test_a_time_of_the_schedule_stays_until_less_waits(make_house, hands, script):
    house = make_house(target_act=script("before landing", ["retry after 300"]), at_most_waiting=0)
    house.put_orders("a.txt", "1")
    with house.ledger() as ledger:
        engine = house.engine(ledger, clock=hands)
        engine.run_pass()
        house.put_orders("b.txt", "2", reference="2")
        assert ledger.ticks.fire("acme/orders", hands(), hands())
        with ledger.exclusively("test") as lock:
            work = Work(
                ledger, lock, lines=list(engine.lines.values()), outlets=outlets_of(engine.lines.values()), readers={},
                tally=Tally(), clock=hands, wake=lambda names: None, stopping=lambda: False, by_ticks=True,
            )  # fmt: skip
            poll, lane = "poll:acme/orders", "acme/orders/erp/sales-orders"
            work.do(poll)
            assert (house.offered, work.is_due(poll)) == (["b.txt"], False)
            hands.turn(seconds=CROWDED.total_seconds())
            assert work.is_due(poll)
            work.do(poll)
            assert house.offered == ["b.txt"]
            hands.turn(minutes=10)
            ledger.lanes.rest(lane, None)
            work.do(lane)
            work.do(poll)
            assert (house.offered, work.is_due(poll)) == ([], False)
