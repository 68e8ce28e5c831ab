"""transload schema."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

Run = Callable[..., Any]


def test_of_documents(run: Run) -> None:
    ran = run("schema", "library:x12/850-004010")
    assert (ran.code, ran.err) == (0, "")
    assert ran.json["title"].endswith(", version 1")
    assert ran.json["additionalProperties"] is False
    assert ran.json["required"] == ["number", "issued_on"]


def test_of_mapping_files(run: Run, tmp_path: Path) -> None:
    ran = run("schema", "--for", "ORDERS:D:96A", "--document", "order/1")
    assert (ran.code, ran.json["title"]) == (0, "Mapping of ORDERS:D:96A to order/1")


def test_what_there_is_no_schema_of(run: Run) -> None:
    assert run("schema").code == 2
    assert run("schema", "x.yaml", "--for", "csv").code == 2
    said = "error E-CONFIG there is no guide for 'ORDERZ:D:96A' (name ORDERS:D:96A, 850:004010, or one of"
    assert run("schema", "--for", "ORDERZ:D:96A").err.startswith(said)
    ran = run("schema", "--for", "csv", "--document", "order/2")
    assert ran.err == "error E-CONFIG there is no document 'order/2' (did you mean 'order/1'?)\n"
