"""transload test."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]


@pytest.fixture
def workspace(run: Run, tmp_path: Path) -> Path:
    assert run("init", tmp_path / "w").code == 0
    return tmp_path / "w"


def test_all_of_a_workspace(run: Run, workspace: Path) -> None:
    ran = run("test", workspace)
    assert (ran.code, ran.err) == (0, "")
    assert ran.lines == [
        f"ok     {workspace}/mappings/acme/orders.yaml:9 an order of two lines",
        f"ok     {workspace}/mappings/erp/order.yaml:25 an order",
        "2 mappings, 2 tests: none failed",
    ]


def test_a_failure_names_its_line_and_the_difference(run: Run, workspace: Path) -> None:
    expected = workspace / "mappings/acme/samples/orders.json"
    expected.write_text(expected.read_text(encoding="utf-8").replace("Liverpool", "London"), encoding="utf-8")
    ran = run("test", workspace / "mappings/acme")
    assert ran.code == 1
    assert ran.lines[0] == f"FAILED {workspace}/mappings/acme/orders.yaml:9 an order of two lines"
    assert "buyer.city is 'Liverpool', expected 'London'" in ran.lines[1]
    assert ran.lines[-1] == "1 mapping, 1 test: 1 failed"


def test_json(run: Run, workspace: Path) -> None:
    told = run("test", workspace, "--json").json
    assert (told["passed"], told["failed"], told["findings"]) == (2, 0, [])
    assert told["tests"][0] == {
        "mapping": f"{workspace}/mappings/acme/orders.yaml",
        "name": "an order of two lines",
        "line": 9,
        "ok": True,
        "findings": [],
    }


def test_a_mapping_without_a_test_fails(run: Run, workspace: Path) -> None:
    mapping = workspace / "mappings/acme/orders.yaml"
    mapping.write_text(mapping.read_text(encoding="utf-8").split("tests:")[0], encoding="utf-8")
    ran = run("test", mapping)
    assert ran.code == 1
    assert ran.lines[0].startswith(f"{mapping}:1:1: error T-NONE this mapping has no test")
    assert ran.lines[-1] == "1 mapping, no tests: none failed"


def test_a_mapping_with_errors_is_told(run: Run, workspace: Path) -> None:
    mapping = workspace / "mappings/erp/order.yaml"
    mapping.write_text(mapping.read_text(encoding="utf-8").replace("=currency", "=curency"), encoding="utf-8")
    ran = run("test", workspace, "--json")
    assert ran.code == 1
    assert ran.json["passed"] == 1
    assert [finding["code"] for finding in ran.json["findings"]] == ["M-FIELD"]


def test_a_workspace_without_mappings(run: Run, tmp_path: Path) -> None:
    (tmp_path / "transload.yaml").write_text("workspace: w\n", encoding="utf-8")
    ran = run("test", tmp_path)
    assert ran.code == 1
    assert "there is nothing to test" in ran.err


def expected_of(workspace: Path) -> Path:
    return workspace / "mappings/acme/samples/orders.json"


def test_update_shows_the_difference_and_writes_nothing_unasked(run: Run, workspace: Path) -> None:
    expected = expected_of(workspace)
    right = expected.read_text(encoding="utf-8")
    wrong = right.replace("Liverpool", "London")
    expected.write_text(wrong, encoding="utf-8")
    ran = run("test", workspace / "mappings/acme", "--update")
    assert ran.code == 1
    assert [line.strip() for line in ran.lines if line[:2] in ("- ", "+ ")] == [
        '-    "city": "London",', '+    "city": "Liverpool",'
    ]  # fmt: skip
    assert ran.lines[-1] == "no files written, 1 left as they are"
    assert "--yes writes them unseen" in ran.err
    assert expected.read_text(encoding="utf-8") == wrong
    ran = run("test", workspace / "mappings/acme", "--update", "--yes")
    assert (ran.code, ran.lines[-1]) == (0, "1 file written, none left as they are")
    assert json.loads(expected.read_text(encoding="utf-8")) == json.loads(right)
    assert run("test", workspace / "mappings/acme").code == 0
    assert run("test", workspace, "--update", "--json").json == {"written": [], "left": [], "findings": []}


@pytest.mark.parametrize(
    "case",
    [
        "  - name: new    # a remark\n    # another\n    wire: samples/orders.edi\n",
        "  - {name: new, wire: samples/orders.edi}  # a remark\n",
        "  - wire: samples/orders.edi",
    ],
)
def test_update_adds_the_document_and_its_line(run: Run, workspace: Path, case: str) -> None:
    mapping = workspace / "mappings/acme/orders.yaml"
    before = mapping.read_text(encoding="utf-8").split("tests:")[0] + "tests:\n" + case
    mapping.write_text(before, encoding="utf-8")
    expected_of(workspace).unlink()
    assert run("test", mapping).code == 1
    ran = run("test", mapping, "--update", "--yes")
    assert (ran.code, ran.lines[-1]) == (0, "2 files written, none left as they are")
    after = mapping.read_text(encoding="utf-8")
    assert "canonical: samples/orders.json" in after
    assert [line for line in before.splitlines() if line not in after.splitlines()] == (
        case.splitlines() if case.startswith("  - {") else []
    )
    assert "# a remark" not in case or "# a remark" in after
    assert run("test", mapping).code == 0


def test_update_makes_no_document_of_a_message_with_errors(run: Run, workspace: Path) -> None:
    mapping = workspace / "mappings/acme/orders.yaml"
    sample = workspace / "mappings/acme/samples/orders.edi"
    sample.write_bytes(sample.read_bytes().replace(b"QTY+21:", b"QTY+21:X"))
    before = expected_of(workspace).read_bytes()
    ran = run("test", mapping, "--update", "--yes")
    assert (ran.code, expected_of(workspace).read_bytes()) == (1, before)
    assert "warning T-UPDATE not brought up to date: the message has errors: QTY 6060" in ran.out
    mapping.write_text(
        mapping.read_text(encoding="utf-8").split("tests:")[0] + "tests:\n  - {name: bad, wire: samples/orders.edi}\n",
        encoding="utf-8",
    )
    assert run("test", mapping, "--update", "--yes").code == 0
    assert "{code: E-VALUE, place: QTY 6060, field: " in mapping.read_text(encoding="utf-8")
    assert run("test", mapping).code == 0


def test_coverage(run: Run, workspace: Path) -> None:
    mapping = workspace / "mappings/acme/orders.yaml"
    ran = run("test", mapping, "--coverage")
    assert ran.code == 0
    assert ran.lines[-1] == "1 mapping, 1 test: none failed"
    assert re.fullmatch(rf"{mapping}: the tests touch \d+ of \d+ parts, [\d.]+ % \([\d.]+ % read, [\d.]+ % written\)",
                        ran.lines[-2])  # fmt: skip
    told = run("test", mapping, "--coverage", "--json").json["coverage"][0]
    assert 0 < len(told["untouched"]) < told["parts"]
    little = run("test", mapping, "--at-least", "100")
    assert little.code == 1
    assert f"{mapping}:1:1: error T-COVERAGE the tests touch {told['percent']} % of this mapping" in little.out
    assert run("test", mapping, "--at-least", str(told["percent"] - 1)).code == 0


def test_coverage_grows_with_a_case(run: Run, workspace: Path) -> None:
    mapping = workspace / "mappings/acme/orders.yaml"
    before = run("test", mapping, "--coverage", "--json").json["coverage"][0]["untouched"]
    with mapping.open("a", encoding="utf-8") as file:
        file.write("  - {canonical: {extends: samples/orders.json, purpose: cancel}, writes: [BGM+220]}\n")
    after = run("test", mapping, "--coverage", "--json").json["coverage"][0]["untouched"]
    gone = [part for part in before if part not in after]
    assert [(part["kind"], part["name"], part["direction"]) for part in gone] == [
        ("code", "purpose 1: cancel", "written")
    ]


def test_coverage_of_levels_and_of_several_documents(run: Run, workspace: Path) -> None:
    mapping = workspace / "mappings/acme/notices.yaml"
    mapping.write_text(NOTICES, encoding="utf-8")
    ran = run("test", mapping, "--coverage", "--json")
    assert ran.code == 0
    untouched = ran.json["coverage"][0]["untouched"]
    found = [(part["name"], part["direction"]) for part in untouched]
    assert found == [("uom KG: KGM", "read"), ("uom KG: KGM", "written")]


NOTICES = """
mapping: notices
document: despatch_advice/1
format: {type: x12, set: "856", version: "004010"}
codes: {uom: {EA: EA, KG: KGM}}
layout:
  - BSN: {01: ='00', 02: =number, 03: =issued_on | date(yyyyMMdd), 04: ='0000', 05: ='0001'}
  - HL: {01: =level(), 03: S, 04: =children(1 0)}
    then:
      - each: documents
        HL: {01: =level(), 02: =parent(), 03: O, 04: =children(1 0)}
        then:
          - PRF: {01: =order_number}
          - each: lines
            HL: {01: =level(), 02: =parent(), 03: I, 04: =children(1 0)}
            then:
              - LIN: {02: VN, 03: =supplier_item}
              - SN1: {02: =quantity, 03: =uom | code(uom)}
  - CTT: {01: =levels()}
tests:
  - name: two orders
    wire: |
      BSN*00*N-1*20260105*0000*0001~
      HL*1**S*1~
      HL*2*1*O*1~
      PRF*A~
      HL*3*2*I*0~
      LIN**VN*P-1~
      SN1**5*EA~
      HL*4*1*O*1~
      PRF*B~
      HL*5*4*I*0~
      LIN**VN*P-2~
      SN1**6*EA~
      CTT*5~
    canonical:
      - {number: N-1, issued_on: "2026-01-05", order_number: A, lines: [{supplier_item: P-1, quantity: "5", uom: EA}]}
      - {number: N-1, issued_on: "2026-01-05", order_number: B, lines: [{supplier_item: P-2, quantity: "6", uom: EA}]}
"""
