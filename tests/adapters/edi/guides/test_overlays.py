"""Overlays: a partner's own codes, limits and segments, and findings waived until a day."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from transload.adapters.base.format import Records
from transload.adapters.edi import EdifactFormat, X12Format
from transload.adapters.edi.guides import Guide, check_overlays, find_guide
from transload.adapters.edi.guides.model import Entry
from transload.adapters.edi.guides.paths import PathError, find, walk
from transload.adapters.edi.options import EdifactOptions, X12Options
from transload.canonical.errors import ConfigurationError
from transload.canonical.findings import Finding

Read = Callable[..., Records]
Lines = Callable[[list[Finding]], list[str]]

HEAD = "overlay: acme\nguide: edifact/d96a/orders\n"
FULL = """\
overlay: acme
guide: edifact/d96a/orders
source: agreed with ACME for tests
narrow:
  - {at: "SG2/NAD 3035", codes: [BY, SU]}
  - {at: SG25/LIN, most: 1}
  - {at: "BGM 1004", form: an..8}
  - {at: SG28/PRI, status: M}
  - {at: "CUX C504[1].6343", status: M}
  - {at: "TOD 4215", status: N}
  - {at: PAI, status: N}
waive:
  - {code: E-MANDATORY, at: "SG2/NAD C082.3039", reason: their system has no numbers, until: 2027-06-30}
  - {code: E-LENGTH, at: "PIA", reason: long numbers, until: 2027-06-30}
extend:
  - {at: "UNS 0081", codes: [X]}
  - {after: SG2, entry: ZZZ C 2}
  - {after: SG25/LIN, entry: {SG90 C 5: [YYY M 1, FTX C 5]}}
elements: {9999: an..5 ours}
segments:
  ZZZ: {title: ours, parts: [9999 M]}
  YYY: {title: ours too, parts: [9999 M, 1004 C]}
"""
TODAY = date(2026, 1, 5)


def write(folder: Path, text: str, name: str = "acme") -> Path:
    path = folder / "overlays" / f"{name}.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def guide_with(folder: Path, text: str) -> Guide:
    write(folder, text)
    guide = find_guide("edifact", "ORDERS", "D:96A:UN:EAN008", [folder], ["acme"])
    assert guide is not None
    return guide


@pytest.fixture
def acme(tmp_path: Path) -> Guide:
    return guide_with(tmp_path, FULL)


ORDER = """
BGM+220+PO-4711+9
DTM+137:20260105:102
RFF+CT:FRAME
NAD+BY+5412345000013::9
NAD+SU+4012345000009::9
CUX+2:EUR:9
LIN+1++4000862141404:EN
QTY+21:100:PCE
PRI+AAA:12.5
UNS+S
"""


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("", "", []),
        (
            "NAD+SU",
            "NAD+DP",
            [
                "segment 6 NAD, element 1: error E-CODE NAD 3035 (party qualifier) has no code 'DP' "
                "(codes are: BY, SU) 0085=12"
            ],
        ),
        (  # another use of the same segment is as it was
            "PRI+AAA:12.5\n",
            "PRI+AAA:12.5\nNAD+DP+1\n",
            [],
        ),
        (
            "UNS+S",
            "LIN+2\nPRI+AAA:1\nUNS+S",
            ["segment 11 LIN: error E-REPEAT the group SG25 stands more than once 0085=36"],
        ),
        (
            "PO-4711",
            "PO-471199",
            [
                "segment 2 BGM, element 2: error E-LENGTH BGM 1004 (document number) is longer than an..8: "
                "9 characters 0085=39"
            ],
        ),
        (
            "PRI+AAA:12.5\n",
            "",
            [
                "segment 9 QTY: error E-MANDATORY the mandatory segment PRI, which opens the group SG28, is missing "
                "after QTY 0085=13"
            ],
        ),
        (
            "CUX+2:EUR:9",
            "CUX+2:EUR",
            [
                "segment 7 CUX, element 1, component 3: error E-MANDATORY CUX 6343 (currency qualifier) is mandatory "
                "and has no value 0085=13"
            ],
        ),
        (
            "LIN+1",
            "TOD+3+PP+CIP\nLIN+1",
            [
                "segment 8 TOD, element 2: error E-UNUSED TOD 4215 (transport charges payment) is not used here, but "
                "has a value (leave it out) 0085=15"
            ],
        ),
        (
            "RFF+CT",
            "PAI+::1\nRFF+CT",
            ["segment 4 PAI: error E-SEGMENT ORDERS D:96A:UN has no segment 'PAI' 0085=15"],
        ),
        ("UNS+S", "UNS+X", []),
        ("CUX+2", "ZZZ+a\nZZZ+b\nCUX+2", []),
        ("QTY+21", "YYY+a\nFTX+AAI\nYYY+b+x\nQTY+21", []),
        (
            "CUX+2",
            "ZZZ+toolong\nCUX+2",
            ["segment 7 ZZZ, element 1: error E-LENGTH ZZZ 9999 (ours) is longer than an..5: 7 characters 0085=39"],
        ),
        (
            "NAD+BY+5412345000013::9",
            "NAD+BY+::9",
            [
                "segment 5 NAD, element 2, component 1: remark E-MANDATORY NAD 3039 (party) is mandatory and has no "
                "value; waived until 2027-06-30 by overlay acme: their system has no numbers"
            ],
        ),
        (  # in another group it is a fault
            "PRI+AAA:12.5\n",
            "PRI+AAA:12.5\nNAD+DP+::9\n",
            [
                "segment 11 NAD, element 2, component 1: error E-MANDATORY NAD 3039 (party) is mandatory and has no "
                "value 0085=13"
            ],
        ),
    ],
)
def test_what_an_overlay_changes(
    acme: Guide, read: Read, lines: Lines, old: str, new: str, expected: list[str]
) -> None:
    assert old in ORDER
    assert lines(acme.validate(read(ORDER.replace(old, new, 1)), TODAY)) == expected


def test_the_guide_itself_stays_as_it_was(tmp_path: Path, read: Read) -> None:
    guide_with(tmp_path, FULL)
    plain = find_guide("edifact", "ORDERS", "D:96A:UN:EAN008", [tmp_path])
    assert plain is not None
    assert plain.validate(read(ORDER.replace("NAD+SU", "NAD+DP").replace("PO-4711", "PO-471199999"))) == []
    assert plain.segment("ZZZ") is None


@pytest.mark.parametrize(
    ("today", "severity", "hint"),
    [
        (date(2027, 6, 30), "remark", None),
        (date(2027, 7, 1), "error", "the waiver of overlay acme ended on 2027-06-30: their system has no numbers"),
    ],
)
def test_a_waiver_ends_with_its_day(acme: Guide, read: Read, today: date, severity: str, hint: str | None) -> None:
    (finding,) = acme.validate(read(ORDER.replace("+5412345000013::9", "+::9")), today)
    assert (finding.severity.value, finding.hint, dict(finding.ack)) == (
        severity,
        hint,
        {} if severity == "remark" else {"0085": "13"},
    )


def test_waivers_of_a_tag_hold_in_all_its_uses_and_for_missing_and_misplaced_segments(
    tmp_path: Path, read: Read
) -> None:
    text = HEAD + (
        "waive:\n"
        "  - {code: E-MANDATORY, at: UNS, reason: never sent, until: 2027-06-30}\n"
        "  - {code: E-ORDER, at: RFF, reason: anywhere, until: 2027-06-30}\n"
        "  - {code: E-SEGMENT, reason: own ones, until: 2027-06-30}\n"
        '  - {code: E-MANDATORY, at: "SG25", reason: no lines, until: 2027-06-30}\n'
    )
    guide = guide_with(tmp_path, text)
    order = ORDER.replace("UNS+S\n", "").replace("BGM", "XYZ+1\nBGM").replace("LIN+1", "RFF+ON:1\nLIN+1")
    findings = guide.validate(read(order), TODAY)
    assert [(finding.code, finding.severity.value) for finding in findings] == [
        ("E-SEGMENT", "remark"),
        ("E-ORDER", "remark"),
        ("E-MANDATORY", "remark"),
    ]
    findings = guide.validate(read(ORDER.replace("LIN+1++4000862141404:EN\n", "")), TODAY)
    assert [(finding.code, finding.severity.value) for finding in findings] == [("E-MANDATORY", "remark")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("narrow: [{at: BGM}]", "3:10: error C-GUIDE nothing is narrowed (write one of codes, form, status, most)"),
        (
            'narrow: [{at: "SG2/NAX 3035", codes: [BY]}]',
            "3:15: error C-GUIDE the structure has no SG2/NAX (write groups and segment: SG2/NAD)",
        ),
        (
            'narrow: [{at: "SG1/NAD 3035", codes: [BY]}]',
            "3:15: error C-GUIDE the structure has no SG1/NAD (it stands at SG2/NAD, SG25/SG35/NAD)",
        ),
        (
            'narrow: [{at: "NAD 3099", codes: [BY]}]',
            "3:15: error C-GUIDE segment NAD has no element 3099; it has 3035, 3039, 1131, 3055, 3124, 3036, 3045, "
            "3042, 3164, 3229, 3251, 3207 (did you mean '3039'?)",
        ),
        (
            'narrow: [{at: "UNS 0081", codes: [S, X]}]',
            "3:34: error C-GUIDE element 0081 has no code X to begin with (add codes with extend:)",
        ),
        (
            'narrow: [{at: "BGM C002", form: an..3}]',
            "3:33: error C-GUIDE C002 is a composite: it has no form and no codes "
            "(name one of its components, such as C002.1001)",
        ),
        (
            'narrow: [{at: "BGM 1004", form: an..40}]',
            "3:33: error C-GUIDE an..40 is not within an..35, the form of element 1004 (narrow it only)",
        ),
        ('narrow: [{at: "BGM 1004", form: long}]', "3:33: error C-GUIDE this is no form (form: an..15)"),
        (
            'narrow: [{at: "BGM 1004", status: C}]',
            "3:35: error C-GUIDE a status is narrowed to M (mandatory) or N (not used)",
        ),
        (
            'narrow: [{at: "NAD 3035", status: N}]',
            "3:35: error C-GUIDE 3035 is mandatory, so it cannot be left out (leave its status M)",
        ),
        (
            'narrow: [{at: "BGM 1004", most: 3}]',
            '3:33: error C-GUIDE how often something may stand is narrowed for whole segments (at: "BGM")',
        ),
        (
            "narrow: [{at: DTM, codes: [A]}]",
            "3:27: error C-GUIDE DTM is a whole segment: it has no codes and no form (DTM 1001)",
        ),
        (
            "narrow: [{at: SG2, most: 200}]",
            "3:26: error C-GUIDE SG2 may stand 99 times, and 200 are more (narrow it only)",
        ),
        ("narrow: [{at: SG2, most: many}]", "3:26: error C-GUIDE most must be a number from 1 (most: 500)"),
        (
            "narrow: [{at: UNS, status: N}]",
            "3:28: error C-GUIDE UNS is mandatory, so it cannot be left out (keep it)",
        ),
        (
            'narrow: [{at: "SG?", most: 1}]',
            "3:15: error C-GUIDE 'SG?' is no place in a message (write it as \"SG2/NAD 3035\")",
        ),
        ("narrow: [{most: 1}]", "3:10: error C-GUIDE the key 'at' is missing"),
        (
            "narrow: [BGM]",
            '3:10: error C-GUIDE an entry of narrow must be a mapping ({at: "NAD 3035", codes: [BY, SU]})',
        ),
        ("narrow: all", "3:9: error C-GUIDE 'narrow' must be a list (- {at: \"NAD 3035\", codes: [BY, SU]})"),
        (
            "narrow: [{at: BGM, least: 1}]",
            "3:20: error C-GUIDE an entry of narrow has no key 'least' (keys are: at, codes, form, status, most)",
        ),
        ("waive: [{code: E-CODE, until: 2027-06-30}]", "3:9: error C-GUIDE the key 'reason' is missing"),
        ("waive: [{code: E-CODE, reason: x}]", "3:9: error C-GUIDE the key 'until' is missing"),
        (
            "waive: [{code: E-CODE, reason: x, until: soon}]",
            "3:42: error C-GUIDE 'soon' is no day (until: 2027-06-30)",
        ),
        (
            "waive: [{code: E-CODE, reason: x, until: 2027-02-30}]",
            "3:42: error C-GUIDE '2027-02-30' is no day (until: 2027-06-30)",
        ),
        (
            "waive: [{code: E-CODES, reason: x, until: 2027-06-30}]",
            "3:16: error C-GUIDE a guide has no finding 'E-CODES' to waive (did you mean E-CODE?)",
        ),
        (
            "waive: [{code: E-CODE, at: BGN, reason: x, until: 2027-06-30}]",
            "3:28: error C-GUIDE the structure has no BGN (write groups and segment: SG2/NAD)",
        ),
        (
            "extend: [{after: SG2}]",
            '3:10: error C-GUIDE a new entry needs after: and entry: ({after: SG2, entry: "ZZZ C 5"})',
        ),
        (
            "extend: [{after: SG2, entry: ZZZ C 5}]",
            "3:30: error C-GUIDE the guide declares no segment ZZZ (add it to segments)",
        ),
        (
            "extend: [{after: NAD, entry: BGM C 5}]",
            "3:18: error C-GUIDE NAD could mean more than one place (write one of SG2/NAD, SG25/SG35/NAD)",
        ),
        (
            'extend: [{at: "BGM 1004", codes: [A]}]',
            "3:34: error C-GUIDE element 1004 takes any code already (name its only codes with narrow:)",
        ),
        (
            "extend: [{at: BGM, codes: [A]}]",
            '3:10: error C-GUIDE codes are added to an element ({at: "QTY 6411", codes: [PCE]})',
        ),
        (
            "segments: {BGM: {parts: [1001 M]}}",
            "3:12: error C-GUIDE the guide declares BGM already (change it with narrow: or extend:, and at:)",
        ),
        (
            "more: 1",
            "3:1: error C-GUIDE an overlay has no key 'more' (keys are: overlay, guide, source, narrow, waive, "
            "extend, segments, composites, elements, codes)",
        ),
        ("source: none", "1:1: error C-GUIDE the overlay changes nothing (write narrow:, waive: or extend:)"),
    ],
)
def test_faults_of_an_overlay(tmp_path: Path, text: str, expected: str) -> None:
    more = "" if text.startswith(("narrow", "waive", "extend", "source")) else "\nnarrow: [{at: SG2, most: 5}]"
    path = write(tmp_path, HEAD + text + more + "\n")
    with pytest.raises(ConfigurationError) as caught:
        check_overlays("edifact", ["acme"], [tmp_path])
    assert f"{path}:{expected}" in [finding.line() for finding in caught.value.findings]


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (
            "overlay: other\nguide: edifact/d96a/orders\n",
            "1:10: error C-GUIDE the overlay is called 'other', its file acme.yaml (rename one)",
        ),
        (
            "overlay: acme\nguide: orders\n",
            "2:8: error C-GUIDE 'orders' names no guide (write it as edifact/d96a/orders)",
        ),
        (
            "overlay: acme\nguide: edifact/d99z/orders\n",
            "2:8: error C-GUIDE there is no guide 'edifact/d99z/orders' (write it as edifact/d96a/orders)",
        ),
        (
            "overlay: acme\nguide: x12/004010/850\n",
            "2:8: error C-GUIDE the format is edifact, the overlay's guide x12/004010/850 "
            "(write it as edifact/d96a/orders)",
        ),
    ],
)
def test_faults_of_its_head(tmp_path: Path, head: str, expected: str) -> None:
    path = write(tmp_path, head + "narrow: [{at: SG2, most: 5}]\n")
    with pytest.raises(ConfigurationError) as caught:
        check_overlays("edifact", ["acme"], [tmp_path])
    assert [finding.line() for finding in caught.value.findings] == [f"{path}:{expected}"]


def test_all_faults_come_at_once_and_each_time(tmp_path: Path) -> None:
    write(tmp_path, HEAD + 'narrow: [{at: XXX, most: 1}, {at: "NAD 3035", codes: []}]\nextend: [{after: YYY}]\n')
    for _ in range(2):
        with pytest.raises(ConfigurationError) as caught:
            check_overlays("edifact", ["acme"], [tmp_path])
        assert len(caught.value.findings) == 3


@pytest.mark.parametrize("name", ["acme", "../acme", ""])
def test_an_overlay_that_is_not_there(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigurationError, match="there is no overlay") as caught:
        check_overlays("edifact", [name], [tmp_path])
    assert caught.value.hint == f"looked in {tmp_path / 'overlays'}"
    with pytest.raises(ConfigurationError) as caught:
        check_overlays("edifact", [name])
    assert caught.value.hint == "overlays lie in guides/overlays of the workspace"


def test_overlays_are_applied_in_their_order(tmp_path: Path, read: Read) -> None:
    write(tmp_path, HEAD + 'narrow: [{at: "SG2/NAD 3035", codes: [BY]}]\n')
    write(tmp_path, HEAD.replace("acme", "more") + 'extend: [{at: "SG2/NAD 3035", codes: [SU]}]\n', "more")
    guide = find_guide("edifact", "ORDERS", "D:96A:UN", [tmp_path], ["acme", "more"])
    assert guide is not None
    assert guide.validate(read(ORDER)) == []
    with pytest.raises(ConfigurationError, match="faults"):
        check_overlays("edifact", ["more", "acme"], [tmp_path])


def test_overlays_of_x12_and_of_other_messages(tmp_path: Path, read: Read, purchase_text: str) -> None:
    text = 'overlay: acme\nguide: x12/004010/850\nnarrow: [{at: "N1/N1 01", codes: [BY, ST]}, {at: PO1, most: 1}]\n'
    write(tmp_path, text)
    guide = find_guide("x12", "850", "004010", [tmp_path], ["acme"])
    assert guide is not None
    findings = guide.validate(read(purchase_text.replace("N1*ST", "N1*SE"), "*"))
    assert [finding.message for finding in findings] == [
        "N1 01 (party qualifier) has no code 'SE'",
        "the group PO1 stands more than once",
    ]
    other = find_guide("x12", "855", "004010", [tmp_path], ["acme"])
    assert other is not None
    assert other.rules is find_guide("x12", "855", "004010", [tmp_path]).rules  # type: ignore[union-attr]


def test_the_format_applies_overlays_by_its_clock(tmp_path: Path, order_text: str) -> None:
    text = HEAD + "waive: [{code: E-LENGTH, at: BGM 1004, reason: long, until: 2026-01-31}]\n"
    write(tmp_path, text.replace("at: BGM 1004", 'at: "BGM 1004"'))
    body = order_text.replace("PO-4711", "P" * 36).strip().replace("\n", "'")
    count = body.count("'") + 3
    payload = f"UNB+UNOC:3+A+B+260105:1200+1'UNH+1+ORDERS:D:96A:UN'{body}'UNT+{count}+1'UNZ+1+1'".encode()
    for day, severity in ((31, "remark"), (1, "error")):
        month = 1 if day == 31 else 2
        form = EdifactFormat(
            EdifactOptions(overlays=("acme",)),
            guides=[tmp_path],
            clock=lambda month=month, day=day: datetime(2026, month, day, tzinfo=UTC),
        )
        (message,) = form.read(payload)
        assert [(finding.code, finding.severity.value) for finding in message.findings] == [("E-LENGTH", severity)]
    with pytest.raises(ConfigurationError, match="there is no overlay 'acme'"):
        EdifactFormat(EdifactOptions(overlays=("acme",))).read(payload)
    with pytest.raises(ConfigurationError, match="has 1 faults"):
        X12Format(X12Options(overlays=("acme",)), guides=[tmp_path]).read(payload)


def test_paths(orders: Guide, po850: Guide) -> None:
    def leads(structure: tuple[Entry, ...], text: str) -> list[str]:
        return [path for _, _, path in find(structure, text)]

    assert leads(orders.structure, "SG2/NAD") == ["SG2/NAD"]
    assert leads(orders.structure, "SG28/PRI") == ["SG25/SG28/PRI"]
    assert leads(orders.structure, "NAD") == ["SG2/NAD", "SG25/SG35/NAD"]
    assert leads(po850.structure, "N1/N1") == ["N1/N1"]
    assert leads(po850.structure, "PO1/N1/N1") == ["PO1/N1/N1"]
    assert leads(po850.structure, "N1/N3") == ["N1/N3"]
    leaf = Entry(name="REF", status="O", most=1)
    inner = Entry(name="N1", status="O", most=1, children=(Entry(name="N1", status="O", most=1), leaf))
    twice = tuple(
        Entry(name=name, status="O", most=1, children=(Entry(name=name, status="O", most=1), inner))
        for name in ("PO1", "CTT")
    )
    with pytest.raises(PathError) as caught:
        find(twice, "N1/REF")
    assert (caught.value.message, caught.value.hint) == (
        "N1/REF could mean more than one place",
        "write one of PO1/N1/REF, CTT/N1/REF",
    )
    for structure in (orders.structure, po850.structure):
        for index, entry, _ in walk(structure):
            reached: tuple[Entry, ...] = structure
            for step in index[:-1]:
                reached = reached[step].children
            assert reached[index[-1]] is entry
