"""Codes of another list than the directory's: 1131 and 3055 behind a code say whose it is."""

from pathlib import Path

import pytest

from transload.adapters.edi.guides import find_guide

SEGMENTS = """\
source: written for this test
elements:
  1131: an..17 list
  3055: an..3 agency
  3433: an..11 institution
  3434: an..17 branch
  3432: an..70 name
  4053: an..3 terms
composites:
  C088: {title: institution, parts: [3433 C, 1131 C, 3055 C, 3434 C, 1131 C, 3055 C, 3432 C]}
  C100: {title: terms, parts: [4053 C, 1131 C, 3055 C]}
segments:
  FII: {title: bank, parts: [C088 C]}
  TOD: {title: terms, parts: [4053 C, C100 C]}
codes: {4053: 1 2, 3055: 5 6 9, 3433: A, 3434: B}
"""
MESSAGE = """\
standard: edifact
message: TOYORD
version: "D:99Z:UN"
source: written for this test
structure: [TOD C 9, FII C 9]
"""


@pytest.fixture
def guide(tmp_path: Path):
    folder = tmp_path / "edifact" / "d99z"
    folder.mkdir(parents=True)
    (folder / "segments.yaml").write_text(SEGMENTS)
    (folder / "toyord.yaml").write_text(MESSAGE)
    return find_guide("edifact", "TOYORD", "D:99Z:UN", [tmp_path])


@pytest.mark.parametrize(
    "segment",
    [
        "TOD++1",
        "TOD++CIF::9",
        "TOD++CIF:2E:9",
        "TOD++CIF:2E",
        "TOD++1::6",
        "FII+X::5:Y::5",
        "FII+X:1:5:B",
        "FII+A:::Y::9",
    ],
)
def test_the_code_of_another_agency_or_list_is_no_fault(guide, read, segment):
    assert guide.validate(read(segment)) == []


@pytest.mark.parametrize(
    ("segment", "fault"),
    [
        ("TOD++CIF", ("E-CODE", 2, 1, "CIF")),
        ("TOD++CIF::6", ("E-CODE", 2, 1, "CIF")),
        ("TOD+CIF+1::9", ("E-CODE", 1, None, "CIF")),
        ("TOD++1::Z", ("E-CODE", 2, 3, "Z")),
        ("TOD++TOOLONG::9", ("E-LENGTH", 2, 1, "TOOLONG")),
        ("FII+X::6:Y::5", ("E-CODE", 1, 1, "X")),
        ("FII+X::5:Y", ("E-CODE", 1, 4, "Y")),
        ("FII+A::Z:B::5", ("E-CODE", 1, 3, "Z")),
    ],
)
def test_all_else_must_be_in_the_list(guide, read, segment, fault):
    [finding] = guide.validate(read(segment))
    assert (finding.code, finding.place.element, finding.place.component, finding.value) == fault


def test_codes_of_one_use_hold_whoever_keeps_them(tmp_path: Path, read):
    folder = tmp_path / "edifact" / "d99z"
    folder.mkdir(parents=True)
    narrowed = SEGMENTS.replace(
        "C100: {title: terms, parts: [4053 C,", 'C100: {title: terms, parts: ["4053 C {CIF|FOB}",'
    )
    assert narrowed != SEGMENTS
    (folder / "segments.yaml").write_text(narrowed)
    (folder / "toyord.yaml").write_text(MESSAGE)
    guide = find_guide("edifact", "TOYORD", "D:99Z:UN", [tmp_path])
    assert guide.validate(read("TOD++CIF::9")) == []
    [finding] = guide.validate(read("TOD++EXW::9"))
    assert (finding.code, finding.value) == ("E-CODE", "EXW")


def test_codes_of_an_association_that_published_lists_do_not_have(tmp_path: Path, read):
    folder = tmp_path / "edifact" / "d99z"
    folder.mkdir(parents=True)
    own, published = SEGMENTS.replace("codes: {4053: 1 2, ", "codes: {").split("codes: ")
    assert published.startswith("{3055")
    (folder / "segments.yaml").write_text(f"{own}codes: {published}")
    (folder / "codes.yaml").write_text("source: published\ncodes: {4053: 1 2}\n")
    (folder / "toyord.yaml").write_text(MESSAGE)
    exact = tmp_path / "edifact" / "d99z-ean010"
    plain = find_guide("edifact", "TOYORD", "D:99Z:UN", [tmp_path])
    [finding] = plain.validate(read("TOD++CIF"))
    assert finding.line().startswith("segment 2 TOD, element 2, component 1: error E-CODE TOD 4053 (terms) has no code")
    associated = find_guide("edifact", "TOYORD", "D:99Z:UN:EAN010", [tmp_path])
    [finding] = associated.validate(read("TOD++CIF"))
    assert finding.line() == (
        "segment 2 TOD, element 2, component 1: warning W-CODE TOD 4053 (terms) has no code 'CIF' "
        "(the association that UNH names may have it; codes are: 1, 2)"
    )
    assert finding.ack == {}
    [finding] = associated.validate(read("TOD++1::Z"))  # its codes stand in segments.yaml: whoever wrote it means them
    assert finding.code == "E-CODE"
    exact.mkdir()
    (exact / "toyord.yaml").write_text(f"{MESSAGE}dictionary: d99z\n")
    [finding] = find_guide("edifact", "TOYORD", "D:99Z:UN:EAN010", [tmp_path]).validate(read("TOD++CIF"))
    assert finding.code == "E-CODE"
