"""The shipped mappings keep the laws; ``transload check --thorough mappings/library`` tries 1,000 documents of each."""

from dataclasses import replace
from pathlib import Path

import pytest

from transload.mappings import load_mapping
from transload.mappings.laws import QUICK, check_laws
from transload.mappings.source.reading import library_names

FIXTURES = Path(__file__).parents[3] / "fixtures/mappings"
EFFORT = replace(QUICK, documents=60, mutations=40)


@pytest.mark.parametrize("name", library_names())
def test_a_library_mapping_breaks_no_law(name: str) -> None:
    outcome = check_laws(load_mapping(name), EFFORT)
    assert [finding.line() for finding in outcome.findings] == []
    assert outcome.documents == 60
    assert outcome.mutations > 20


@pytest.mark.parametrize("file", ["ubl-order", "portal-order"])
def test_a_message_that_stands_in_the_test_itself_is_a_sample(file: str) -> None:
    outcome = check_laws(load_mapping(FIXTURES / f"{file}.yaml"), EFFORT)
    assert [finding.line() for finding in outcome.findings] == []
    assert outcome.mutations > 20


def test_so_is_one_without_an_envelope(tmp_path: Path) -> None:
    (tmp_path / "map.yaml").write_text(
        """mapping: bare
document: order/1
format: {type: edifact, message: "ORDERS:D:96A:UN"}
loses: ["*"]
layout:
  - BGM: {1004: =number}
  - DTM: {2005: 137, 2380+2379: =issued_on | dtm(102)}
  - RFF: {1153: CT, 1154: =contract}
tests:
  - name: bare
    wire: |
      BGM++PO-1
      DTM+137:20260105:102
      RFF+CT:K-7
    canonical: {number: PO-1, issued_on: 2026-01-05, contract: K-7}
""",
        encoding="utf-8",
    )
    outcome = check_laws(load_mapping("map.yaml", base=tmp_path), EFFORT)
    assert [finding.line() for finding in outcome.findings] == []
    assert outcome.mutations == 6
