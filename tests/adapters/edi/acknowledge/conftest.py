from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from transload.adapters.base.format import COMPONENT, ELEMENT, Records
from transload.adapters.edi.acknowledge import Report
from transload.adapters.edi.guides import find_guide
from transload.canonical.context import Context
from transload.canonical.findings import Finding
from transload.canonical.places import Place


class EncodedRecords(Records):
    """An encoded body as a reader would give it back."""

    def __init__(self, body: list[str]) -> None:
        self.segments = [segment.split(ELEMENT) for segment in body]
        self.component = COMPONENT
        self.repetition = ""

    def place(
        self, segment: int, element: int | None = None, repetition: int | None = None, component: int | None = None
    ) -> Place:
        return Place(segment=segment + 2, element=element, repetition=repetition, component=component)


@pytest.fixture(scope="session")
def shown() -> Callable[[Report | None], list[str]]:
    """A report's segments as text, after its own guide has found nothing wrong with them."""

    def show(report: Report | None) -> list[str]:
        assert report is not None
        standard = "x12" if report.kind in ("997", "999") else "edifact"
        guide = find_guide(standard, report.kind, report.message.version)
        assert guide is not None
        assert guide.validate(EncodedRecords(report.message.body)) == []
        return [segment.replace(ELEMENT, "+").replace(COMPONENT, ":") for segment in report.message.body]

    return show


@pytest.fixture(scope="session")
def own_findings() -> Callable[[Report], list[Finding]]:
    """What the report's own guide says of it."""

    def check(report: Report) -> list[Finding]:
        guide = find_guide("x12" if report.kind in ("997", "999") else "edifact", report.kind, report.message.version)
        assert guide is not None
        return guide.validate(EncodedRecords(report.message.body))

    return check


@pytest.fixture
def context() -> Context:
    return Context(now=datetime(2026, 1, 5, 10, 30, tzinfo=UTC))
