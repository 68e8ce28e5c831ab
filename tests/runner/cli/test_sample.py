"""transload sample."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from transload.mappings.views import faults

Run = Callable[..., Any]


def test_into_a_folder(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "made"
    ran = run("sample", "library:csv/orders", "--into", folder)
    assert (ran.code, ran.err) == (0, "")
    assert ran.lines == [f"{folder}: 8 valid messages, 25 faulty ones, index.json"]
    index = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    assert {one["file"] for one in index} | {"index.json"} == {file.name for file in folder.iterdir()}
    assert index == run("sample", "library:csv/orders", "--json").json
    assert index[0]["file"] == "minimal.csv"
    faulty = [one for one in index if one["findings"]]
    assert all(one["findings"][0]["code"] in one["file"] for one in faulty)
    assert faulty[0]["expected"]["code"] == faulty[0]["findings"][0]["code"]
    for one in (index[0], faulty[0]):
        assert run("convert", folder / one["file"], "--map", "library:csv/orders").code == bool(one["findings"])
    again = run("sample", "library:csv/orders", "--into", folder)
    assert (again.code, again.err) == (
        1,
        f"error E-FILE {folder}/minimal.csv is there already (name a new folder: nothing is ever overwritten)\n",
    )


def test_one_message(run: Run) -> None:
    ran = run("sample", "library:edifact/orders-d96a")
    assert ran.code == 0
    assert ran.raw.startswith(b"UNA") or ran.raw.startswith(b"UNB")


def test_a_fault_that_gives_something_else(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mutant that does not give what was foretold is told of, and not given."""
    monkeypatch.setattr(faults, "_WRONG", "7")
    file = tmp_path / "map.yaml"
    file.write_text(
        "mapping: m\ndocument: order/1\nformat: {type: json}\n"
        "layout:\n  - id: =number\n  - day: =issued_on | date(iso)\n  - each: lines\n    rows: {amount: =quantity}\n",
        encoding="utf-8",
    )
    ran = run("sample", file, "--json")
    assert ran.code == 1
    assert ran.err.splitlines() == [
        "error E-SAMPLE lines[0].quantity: no number: E-VALUE must come alone, and reading gives nothing",
        "    field    lines[0].quantity",
        "    hint     look how the entry reads this value; the message is not among those that were made",
    ]
    assert "lines[0].quantity: no number" not in {one["what"] for one in ran.json}
