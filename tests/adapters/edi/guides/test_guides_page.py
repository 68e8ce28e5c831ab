"""docs/guides.md: its files load as they stand there, and its table is the one that the code has."""

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from transload.adapters.base.format import Records
from transload.adapters.edi.guides import check_overlays, find_guide
from transload.adapters.edi.guides.faults import FaultKind, documented
from transload.canonical.errors import ConfigurationError
from transload.canonical.findings import Finding, Severity

PAGE = Path(__file__).parents[4] / "docs" / "guides.md"
FILES = re.compile(r"^```yaml\n# (guides/[\w./-]+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TABLE = re.compile(r"(<!-- faults: [^\n]*-->\n)(.*?)(<!-- end of faults -->)", re.DOTALL)
TODAY = date(2026, 1, 5)

Read = Callable[..., Records]
Lines = Callable[[list[Finding]], list[str]]


@pytest.fixture
def guides(tmp_path: Path) -> Path:
    files = FILES.findall(PAGE.read_text(encoding="utf-8"))
    assert len(files) == 5
    for name, text in files:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path / "guides"


def test_the_guides_of_the_page_validate_messages(guides: Path, read: Read) -> None:
    order = find_guide("edifact", "ORDERS", "D:01B:UN", [guides])
    assert order is not None
    order.prepare()
    good = "BGM+220+PO-1\nDTM+137:20260105:102\nRFF+ON:1\nNAD+BY+541:9\nNAD+DP\nRFF+VA:1\nUNS+S"
    assert order.validate(read(good)) == []
    bad = "BGM+999+PO-1\nDTM+137:20260105:102\nNAD+XX+:9\nUNS+S"
    assert [finding.code for finding in order.validate(read(bad))] == ["E-CODE", "E-CODE", "E-MANDATORY"]
    claim = find_guide("x12", "999999", "005010", [guides])
    assert claim is not None
    assert claim.validate(read("HL*1\nNM1*PR*P\nNM1*85*B*XX*1234567890\nREF*1G*a\nREF*EI*b\nREF*0B*c", "*")) == []
    findings = claim.validate(read("HL*1\nNM1*77*B\nREF*EI*b", "*"))
    assert [(finding.code, finding.hint) for finding in findings] == [("E-VARIANT", "codes possible here: 85, PR")]


def test_the_overlay_of_the_page_changes_the_guide(guides: Path, read: Read, lines: Lines) -> None:
    check_overlays("edifact", ["acme"], [guides])
    guide = find_guide("edifact", "ORDERS", "D:01B:UN", [guides], ["acme"])
    assert guide is not None
    text = "BGM+YB1+PO-1\nDTM+137:20260105:102\nNAD+BY+541\nZZZ+1"
    assert lines(guide.validate(read(text), TODAY)) == [
        "segment 5 ZZZ: remark E-MANDATORY the mandatory segment UNS is missing after ZZZ; waived until 2027-06-30 by "
        "overlay acme: their system never sends it"
    ]
    text = "BGM+220+" + "x" * 16 + "\nDTM+137:20260105:102\nNAD+DP\nRFF+VA:1\nUNS"
    assert [finding.code for finding in guide.validate(read(text), TODAY)] == [
        "E-LENGTH",
        "E-CODE",
        "E-MANDATORY",
        "E-ORDER",
    ]


def test_the_fault_that_the_page_shows_is_shown_so(guides: Path) -> None:
    path = guides / "edifact" / "d01b" / "orders.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("- DTM M 35", "- DTN M 35", 1), encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        find_guide("edifact", "ORDERS", "D:01B:UN", [guides])
    (finding,) = caught.value.findings
    page = PAGE.read_text(encoding="utf-8")
    shown = next(line for line in page.splitlines() if "C-GUIDE the guide declares" in line)
    position = re.compile(r":\d+:\d+: ")
    assert position.split(finding.line())[1] == position.split(shown)[1]


def test_the_table_of_findings_is_current() -> None:
    """To bring it up to date: put what `documented` returns between the two comments."""
    found = TABLE.search(PAGE.read_text(encoding="utf-8"))
    assert found is not None
    assert found[2] == documented()


def test_every_kind_of_fault_has_codes_for_both_standards_or_stops_nothing() -> None:
    for kind in FaultKind:
        value = kind.value
        if kind.severity is Severity.ERROR and kind is not FaultKind.MORE:
            assert value.edifact or value.element in ("8", "9"), kind  # EDIFACT has no forms for days and times
            assert bool(value.segment) != bool(value.element), kind
        elif kind is not FaultKind.MORE:
            assert (value.edifact, value.segment, value.element) == ("", "", ""), kind
