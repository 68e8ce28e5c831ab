"""What an operator does at three in the morning, as he types it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
ORDER = "mappings/acme/samples/orders.edi"


class Desk:
    """The commands, in one workspace."""

    def __init__(self, run: Run, folder: Path) -> None:
        self._run = run
        self.folder = folder

    def __call__(self, *arguments: object, stdin: bytes = b"", code: int = 0) -> Any:
        ran = self._run(*arguments, "--workspace", self.folder, stdin=stdin)
        assert ran.code == code, ran.out + ran.err
        return ran

    def order(self, name: str, number: int, *changes: tuple[bytes, bytes]) -> Path:
        """An order of its own interchange, in a file beside the workspace."""
        content = (self.folder / ORDER).read_bytes()
        own = ((b"AC000001", b"AC%06d" % number), (b"PO-1001", b"PO-%d" % (1000 + number)))
        for old, new in (*own, *changes):
            assert old in content
            content = content.replace(old, new)
        file = self.folder.parent / name
        file.write_bytes(content)
        return file

    def states(self, what: str = "documents") -> list[tuple[str, str]]:
        found = self("find", "--what", what, "--json").json["found"]
        return [(row["ref"], row["state"]) for row in found]


BAD = (b"25:BOX", b"25:CRT")


@pytest.fixture
def desk(run: Run, tmp_path: Path) -> Desk:
    folder = tmp_path / "w"
    assert run("init", folder).code == 0
    (folder / "exchange/acme/out/orders-0001.edi").unlink()
    return Desk(run, folder)


def test_a_file_is_submitted_once_and_known_as_submitted(desk: Desk) -> None:
    file = desk.order("mailed.edi", 1)
    told = desk("submit", "acme/orders", file, "--dry-run")
    assert "acme/orders would receive mailed.edi" in told.out
    assert file.exists()
    assert not list(desk.folder.glob("var/*.db"))
    assert desk("submit", "acme/orders", file, "--reason", "by mail").out == "mailed.edi is r1\n"
    assert "was submitted before, as r1" in desk("submit", "acme/orders", file, code=1).out
    assert desk("submit", "acme/orders", file, "--again", "--json").json[0]["new"]
    desk("run")
    story = desk("show", "r1", "--json").json
    assert story["receipt"]["metadata"]["submitted_because"] == "by mail"
    assert story["events"][0]["detail"]["reason"] == "by mail"
    assert desk.states() == [("d2", "DUPLICATE"), ("d1", "SENT")]
    assert desk("submit", "acme/orders", "-", "--name", "x.edi", stdin=file.read_bytes(), code=1).out.startswith(
        "x.edi was"
    )
    assert "did you mean 'acme/orders'?" in desk("submit", "acme/order", file, code=1).err
    assert "/dev/null is no file" in desk("submit", "acme/orders", "/dev/null", code=1).err
    assert "cannot be read: No such file" in desk("submit", "acme/orders", "none.edi", code=1).err


def test_test_messages_that_are_submitted_stay_out_of_production(desk: Desk) -> None:
    file = desk.order("test.edi", 1)
    settings = desk.folder / "transload.yaml"
    settings.write_text(settings.read_text().replace("environment: test", "environment: production"))
    desk("submit", "acme/orders", file)
    assert "E-ENVIRONMENT" in desk("run", code=1).out
    assert not list((desk.folder / "exchange/erp/in").glob("*"))


def test_a_quarantined_document_is_corrected_and_its_original_stays(desk: Desk) -> None:
    bad = desk.order("bad.edi", 2, BAD)
    desk("submit", "acme/orders", bad)
    desk("run", code=1)
    mended = desk.folder.parent / "mended.edi"
    desk("correct", "d1", "--export", mended)
    assert mended.read_bytes() == bad.read_bytes()
    assert "cannot be written: File exists" in desk("correct", "d1", "--export", mended, code=1).err
    still = desk("correct", "d1", mended, code=1)
    assert "with these errors it would be quarantined again" in still.out
    mended.write_bytes(mended.read_bytes().replace(*reversed(BAD)))
    shown = desk("correct", "d1", mended, code=1)
    changed = [line for line in shown.lines if line[:4] in ("-QTY", "+QTY")]
    assert changed == ["-QTY+21:25:CRT'", "+QTY+21:25:BOX'"]
    assert shown.lines[-1] == "nothing was done; --yes does it"
    assert desk.states() == [("d1", "QUARANTINED")]
    assert "d1 is corrected by r2" in desk("correct", "d1", mended, "--yes", "--reason", "by telephone").out
    assert "d1 is not quarantined" in desk("correct", "d1", mended, "--yes", code=1).err
    desk("run")
    assert desk.states() == [("d2", "SENT"), ("d1", "SUPPRESSED")]
    new = desk("show", "d2", "--json").json
    assert (new["documents"][0]["origin_id"], new["receipt"]["origin_id"]) == (1, 1)
    assert "a person has made of it r2" in desk("show", "r1").out
    assert desk("show", "r1", "--content").raw == bad.read_bytes()
    assert len(list((desk.folder / "exchange/acme/in").glob("CONTRL*"))) == 1  # the correction is not acknowledged


def test_failures_are_clusters_and_are_replayed_when_the_cause_is_mended(desk: Desk) -> None:
    units = ((1, b"CRT"), (2, b"KRT"), (3, b"ZZZ"))
    files = [desk.order(f"{number}.edi", number, (b"25:BOX", b"25:" + unit)) for number, unit in units]
    desk("submit", "acme/orders", *files)
    desk("run", code=1)
    (cluster,) = desk("failures", "--json").json
    assert (cluster["count"], cluster["states"], cluster["partners"]) == (3, {"QUARANTINED": 3}, ["acme"])
    fingerprint = cluster["fingerprint"]
    assert desk("failures", fingerprint, "--json").json["members"] == {"document": ["d1", "d2", "d3"]}
    assert f"transload replay --fingerprint {fingerprint} --preview" in desk("failures", fingerprint).out
    assert "transload failures lists them" in desk("failures", "nothing", code=1).err
    mapping = desk.folder / "mappings/acme/orders.yaml"
    assert "  3 would be quarantined" in desk("replay", "--fingerprint", fingerprint, "--preview").lines
    mapping.write_text(mapping.read_text().replace("{BOX: BX}", "{BOX: BX, CRT: CT, KRT: CT, ZZZ: CT}"))
    plan = desk("replay", "--fingerprint", fingerprint, "--preview", "--json").json
    assert plan["outcomes"] == {"would give a document now": 3}
    assert plan["targets"] == {"erp/orders": 3}
    assert desk.states() == [("d3", "QUARANTINED"), ("d2", "QUARANTINED"), ("d1", "QUARANTINED")]
    assert "nothing was done; --yes does it" in desk("replay", "--fingerprint", fingerprint, code=1).err
    done = desk("replay", "--fingerprint", fingerprint, "--yes", "--reason", "units of Acme", "--batch", "2")
    assert done.lines[-1] == "b1 is DONE: 3 items queued"
    desk("run")
    assert [state for _, state in desk.states()] == ["SENT"] * 3 + ["SUPPRESSED"] * 3
    assert desk("failures").out == "nothing that failed waits\n"
    assert desk("replay", "--fingerprint", fingerprint, "--yes", code=1).lines[0] == "redeliver: no deliveries"
    (bulk,) = desk("replay", "--bulks", "--json").json
    assert (bulk["ref"], bulk["state"], bulk["done"], bulk["reason"]) == ("b1", "DONE", 3, "units of Acme")


def test_replays_by_search_and_by_ids(desk: Desk) -> None:
    desk("submit", "acme/orders", *(desk.order(f"{number}.edi", number) for number in (1, 2)))
    desk("run")
    found = desk("find", "--what", "deliveries", "--route", "erp/orders", "--ids").out
    assert found.split() == ["s1", "s3"]
    shown = desk("replay", "--ids", "-", "--preview", stdin=found.encode())
    assert "s1 (SENT) to erp/orders, which has it already: file PO-1001.json" in shown.lines
    assert "  control numbers are kept: those that were sent before" in shown.lines
    assert desk("replay", "--ids", "-", "--yes", "--json", stdin=found.encode()).json["done"] == 2
    again = desk("replay", "--ids", "-", "--yes", stdin=found.encode(), code=1)  # nothing twice
    assert again.lines[0] == "2 left out: s1, s3 was sent again already"
    assert desk("replay", "d2", "--as", "reingest").out == "r2 is taken in again as r3\n"
    assert "say how: redeliver, remap or reingest" in desk("replay", "--partner", "acme", code=2).err
    assert "IDs are r1, d1 and s1" in desk("replay", "x1", code=1).err
    desk("cancel", "s5", "--reason", "enough")
    assert "s5 is SUPPRESSED and cannot be cancelled" in desk("cancel", "s5", code=1).err
    assert desk("cancel", "b1").out == "b1 is cancelled: 0 not done, 1 that it had staged taken back\n"
    desk("run")
    assert [state for _, state in desk.states("deliveries")] == ["SUPPRESSED"] * 2 + ["SENT"] * 4
    assert desk("replay", "s5").out == "s5 will be sent again as s7\n"  # nothing was lost
    assert "SENT" in desk("show", "d1").out


def test_what_is_paused_stands_still_and_goes_on(desk: Desk) -> None:
    (desk.folder / "exchange/acme/out/1.edi").write_bytes(desk.order("1.edi", 1).read_bytes())
    for kind, name in (("partner", "acme"), ("connection", "acme/folder")):
        desk("pause", kind, name, "--reason", "they move")
        ran = desk("run")
        assert ran.lines[0].startswith(f"remark R-PAUSED the {kind} {name} is paused by")
        assert "received 0 new, 0 known already" in ran.lines
        (row,) = desk("pause", "--json").json
        assert (row["kind"], row["name"], row["reason"]) == (kind, name, "they move")
        desk("resume", kind, name)
    desk("pause", "route", "erp/orders")
    desk("run", code=3)
    assert desk.states() == [("d1", "STAGED")]
    desk("resume", "route", "erp/orders")
    lane = "acme/orders/erp/orders"
    assert lane in desk("pause", "--lanes").out
    desk("pause", "lane", lane)
    desk("run", code=3)
    assert desk("pause", "lane", lane).out == f"the lane {lane} stood still already\n"
    desk("resume", "lane", lane)
    desk("run")
    assert desk.states() == [("d1", "SENT")]
    assert "is not paused" in desk("resume", "lane", lane, code=1).err
    assert "there is no partner 'acm'" in desk("pause", "partner", "acm", code=1).err
    assert "say partner, connection, route, lane" in desk("pause", "house", "x", code=2).err


def test_everything_is_found_by_what_people_know(desk: Desk) -> None:
    files = [desk.order(f"orders-{number}.edi", number) for number in (1, 2)]
    desk("submit", "acme/orders", *files, desk.order("bad.edi", 3, BAD))
    desk("run", code=1)

    def refs(*arguments: object) -> list[str]:
        return [row["ref"] for row in desk("find", *arguments, "--json").json["found"]]

    assert refs("PO-1002") == ["d2"]
    assert refs("AC000002") == ["d2", "s3"]
    assert refs("orders-1.edi") == ["r1"]
    assert refs("--file", "orders-*", "--what", "receipts") == ["r2", "r1"]
    assert refs("--state", "quarantined", "--text", "UOM'") == ["d3"]
    assert refs("--text", "nobody said that") == []
    assert refs("--partner", "erp") == ["d2", "d1"]
    assert refs("--partner", "erp", "--what", "deliveries", "--number", "PO-1001") == ["s1"]
    assert refs("--kind", "order/1", "--since", "1h", "--until", "0s") == ["d2", "d1"]
    assert refs("--control", "AC000001", "--what", "receipts") == ["r1"]
    page = desk("find", "--limit", "2")
    assert page.lines[-1] == "there may be more: --before d2"
    assert refs("--before", "d2") == ["d1"]
    assert desk("find", "--number", "none").out == "nothing is found\n"


def test_numbers_go_on_where_the_old_system_stopped(desk: Desk) -> None:
    said = desk("numbers", "set", "acme", "interchange", "4711", "--reason", "cut-over").out
    series = "edifact/9520002000002:14/9520001000003:14/interchange"
    assert said == f"{series}: the next is 4712 (new)\n"
    desk("submit", "acme/orders", desk.order("1.edi", 1))
    desk("run")
    assert any(b"+4712'" in file.read_bytes() for file in (desk.folder / "exchange/acme/in").glob("CONTRL*"))
    back = desk("numbers", "set", series, "12", code=1)
    assert f"{series} has used 4712 already: after 12 numbers would be used twice" in back.err
    assert (
        desk("numbers", "set", series, "12", "--although-backwards").out == f"{series}: the next is 13 (was at 4712)\n"
    )
    table = desk.folder / "last.csv"
    table.write_text("partner,level,last\nacme,interchange,99999999999999\n")
    assert desk("numbers", "import", table, "--json").json == [
        {"series": series, "before": 12, "last": 99999999999999, "next": 1}
    ]
    assert desk("numbers", "list", "edifact", "--json").json[0]["next"] == 1
    table.write_text("series,last\n" + f"{series},99999999999999\nx,-1\n")
    assert "line 3: '-1' is no control number" in desk("numbers", "import", table, code=1).err
    assert "is more than" in desk("numbers", "set", series, "100000000000000", code=1).err
    assert "erp gets no EDI from us" in desk("numbers", "set", "erp", "interchange", "1", code=1).err
    assert "id:documents" not in json.dumps(desk("numbers", "list", "--json").json)


def test_what_waits_for_a_batch_is_seen_and_taken_out(desk: Desk) -> None:
    file = desk.folder / "mappings/erp/partner.yaml"
    text = file.read_text().replace("order_by: [buyer.gln]", "batch: {count: 2}\n    format: {items: orders}")
    file.write_text(text.replace("{document.number}", "orders-{number:04}"))
    lane = "acme/orders/erp/orders"
    desk("submit", "acme/orders", desk.order("1.edi", 1))
    assert f"remark R-GATHERED 1 document is gathered in {lane} for a batch, which leaves once there are enough" in (
        desk("run").out
    )
    waits = f"1 document gathered in {lane} for a batch, which leaves once there are enough"
    assert waits in desk("show").lines
    assert "  waits for a batch to erp/orders, which leaves once there are enough" in desk("show", "d1").lines
    (row,) = [one for one in desk("pause", "--lanes", "--json").json if one["lane"] == lane]
    assert row == {"lane": lane, "held": False, "waiting": {"GATHERED": 1}}
    assert desk("cancel", "d1", "--reason", "ordered twice").out == (
        "d1 is taken out of the batch to erp/orders; transload replay d1 sends it after all\n"
    )
    assert "d1 waits for no batch" in desk("cancel", "d1", code=1).err
    assert waits not in desk("show").lines
    for number in (2, 3):
        desk("submit", "acme/orders", desk.order(f"{number}.edi", number))
    desk("run")
    (arrived,) = (desk.folder / "exchange/erp/in").iterdir()
    assert arrived.name == "orders-0001.json"
    assert [order["orderNumber"] for order in json.loads(arrived.read_text())["orders"]] == ["PO-1002", "PO-1003"]
    assert desk.states() == [("d3", "SENT"), ("d2", "SENT"), ("d1", "SUPPRESSED")]
    assert desk("audit", "verify").code == 0


@pytest.mark.parametrize("batch", ["{count: 2}", "receipt"])
def test_what_its_format_cannot_carry_is_left_out_of_a_batch(desk: Desk, batch: str) -> None:
    file = desk.folder / "mappings/erp/partner.yaml"
    changed = f"batch: {batch}\n    format: {{items: orders, encoding: iso-8859-1}}"
    text = file.read_text().replace("order_by: [buyer.gln]", changed)
    file.write_text(text.replace("{document.number}", "orders-{number:04}"))
    head, rest = (desk.folder / ORDER).read_bytes().split(b"UNH+", 1)
    good, tail = rest.split(b"UNZ+1", 1)
    reference = good.split(b"+", 1)[0]
    odd = good.replace(b"PO-1001", "PO-\u0416".encode())
    odd = odd.replace(reference + b"+ORDERS", b"2+ORDERS").replace(b"+" + reference + b"'", b"+2'")
    both = desk.folder.parent / "both.edi"
    both.write_bytes(head.replace(b"UNOC", b"UNOW") + b"UNH+" + good + b"UNH+" + odd + b"UNZ+2" + tail)
    desk("submit", "acme/orders", both)
    desk("run", code=1)
    (arrived,) = (desk.folder / "exchange/erp/in").iterdir()
    assert [order["orderNumber"] for order in json.loads(arrived.read_text())["orders"]] == ["PO-1001"]
    assert desk.states() == [("d2", "QUARANTINED"), ("d1", "SENT")]
    assert "the character U+0416 does not exist in ISO-8859-1" in desk("show", "d2").out
