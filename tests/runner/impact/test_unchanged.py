"""The law: what has not changed makes no difference, whatever format, moment, numbers and names of files."""

import json

import pytest

from transload.mappings import load_mapping
from transload.mappings.source.reading import library_names
from transload.mappings.testing.cases import cases_of
from transload.mappings.testing.samples import sample_of
from transload.runner.ledger import Ref


def samples(name):
    """The payloads of a library mapping's samples, each once."""
    mapping = load_mapping(name)
    found = {}
    for case in cases_of(mapping):
        if case.get("wire") is not None:
            sample = sample_of(mapping, case.get("wire"), case.folder, case.get("edit"))
            found.setdefault(sample.payload, case)
    return mapping, list(found)


@pytest.mark.parametrize("name", library_names())
def test_a_library_mapping_that_reads_and_writes_its_samples(shop, hands, name):
    mapping, payloads = samples(name)
    assert payloads, "a library mapping has samples"
    shop.acme(mapping=name)
    shop.erp(mapping=name, take=f"{{document: {mapping.document}}}", file="{now}_{key}_{number:03}")
    for payload in payloads:
        shop.receive(payload)
        hands.turn(days=3, hours=5)
    for against in (None, "now"):
        found = shop.impact(against=against)
        assert found.receipts == len(payloads)
        assert found.messages - found.duplicates > 0
        assert found.apart == {}
        assert found.as_dict()["differences"] == []
        assert not any(version.changed for version in found.versions)


NUMBERED = """\
  - id: =write(control_number())
  - made: =write(now()) | datetime(yyyyMMddHHmm UTC)
"""


@pytest.mark.parametrize("name", library_names())
def test_a_kept_version_is_loaded_as_it_was(tmp_path, name):
    mapping = load_mapping(name)
    file = tmp_path / "kept.yaml"
    file.write_text(mapping.resolved, encoding="utf-8")
    again = load_mapping(file)
    assert again.format_options == mapping.format_options
    assert again.resolved == mapping.resolved


def test_numbers_and_moments_in_a_body_make_no_difference(shop, hands):
    shop.writes(shop.WRITES + NUMBERED)
    shop.orders(shop.order("A"), shop.order("B"))
    hands.turn(days=1)
    shop.orders(shop.order("C"))
    bodies = [path.read_text() for path in sorted((shop.root / "out").iterdir())]
    assert len(set(bodies)) == len(bodies) == 3
    assert [json.loads(body)["id"] for body in bodies] == ["1", "2", "3"]
    assert shop.told() == []
    shop.writes(shop.WRITES.replace("gtin: =gtin, ", "") + NUMBERED)
    assert [name for _, name, *_ in shop.told()] == ["/items/*/gtin"]


def test_a_replay_and_the_same_bytes_sent_again_make_no_difference(shop, hands):
    shop.writes(shop.WRITES + NUMBERED)
    shop.orders(shop.order("A"))
    hands.turn(hours=1)
    shop.ledger.actions.redeliver(1, hands(), by="tester")
    shop.ledger.actions.remap(Ref("document", 1), hands(), by="tester")
    hands.turn(hours=1)
    shop.run()
    assert [row["ref"] for row in shop.ledger.queries.documents()] == ["d2", "d1"]
    found = shop.impact()
    assert (found.messages, found.differs, found.apart) == (1, 0, {})


def test_bytes_that_were_sent_again_are_those_of_the_first_time(shop, hands):
    shop.writes(shop.WRITES + NUMBERED)
    shop.orders(shop.order("A"))
    hands.turn(hours=1)
    shop.ledger.actions.redeliver(1, hands(), by="tester")
    hands.turn(hours=1)
    assert shop.run().exit_code == 0
    assert len(shop.ledger.queries.deliveries()) == 2
    assert shop.told() == []


def test_each_delivery_is_written_as_at_its_own_moment(shop, hands):
    shop.writes(shop.WRITES + NUMBERED)
    shop.write(
        "erp/copy.yaml", shop.WRITES.replace("erp-order", "erp-copy") + NUMBERED + "limits: {number: {length: 1}}"
    )
    erp = shop.erp()
    copies = (
        "  copies: {take: {document: order/1}, mapping: copy.yaml, to: {connection: box, folder: out, file: '{key}'}}"
    )
    erp.write_text(f"{erp.read_text()}{copies}\n")
    shop.acme(others=", erp/copies")
    shop.orders(shop.order("A1"))
    shop.write("erp/copy.yaml", shop.WRITES.replace("erp-order", "erp-copy") + NUMBERED)
    hands.turn(hours=1)
    shop.ledger.actions.remap(Ref("document", 1), hands(), by="tester")
    shop.run()
    sent = [(one["target"], one["state"]) for one in shop.ledger.queries.deliveries()]
    assert sent == [("erp/copies", "SENT"), ("erp/copies", "QUARANTINED"), ("erp/orders", "SENT")]
    assert shop.told() == []


def test_duplicates_are_left_aside(shop):
    payload = shop.interchange("I1", shop.order("A", unit="STK"))
    shop.receive(payload)
    shop.receive(payload)
    found = shop.impact()
    assert (found.messages, found.duplicates, found.differs) == (2, 1, 0)
