"""transload impact and check --history, as a user calls them."""

import json
import re

import pytest
from typer.testing import CliRunner

from transload.runner.cli.app import application


@pytest.fixture
def run(shop):
    """Call the command line on the workspace."""

    def call(command, *arguments):
        options = [] if command == "check" else ["--workspace", str(shop.root)]
        result = CliRunner().invoke(application(), [command, *map(str, arguments), *options])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return call


def pack(shop):
    return shop.reads(shop.READS.replace("STK: EA", "STK: PK"))


def test_nothing_differs(shop, run):
    shop.orders(shop.order("A"), shop.order("B"))
    result = run("impact")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1] == "2 messages of 2 receipts read again: nothing would come out differently"
    assert "in use, unchanged" in result.stdout


def test_what_differs_is_told_by_route_target_and_place(shop, run):
    shop.orders(*(shop.order(f"N{n}", unit="STK") for n in range(12)), shop.order("B"))
    file = pack(shop)
    result = run("impact", file, "--sample", "1")
    assert result.exit_code == 4
    lines = result.stdout.splitlines()
    assert re.fullmatch(
        r"mapping acme-orders \(.*orders\.yaml\): [0-9a-f]{12} of 2026-\d\d-\d\d \d\d:\d\d is in use, "
        "changed on disk",
        lines[1],
    )
    assert lines[-9:] == [
        "acme/orders",
        "  field lines[].uom: 12 documents",
        "    EA -> PK: 12",
        "    d12, message 1 of r12, lines[0].uom",
        "acme/orders to erp/orders",
        "  place /items/*/unit: 12 documents",
        "    EA -> PK: 12",
        "    d12, message 1 of r12, /items/0/unit",
        "13 messages of 13 receipts read again: 12 documents would come out differently: d12, d11, d10, d9, d8, d7, d6,"
        " d5, d4, d3 and 2 more (--json names them)",
    ]


def test_json_names_all_that_differ(shop, run):
    shop.orders(*(shop.order(f"N{n}", unit="STK") for n in range(12)), shop.order("B"))
    pack(shop)
    result = run("impact", "--json", "--last", "5")
    assert result.exit_code == 4
    told = json.loads(result.stdout)
    assert told["changed"] == ["d12", "d11", "d10", "d9"]
    assert (told["differs"], told["receipts"], told["messages"], told["not_compared"]) == (4, 5, 5, {})
    changed = [one["name"] for one in told["versions"] if one["changed"]]
    assert changed == ["acme-orders"]


def test_names_and_numbers_are_masked_and_codes_are_not(shop, run):
    shop.orders(shop.order("PO-77123", unit="STK", buyer="Hagemann und Soehne"))
    pack(shop)
    shop.reads(shop.READS.replace("STK: EA", "STK: PK") + "limits: {buyer.name: {length: 5}}\n")
    result = run("impact")
    assert "E-VALUE" in result.stdout
    assert "Hagemann" not in result.stdout + result.stderr
    assert "Hagemann" in run("impact", "--values").stdout
    shop.reads(shop.READS.replace("STK: EA", "STK: PK"))
    shop.writes(shop.WRITES.replace("name: =name", "name: =write(gln)"))
    shown = run("impact").stdout
    assert "EA -> PK: 1" in shown
    assert "Hagemann" not in shown
    assert "9520001000003" not in shown
    assert "place /buyer/name: 1 document" in shown
    assert "Hagemann und Soehne -> 9520001000003: 1" in run("impact", "--values").stdout


def test_a_page_for_who_has_to_agree(shop, run, tmp_path):
    shop.orders(shop.order("A", unit="STK", buyer="<b>Evil</b>"), shop.order("B"))
    pack(shop)
    shop.writes(shop.WRITES.replace("name: =name", "name: =write(gln)"))
    result = run("impact", "--values", "--html", tmp_path / "impact.html")
    assert result.stdout.splitlines()[-1].endswith("impact.html: written")
    page = (tmp_path / "impact.html").read_text()
    assert "<title>2 of 2 messages would come out differently</title>" in page
    assert "&lt;b&gt;Evil&lt;/b&gt; → 9520001000003: 1" in page
    assert "<b>" not in page
    assert "EA → PK: 1" in page


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["nowhere.yaml"],
            "error E-CONFIG nowhere.yaml is not there (name a file; without one all routes are looked at)",
        ),
        (
            ["--route", "acme/order"],
            "error E-CONFIG there is no receive route 'acme/order' (did you mean 'acme/orders'?)",
        ),
        (
            ["--against", "zzz"],
            "error E-CONFIG the ledger keeps no version of a mapping or partner file 'zzz' (give 6 or more digits of a"
            " digest, as `transload impact --json` tells them)",
        ),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(shop, run, arguments, message):
    shop.orders(shop.order("A"))
    result = run("impact", *arguments)
    assert (result.exit_code, result.stderr.strip()) == (1, message)


def test_without_a_ledger_there_is_nothing_to_compare(shop, run):
    store = shop.root / "var/ledger.db"
    shop.ledger.close()
    store.unlink()
    result = run("impact")
    assert result.exit_code == 1
    assert "there is no ledger" in result.stderr
    result = run("check", shop.root, "--history", "--quick")
    assert (result.exit_code, result.stdout) == (1, run("check", shop.root, "--quick").stdout), "mappings without tests"
    assert not store.exists()
    shop.ledger.open()


def test_check_warns_of_the_history(shop, run):
    shop.orders(shop.order("A", unit="STK"), shop.order("B"))
    assert "W-IMPACT" not in run("check", shop.root, "--history", "--quick").stdout
    file = pack(shop)
    assert "W-IMPACT" not in run("check", shop.root, "--quick").stdout
    expected = (
        f"{file}:1:1: warning W-IMPACT acme/orders: 1 of the last 2 messages would come out differently: field"
        " lines[].uom (1), place /items/*/unit (1) (see: transload impact --route acme/orders)"
    )
    result = run("check", shop.root, "--history", "--quick")
    assert expected in result.stdout.splitlines()
    assert expected in run("check", file, "--history", "--quick").stdout.splitlines()
    assert "W-IMPACT" not in run("check", shop.root, "--history", "--quick", "--last", "1").stdout
    assert "W-IMPACT" not in run("check", shop.root / "mappings/erp/order.yaml", "--history", "--quick").stdout
