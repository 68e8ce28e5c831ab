"""transload new, and what check and test say of what it makes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]


@pytest.fixture
def sample(tmp_path: Path, fixtures: Path) -> Path:
    file = tmp_path / "samples/orders.edi"
    file.parent.mkdir()
    file.write_bytes((fixtures / "edifact/orders.edi").read_bytes())
    return file


def test_a_first_mapping_loads_and_becomes_tested(run: Run, tmp_path: Path, sample: Path) -> None:
    file = tmp_path / "acme/Orders in.yaml"
    ran = run("new", file, "--from", sample)
    assert ran.code == 0
    assert ran.lines[0].startswith(f"{file}: made from 1 message; ")
    assert ran.lines[-1] == f"now: transload check {file}"
    text = file.read_text(encoding="utf-8")
    assert "mapping: orders-in\n" in text
    assert '    wire: "../samples/orders.edi"\n' in text
    assert run("check", file).code == 0
    assert run("test", file).code == 1
    assert run("test", "--update", "--yes", file).code == 0
    assert run("test", file).code == 0
    assert (sample.parent / "orders.json").is_file()


def test_options(run: Run, tmp_path: Path, sample: Path) -> None:
    file = tmp_path / "o.yaml"
    told = run("new", file, "--from", sample, "--name", "mine", "--document", "order_response/1", "--json").json
    assert (told["file"], told["messages"]) == (str(file), 1)
    assert {finding["code"] for finding in told["left"]} == {"E-MISSING"}
    assert "mapping: mine\n" in file.read_text(encoding="utf-8")
    ran = run("new", tmp_path / "p.yaml", "--from", sample, "--message", "INVOIC")
    said = f"error E-CONFIG {sample.parent.name}/orders.edi holds no message INVOIC that could be read\n"
    assert (ran.code, ran.err) == (1, said)
    assert not (tmp_path / "p.yaml").exists()


def test_check_lists_what_is_open_in_the_order_of_the_file(run: Run, tmp_path: Path, sample: Path) -> None:
    sample.write_bytes(sample.read_bytes().replace(b"PCE", b"QQQ").replace(b"DTM+137:", b"DTM+999:"))
    file = tmp_path / "o.yaml"
    run("new", file, "--from", sample)
    ran = run("check", file)
    assert ran.code == 0
    lines = [line for line in ran.lines if "M-" in line]
    numbers = [int(line.removeprefix(str(file)).split(":")[1]) for line in lines]
    assert numbers == sorted(numbers)
    assert any("M-OPEN open: what does QQQ mean?  [QQQ: QQQ]" in line for line in lines)
    assert any("M-REQUIRED nothing in this file reads issued_on" in line for line in lines)
    assert any("M-OPEN open: which field?" in line and "20260" in line for line in lines)


def test_nothing_is_overwritten(run: Run, tmp_path: Path, sample: Path) -> None:
    file = tmp_path / "o.yaml"
    file.write_text("mine", encoding="utf-8")
    ran = run("new", file, "--from", sample)
    assert (ran.code, file.read_text(encoding="utf-8")) == (1, "mine")
    assert ran.err == f"error E-CONFIG {file} is there already (name a new file: nothing is ever overwritten)\n"


def test_check_with_coverage(run: Run, tmp_path: Path) -> None:
    run("init", tmp_path / "w")
    ran = run("check", tmp_path / "w", "--coverage")
    assert ran.code == 0
    assert sum("the tests touch" in line for line in ran.lines) == 2
    assert len(run("check", tmp_path / "w", "--coverage", "--json").json["coverage"]) == 2


@pytest.fixture
def processed(run: Run, tmp_path: Path) -> Path:
    folder = tmp_path / "w"
    assert run("init", folder).code == 0
    assert run("run", "--workspace", folder).code == 0
    return folder


def test_a_masked_test_of_a_processed_document(run: Run, processed: Path) -> None:
    ran = run("test", "--from-document", "d1", processed)
    assert (ran.code, ran.err) == (0, "")
    wire = processed / "mappings/acme/samples/orders-d1-masked.edi"
    assert ran.lines[0] == (
        f"{wire} and {wire.with_name('orders-d1-masked.expected.json')}, and a test in"
        f" {processed}/mappings/acme/orders.yaml, which passes"
    )
    assert "  masked  lines[].price: 2 values" in ran.lines
    assert "  kept    9520001000003: match: asks for it" in ran.lines
    assert "ACME" not in wire.read_text(encoding="utf-8")
    assert run("test", processed).lines[-1] == "2 mappings, 3 tests: none failed"
    again = run("test", "--from-document", "PO-1001", processed, "--json").json
    assert again["wire"].endswith("orders-d1-masked-2.edi")
    assert again["kept"] == ["9520001000003"]


def test_a_document_that_is_not_there(run: Run, processed: Path) -> None:
    ran = run("test", "--from-document", "d9", "--workspace", processed)
    assert ran.code == 1
    assert "the ledger holds nothing called 'd9'" in ran.err
    ran = run("test", "--from-document", "d1", "--update", processed)
    assert ran.code == 2
    assert "it stands alone, with one workspace" in ran.err


def test_a_mapping_whose_tests_cannot_be_added_to_is_left_alone(run: Run, processed: Path) -> None:
    mapping = processed / "mappings/acme/orders.yaml"
    text = mapping.read_text(encoding="utf-8").replace("tests:\n  - {", "tests: [{").rstrip("\n") + "]\n"
    mapping.write_text(text, encoding="utf-8")
    ran = run("test", "--from-document", "d1", processed)
    assert (ran.code, mapping.read_text(encoding="utf-8")) == (1, text)
    assert ran.err == (
        f"error E-CONFIG a test cannot be added to {mapping} without changing more of it"
        " (write the tests one below the other, each after a dash)\n"
    )
    assert not list((mapping.parent / "samples").glob("*masked*"))


def test_outside_of_a_workspace_the_hint_can_be_followed(
    run: Run, tmp_path: Path, processed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    ran = run("test", "--from-document", "d1", tmp_path / "empty")
    assert ran.code == 1
    assert "name the workspace's folder with --workspace" in ran.err
    assert run("test", "--from-document", "d1", "--workspace", processed).code == 0
    assert run("test", "--workspace", processed).lines[-1].endswith("none failed")
