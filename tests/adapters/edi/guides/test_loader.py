"""Guide files: what is read, and what is wrong with a file, at its line and column."""

from collections.abc import Callable
from pathlib import Path

import pytest

from transload.adapters.base.format import Records
from transload.adapters.edi.guides import find_guide
from transload.adapters.edi.guides.lookup import shipped
from transload.canonical.errors import ConfigurationError

Read = Callable[..., Records]

SMALL = """\
standard: edifact
message: MYMSG
version: "D:96A:UN"
source: our own
elements:
  1004: an..35 number
  2005: an..3 qualifier
  2380: n..8
composites:
  C507: {title: date, parts: [2005 M, 2380 C x2]}
segments:
  BGM: {title: begin, parts: [1004 M]}
  DTM: {parts: [C507 M]}
structure:
  - BGM M 1
  - SG1 C 9: [DTM M 1]
"""


def write(folder: Path, text: str, version: str = "d96a", message: str = "mymsg") -> Path:
    path = folder / "edifact" / version / f"{message}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_a_small_guide(tmp_path: Path) -> None:
    write(tmp_path, SMALL)
    guide = find_guide("edifact", "MYMSG", "D:96A:UN", [tmp_path])
    assert guide is not None
    assert (guide.standard, guide.message, guide.version, guide.source) == ("edifact", "MYMSG", "D:96A:UN", "our own")
    assert guide.tags == ("BGM", "DTM")
    assert [(entry.name, entry.status, entry.most, entry.tag) for entry in guide.structure] == [
        ("BGM", "M", 1, "BGM"),
        ("SG1", "C", 9, "DTM"),
    ]


def test_the_exact_version_is_before_the_plain_one(tmp_path: Path) -> None:
    write(tmp_path, SMALL)
    write(tmp_path, SMALL.replace("our own", "the association's"), version="d96a-ean008")
    exact = find_guide("edifact", "MYMSG", "D:96A:UN:EAN008", [tmp_path])
    plain = find_guide("edifact", "MYMSG", "D:96A:UN:EAN005", [tmp_path])
    assert exact is not None
    assert plain is not None
    assert (exact.source, plain.source) == ("the association's", "our own")
    assert find_guide("edifact", "MYMSG", "D:97A:UN", [tmp_path]) is None
    assert find_guide("edifact", "MYMSG", "D:96A:UN") is None


def test_a_workspace_wins_and_may_use_our_dictionary(tmp_path: Path, read: Read) -> None:
    text = (
        'dictionary: d96a\nstandard: edifact\nmessage: ORDERS\nversion: "D:96A:UN:EAN008"\nsource: a subset of ours\n'
        "elements: {1004: an..17 order number}\nstructure: [BGM M 1, DTM M 5, UNS M 1]\n"
    )
    write(tmp_path, text, version="d96a-ean008", message="orders")
    guide = find_guide("edifact", "ORDERS", "D:96A:UN:EAN008", [tmp_path])
    assert guide is not None
    assert guide.source == "a subset of ours"
    assert guide.tags == ("BGM", "DTM", "UNS")
    findings = guide.validate(read("BGM+220+PO-4711-is-too-long+9\nDTM+137:20260105:102\nUNS+S"))
    assert [finding.message for finding in findings] == ["BGM 1004 (order number) is longer than an..17: 19 characters"]


def test_codes_of_a_message_hold_in_shared_segments(read: Read) -> None:
    guide = find_guide("x12", "997", "004010")
    assert guide is not None
    findings = guide.validate(read("AK1*PO*1\nAK9*Q*1*1*1", "*"))
    assert [finding.message for finding in findings] == ["AK9 01 (group acknowledgment) has no code 'Q'"]


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    path = write(tmp_path, SMALL)
    first = find_guide("edifact", "MYMSG", "D:96A:UN", [tmp_path])
    assert find_guide("edifact", "MYMSG", "D:96A:UN", [tmp_path]) is first
    path.write_text(SMALL.replace("our own", "changed"), encoding="utf-8")
    again = find_guide("edifact", "MYMSG", "D:96A:UN", [tmp_path])
    assert again is not None
    assert again.source == "changed"


@pytest.mark.parametrize("message", ["../d96a/orders", "ORDERS/../ORDERS", "", "..", "A" * 5000, "A\0"])
def test_a_message_type_is_no_path(message: str) -> None:
    assert find_guide("edifact", message, "D:96A:UN") is None


@pytest.mark.parametrize("version", ["../d96a", "D:96A/..", "", "D", ":..", "D:" + "9" * 5000])
def test_a_version_is_no_path(version: str) -> None:
    assert find_guide("edifact", "ORDERS", version) is None


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "an..35 number",
            "text number",
            "{file}:6:9: error C-GUIDE 'text number' is no form of element 1004 "
            "(write a form and a title, such as 'an..35 document number')",
        ),
        (
            "n..8",
            "n..0",
            "{file}:8:9: error C-GUIDE 'n..0' is no form of element 2380 "
            "(write a form and a title, such as 'an..35 document number')",
        ),
        (
            "2380 C x2",
            "2380 C x9999",
            "{file}:10:39: error C-GUIDE '2380 C x9999' is no part (write a code and M, C or N, such as '1154 C')",
        ),
        (
            "  - BGM M 1",
            "  - BGM M 0",
            "{file}:15:5: error C-GUIDE this is neither a segment nor a group "
            "(write name, status and highest number of times: DTM C 35)",
        ),
        (
            "[2005 M, 2380 C x2]",
            "[2005 M, 9999 C]",
            "{file}:10:39: error C-GUIDE the guide declares no 9999 (add it to elements or composites)",
        ),
        (
            "[1004 M]",
            "[1004 O]",
            "{file}:12:31: error C-GUIDE '1004 O' is no part (write a code and M, C or N, such as '1154 C')",
        ),
        (
            "  - BGM M 1",
            "  - BGN M 1",
            "{file}:15:5: error C-GUIDE the guide declares no segment BGN (add it to segments)",
        ),
        (
            "  - BGM M 1",
            "  - BGM once",
            "{file}:15:5: error C-GUIDE this is neither a segment nor a group "
            "(write name, status and highest number of times: DTM C 35)",
        ),
        (
            "[DTM M 1]",
            "[DTM M 5]",
            "{file}:16:14: error C-GUIDE the group 'SG1 C 9' must begin with the one segment that opens it "
            "(- SG1 C 10: [RFF M 1, DTM C 5])",
        ),
        (
            "source: our own",
            "sauce: our own",
            "{file}:4:1: error C-GUIDE a guide has no key 'sauce' (keys are: standard, message, version, source, "
            "coverage, dictionary, structure, elements, composites, segments, codes)",
        ),
        ("source: our own\n", "", "{file}:1:1: error C-GUIDE the key 'source' is missing"),
        (
            "standard: edifact",
            "standard: tradacoms",
            "{file}:1:11: error C-GUIDE there is no standard 'tradacoms' (write edifact or x12)",
        ),
        (
            "source: our own",
            "source: our own\ndictionary: d99z",
            "{file}:5:1: error C-GUIDE there is no dictionary 'd99z' (name a folder that has a segments.yaml)",
        ),
        (
            "title: begin, parts",
            "name: begin, parts",
            "{file}:12:9: error C-GUIDE BGM has no key 'name' (keys are: title, parts, conditions)",
        ),
        (
            "structure:",
            "codes: {8888: [a]}\nstructure:",
            "{file}:14:9: error C-GUIDE codes are given for 8888, which is no element (add it to elements)",
        ),
        (
            "  - SG1 C 9: [DTM M 1]",
            "  - SG1 C 9: DTM",
            "{file}:16:14: error C-GUIDE the structure must be a list of segments and groups (- BGM M 1)",
        ),
    ],
)
def test_faults_of_a_guide(tmp_path: Path, old: str, new: str, expected: str) -> None:
    assert old in SMALL
    path = write(tmp_path, SMALL.replace(old, new, 1))
    with pytest.raises(ConfigurationError) as caught:
        find_guide("edifact", "MYMSG", "D:96A:UN", [tmp_path])
    assert expected.format(file=path) in [finding.line() for finding in caught.value.findings]


def test_all_faults_come_at_once(tmp_path: Path) -> None:
    write(tmp_path, SMALL.replace("an..35", "x35").replace("n..8", "y8").replace("SG1 C 9", "SG1 Z 9"))
    with pytest.raises(ConfigurationError) as caught:
        find_guide("edifact", "MYMSG", "D:96A:UN", [tmp_path])
    rows = [finding.mapping.line for finding in caught.value.findings if finding.mapping]
    assert {6, 8, 16} <= set(rows)


def test_every_guide_that_we_ship_loads_and_names_its_source() -> None:
    paths = shipped()
    assert {path.stem for path in paths} >= {"orders", "invoic", "contrl", "850", "810", "856", "824", "997"}
    for path in paths:
        standard, folder = path.parts[-3], path.parts[-2]
        version = {"d96a": "D:96A:UN", "d01b": "D:01B:UN", "d3": "D:3:UN", "d4": "D:4:UN", "41": "4:1:UN"}.get(
            folder, folder
        )
        guide = find_guide(standard, path.stem.upper(), version)
        assert guide is not None, path
        assert (guide.standard, guide.message, guide.version) == (standard, path.stem.upper(), version)
        assert guide.source.startswith("Written by hand")
        assert guide.tags


def test_contrl_belongs_to_the_syntax() -> None:
    for version in ("D:3:UN", "2:2:UN:EAN002", "D:96A:UN:EAN002"):
        guide = find_guide("edifact", "CONTRL", version)
        assert guide is not None
        assert guide.version == "D:3:UN"
