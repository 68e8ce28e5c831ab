"""The figures of a ledger, on each database: what waits and since when, and how much there is; its own name."""

from datetime import timedelta

from transload.canonical.findings import Finding
from transload.runner.ledger.figures import Figures
from transload.runner.ledger.incidents import Judged, Opening
from transload.runner.workspace.model import Every


def test_figures_of_what_waits_and_of_all_there_is(make_house, script, hands):
    house = make_house(schedule=Every(interval=timedelta(hours=1)), target_act=script("before landing", ["", "retry"]))
    house.put_orders("a.txt", "1", "2", "BAD")
    with house.ledger() as ledger:
        figures = Figures(ledger.database)
        assert figures.waiting(["acme/orders"]).lanes == {}
        house.engine(ledger, clock=hands).run_pass()
        began = hands.now
        ledger.ticks.fire("acme/orders", began - timedelta(seconds=5), began)
        ledger.ticks.fire("acme/orders", began, began + timedelta(seconds=2))
        finding = Finding(code="E-TEST", message="no")
        ledger.breakers.open("erp/box", settings="x", findings=[finding], now=began, lane="in:acme/orders")
        opening = Opening(
            source="dead",
            subject="x",
            key="x",
            severity="error",
            partner="erp",
            about="erp/box",
            title="t",
            hint="h",
        )
        open_before = dict(figures.waiting().incidents)
        ledger.incidents.apply(Judged(changes=[opening]), began)
        hands.turn(minutes=1)
        waiting = figures.waiting(["acme/orders", "acme/none"])
        lane = "acme/orders/erp/sales-orders"
        assert waiting.lanes == {(lane, "RETRY_AT"): 1}
        assert waiting.oldest == {lane: began}
        assert waiting.ticks == {"acme/orders": (began, began + timedelta(seconds=2))}
        assert waiting.breakers["erp/box"].trips == 1
        assert waiting.incidents == {**open_before, ("dead", "error", "erp"): 1}
        assert sum(waiting.unacknowledged.values()) == sum(waiting.incidents.values())
        assert waiting.alarms == 0
        assert waiting.paused == frozenset()
        totals = figures.totals()
        assert totals.receipts == {("acme/orders", "PARSED"): 1}
        assert totals.documents == {
            ("acme/orders", "SENT"): 1,
            ("acme/orders", "RETRY_AT"): 1,
            ("acme/orders", "QUARANTINED"): 1,
        }
        assert totals.deliveries == {("erp/sales-orders", "SENT"): 1, ("erp/sales-orders", "RETRY_AT"): 1}
        assert (totals.mapped_again, totals.sent_again) == (0, 0)
        ledger.actions.redeliver(1, hands.now)
        assert figures.totals().sent_again == 1


def test_a_ledger_has_one_name_that_stays(store, ledger):
    name = ledger.identity()
    assert len(name) == 36
    assert ledger.identity() == name
    with type(ledger)(store) as again:
        assert again.identity() == name
