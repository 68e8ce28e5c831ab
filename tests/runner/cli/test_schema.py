"""transload schema."""

import json
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
    assert (ran.code, ran.err, ran.json["title"]) == (0, "", "Mapping of edifact ORDERS D:96A:UN to order/1")
    file = tmp_path / "orders.schema.json"
    told = run("schema", "--for", "ORDERS:D:96A", "-o", file)
    assert told.out == f"{file}: written; a mapping's first line:  # yaml-language-server: $schema=orders.schema.json\n"
    assert json.loads(file.read_text(encoding="utf-8")) == ran.json


def test_a_message_without_a_guide(run: Run) -> None:
    ran = run("schema", "--for", "ORDERZ:D:96A")
    assert ran.code == 0
    assert ran.err == "there is no guide for ORDERZ:D:96A, so segments and places are not known: positions only\n"


def test_what_there_is_no_schema_of(run: Run, tmp_path: Path) -> None:
    assert run("schema").code == 2
    assert run("schema", "x.yaml", "--for", "csv").code == 2
    said = "error E-CONFIG 'ORDERS' is no message and no format (write ORDERS:D:96A, 850:004010, or one of csv, "
    assert run("schema", "--for", "ORDERS").err.startswith(said)
    ran = run("schema", "--for", "csv", "--document", "order/2")
    assert ran.err == "error E-CONFIG there is no document 'order/2' (did you mean 'order/1'?)\n"
    ran = run("schema", "library:csv/orders", "-o", tmp_path / "none" / "x.json")
    assert (ran.code, "E-FILE" in ran.err, "cannot be written: No such file" in ran.err) == (1, True, True)
