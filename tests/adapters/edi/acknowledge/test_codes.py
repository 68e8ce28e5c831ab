"""The tables of codes: complete for all that we write, and the same as those of an independent program."""

import re
from pathlib import Path

import pytest

from transload.adapters.edi.acknowledge.codes import LISTS, markdown
from transload.adapters.edi.guides.faults import FaultKind
from transload.adapters.edi.reading.edifact import EDIFACT_DIALECT
from transload.adapters.edi.reading.x12 import X12_DIALECT

_ROOT = Path(__file__).parents[4]
_ACK = re.compile(r'"(0085|716|718|720|723|I18)": "([0-9I]+)"')


def test_every_code_that_reading_and_guides_give_has_a_meaning() -> None:
    used = {
        (element, code)
        for dialect in (EDIFACT_DIALECT, X12_DIALECT)
        for ack in dialect.acks.values()
        for element, code in ack.items()
    }
    for each in FaultKind:
        kind = each.value
        given = {"0085": kind.edifact, "720": kind.segment, "723": kind.element, "621": kind.note}
        used |= {(element, code) for element, code in given.items() if code}
    for file in (_ROOT / "adapters" / "edi").rglob("*.py"):
        used |= {(element, code) for element, code in _ACK.findall(file.read_text())}
    assert len(used) > 40
    assert [(element, code) for element, code in sorted(used) if code not in LISTS[element].codes] == []


def test_a_code_that_nobody_knows() -> None:
    assert LISTS["723"].meaning("99") == "a code that is in no list known here"


def test_meanings_are_short_and_none_is_empty() -> None:
    for each in LISTS.values():
        for meaning in each.codes.values():
            assert 3 < len(meaning) < 90
            assert not meaning.endswith(".")


@pytest.mark.parametrize(
    ("guide", "element", "place", "left_out"),
    [
        ("997.4010.xml", "715", "AK901", ""),
        ("997.4010.xml", "717", "AK501", ""),
        ("997.4010.xml", "718", "AK502", ""),
        ("997.4010.xml", "720", "AK304", ""),
        ("999.5010.xml", "716", "AK905", ""),
        ("999.5010.xml", "618", "IK502", ""),
        ("999.5010.xml", "620", "IK304", ""),
        ("999.5010.xml", "621", "IK403", "11"),  # of this one no second source tells the meaning
        ("999.5010.xml", "I17", "TA104", ""),
        ("999.5010.xml", "I18", "TA105", ""),
    ],
)
def test_the_lists_of_pyx12(guide: str, element: str, place: str, left_out: str) -> None:
    pyx12 = pytest.importorskip("pyx12")
    file = Path(pyx12.__file__).parent / "map" / guide
    text = file.read_text("utf-8")
    block = text[text.index(f'xid="{place}"') :]
    theirs = re.findall(r"<code>(\w+)</code>", block[: block.index("</valid_codes>")])
    assert sorted(LISTS[element].codes) == sorted(set(theirs) - {left_out})


def test_the_tables_of_the_documentation() -> None:
    text = markdown()
    assert "### 723: Error of an element (AK403 of 997)\n\n| code | meaning |\n| --- | --- |\n| 1 | a mandatory" in text
    assert text.index("| 13 | there are too many components |") < text.index(
        "| I6 | the guide does not use this code |"
    )
    assert all(f"### {element}: " in text for element in LISTS)
