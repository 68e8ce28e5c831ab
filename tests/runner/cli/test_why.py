"""transload why."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]


@pytest.fixture
def workspace(run: Run, tmp_path: Path) -> Path:
    assert run("init", tmp_path / "w").code == 0
    return tmp_path / "w"


@pytest.fixture
def sample(workspace: Path) -> Path:
    return workspace / "mappings/acme/samples/orders.edi"


@pytest.fixture
def mapping(workspace: Path) -> Path:
    return workspace / "mappings/acme/orders.yaml"


def test_a_value_with_all_that_made_it(run: Run, sample: Path, mapping: Path) -> None:
    ran = run("why", sample, "/lines/1/uom", "--map", mapping)
    assert (ran.code, ran.err) == (0, "")
    assert ran.lines == [
        "lines[1].uom is BX",
        f"  place    {sample} line 20 byte 635, interchange 1, message 1, segment 18 QTY, element 1, component 3",
        "  bytes    635, length 3: BOX",
        "  value    'BOX'",
        "  entry    LIN > QTY 21, QTY 6411",
        "  rule     =uom | code(uom)",
        f"  code     BOX is BX in table uom at {mapping}:7:14",
        "  mapping  library:edifact/orders-d96a:141:42 (QTY 6411), file 2 of the 2 that extend each other",
    ]


def test_both_forms_of_a_path_and_the_workspaces_mapping(run: Run, sample: Path) -> None:
    one, two = run("why", sample, "/lines/0/quantity"), run("why", sample, "lines[0].quantity")
    assert one.code == 0
    assert one.out == two.out
    assert one.lines[0] == "lines[0].quantity is 2000"


def test_the_byte_is_where_the_value_stands(run: Run, sample: Path, mapping: Path) -> None:
    told = run("why", sample, "--all", "--map", mapping, "--json").json
    content = sample.read_bytes()
    assert len(told["origins"]) > 20
    for origin in told["origins"]:
        for place in origin["places"]:
            raw = origin["raw"].split(":")[0].encode()
            if "component" not in place or place["component"] < 3 or len(origin["places"]) == 1:
                assert content[place["byte"] :].startswith(raw), origin
        if origin["raw"]:
            told = origin["bytes"]
            assert content[told["offset"] :][: told["length"]].decode() == told["text"]


def test_a_table_of_all_values(run: Run, sample: Path, mapping: Path) -> None:
    ran = run("why", sample, "--all", "--map", mapping)
    assert ran.code == 0
    assert ran.lines[0].split() == ["FIELD", "VALUE", "ON", "THE", "WIRE", "PLACE", "BYTES", "RULE", "MAPPING"]
    assert any(line.startswith("lines[1].quantity ") for line in ran.lines)


def test_an_item_shows_its_values(run: Run, sample: Path, mapping: Path) -> None:
    heads = [line for line in run("why", sample, "lines[1]", "-m", mapping).lines if not line.startswith(" ")]
    assert "lines[1].number is 2" in heads
    assert all(line.startswith("lines[1].") for line in heads)


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("price_list", "not in this message; it is read from RFF PL, RFF 1154"),
        ("issued_at", "the mapping has no place for it, and lists it under loses:"),
        ("lines[7].quantity", "lines has 2 items, 0 to 1"),
    ],
)
def test_why_there_is_none(run: Run, sample: Path, mapping: Path, field: str, said: str) -> None:
    ran = run("why", sample, field, "--map", mapping)
    assert ran.code == 0
    assert ran.lines[1] == f"  why      {said}"


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("/lines/0/quantty", "error E-FIELD lines[0] has no field 'quantty' (did you mean 'quantity'?)\n"),
        ("lines.quantity", "error E-FIELD lines is a list (name an item, counted from 0:  lines[0])\n"),
        ("number.x", "error E-FIELD number has no field 'x' (it is one value)\n"),
        ("buyer[2]", "error E-FIELD buyer is no list, so it has no item 2\n"),
        ("a b", "error E-FIELD 'a b' is no path of a field (write  /lines/2/quantity  or  lines[2].quantity)\n"),
    ],
)
def test_no_such_field(run: Run, sample: Path, mapping: Path, field: str, said: str) -> None:
    ran = run("why", sample, field, "--map", mapping)
    assert (ran.code, ran.err) == (1, said)


def test_a_processed_document(run: Run, workspace: Path) -> None:
    assert run("run", "--workspace", workspace).code == 0
    ran = run("why", "PO-1001", "buyer.name", "--workspace", workspace)
    assert (ran.code, ran.err) == (0, "")
    assert ran.lines[0].startswith("buyer.name is ")
    assert ran.lines[1].startswith("  place    PO-1001 line ")


def test_a_message_with_errors_says_what_was_read_and_what_is_wrong(run: Run, sample: Path, mapping: Path) -> None:
    sample.write_bytes(sample.read_bytes().replace(b"QTY+21:25", b"QTY+21:2x5"))
    ran = run("why", sample, "lines[1].quantity", "--map", mapping)
    assert ran.lines[0] == "lines[1].quantity was not read"
    assert "E-VALUE" in ran.err


def test_questions_that_cannot_be_answered(run: Run, sample: Path, mapping: Path, tmp_path: Path) -> None:
    alone = tmp_path / "alone.edi"
    alone.write_bytes(sample.read_bytes())
    said = f"error E-CONFIG {alone} lies in no workspace, so the mapping must be named (--map MAPPING)\n"
    assert run("why", alone, "number").err == said
    assert "there is no message 3 in" in run("why", sample, "number", "--map", mapping, "--message", 3).err
    assert run("why", sample).code == 2
    assert run("why", sample, "number", "--all").code == 2
    ran = run("why", sample, "number", "--map", "library:x12/850")
    assert ran.code == 1


def test_a_mapping_alone(run: Run, mapping: Path) -> None:
    ran = run("why", mapping, "lines.quantity")
    assert (ran.code, ran.err) == (0, "")
    assert ran.lines[0].split() == ["FIELD", "PLACE", "RULE", "MAPPING"]
    assert ran.lines[1].split() == [
        "lines[].quantity", "LIN", ">", "QTY", "21,", "QTY", "6060", "=quantity", "library:edifact/orders-d96a:141:25",
    ]  # fmt: skip
    whole = run("why", mapping, "--json").json
    assert len(whole["lines"]) > 100
    assert {line["direction"] for line in whole["lines"]} >= {"both", "read"}
    assert run("why", mapping, "issued_at").lines == ["acme-orders has no place for issued_at"]
    assert run("why", mapping, "lines.quantty").err == (
        "error E-FIELD lines[0] has no field 'quantty' (did you mean 'quantity'?)\n"
    )
