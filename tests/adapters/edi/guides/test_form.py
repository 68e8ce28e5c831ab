"""The whole form of guide files: codes as texts, long code lists, conditions, uses of one tag, parts narrowed."""

from collections.abc import Callable
from pathlib import Path

import pytest

from transload.adapters.base.format import Records
from transload.adapters.edi.guides import Guide, find_guide
from transload.adapters.edi.guides.codes import Codes
from transload.adapters.edi.guides.model import Composite, Element, Part, Selector
from transload.canonical.errors import ConfigurationError
from transload.canonical.findings import Finding

SEGMENTS = """\
source: made up for tests
elements:
  1001: an..3 kind
  1153: an..3 qualifier
  1154: an..35
  3035: an..3 party qualifier
  3039: an..35 party
composites:
  C506: {title: reference, parts: [1153 M, 1154 C, 1154 C], conditions: ["D5(03,02)"]}
segments:
  BGM: {title: begin, parts: [1001 M]}
  RFF: {parts: [C506 M]}
  NAD: {title: party, parts: [3035 M, 3039 C, 1154 C, 1154 C], conditions: ["D1(02, 03)", "D7(4,3)"]}
"""
CODES = """\
source: made up for tests
codes:
  "1001": >-
    220 105
    221
  "3035": BY SU DP
"""
MESSAGE = """\
standard: edifact
message: MYMSG
version: "D:01B:UN"
source: made up for tests
codes: {"1153": ON CT}
segments:
  NAD.buyer: {title: who buys, parts: ["3035 M {BY}", "3039 M [an13]", 1154 N, "1154 C [n..5] {1|2}"]}
structure:
  - BGM M 1
  - RFF.first(01.1=ON|CT) C 1
  - 2010AA C 1: ["NAD.buyer(01=BY,02=5412345000013) M 1", RFF C 9]
"""


def write(folder: Path, message: str = MESSAGE, segments: str = SEGMENTS, codes: str | None = CODES) -> Path:
    version = folder / "edifact" / "d01b"
    version.mkdir(parents=True)
    (version / "segments.yaml").write_text(segments, encoding="utf-8")
    if codes is not None:
        (version / "codes.yaml").write_text(codes, encoding="utf-8")
    path = version / "mymsg.yaml"
    path.write_text(message.replace("RFF.first(", "RFF("), encoding="utf-8")
    return path


def load(folder: Path) -> Guide:
    guide = find_guide("edifact", "MYMSG", "D:01B:UN", [folder])
    assert guide is not None
    return guide


def element(part: Part) -> Element:
    assert isinstance(part.element, Element)
    return part.element


@pytest.fixture
def guide(tmp_path: Path) -> Guide:
    write(tmp_path)
    return load(tmp_path)


def test_codes_are_lists_or_texts_and_may_stand_in_a_file_of_their_own(guide: Guide) -> None:
    segments = guide.rules.segments
    assert list(element(segments["BGM"].parts[0]).codes) == ["220", "105", "221"]
    reference = segments["RFF"].parts[0].element
    assert isinstance(reference, Composite)
    assert list(element(reference.parts[0]).codes) == ["ON", "CT"]
    assert not element(reference.parts[1]).codes


def test_a_file_of_codes_is_read_when_it_is_needed(tmp_path: Path) -> None:
    path = write(tmp_path, codes="source: [a]\ncodes: {9999: A B, 1001: '', 3035: [A, 'B C']}\nmore: 1\n")
    codes = path.with_name("codes.yaml")
    guide = load(tmp_path)  # the structure and the places can be had
    assert guide.segment("NAD") is not None
    with pytest.raises(ConfigurationError) as caught:
        guide.prepare()
    assert [finding.line() for finding in caught.value.findings] == [
        f"{codes}:3:1: error C-GUIDE a file of codes has no key 'more' (keys are: source, codes)",
        f"{codes}:1:9: error C-GUIDE 'source' must be a text",
        f"{codes}:2:9: error C-GUIDE codes are given for 9999, which is no element (add it to elements)",
        f"{codes}:2:26: error C-GUIDE the codes of 1001 must hold at least one "
        "(write them in a list, or as one text with blanks)",
        f"{codes}:2:40: error C-GUIDE 'B C' is no code (a code has no blanks, commas, brackets or bars)",
    ]


def test_conditions_of_segments_and_composites(guide: Guide) -> None:
    party = guide.rules.segments["NAD"]
    assert [str(condition) for condition in party.conditions] == ["D1(02,03)", "D7(04,03)"]
    reference = guide.rules.segments["RFF"].parts[0].element
    assert isinstance(reference, Composite)
    assert [str(condition) for condition in reference.conditions] == ["D5(03,02)"]


def test_uses_of_one_tag(guide: Guide) -> None:
    _, reference, group = guide.structure
    assert (reference.rule, reference.selectors) == ("RFF", (Selector(element=1, component=1, codes=("ON", "CT")),))
    assert (group.name, group.tag, group.opener.rule) == ("2010AA", "NAD", "NAD.buyer")
    assert [str(selector) for selector in group.opener.selectors] == ["01=BY", "02=5412345000013"]
    assert guide.tags == ("BGM", "NAD", "RFF")


def test_parts_of_one_use(guide: Guide) -> None:
    parts = guide.rules.segments["NAD.buyer"].parts
    assert [(str(element(part).form), part.status, list(element(part).codes)) for part in parts] == [
        ("an..3", "M", ["BY"]),
        ("an13", "M", []),
        ("an..35", "N", []),
        ("n..5", "C", ["1", "2"]),
    ]
    assert str(element(guide.rules.segments["NAD"].parts[1]).form) == "an..35"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "3035 M {BY}",
            "3035 M {BY|}",
            "7:40: error C-GUIDE a code is missing in '3035 M {BY|}' (write them as {BY|SU})",
        ),
        (
            "3039 M [an13]",
            "3039 M [AN 1/13]",
            "7:55: error C-GUIDE 'AN 1/13' is no form of element 3039 (write a form, such as [an..35])",
        ),
        (
            '"3039 M [an13]"',
            '"C506 M {A}"',
            "7:55: error C-GUIDE C506 is a composite: it has no form and no codes (narrow its components)",
        ),
        (
            "NAD.buyer: {",
            "NAD.: {",
            "7:3: error C-GUIDE 'NAD.' is no segment (write a tag, or a tag and a use: NAD, NAD.buyer)",
        ),
        (
            "NAD.buyer: {",
            "XYZ.buyer: {",
            "7:3: error C-GUIDE there is XYZ.buyer, but no segment XYZ (declare XYZ beside it)",
        ),
        (
            "NAD.buyer(01=BY,",
            "NAD.seller(01=BY,",
            "11:18: error C-GUIDE the guide declares no segment NAD.seller (add it to segments)",
        ),
        (
            "(01=BY,02=",
            "(01=BY,2=",
            "11:18: error C-GUIDE '2=5412345000013' selects nothing "
            "(write element, = and codes: (01=BY|SU), or (01.1=ON) for a component)",
        ),
        (
            "(01=BY,02=",
            "(01=BY,05=",
            "11:18: error C-GUIDE '05=5412345000013' selects nothing: NAD has no element 05 "
            "(write element, = and codes: (01=BY|SU), or (01.1=ON) for a component)",
        ),
        (
            "(01=BY,02=",
            "(01=BY,02.1=",
            "11:18: error C-GUIDE '02.1=5412345000013' selects nothing: element 02 of NAD has no components "
            "(write element, = and codes: (01=BY|SU), or (01.1=ON) for a component)",
        ),
        (
            "(01.1=ON|CT)",
            "(01=ON|CT)",
            "10:5: error C-GUIDE '01=ON|CT' selects nothing: element 01 of RFF is a composite "
            "(write element, = and codes: (01=BY|SU), or (01.1=ON) for a component)",
        ),
        (
            "(01.1=ON|CT)",
            "(01.4=ON)",
            "10:5: error C-GUIDE '01.4=ON' selects nothing: element 01 of RFF has no component 4 "
            "(write element, = and codes: (01=BY|SU), or (01.1=ON) for a component)",
        ),
        (
            "2010AA C 1",
            '"2010AA.x(01=BY) C 1"',
            "11:5: error C-GUIDE the group 2010AA has no use of its own (write it at the segment that opens it)",
        ),
        (
            "BGM M 1",
            "BGMBGM M 1",
            "9:5: error C-GUIDE this is neither a segment nor a group "
            "(write name, status and highest number of times: DTM C 35)",
        ),
        (
            "2010AA C 1",
            "SEGMENTGROUP C 1",
            "11:5: error C-GUIDE this is neither a segment nor a group "
            "(write name, status and highest number of times: DTM C 35)",
        ),
        (
            '"1153": ON CT',
            '"1153": "A|B"',
            "5:17: error C-GUIDE 'A|B' is no code (a code has no blanks, commas, brackets or bars)",
        ),
    ],
)
def test_faults_of_a_message(tmp_path: Path, old: str, new: str, expected: str) -> None:
    text = MESSAGE.replace("RFF.first(", "RFF(")
    assert text.count(old) == 1
    path = write(tmp_path, text.replace(old, new))
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path)
    assert f"{path}:{expected}" in [finding.line() for finding in caught.value.findings]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            '"D5(03,02)"',
            '"D8(03,02)"',
            "9:74: error C-GUIDE 'D8(03,02)' is no condition of C506 (write D1 to D7 and positions: D5(03,02))",
        ),
        (
            '"D5(03,02)"',
            "P0302",
            "9:74: error C-GUIDE 'P0302' is no condition of C506 (write D1 to D7 and positions: D5(03,02))",
        ),
        (
            '"D5(03,02)"',
            '"D5(03,04)"',
            "9:74: error C-GUIDE 'D5(03,04)' is no condition of C506, which has 3 parts",
        ),
        (
            '"D7(4,3)"',
            '"D7(4,4)"',
            "13:91: error C-GUIDE 'D7(4,4)' is no condition of NAD (write D1 to D7 and positions: D5(03,02))",
        ),
        (
            "  C506: {",
            "  REFERENCE: {",
            "9:3: error C-GUIDE 'REFERENCE' is no composite's number (write it as the directory does: C507)",
        ),
        (
            "  1154: an..35",
            "  11541: an..35",
            "5:3: error C-GUIDE '11541' is no element's number (write it as the directory does: 1004)",
        ),
        (
            "source: made",
            "sources: made",
            "1:1: error C-GUIDE a directory has no key 'sources' "
            "(keys are: source, elements, composites, segments, codes)",
        ),
    ],
)
def test_faults_of_a_directory(tmp_path: Path, old: str, new: str, expected: str) -> None:
    assert SEGMENTS.count(old) == 1
    path = write(tmp_path, segments=SEGMENTS.replace(old, new))
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path)
    lines = [finding.line() for finding in caught.value.findings]
    assert f"{path.with_name('segments.yaml')}:{expected}" in lines


@pytest.mark.parametrize(
    ("form", "good"),
    [("an..35", True), ("n8", True), ("a..0", False), ("an..", False), ("AN 1/3", False), ("an 35", False)],
)
def test_forms_of_edifact(tmp_path: Path, form: str, good: bool) -> None:
    write(tmp_path, segments=SEGMENTS.replace("an..35\n", f"{form}\n", 1))
    if good:
        load(tmp_path)
        return
    with pytest.raises(ConfigurationError, match="faults"):
        load(tmp_path)


def test_the_hint_of_a_long_list_names_what_looks_alike() -> None:
    short = Codes(["BY", "SU"])
    assert short.hint("DP") == "codes are: BY, SU"
    many = Codes(f"A{number:02}" for number in range(40))
    assert many.hint("A1") == "did you mean 'A01' or 'A10' or 'A11'? the list has 40 codes, from A00 to A39"
    assert many.hint("0A1").startswith("did you mean 'A01'? ")
    assert many.hint("a07").startswith("did you mean 'A07'? ")
    assert many.hint("A077").startswith("did you mean 'A07'? ")
    assert many.hint("A" * 500) == many.hint("ZZ") == "the list has 40 codes, from A00 to A39"
    assert (many[0], many[-2:], "A07" in many, "A7" in many, short) == ("A00", ("A38", "A39"), True, False, short)


def test_a_composite_may_have_rules_for_one_use(tmp_path: Path, read: Callable[..., Records]) -> None:
    path = tmp_path / "x12" / "005010" / "837.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(
        """\
standard: x12
message: 837
version: "005010"
source: made up for tests
structure: ["HI.principal(01.1=ABK|WORDS APART) M 1"]
elements: {1270: ID 1/3 list, 1271: AN 1/30 code}
composites: {C022: {parts: [1270 M, 1271 M]}, C022.principal: {parts: ["1270 M {ABK|WORDS APART}", 1271 M]}}
segments: {HI: {parts: [C022 M]}, HI.principal: {parts: [C022.principal M]}}
""",
        encoding="utf-8",
    )
    guide = find_guide("x12", "837", "005010", (tmp_path,))
    assert guide is not None
    composite = guide.rules.segments["HI.principal"].parts[0].element
    assert isinstance(composite, Composite)
    list_code = composite.parts[0].element
    assert isinstance(list_code, Element)
    assert composite.code == "C022"
    assert tuple(list_code.codes) == ("ABK", "WORDS APART")
    assert guide.structure[0].selectors == (Selector(element=1, component=1, codes=("ABK", "WORDS APART")),)
    assert guide.validate(read("HI*ABK:1", "*")) == []
    (wrong,) = guide.validate(read("HI*BK:1", "*"))
    assert (wrong.code, wrong.ack["723"], wrong.ack["725"]) == ("E-VARIANT", "7", "1270")


def test_long_code_lists_are_checked_too(
    tmp_path: Path, read: Callable[..., Records], lines: Callable[[list[Finding]], list[str]]
) -> None:
    codes = " ".join(f"A{number:02}" for number in range(60))
    segments = SEGMENTS.replace("parts: [1001 M]", "parts: [1001 M, C506 C, 1001 C]")
    write(tmp_path, segments=segments, codes=f'source: made up\ncodes: {{"1001": {codes}, "1153": {codes}}}\n')
    guide = load(tmp_path)
    guide.prepare()
    for row in ("BGM+A00", "BGM+A59", "BGM+A00", "BGM+A01+ON:x+A07", "BGM+A01++A07"):
        assert guide.validate(read(row)) == []
    assert lines(guide.validate(read("BGM+A60"))) == [
        "segment 2 BGM, element 1: error E-CODE BGM 1001 (kind) has no code 'A60' "
        "(did you mean 'A00' or 'A06' or 'A10'? the list has 60 codes, from A00 to A59) 0085=12"
    ]
    assert [finding.value for finding in guide.validate(read("BGM+B+ON:x+C"))] == ["B", "C"]


def test_codes_of_repeated_elements_are_checked_each(tmp_path: Path, read: Callable[..., Records]) -> None:
    codes = " ".join(f"A{number:02}" for number in range(60))
    write(
        tmp_path,
        segments=SEGMENTS.replace("parts: [1001 M]", "parts: [1001 M r3]"),
        codes=f'source: made up\ncodes: {{"1001": {codes}}}\n',
    )
    guide = load(tmp_path)
    assert guide.validate(read("BGM+A00*A01*A02", repetition="*")) == []
    assert [finding.value for finding in guide.validate(read("BGM+A00*B01*A02", repetition="*"))] == ["B01"]


def test_only_codes_that_have_their_element_s_form_are_right(tmp_path: Path, read: Callable[..., Records]) -> None:
    write(tmp_path, codes='source: made up\ncodes: {"1001": A LONGER}\n')
    guide = load(tmp_path)
    assert guide.validate(read("BGM+A")) == []
    assert [finding.code for finding in guide.validate(read("BGM+LONGER"))] == ["E-LENGTH"]
