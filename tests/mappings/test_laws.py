"""The laws of two-way mappings on generated documents: L1 carries, L3 is stable; and both builds agree."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from transload.canonical.errors import Reject
from transload.mappings import Mapping, load_mapping
from transload.mappings.reports.writing import WritingReport

ROOT = Path(__file__).parents[2]
MAPPINGS = {
    "edifact": "library:edifact/orders-d96a",
    "x12": "library:x12/850-004010",
    "ubl": str(ROOT / "fixtures/mappings/ubl-order.yaml"),
    "json": str(ROOT / "fixtures/mappings/portal-order.yaml"),
}
LAW = settings(
    max_examples=25,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # shrinking whole orders takes minutes
)


@pytest.fixture(scope="module", params=MAPPINGS)
def mapping(request: pytest.FixtureRequest) -> Mapping:
    return load_mapping(MAPPINGS[request.param])


def outside(mapping: Mapping, error: Reject) -> bool:
    """Whether a refusal is one that the generator cannot avoid: two rival values, or a text that needs more room."""
    return all(finding.code == "E-DOMAIN" and finding.mapping is not None for finding in error.findings)


@given(data=st.data())
@LAW
def test_what_is_written_is_read_as_the_same_document_and_written_the_same_again(
    workbench: Any, generated: Callable[[Mapping], st.SearchStrategy[Any]], mapping: Mapping, data: st.DataObject
) -> None:
    document = data.draw(generated(mapping))
    try:
        message = workbench.again(mapping, document)
    except Reject as error:
        assert outside(mapping, error)  # noqa: PT017
        return
    decoded = mapping.decode(message)
    assert not [finding.line() for finding in decoded.findings if finding.is_error]
    assert decoded.documents == (document,)
    once = mapping.encode(document, workbench.context).body
    again = mapping.encode(decoded.documents[0], workbench.context).body
    assert again == once


@given(data=st.data())
@LAW
def test_the_traced_builds_give_what_the_fast_builds_give(
    workbench: Any, generated: Callable[[Mapping], st.SearchStrategy[Any]], mapping: Mapping, data: st.DataObject
) -> None:
    document = data.draw(generated(mapping))
    try:
        fast = mapping._write(document, None)
    except Exception:  # noqa: BLE001
        with pytest.raises(Reject):
            mapping.encode(document, workbench.context)
        return
    report = WritingReport(mapping.meaning, mapping._family.clean)
    assert mapping._trace_writing(document, report) == fast
    assert report.findings == []
    message = workbench.again(mapping, document)
    value, remarks = mapping._read(message.body)
    traced = mapping.trace(message)
    assert traced.documents == (mapping.meaning.model.model_validate(value),)
    assert len(traced.findings) == len(remarks)


def test_most_generated_documents_are_within_the_domain(
    workbench: Any, generated: Callable[[Mapping], st.SearchStrategy[Any]], mapping: Mapping
) -> None:
    counts = {"written": 0, "refused": 0}

    @given(document=generated(mapping))
    @settings(max_examples=20, database=None, suppress_health_check=list(HealthCheck))
    def count(document: Any) -> None:
        try:
            mapping.encode(document, workbench.context)
            counts["written"] += 1
        except Reject:
            counts["refused"] += 1

    count()
    assert counts["written"] > counts["refused"] / 2, counts
