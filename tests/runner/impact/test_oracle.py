"""What impact foretells against what then happens: the same payloads received anew with the changed files."""

from random import Random

import pytest

from transload.runner.ledger import Ledger, Ref, State

CHANGES = {
    "a code": lambda shop: shop.reads(shop.READS.replace("STK: EA", "STK: KGM")),
    "a limit": lambda shop: shop.reads(shop.READS + "limits: {lines.quantity: {max: 50}, buyer.name: {length: 6}}\n"),
    "a length": lambda shop: shop.writes(shop.WRITES + "limits: {buyer.name: {length: 6}}\n"),
    "an entry": lambda shop: shop.writes(shop.WRITES.replace("gtin: =gtin, ", "")),
    "a target": lambda shop: shop.erp(
        take="{document: order/1, when: {buyer.name: [Hagemann, Bo]}}", file="{document.number}.json"
    ),
    "a name": lambda shop: shop.erp(file="{document.number}-{document.buyer.name}.json"),
    "nothing": lambda shop: shop.reads(shop.READS + "note: nothing\n"),
}


def orders(shop, seed):
    chance = Random(seed)
    for number in range(16):
        yield shop.order(
            f"PO{number}",
            unit=chance.choice(["STK", "PCE", "KGM", "XXX"]),
            quantity=chance.choice(["1", "20", "100", "x"]),
            buyer=chance.choice(["Hagemann", "Bo", "Northstar AG"]),
        )


def outcomes(shop):
    """What came of each message, by the interchange and number of its order."""
    found = {}
    for row in shop.ledger.queries.documents(limit=1000):
        journey = shop.ledger.queries.journey(Ref("document", int(row["ref"][1:])))
        text = shop.ledger.queries.payload(Ref("document", int(row["ref"][1:]))) if row["document"] else b""
        ways = {
            one["target"]: (
                one["metadata"],
                shop.ledger.queries.payload(Ref("delivery", int(one["ref"][1:]))) if one["metadata"] else b"",
            )
            for one in journey["deliveries"]
        }
        codes = sorted((finding["code"], finding.get("field")) for finding in row["findings"])
        refused = row["state"] == State.QUARANTINED.value
        found[row["interchange"], row["reference"]] = (refused, text, ways, codes, row["ref"])
    return found


@pytest.mark.parametrize("change", list(CHANGES))
def test_what_is_foretold_comes_true(shop, hands, tmp_path, change):
    shop.erp(file="{document.number}.json")
    made = list(orders(shop, change))
    payloads = [shop.interchange(f"I{n}", *made[n : n + 8]) for n in range(0, 16, 8)]
    shop.receive(*payloads)
    before = outcomes(shop)
    CHANGES[change](shop)
    foretold = set(shop.impact().as_dict()["changed"])
    assert foretold == set(shop.impact(against="now").as_dict()["changed"])
    with Ledger(f"sqlite:///{tmp_path}/var/anew.db") as ledger:
        text = (tmp_path / "transload.yaml").read_text()
        (tmp_path / "transload.yaml").write_text(text.replace("var/ledger.db", "var/anew.db"))
        shop.ledger = ledger
        shop.receive(*payloads)
        after = outcomes(shop)
    assert before.keys() == after.keys()
    differs = {before[place][4] for place in before if before[place][:4] != after[place][:4]}
    assert foretold == differs
    assert (change == "nothing") == (not differs)
