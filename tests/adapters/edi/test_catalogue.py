"""The catalogue of findings: complete, true, and the same as its page."""

import re
from pathlib import Path

import pytest

from transload.adapters.edi.catalogue import documented, rows
from transload.adapters.edi.faults import DEVIATIONS
from transload.adapters.edi.reading.messages import EdiReading
from transload.adapters.edi.reading.scan import scan

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "edi-findings.md"
TABLE = re.compile(r"(<!-- findings: [^\n]*-->\n)(.*?)(<!-- end of findings -->)", re.DOTALL)
ELSEWHERE = {"E-FILE", "E-IMPORT", "W-IMPORT", "R-IMPORT", "E-DOMAIN"}
"""Findings of commands, of importing guides and of writing."""


def test_the_page_is_current():
    """To bring it up to date: put what `python -m transload.adapters.edi.catalogue` prints between the comments."""
    assert TABLE.search(PAGE.read_text(encoding="utf-8"))[2] == documented()


def test_every_code_that_reading_gives_is_listed():
    known = {row.code for row in rows()} | ELSEWHERE
    for path in (ROOT / "adapters" / "edi").rglob("*.py"):
        if "acknowledge" in path.parts:
            continue  # what partners answer is no fault of a file that was read
        for code in re.findall(r'"([EWR]-[A-Z][A-Z-]*[A-Z])"', path.read_text(encoding="utf-8")):
            assert code in known, (path.name, code)


def test_deviations_are_those_that_can_be_granted():
    assert {row.lenient for row in rows() if row.lenient} == set(DEVIATIONS)


@pytest.mark.parametrize("standard", ["edifact", "x12", "tradacoms"])
def test_samples_give_no_finding_and_no_code_that_is_not_listed(shared, standard):
    listed = {}
    for row in rows():
        listed.setdefault(row.code, set()).update((*row.edifact, *row.x12))
    checked = 0
    for path in sorted((shared / "samples" / standard).iterdir()):
        if path.stat().st_size > 500_000:
            continue
        reading = EdiReading(scan(path.read_bytes(), file=path.name), None)
        for finding in [*reading.findings, *(finding for message in reading for finding in message.findings)]:
            codes = {
                f"{element}: {code}" for element, code in finding.ack.items() if element not in ("719", "721", "725")
            }
            assert codes <= listed[finding.code], (path.name, finding)
            checked += 1
    assert checked > 10
