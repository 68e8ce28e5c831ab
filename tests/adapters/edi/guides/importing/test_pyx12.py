"""The maps of the installed pyx12 as guides: all of them, and what of them a guide cannot say."""

import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from transload.adapters.edi.guides import Guide, find_guide
from transload.adapters.edi.guides.importing.outlines.drafting import Imported
from transload.adapters.edi.guides.importing.outlines.records import Size
from transload.adapters.edi.guides.importing.pyx12 import import_maps, installed_maps, is_map_folder
from transload.adapters.edi.guides.importing.writing import write_release
from transload.adapters.edi.guides.model import Composite, Element, Entry
from transload.canonical.findings import Finding

DAY = date(2026, 1, 5)

SIZES = {
    "004010 830": (7, 11, 52),
    "004010 997": (5, 6, 28),
    "004010X061A1 820": (14, 26, 234),
    "004010X070 277": (17, 34, 248),
    "004010X091A1 835": (8, 43, 381),
    "004010X092A1 270": (13, 39, 240),
    "004010X092A1 271": (17, 61, 373),
    "004010X093A1 276": (17, 33, 185),
    "004010X093A1 277": (17, 34, 248),
    "004010X094A1 278": (34, 166, 1580),
    "004010X095A1 834": (19, 59, 365),
    "004010X096A1 837": (55, 276, 2918),
    "004010X097A1 837": (46, 201, 1169),
    "004010X098A1 837": (69, 388, 2398),
    "004010XXXC 841": (7, 7, 55),
    "005010X214 277": (16, 36, 229),
    "005010X218 820": (19, 39, 308),
    "005010X220A1 834": (23, 74, 463),
    "005010X221A1 835": (8, 51, 443),
    "005010X222A1 837": (68, 379, 2857),
    "005010X223A2 837": (61, 271, 3547),
    "005010X231 999": (6, 9, 61),
    "005010X231A1 999": (6, 9, 61),
}
"""Loops, segments and elements between ST and SE in the maps of pyx12 4, by version and message.

With them go the two maps of 278, which BHT02 tells apart: one guide holds both.
"""
UNLISTED = [
    "277.5010.X212.xml",
    "820.5010.X218.v2.xml",
    "834.5010.X220.A1.v2.xml",
    "835.5010.X221.A1.v2.xml",
    "837Q3.I.5010.X223.A1.v2.xml",
]
ENVELOPES = ["x12.control.00401.xml", "x12.control.00501.xml"]


@pytest.fixture(scope="module")
def folder() -> Path:
    found = installed_maps()
    if found is None:
        pytest.skip("pyx12 is not installed")
    return found


@pytest.fixture(scope="module")
def imported(folder: Path) -> tuple[list[Imported], list[Finding]]:
    return import_maps(folder)


def load(one: Imported, into: Path) -> Guide:
    write_release(one.release, into, day=DAY)
    guide = find_guide("x12", one.message.message, one.message.version, (into,))
    assert guide is not None
    assert str(into) in guide.file
    return guide


def entries(structure: tuple[Entry, ...]) -> Iterator[Entry]:
    for entry in structure:
        yield entry
        yield from entries(entry.children)


def summed(sizes: tuple[Size, ...]) -> tuple[int, int, int]:
    return (
        sum(size.loops for size in sizes),
        sum(size.segments for size in sizes),
        sum(size.elements for size in sizes),
    )


def test_all_maps_that_are_listed_become_guides(imported: tuple[list[Imported], list[Finding]]) -> None:
    made, _ = imported
    assert {f"{one.message.version} {one.message.message}": summed(one.sizes) for one in made} == SIZES


def test_every_guide_loads_and_holds_every_use(imported: tuple[list[Imported], list[Finding]], tmp_path: Path) -> None:
    made, _ = imported
    for one in made:
        guide = load(one, tmp_path)
        loops, segments, _ = summed(one.sizes)
        found = list(entries(guide.structure))
        groups = [entry for entry in found if entry.children]
        # wrappers (HEADER, DETAIL, FOOTER and tables) are no groups; 278 has a group for each of its two maps
        assert loops - len(groups) <= 7, one.files
        assert len(found) - len(groups) == segments, one.files


@pytest.mark.parametrize("name", UNLISTED)
def test_a_map_that_is_not_listed_is_imported_when_it_is_named(folder: Path, name: str, tmp_path: Path) -> None:
    (one,), findings = import_maps(folder, files=[name])
    assert load(one, tmp_path).version == one.message.version
    assert not [finding for finding in findings if finding.is_error]


def test_both_forms_of_a_map_say_the_same_of_a_segment(folder: Path, tmp_path: Path) -> None:
    """pyx12 has the map of 005010X218 twice, in child elements and in attributes."""
    guides = [
        load(import_maps(folder, files=[name])[0][0], tmp_path / name)
        for name in ("820.5010.X218.xml", "820.5010.X218.v2.xml")
    ]
    bpr = [[(part.element.code, part.status) for part in guide.rules.segments["BPR"].parts] for guide in guides]
    assert bpr[0] == bpr[1]
    assert len(bpr[0]) == 21


def test_what_no_guide_can_say_is_a_remark(imported: tuple[list[Imported], list[Finding]]) -> None:
    _, findings = imported
    assert not [finding for finding in findings if finding.is_error]
    lines = [finding.line() for finding in findings]
    for name in (*UNLISTED, "comp_test.xml"):
        assert (
            f"{name}:1:1: remark R-IMPORT maps.xml does not list this map, so pyx12 does not use it; it is left out "
            f"(name the file to have it: {name})" in lines
        )
    for name in ENVELOPES:
        assert (
            f"{name}:1:1: remark R-IMPORT the map describes the envelope, which needs no guide; it is left out" in lines
        )
    rest = [line for line in lines if ": remark R-IMPORT maps.xml" not in line and "envelope" not in line]
    # The lines of the map files change with versions of pyx12.
    opened = "may repeat and no segment opens it; the guide counts what it holds by itself"
    digits = "becomes a number of so many digits; pyx12 lets more stand around them"
    assert sorted({line.split(":")[0] + ": " + line.partition("R-IMPORT ")[2] for line in rest}) == [
        f"278.4010.X094.27.A1.xml: the wrapper DETAIL {opened}",
        f"278.4010.X094.A1.xml: the wrapper DETAIL {opened}",
        f"820.4010.X061.A1.xml: the wrapper DETAIL {opened}",
        f"820.5010.X218.xml: the wrapper TABLE2AREA2 {opened}",
        "830.4010.PS.xml: 'C0302' is no condition between elements of UIT; it is left out",
        "830.4010.PS.xml: 'L030405' is no condition between elements of SHP; it is left out",
        "830.4010.PS.xml: 'P0304' is no condition between elements of CTT; it is left out",
        "830.4010.PS.xml: 'P0607' is no condition between elements of FST; it is left out",
        "830.4010.PS.xml: 'P0809' is no condition between elements of FST; it is left out",
        "830.4010.PS.xml: 'R0203' is no condition between elements of REF; it is left out",
        "830.4010.PS.xml: FST opens FST_LOOP and may stand 1000 times in it; in the guide each of them opens it anew",
        "830.4010.PS.xml: HEADER, DETAIL, FOOTER stand at the same position 10; the guide asks for this order",
        "830.4010.PS.xml: N1 opens N1_LOOP and may stand 3 times in it; in the guide each of them opens it anew",
        "830.4010.PS.xml: SHP opens SHP_LOOP and may stand 99 times in it; in the guide each of them opens it anew",
        "837.4010.X098.A1.xml: PER, DTP stand at the same position 345; the guide asks for this order",
        f"837.5010.X222.A1.xml: the pattern '[0-9]{{9}}' of data element 127 {digits}",
        f"837Q3.I.5010.X223.A1.xml: the pattern '[0-9]{{9}}' of data element 116 {digits}",
        "841.4010.XXXC.xml: HL, 2100 stand at the same position 10; the guide asks for this order",
    ]


def test_loops_are_told_apart_by_their_qualifiers(folder: Path, tmp_path: Path) -> None:
    (one,), _ = import_maps(folder, files=["837.5010.X222.A1.xml"])
    guide = load(one, tmp_path)
    billing = next(entry for entry in guide.structure if entry.name == "2000A")
    assert [f"{entry.rule} {','.join(map(str, entry.opener.selectors))}" for entry in billing.children] == [
        "HL.2000A 03=20",
        "PRV.2000A ",
        "CUR ",
        "2010AA 01=85",
        "2010AB 01=87",
        "2010AC 01=PE",
        "2000B 03=22",
    ]
    # BHT follows ST and nothing else does: a wrong code in it is a wrong code, not an unknown segment.
    assert guide.structure[0].selectors == ()


def test_uses_have_codes_forms_and_conditions_of_their_own(folder: Path, tmp_path: Path) -> None:
    (one,), _ = import_maps(folder, files=["837.5010.X222.A1.xml"])
    segments = load(one, tmp_path).rules.segments
    principal = segments["HI.2300-ABK"].parts[0].element
    assert isinstance(principal, Composite)
    assert principal.code == "C022"
    assert tuple(principal.parts[0].element.codes) == ("ABK", "BK")  # type: ignore[union-attr]
    number = segments["REF.2010BA-SY"].parts[1].element
    assert isinstance(number, Element)
    assert str(number.form) == "N0 9/9"
    assert [str(condition) for condition in segments["NM1.2010AA"].conditions] == ["P0809", "C1110", "C1203"]
    assert segments["NM1.2010AA"].parts[5].status == "N"
    country = segments["N4.2010AA"].parts[3].element
    assert isinstance(country, Element)
    assert {"CA", "DE"} <= set(country.codes)  # an external list


def test_messages_can_be_chosen(folder: Path) -> None:
    made, findings = import_maps(folder, messages=["834", "999"])
    assert {one.message.message for one in made} == {"834", "999"}
    assert not [finding for finding in findings if finding.is_error]
    made, findings = import_maps(folder, messages=["850"])
    assert (made, [finding.message for finding in findings if finding.is_error]) == ([], ["there is no map of 850"])
    made, findings = import_maps(folder, files=["850.xml"])
    assert (made, [finding.message for finding in findings if finding.is_error]) == ([], ["there is no map '850.xml'"])


@pytest.fixture
def copied(folder: Path, tmp_path: Path) -> Path:
    """A folder with one small map, to be spoiled."""
    into = tmp_path / "maps"
    into.mkdir()
    for name in ("dataele.xml", "codes.xml", "997.4010.xml"):
        shutil.copyfile(folder / name, into / name)
    (into / "maps.xml").write_text(
        '<maps><version icvn="00401"><map vriic="004010" fic="FA" abbr="997">997.4010.xml</map></version></maps>',
        encoding="utf-8",
    )
    assert is_map_folder(into)
    return into


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        ("maps.xml", "997.4010.xml", "998.xml", "maps.xml:1:1: error E-IMPORT the map '998.xml' is not in the folder"),
        (
            "maps.xml",
            "997.4010.xml",
            "../997.xml",
            "maps.xml:1:1: error E-IMPORT the map '../997.xml' is not in the folder",
        ),
        ("maps.xml", "</maps>", "", "error E-IMPORT this is no valid XML: "),
        ("997.4010.xml", "<transaction ", "<transactions ", "error E-IMPORT this is no valid XML: "),
        ("997.4010.xml", "<usage>R</usage>", "<usage>Q</usage>", "is no usage of ST01"),
        ("997.4010.xml", "<pos>010</pos>", "<pos>one</pos>", "error E-IMPORT 'one' is no 'pos' of "),
        ("997.4010.xml", "<seq>02</seq>", "<seq>07</seq>", "do not count from 1 on"),
        ("997.4010.xml", '<loop xid="AK2"', "<loop ", "error E-IMPORT a loop has no xid"),
        (
            "997.4010.xml",
            "<code>997</code>",
            "<code>../997</code>",
            "ST01 must name the transaction set, and has '../997'",
        ),
        ("997.4010.xml", '<?xml version="1.0"?>', '<?xml version="1.0"?><!DOCTYPE transaction>', "has a DOCTYPE"),
        ("dataele.xml", 'ele_num="28" data_type="N0"', 'ele_num="28"', "data element '28' has no type or no lengths"),
        (
            "codes.xml",
            "<codesets",
            "<!DOCTYPE codesets><codesets",
            "codes.xml:1:1: error E-IMPORT the file has a DOCTYPE",
        ),
    ],
)
def test_what_is_wrong_with_a_map_is_said(copied: Path, file: str, old: str, new: str, expected: str) -> None:
    path = copied / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    _, findings = import_maps(copied)
    assert expected in "\n".join(finding.line() for finding in findings)


def test_an_unknown_code_list_is_said(copied: Path) -> None:
    path = copied / "997.4010.xml"
    text = path.read_text(encoding="utf-8")
    start = text.index("<valid_codes>", text.index('xid="AK501"'))
    path.write_text(f'{text[:start]}<valid_codes external="nowhere">{text[start + 13 :]}', encoding="utf-8")
    made, findings = import_maps(copied)
    assert len(made) == 1
    assert "codes.xml has no code list 'nowhere'; any code will do" in [finding.message for finding in findings]
