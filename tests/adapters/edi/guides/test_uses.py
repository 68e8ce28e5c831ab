"""Uses of one tag: known by their codes, in any order where they stand side by side, each with rules of its own."""

from collections.abc import Callable
from pathlib import Path

import pytest

from transload.adapters.base.format import Records
from transload.adapters.edi.guides import Guide, find_guide
from transload.canonical.findings import Finding

Read = Callable[..., Records]
Lines = Callable[[list[Finding]], list[str]]

CLAIM = """\
standard: x12
message: "999999"
version: "005010"
source: made up for tests
elements:
  1: AN 1/20
  98: ID 2/3 who
  128: ID 2/3 what
  127: AN 1/10 reference
  735: ID 1/2 level
  67: AN 2/80 id
codes:
  128: 0B 1G EI SY
segments:
  BHT: {parts: [1 M]}
  HL: {parts: [735 M]}
  NM1: {title: name, parts: [98 M, 1 O, 67 O]}
  NM1.billing: {title: who bills, parts: ["98 M {85}", 1 M, "67 O [AN 10/10]"]}
  NM1.payer: {title: who pays, parts: ["98 M {PR}", 1 N, 67 M]}
  REF: {title: reference, parts: [128 M, 127 M]}
  REF.tax: {title: tax number, parts: ["128 M {EI|SY}", "127 M [AN 9/9]"]}
structure:
  - BHT M 1
  - 2000A M >1:
      - HL.billing(01=20) M 1
      - 2010AA M 1:
          - NM1.billing(01=85) M 1
          - REF.tax(01=EI|SY) M 1
          - REF(01=0B) O 2
          - REF(01=1G) O 1
      - 2010AB O 1: [NM1(01=87) O 1]
      - 2000B O >1:
          - HL(01=22) M 1
          - 2010BA M 1: [NM1(01=IL) M 1]
          - 2010BB M 1: [NM1.payer(01=PR) M 1]
"""
GOOD = """
BHT*A
HL*20
NM1*85*ACME*1234567890
REF*EI*123456789
HL*22
NM1*IL*DOE
NM1*PR**77
"""


def guide_of(folder: Path, text: str) -> Guide:
    path = folder / "x12" / "005010" / "999999.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    found = find_guide("x12", "999999", "005010", [folder])
    assert found is not None
    return found


@pytest.fixture
def claim(tmp_path: Path) -> Guide:
    return guide_of(tmp_path, CLAIM.replace("HL.billing", "HL"))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("", "", []),
        ("REF*EI*123456789\n", "REF*1G*A\nREF*0B*B\nREF*EI*123456789\nREF*0B*C\n", []),  # in any order
        ("HL*22\nNM1*IL*DOE\nNM1*PR**77\n", "NM1*87\nHL*22\nNM1*PR**77\nNM1*IL*DOE\nHL*22\nNM1*IL\nNM1*PR**77\n", []),
        (
            "REF*EI*123456789\n",
            "REF*0B*B\n",
            [
                "segment 5 REF: error E-MANDATORY the mandatory segment REF (01=EI|SY) is missing after REF "
                "720=3 721=REF 719=6"
            ],
        ),
        (
            "NM1*IL*DOE\n",
            "",
            [
                "segment 7 NM1: error E-MANDATORY the mandatory segment NM1 (01=IL), which opens the group 2010BA, is "
                "missing after NM1 720=3 721=NM1 719=8"
            ],
        ),
        (
            "REF*EI*123456789\n",
            "REF*EI*123456789\nREF*1G*A\nREF*1G*B\n",
            ["segment 7 REF: error E-REPEAT segment REF (01=1G) stands more than once 720=5 721=REF"],
        ),
        (
            "NM1*85*",
            "NM1*XX*",
            [
                "segment 4 NM1, element 1: error E-VARIANT NM1 01 says 'XX', which none of the uses of NM1 possible "
                "here has (codes possible here: 85, 87) 723=7 725=98 621=I6"
            ],
        ),
        (
            "REF*EI*123456789\n",
            "REF*EI*123456789\nREF*ZZ*A\n",
            [
                "segment 6 REF, element 1: error E-VARIANT REF 01 says 'ZZ', which none of the uses of REF possible "
                "here has (codes possible here: 0B, 1G) 723=7 725=128 621=I6"
            ],
        ),
        (  # what is wrong besides is said too, by the rules of the tag
            "REF*EI*123456789\n",
            "REF*EI*123456789\nREF**12345678901\n",
            [
                "segment 6 REF, element 1: error E-VARIANT REF 01 says nothing, which none of the uses of REF possible "
                "here has (codes possible here: 0B, 1G) 723=7 725=128 621=I6",
                "segment 6 REF, element 2: error E-LENGTH REF 02 (reference) is longer than AN 1/10: 11 characters "
                "723=5 725=127",
            ],
        ),
        (
            "*1234567890",
            "*12345",
            [
                "segment 4 NM1, element 3: error E-LENGTH NM1 03 (id) is shorter than AN 10/10: 5 characters "
                "723=4 725=67"
            ],
        ),
        (
            "NM1*PR**77",
            "NM1*PR*X*77",
            [
                "segment 8 NM1, element 2: error E-UNUSED NM1 02 is not used here, but has a value (leave it out) "
                "723=10 725=1 621=I10"
            ],
        ),
        (
            "HL*22\n",
            "",
            [
                "segment 5 REF: error E-MANDATORY the mandatory segment HL (01=22), which opens the group 2000B, is "
                "missing after REF 720=3 721=HL 719=6"
            ],
        ),
    ],
)
def test_findings(claim: Guide, read: Read, lines: Lines, old: str, new: str, expected: list[str]) -> None:
    assert old in GOOD
    assert lines(claim.validate(read(GOOD.replace(old, new, 1), "*"))) == expected


def test_a_code_of_the_directory_that_one_use_leaves_out_is_told_from_an_unknown_one(
    tmp_path: Path, read: Read, lines: Lines
) -> None:
    text = CLAIM.replace("HL.billing", "HL").replace("REF.tax(01=EI|SY)", "REF.tax")
    guide = guide_of(tmp_path, text.replace("          - REF(01=0B) O 2\n          - REF(01=1G) O 1\n", ""))
    acks = [
        [dict(finding.ack) for finding in guide.validate(read(GOOD.replace("REF*EI", f"REF*{code}"), "*"))]
        for code in ("1G", "XX")
    ]
    assert acks == [[{"723": "7", "725": "128", "621": "I6"}], [{"723": "7", "725": "128"}]]


def test_components_select_too(tmp_path: Path, read: Read, lines: Lines) -> None:
    text = """\
standard: edifact
message: MYMSG
version: "D:01B:UN"
source: made up for tests
elements: {1153: an..3 qualifier, 1154: an..35 reference}
composites: {C506: {parts: [1153 M, 1154 C]}}
segments:
  RFF: {parts: [C506 M]}
structure: ["RFF(01.1=ON) M 1", "RFF(01.1=CT|VN) C 2", RFF C 1]
"""
    path = tmp_path / "edifact" / "d01b" / "mymsg.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")
    guide = find_guide("edifact", "MYMSG", "D:01B:UN", [tmp_path])
    assert guide is not None
    assert guide.validate(read("RFF+XX:1\nRFF+VN:1\nRFF+ON:1\nRFF+CT")) == []  # the entry without codes takes any other
    assert lines(guide.validate(read("RFF+XX:1\nRFF+ON:1\nRFF+YY:2"))) == [
        "segment 4 RFF: error E-REPEAT segment RFF stands more than once 0085=35"
    ]
    assert lines(guide.validate(read("RFF+XX:1"))) == [
        "segment 2 RFF: error E-MANDATORY the mandatory segment RFF (01.1=ON) is missing after RFF 0085=13"
    ]


def test_of_two_places_for_one_tag_the_nearest_that_is_not_used_up_is_meant(tmp_path: Path, read: Read) -> None:
    """ISO 9735's rule for segments that could stand in two places."""
    text = CLAIM.split("structure:")[0] + "structure: [BHT O 2, 1000 O 1: [BHT O 1, HL O 1], BHT O 1]\n"
    guide = guide_of(tmp_path, text.replace("1000 O 1: [BHT O 1, HL O 1]", "{1000 O 1: [BHT O 1, HL O 1]}"))
    assert guide.validate(read("BHT*1\nBHT*2\nBHT*3\nHL*1\nBHT*4", "*")) == []
    assert [finding.code for finding in guide.validate(read("BHT*1\nBHT*2\nBHT*3\nBHT*4\nBHT*5", "*"))] == ["E-REPEAT"]
