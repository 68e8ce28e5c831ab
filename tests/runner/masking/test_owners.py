"""Whose documents are: what a partner masks is masked in those that come from it or go to it, and in no others."""

from datetime import timedelta

import pytest

from transload.runner.cli.unmasked import view
from transload.runner.ledger import Ref
from transload.runner.masking.fields import EVERY, MASKED, Fields
from transload.runner.masking.veil import Veil
from transload.runner.workspace.model import Batching, Every

LATER = Batching(across=True, schedule=Every(interval=timedelta(days=1)))


@pytest.mark.parametrize("batch", [None, LATER])
def test_those_it_comes_from_and_goes_to(make_house, hands, batch):
    """Also of what only waits for its batch, which has no delivery yet."""
    house = make_house(batch=batch, file="{number}.txt")
    house.put_orders("KANARI-1.txt", "KANARI-1", "BAD")
    with house.ledger() as ledger:
        house.engine(ledger, clock=hands).run_pass()
        for partner, masked in (("acme", True), ("erp", True), ("globex", False)):
            fields = Fields(partners={partner: {EVERY: (("number",),)}, "other": {EVERY: (("buyer",),)}})
            rows = view(ledger, "documents", fields, unmasked=False, reason=None).rows(ledger.queries.documents())
            assert [row["number"] for row in rows] == [None, MASKED if masked else "KANARI-1"], partner
            veil = Veil(fields, ledger)
            for ref in (Ref("receipt", 1), Ref("document", 1), *([Ref("delivery", 1)] if batch is None else [])):
                assert veil.partners([ref]) == {"acme", "erp"}, ref
                assert bool(veil.fields_of([ref])) is masked
                told = veil.shown(ledger.queries.journey(ref), veil.values([ref]))
                assert ("KANARI-1" not in str(told)) is masked
            (wrong,) = ledger.queries.documents()[0]["findings"]
            assert ("masked" in veil.shown(wrong, veil.values([Ref("document", 2)]))["message"]) is (partner == "acme")
            assert veil.shown({"number": "KANARI-1"}, veil.values([]))["number"] == MASKED, "whose it is, nobody knows"
