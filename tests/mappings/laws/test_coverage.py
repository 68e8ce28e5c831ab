"""The generated documents reach every entry and every code that can be written."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from transload.mappings import Mapping, load_mapping
from transload.mappings.laws import QUICK
from transload.mappings.laws.coverage import reach


@pytest.mark.parametrize("name", ["edifact", "x12", "ubl", "json", "csv", "fixed", "soap"])
def test_all_is_reached(acme: Callable[[str], Mapping], name: str) -> None:
    found = reach(acme(name), replace(QUICK, documents=500))
    assert found.entries == ()
    assert found.codes == {}


def test_what_one_document_does_not_reach_is_told() -> None:
    mapping = load_mapping("library:edifact/orders-d96a")
    found = reach(mapping, replace(QUICK, documents=1))
    assert any(at.place == "RFF 1154" for at in found.entries)
    assert "KGM" in found.codes["uom"]
    assert all(at.place != "BGM 1004" for at in found.entries)
