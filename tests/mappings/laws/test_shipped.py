"""The shipped mappings keep the laws; ``transload check --thorough mappings/library`` tries 1,000 documents of each."""

from dataclasses import replace

import pytest

from transload.mappings import load_mapping
from transload.mappings.laws import QUICK, check_laws
from transload.mappings.source.reading import library_names


@pytest.mark.parametrize("name", library_names())
def test_a_library_mapping_breaks_no_law(name: str) -> None:
    outcome = check_laws(load_mapping(name), replace(QUICK, documents=60, mutations=40))
    assert [finding.line() for finding in outcome.findings if finding.is_error] == []
    assert outcome.documents == 60
