"""transload test."""

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
        f"ok     {workspace}/mappings/erp/order.yaml:32 an order",
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
