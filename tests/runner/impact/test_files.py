"""Which files are changed, which routes they concern, and how each kind of file is told."""

import sqlite3

import pytest

from transload.adapters.edi.guides import lookup as guides
from transload.canonical.errors import ConfigurationError, Retry
from transload.runner.impact.comparing import What

FIELD, PLACE = What.FIELD.value, What.PLACE.value
CODES = "mapping: acme-orders\nextends: library:edifact/orders-d96a\nversion: 1\ncodes: {uom: {file: units.csv}}\n"
ITEMS = """\
mapping: acme-orders
extends: library:edifact/orders-d96a
version: 1
xrefs: {units: {file: units.csv, wire: THEIRS, canonical: OURS, partner: WHO}}
change:
  LIN / QTY 21: {6411: "=uom | xref(units)"}
"""


def versions(shop, **asked):
    return {(one.kind, one.name): one.changed for one in shop.impact(**asked).versions}


def test_codes_in_a_file_are_kept_and_compared(shop):
    shop.reads(CODES)
    table = shop.write("acme/units.csv", "wire,canonical\nSTK,EA\nPCE,EA\nKGM,KGM\n")
    shop.orders(shop.order("OLD", unit="STK"))
    table.write_text("wire,canonical\nSTK,BX\nPCE,EA\nKGM,KGM\n")
    shop.orders(shop.order("NEW", unit="STK"))
    table.write_text("wire,canonical\nSTK,PK\nPCE,EA\nKGM,KGM\n")
    assert shop.told()[0] == (FIELD, "lines[].uom", 2, [("BX", "PK", 2)])
    assert shop.told(files=[str(table)])[0] == (FIELD, "lines[].uom", 2, [("BX", "PK", 2)])
    assert versions(shop)["mapping", "acme-orders"] is True


def test_the_partner_file_and_the_mapping_that_it_names(shop):
    shop.orders(shop.order("A", unit="STK"))
    shop.write("acme/other.yaml", shop.READS.replace("acme-orders", "acme-other").replace("STK: EA", "STK: BX"))
    file = shop.acme(mapping="other.yaml")
    found = shop.told(files=[str(file)])
    assert found[:2] == [(What.MAPPING.value, "", 1, []), (FIELD, "lines[].uom", 1, [("EA", "BX", 1)])]
    assert versions(shop)["partner", "acme"] is True
    assert shop.told(against="now")[:2] == found[:2]


def test_a_guide_of_the_workspace(shop):
    shop.orders(shop.order("A"), [segment for segment in shop.order("B") if not segment.startswith("CUX")])
    (shipped,) = (path for path in guides.shipped() if path.match("edifact/d96a/orders.yaml"))
    guide = shop.root / "guides/edifact/d96a/orders.yaml"
    guide.parent.mkdir(parents=True)
    guide.write_text(shipped.read_text())
    assert shop.told(files=[str(guide)]) == []
    guide.write_text(shipped.read_text().replace("SG7 C 5:", "SG7 M 5:"))
    (refused,) = shop.impact(files=[str(guide)]).as_dict()["differences"]
    assert (refused["what"], refused["samples"][0]["document"]) == (What.QUARANTINED.value, "d2")
    assert shop.run().exit_code == 0
    shop.orders([segment for segment in shop.order("C") if not segment.startswith("CUX")])
    guide.unlink()
    (passes,) = shop.impact(last=1).as_dict()["differences"]
    assert (passes["what"], passes["samples"][0]["document"]) == (What.PASSES.value, "d3")
    other = guide.with_name("invoic.yaml")
    other.write_text("")
    assert shop.impact(files=[str(other)]).receipts == 0, "no message of that type has arrived"


def test_files_that_concern_nothing_are_refused(shop):
    shop.orders(shop.order("A"))
    other = shop.write("acme/unused.yaml", shop.READS)
    with pytest.raises(ConfigurationError, match="no route chosen here uses"):
        shop.impact(files=[str(other)])
    with pytest.raises(ConfigurationError, match=r"nowhere\.yaml is not there"):
        shop.impact(files=["nowhere.yaml"])
    with pytest.raises(ConfigurationError, match="is a folder"):
        shop.impact(files=[str(shop.root)])
    with pytest.raises(ConfigurationError, match="there is no receive route 'acme/order'"):
        shop.impact(routes=["acme/order"])


def test_what_a_mapping_extends_concerns_its_routes(shop):
    shop.orders(shop.order("A"))
    assert shop.impact(files=["library:edifact/orders-d96a"]).routes == ["acme/orders"]
    assert shop.impact(files=["mappings/erp/order.yaml"]).routes == ["acme/orders"]


def test_a_new_test_and_a_note_are_no_change(shop):
    shop.orders(shop.order("A"))
    shop.reads(shop.READS + "note: about nothing\n")
    assert not any(versions(shop).values())
    assert shop.impact(only_changed=True).routes == []


def test_only_routes_with_changed_files(shop):
    shop.orders(shop.order("A", unit="STK"))
    assert shop.impact(only_changed=True).messages == 0
    shop.reads(shop.READS.replace("STK: EA", "STK: PK"))
    assert shop.impact(only_changed=True).differs == 1


def test_cross_references_in_files(shop):
    shop.reads(ITEMS)
    table = shop.write("acme/units.csv", "WHO,THEIRS,OURS\nacme,STK,EA\nacme,KGM,KGM\n")
    shop.orders(shop.order("OLD", unit="STK"))
    table.write_text("WHO,THEIRS,OURS\nacme,STK,BX\nacme,KGM,KGM\n")
    shop.orders(shop.order("NEW", unit="STK"))
    table.write_text("WHO,THEIRS,OURS\nacme,STK,PK\nacme,KGM,KGM\nother,STK,EA\n")
    assert shop.told()[0] == (FIELD, "lines[].uom", 2, [("BX", "PK", 2)])


LIVE = """\
mapping: acme-orders
extends: library:edifact/orders-d96a
version: {version}
xrefs: {{units: {{database: erp, table: units, wire: theirs, canonical: ours, refresh: 1s}}}}
change:
  LIN / QTY 21: {{6411: "=uom | xref(units)"}}
"""


def test_a_table_in_a_database_gives_what_it_gives_now(shop, monkeypatch):
    database = shop.root / "erp.db"
    with sqlite3.connect(database) as connection:
        connection.execute("create table units (theirs text, ours text)")
        connection.execute("insert into units values ('STK', 'EA'), ('KGM', 'KGM')")
    monkeypatch.setenv("ERP_URL", f"sqlite:///{database}")
    settings = shop.root / "transload.yaml"
    settings.write_text(settings.read_text() + "databases: {erp: {url: '${env:ERP_URL}'}}\n")
    shop.reads(LIVE.format(version=1))
    shop.orders(shop.order("OLD", unit="STK"))
    assert shop.told() == []
    with sqlite3.connect(database) as connection:
        connection.execute("update units set ours = 'PK' where theirs = 'STK'")
    assert shop.told()[0] == (FIELD, "lines[].uom", 1, [("EA", "PK", 1)])
    assert not any(versions(shop).values()), "what a database holds is no version of a mapping"
    shop.reads(LIVE.format(version=2))
    shop.orders(shop.order("NEW", unit="STK"))
    assert shop.told() == [], "of the older one both sides are made with the table of now"
    monkeypatch.setenv("ERP_URL", "sqlite:////nowhere/at/all.db")
    with pytest.raises(Retry, match="units"):
        shop.impact()


def test_a_version_of_what_no_route_uses_is_refused(shop):
    shop.orders(shop.order("A"))
    used = {one.name: one.used for one in shop.impact().versions}
    shop.write("acme/other.yaml", shop.READS.replace("acme-orders", "acme-other"))
    shop.acme(mapping="other.yaml")
    with pytest.raises(ConfigurationError, match="is a version of the mapping acme-orders, which no route here uses"):
        shop.impact(against=used["acme-orders"])
