"""Where the segments of a message stand in its guide's structure."""

from collections.abc import Callable

from transload.adapters.base.format import Records
from transload.adapters.edi.guides import Guide

Read = Callable[..., Records]


def standings(guide: Guide, records: Records) -> list[str]:
    """``QTY SG25``, with ``*`` behind what opens a group."""
    return [
        f"{segment[0]} {' '.join(standing.groups)}{'*' if standing.opens else ''}".rstrip()
        for segment, standing in zip(records.segments, guide.standings(records), strict=True)
    ]


def test_of_a_good_order(orders: Guide, read: Read, order_text: str) -> None:
    assert standings(orders, read(order_text)) == [
        *("BGM", "DTM", "DTM", "FTX", "RFF SG1*", "DTM SG1"),
        *("NAD SG2*", "RFF SG2 SG3*", "CTA SG2 SG5*", "COM SG2 SG5", "NAD SG2*"),
        *("CUX SG7*", "PAT SG8*", "TOD SG11*", "ALC SG18*", "MOA SG18 SG21*"),
        *("LIN SG25*", "PIA SG25", "IMD SG25", "QTY SG25", "MOA SG25", "PRI SG25 SG28*", "RFF SG25 SG29*"),
        *("LIN SG25*", "QTY SG25", "PRI SG25 SG28*", "NAD SG25 SG35*"),
        *("UNS", "MOA", "CNT"),
    ]


def test_what_is_out_of_place_or_unknown_stands_in_no_group(orders: Guide, read: Read, order_text: str) -> None:
    text = order_text.replace("PIA+1+SUP-1", "XXX+1\nBGM+220+again\nPIA+1+SUP-1")
    found = standings(orders, read(text))
    assert found[16:20] == ["LIN SG25*", "XXX", "BGM", "PIA SG25"]


def test_they_are_taken_as_validation_takes_them(orders: Guide, read: Read, order_text: str) -> None:
    """A segment that came too early is blamed afterwards, when the next one shows it."""
    text = order_text.replace("NAD+BY", "UNS+S\nNAD+BY", 1)
    (finding,) = (each for each in orders.validate(read(text)) if each.code == "E-ORDER")
    assert finding.place is not None
    assert finding.place.tag == "UNS"
    found = standings(orders, read(text))
    assert found[6:8] == ["UNS", "NAD SG2*"]


def test_of_a_850(po850: Guide, read: Read, purchase_text: str) -> None:
    found = standings(po850, read(purchase_text, "*"))
    assert found[-6:] == ["PO1 PO1*", "PID PO1 PID*", "DTM PO1", "PO1 PO1*", "CTT CTT*", "AMT CTT"]
