"""What a guide finds wrong with a message, word for word."""

from collections.abc import Callable

import pytest

from transload.adapters.base.format import Records
from transload.adapters.edi.guides import Guide
from transload.canonical.findings import Finding, Severity

Read = Callable[..., Records]
Lines = Callable[[list[Finding]], list[str]]


def test_a_good_order_has_no_findings(orders: Guide, read: Read, order_text: str) -> None:
    assert orders.validate(read(order_text)) == []


def test_a_good_850_has_no_findings(po850: Guide, read: Read, purchase_text: str) -> None:
    assert po850.validate(read(purchase_text, "*")) == []


def test_control_character_separators(orders: Guide, read: Read, order_text: str) -> None:
    text = order_text.replace(":", "\x1f").replace("ACME Retail NV", "ACME: Retail")
    assert orders.validate(read(text, component="\x1f")) == []
    broken = read(text.replace("QTY+21\x1f100\x1fPCE", "QTY+21:100:PCE", 1), component="\x1f")
    assert [finding.code for finding in orders.validate(broken)] == ["E-LENGTH", "E-MANDATORY"]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (  # ---- structure
            "BGM+220+PO-4711+9\n",
            "",
            ["segment 1: error E-MANDATORY the mandatory segment BGM is missing after UNH 0085=13"],
        ),
        (
            "DTM+137:20260105:102\nDTM+2:20260120:102\n",
            "",
            ["segment 2 BGM: error E-MANDATORY the mandatory segment DTM is missing after BGM 0085=13"],
        ),
        (  # without it, none of its group's segments has a place: still one fault
            "LIN+1++4000862141404:EN\n",
            "",
            [
                "segment 17 MOA: error E-MANDATORY the mandatory segment LIN, which opens the group SG25, is missing "
                "after MOA 0085=13"
            ],
        ),
        (
            "UNS+S\n",
            "",
            ["segment 28 NAD: error E-MANDATORY the mandatory segment UNS is missing after NAD 0085=13"],
        ),
        (
            "MOA+86:1320\nCNT+2:2\n",
            "ALC+C\n",
            ["segment 30 ALC: error E-MANDATORY the mandatory segment MOA is missing after ALC 0085=13"],
        ),
        (
            "BGM+220+PO-4711+9\n",
            "BGM+220+PO-4711+9\nXYZ+1\n",
            [
                "segment 3 XYZ: error E-SEGMENT ORDERS D:96A:UN has no segment 'XYZ' "
                "(look for a segment terminator inside a text) 0085=15"
            ],
        ),
        (
            "RFF+CT:FRAME-2025-7\nDTM+171",
            "AJT+1\nRFF+CT:FRAME-2025-7\nDTM+171",
            ["segment 6 AJT: error E-SEGMENT ORDERS D:96A:UN has no segment 'AJT' 0085=15"],
        ),
        (
            "NAD+BY",
            "FTX+AAI+++Too late\nNAD+BY",
            [
                "segment 8 FTX: error E-ORDER segment FTX has no place after DTM "
                "(the order of segments is in adapters/edi/guides/edifact/d96a/orders.yaml) 0085=15"
            ],
        ),
        (  # too early: the segments after it are right, and it is wrong
            "DTM+137:20260105:102\n",
            "CNT+2:2\nDTM+137:20260105:102\n",
            [
                "segment 3 CNT: error E-ORDER segment CNT has no place after BGM "
                "(the order of segments is in adapters/edi/guides/edifact/d96a/orders.yaml) 0085=15"
            ],
        ),
        (  # a group with its children, in the wrong place, is one fault
            "CNT+2:2\n",
            "CNT+2:2\nNAD+BY+5412345000013::9\nRFF+VA:BE0\nCTA+OC+:Jan\nCOM+1:TE\n",
            [
                "segment 32 NAD: error E-ORDER segment NAD has no place after CNT "
                "(the order of segments is in adapters/edi/guides/edifact/d96a/orders.yaml) 0085=15"
            ],
        ),
        (  # one segment too early, not four too late
            "UNS+S\n",
            "UNS+S\nNAD+BY+5412345000013::9\nRFF+VA:BE0\nCTA+OC+:Jan\nCOM+1:TE\n",
            [
                "segment 29 UNS: error E-ORDER segment UNS has no place after NAD "
                "(the order of segments is in adapters/edi/guides/edifact/d96a/orders.yaml) 0085=15"
            ],
        ),
        (
            "PRI+AAA:12.5\n",
            "PRI+AAA:12.5\nQVR+1:21\nQVR+2:21\n",
            [
                f"segment {number} QVR: error E-ORDER segment QVR has no place after {before} "
                "(the order of segments is in adapters/edi/guides/edifact/d96a/orders.yaml) 0085=15"
                for number, before in ((24, "PRI"), (25, "QVR"))
            ],
        ),
        (
            "MOA+203:1250\n",
            "MOA+203:1250\nQVR+1:21\nQVR+2:21\n",
            ["segment 24 QVR: error E-REPEAT segment QVR stands more than once 0085=35"],
        ),
        (
            "TOD+3++CIP\n",
            "TOD+3++CIP\nTOD+3\nLOC+1\nTOD+3\nTOD+3\nTOD+3\nTOD+3\nLOC+1\n",
            ["segment 21 TOD: error E-REPEAT the group SG11 stands more than 5 times 0085=36"],
        ),
        (  # ---- elements
            "BGM+220+PO-4711+9",
            "BGM+220+PO-4711-with-a-very-long-tail-to-be-cut+9",
            [
                "segment 2 BGM, element 2: error E-LENGTH BGM 1004 (document number) is longer than an..35: "
                "39 characters 0085=39"
            ],
        ),
        (
            "QTY+21:100:PCE",
            "QTY+21:1OO:PCE",
            [
                "segment 21 QTY, element 1, component 2: error E-FORMAT QTY 6060 (quantity) must be a number, "
                "not '1OO' 0085=37"
            ],
        ),
        (
            "QTY+21:100:PCE",
            "QTY+21:1.000,5:PCE",
            [
                "segment 21 QTY, element 1, component 2: error E-FORMAT QTY 6060 (quantity) must be a number with one "
                "decimal mark between digits, not '1.000,5' 0085=19"
            ],
        ),
        (
            "QTY+21:100:PCE",
            "QTY+21:,5:PCE",
            [
                "segment 21 QTY, element 1, component 2: error E-FORMAT QTY 6060 (quantity) must have a digit before "
                "the decimal mark, not ',5' 0085=38"
            ],
        ),
        (
            "QTY+21:100:PCE",
            "QTY+21::PCE",
            [
                "segment 21 QTY, element 1, component 2: error E-MANDATORY QTY 6060 (quantity) is mandatory and has "
                "no value 0085=13"
            ],
        ),
        (
            "NAD+SU+",
            "NAD++",
            [
                "segment 12 NAD, element 1: error E-MANDATORY NAD 3035 (party qualifier) is mandatory and has no value "
                "0085=13"
            ],
        ),
        (
            "PIA+1+SUP-1:SA+BUY-9:IN",
            "PIA+1",
            [
                "segment 19 PIA, element 2: error E-MANDATORY PIA C212 (item number) is mandatory and has no value "
                "0085=13"
            ],
        ),
        (
            "UNS+S",
            "UNS+X",
            [
                "segment 29 UNS, element 1: error E-CODE UNS 0081 (which sections are divided) has no code 'X' "
                "(codes are: D, S) 0085=12"
            ],
        ),
        (
            "BGM+220+PO-4711+9",
            "BGM+220+PO-4711+9+AB+x",
            [
                "segment 2 BGM: error E-ELEMENT BGM has 5 elements, the guide knows 4 "
                "(look for a separator inside a text, or use the guide of the partner's version) 0085=16"
            ],
        ),
        (
            "BGM+220+PO-4711+9",
            "BGM+220+PO:4711+9",
            [
                "segment 2 BGM, element 2: error E-ELEMENT BGM 1004 (document number) holds the component separator "
                "':', but is a simple element (look for a component separator inside a text) 0085=16"
            ],
        ),
        (
            "QTY+21:100:PCE",
            "QTY+21:100:PCE:1",
            [
                "segment 21 QTY, element 1: error E-ELEMENT QTY C186 has 4 components, the guide knows 3 "
                "(look for a separator inside a text, or use the guide of the partner's version) 0085=16"
            ],
        ),
        (
            "QTY+21:100:PCE",
            "QTY+21:100:+",
            [
                "segment 21 QTY: remark R-TRAILING the segment QTY ends with element separators that nothing follows",
                "segment 21 QTY, element 1: remark R-TRAILING QTY C186 ends with component separators that nothing "
                "follows",
            ],
        ),
    ],
)
def test_golden_findings_of_an_order(
    orders: Guide, read: Read, lines: Lines, order_text: str, old: str, new: str, expected: list[str]
) -> None:
    assert order_text.count(old) >= 1
    assert lines(orders.validate(read(order_text.replace(old, new, 1)))) == expected


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "BEG*00*NE*PO-4711**20260105\n",
            "",
            ["segment 1: error E-MANDATORY the mandatory segment BEG is missing after ST 720=3 721=BEG 719=2"],
        ),
        (
            "PO1*1*100*EA*12.5*PE*UK*4000862141404*VP*SUP-1\nPID*F****Steel bolt M8x40\nDTM*002*20260120\n"
            "PO1*2*2000*EA*.035*PE*UK*4000862141411\n",
            "",
            [
                "segment 12 N1: error E-MANDATORY the mandatory segment PO1, which opens the group PO1, is missing "
                "after N1 720=3 721=PO1 719=13"
            ],
        ),
        (  # what a guide of a part of the message does not know is no fault, nor what follows it
            "PO1*2*2000",
            "SLN*1**I*1*EA\nCUR*BY*EUR\nPO1*2*2000",
            [
                "segment 16 SLN: remark R-SEGMENT segment SLN is not in the guide, which covers a part of 850 only "
                "(add it to a guide of your own, from adapters/edi/guides/x12/004010/850.yaml)"
            ],
        ),
        (
            "PID*F****Steel",
            "BEG*00*NE*PO-4711**20260105\nPID*F****Steel",
            [
                "segment 14 BEG: error E-ORDER segment BEG has no place after PO1 "
                "(the order of segments is in adapters/edi/guides/x12/004010/850.yaml) 720=7 721=BEG"
            ],
        ),
        (
            "CUR*BY*EUR\n",
            "CUR*BY*EUR\nCUR*BY*EUR\n",
            ["segment 4 CUR: error E-REPEAT segment CUR stands more than once 720=5 721=CUR"],
        ),
        (  # a segment that comes too early is the fault, not those that follow
            "CUR*BY*EUR\n",
            "DTM*002*20260120\nCUR*BY*EUR\n",
            [
                "segment 3 DTM: error E-ORDER segment DTM has no place after BEG "
                "(the order of segments is in adapters/edi/guides/x12/004010/850.yaml) 720=7 721=DTM"
            ],
        ),
        (
            "DTM*002*20260120\nN9",
            "DTM*002*20260230\nN9",
            [
                "segment 5 DTM, element 2: error E-FORMAT DTM 02 (date) must be a date, CCYYMMDD, not '20260230' "
                "723=8 725=373"
            ],
        ),
        (
            "DTM*002*20260120\nN9",
            "DTM*002**2460\nN9",
            [
                "segment 5 DTM, element 3: error E-FORMAT DTM 03 (time) must be a time, HHMM or HHMMSS, not '2460' "
                "723=9 725=337"
            ],
        ),
        (
            "DTM*002*20260120\nN9",
            "DTM*002\nN9",
            [
                "segment 5 DTM, element 2: error E-CONDITION DTM 02 and 03 and 05: at least one must have a value "
                "(the rule is R020305 of segment DTM) 723=2 725=373"
            ],
        ),
        (
            "PO1*1*100*EA*12.5*PE*UK*",
            "PO1*1*100*EA**PE*UK*",
            [
                "segment 13 PO1, element 4: error E-CONDITION PO1 05 and 04: if the first has a value, the others must "
                "have one (the rule is C0504 of segment PO1) 723=2 725=212"
            ],
        ),
        (
            "N1*ST**UL*5412345000020",
            "N1*ST**UL",
            [
                "segment 12 N1, element 4: error E-CONDITION N1 03 and 04: if one has a value, all must have one "
                "(the rule is P0304 of segment N1) 723=2 725=67"
            ],
        ),
        (
            "BEG*00*NE",
            "BEG*0*NEW",
            [
                "segment 2 BEG, element 1: error E-LENGTH BEG 01 (purpose) is shorter than ID 2/2: 1 characters "
                "723=4 725=353",
                "segment 2 BEG, element 2: error E-LENGTH BEG 02 (order type) is longer than ID 2/2: 3 characters "
                "723=5 725=92",
            ],
        ),
        (
            "CTT*2",
            "CTT*2.5",
            [
                "segment 17 CTT, element 1: error E-FORMAT CTT 01 (number of lines) must be a number without a "
                "decimal point, not '2.5' 723=6 725=354"
            ],
        ),
        (
            "PO1*1*100*EA",
            "PO1*1*1,5*EA",
            [
                "segment 13 PO1, element 2: error E-FORMAT PO1 02 (quantity ordered) must be a number, not '1,5' "
                "723=6 725=330"
            ],
        ),
        (
            "MSG*Deliver to dock 4",
            "MSG*Deliver: dock 4****",
            [
                "segment 7 MSG: remark R-TRAILING the segment MSG ends with element separators that nothing follows",
                "segment 7 MSG, element 1: warning W-SEPARATOR MSG 01 (text) holds the component separator ':', but is "
                "a simple element (agree on another component separator)",
            ],
        ),
        (
            "CTT*2",
            "CTT*2:3*********1",
            [
                "segment 17 CTT, element 1: error E-ELEMENT CTT 01 (number of lines) holds the component separator "
                "':', but is a simple element (look for a component separator inside a text) 723=6 725=354",
                "segment 17 CTT, element 8: error E-ELEMENT CTT has 10 elements, the guide knows 7 "
                "(look for a separator inside a text, or use the guide of the partner's version) 723=3",
            ],
        ),
    ],
)
def test_golden_findings_of_an_850(
    po850: Guide, read: Read, lines: Lines, purchase_text: str, old: str, new: str, expected: list[str]
) -> None:
    assert purchase_text.count(old) >= 1
    assert lines(po850.validate(read(purchase_text.replace(old, new, 1), "*"))) == expected


def test_all_findings_come_at_once(orders: Guide, read: Read, order_text: str) -> None:
    text = order_text.replace("PO-4711", "x" * 36).replace("UNS+S", "UNS+S+1").replace("QTY+21:2000", "QTY+21:many")
    codes = [(finding.place.tag, finding.code) for finding in orders.validate(read(text)) if finding.place]
    assert codes == [("BGM", "E-LENGTH"), ("QTY", "E-FORMAT"), ("UNS", "E-ELEMENT")]


def test_an_empty_message_misses_all_that_is_mandatory(orders: Guide, read: Read) -> None:
    findings = orders.validate(read(""))
    assert [finding.message for finding in findings] == [
        f"the mandatory segment {tag} is missing after UNH" for tag in ("BGM", "DTM", "UNS")
    ]


def test_a_flood_of_faults_is_counted(orders: Guide, read: Read, order_text: str) -> None:
    flood = order_text.replace("UNS+S\n", "QQQ+1\n" * 2000 + "UNS+S\n")
    findings = orders.validate(read(flood))
    assert len(findings) == 1001
    assert findings[-1].message == "1000 more findings about this message are not listed one by one"
    assert findings[-1].severity is Severity.ERROR


def test_many_lines_are_no_fault(orders: Guide, read: Read, order_text: str) -> None:
    line = "LIN+1++4000862141404:EN\nQTY+21:100:PCE\nPRI+AAA:12.5\nRFF+CT:1\nDTM+171:20250101:102\n"
    assert orders.validate(read(order_text.replace("UNS+S\n", line * 3000 + "UNS+S\n"))) == []


@pytest.mark.parametrize("number", ["0", "-1", "100", "1.5", "1,5", "-0.5", "123456789012345", "-1234567890.12345"])
def test_numbers_that_edifact_allows(orders: Guide, read: Read, order_text: str, number: str) -> None:
    assert orders.validate(read(order_text.replace("QTY+21:100", f"QTY+21:{number}"))) == []


@pytest.mark.parametrize(
    "number",
    ["1-", "1.", ".5", "1e5", "1 000", "--1", "-", "1.2.3"],
)
def test_numbers_that_edifact_refuses(orders: Guide, read: Read, order_text: str, number: str) -> None:
    findings = orders.validate(read(order_text.replace("QTY+21:100", f"QTY+21:{number}")))
    assert [finding.value for finding in findings] == [number]


@pytest.mark.parametrize("number", ["0", "-1", "100", "1.5", ".5", "5.", "-.5", "123456789012345", "1234567890.12345"])
def test_numbers_that_x12_allows(po850: Guide, read: Read, purchase_text: str, number: str) -> None:
    assert po850.validate(read(purchase_text.replace("PO1*1*100*", f"PO1*1*{number}*"), "*")) == []


@pytest.mark.parametrize(
    ("date", "good"),
    [
        ("20240229", True),
        ("20230229", False),
        ("20261231", True),
        ("20261301", False),
        ("20260431", False),
        ("20260100", False),
        ("2026-1-1", False),
    ],
)
def test_dates_of_x12(po850: Guide, read: Read, purchase_text: str, date: str, good: bool) -> None:
    assert (po850.validate(read(purchase_text.replace("**20260105", f"**{date}"), "*")) == []) is good
