"""Places as mapping files write them."""

import pytest

from transload.adapters.edi.guides import Guide, PlaceError, SegmentGuide, WirePlace, resolve_position


def at(guide: Guide, tag: str) -> SegmentGuide:
    segment = guide.segment(tag)
    assert segment is not None
    return segment


@pytest.mark.parametrize(
    ("tag", "text", "place"),
    [
        ("BGM", "1004", WirePlace(element=2)),
        ("BGM", "1001", WirePlace(element=1, component=1)),
        ("DTM", "2380", WirePlace(element=1, component=2)),
        ("NAD", "3251", WirePlace(element=8)),
        ("NAD", "3055", WirePlace(element=2, component=3)),
        ("NAD", "3036", WirePlace(element=4, component=1)),
        ("NAD", "3036[2]", WirePlace(element=4, component=2)),
        ("NAD", "C080.3036[5]", WirePlace(element=4, component=5)),
        ("NAD", "C080", WirePlace(element=4)),
        ("LOC", "C519.3055", WirePlace(element=3, component=3)),
        ("CUX", "C504.6345", WirePlace(element=1, component=2)),
        ("CUX", "C504[2].6345", WirePlace(element=2, component=2)),
        ("CUX", "C504[2]", WirePlace(element=2)),
        ("PIA", "C212[5].7143", WirePlace(element=6, component=2)),
        ("FTX", "4440*", WirePlace(element=4, component=1, repeats=5)),
        ("FTX", "4440[2]*", WirePlace(element=4, component=2, repeats=4)),
        ("NAD", "C059.3042*", WirePlace(element=5, component=1, repeats=4)),
        ("ALI", "4183*", WirePlace(element=3, repeats=5)),
        ("ALI", "4183[2]", WirePlace(element=4)),
        ("QTY", "1.2", WirePlace(element=1, component=2)),
        ("BGM", "2", WirePlace(element=2)),
        ("BGM", "2.1", WirePlace(element=2, component=1)),
    ],
)
def test_edifact_places(orders: Guide, tag: str, text: str, place: WirePlace) -> None:
    assert at(orders, tag).resolve(text) == place


@pytest.mark.parametrize(
    ("tag", "text", "message", "hint"),
    [
        ("BGM", "1999", "segment BGM has no element 1999; it has 1001, 1131, 3055, 1000, 1004, 1225, 4343", None),
        ("QTY", "6410", "segment QTY has no element 6410; it has 6063, 6060, 6411", "did you mean '6411'?"),
        (
            "LOC",
            "3055",
            "element 3055 stands in more than one place of LOC: C517.3055, C519.3055, C553.3055",
            "write the one that is meant, for example C517.3055",
        ),
        (
            "CUX",
            "6345",
            "element 6345 stands in more than one place of CUX: C504[1].6345, C504[2].6345",
            "write the one that is meant, for example C504[1].6345",
        ),
        (
            "PIA",
            "7140*",
            "element 7140 stands in more than one place of PIA: C212[1].7140, C212[2].7140, C212[3].7140, "
            "C212[4].7140, C212[5].7140",
            "write the one that is meant, for example C212[1].7140",
        ),
        (
            "NAD",
            "C081.3039",
            "segment NAD has no composite C081; it has C082, C058, C080, C059",
            "did you mean 'C082'?",
        ),
        (
            "NAD",
            "C082.3036",
            "composite C082 of NAD has no element 3036; it has 3039, 1131, 3055",
            "did you mean '3039'?",
        ),
        ("CUX", "C504[3].6345", "segment CUX has 2 of composite C504, not 3", None),
        ("NAD", "3036[6]", "segment NAD has 5 of element 3036, not 6", "write 3036[1] to 3036[5]"),
        ("BGM", "5", "segment BGM has no element 5; it has 4", "the last is 4343 (response wanted)"),
        ("QTY", "1.4", "element 1 of QTY has no component 4; it has 3", "element 1 is C186 (quantity)"),
        ("QTY", "0", "the position '0' counts from 0", "positions count from 1"),
        (
            "BGM",
            "number",
            "'number' is no place in BGM",
            "write an element's code (1004), a composite and a code (C519.3055) or a position (2.1)",
        ),
    ],
)
def test_edifact_place_errors(orders: Guide, tag: str, text: str, message: str, hint: str | None) -> None:
    with pytest.raises(PlaceError) as caught:
        at(orders, tag).resolve(text)
    assert (caught.value.message, caught.value.hint) == (message, hint)
    assert caught.value.findings[0].code == "M-PLACE"


@pytest.mark.parametrize(
    ("tag", "text", "place"),
    [
        ("BEG", "03", WirePlace(element=3)),
        ("BEG", "3", WirePlace(element=3)),
        ("REF", "04.2", WirePlace(element=4, component=2)),
        ("PO1", "25", WirePlace(element=25)),
        ("FOB", "09", WirePlace(element=9)),  # the guide does not declare it, but says that more follow
    ],
)
def test_x12_places(po850: Guide, tag: str, text: str, place: WirePlace) -> None:
    assert at(po850, tag).resolve(text) == place


@pytest.mark.parametrize(
    ("tag", "text", "message", "hint"),
    [
        ("REF", "05", "segment REF has no element 5; it has 4", "the last is C040 (further references)"),
        ("BEG", "03.2", "element 3 of BEG has no component 2; it has 1", "element 3 is 324 (order number)"),
        ("BEG", "03[2]", "element 3 of BEG has no repetition 2; it may stand once", "write 03"),
        ("BEG", "1004", "'1004' is no place in BEG", "write an element's number, such as 03 or 03.2"),
    ],
)
def test_x12_place_errors(po850: Guide, tag: str, text: str, message: str, hint: str) -> None:
    with pytest.raises(PlaceError) as caught:
        at(po850, tag).resolve(text)
    assert (caught.value.message, caught.value.hint) == (message, hint)


def test_all_places_of_a_repeating_element(orders: Guide, po850: Guide) -> None:
    assert [str(place) for place in at(orders, "PIA").resolve_all("7143")] == ["2.2", "3.2", "4.2", "5.2", "6.2"]
    assert [str(place) for place in at(orders, "PIA").resolve_all("C212[4].7143")] == ["5.2"]
    assert [place.element for place in at(po850, "PO1").resolve_all("06")] == [*range(6, 25, 2)]
    assert [place.element for place in at(po850, "PO1").resolve_all("09")] == [*range(9, 26, 2)]
    assert [place.element for place in at(po850, "PER").resolve_all("03")] == [3, 5, 7]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("2", WirePlace(element=2)),
        ("02", WirePlace(element=2)),
        ("2.1", WirePlace(element=2, component=1)),
        ("05[3]", WirePlace(element=5, repetition=3)),
        ("05[3].2", WirePlace(element=5, repetition=3, component=2)),
    ],
)
def test_positions_without_a_guide(text: str, place: WirePlace) -> None:
    assert resolve_position(text) == place


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        (
            "1004",
            "'1004' is no position in a segment",
            "element codes need a guide of the message; write element.component, such as 2 or 2.1",
        ),
        ("a", "'a' is no position in a segment", "write element.component, such as 2 or 2.1"),
        ("2.0", "the position '2.0' counts from 0", "positions count from 1"),
    ],
)
def test_what_is_no_position(text: str, message: str, hint: str) -> None:
    with pytest.raises(PlaceError) as caught:
        resolve_position(text)
    assert (caught.value.message, caught.value.hint) == (message, hint)


def test_names_and_titles_of_places(orders: Guide, po850: Guide) -> None:
    quantity = at(orders, "QTY")
    place = quantity.resolve("6060")
    element = quantity.element(place)
    assert element is not None
    assert (quantity.name(place), quantity.title, element.title) == ("QTY 6060", "quantity", "quantity")
    assert at(po850, "PO1").name(WirePlace(element=7)) == "PO1 07"
    assert at(po850, "REF").name(WirePlace(element=4, component=2)) == "REF 04.2"
    assert quantity.element(WirePlace(element=9)) is None
    assert orders.segment("XXX") is None


def test_every_place_of_every_guide_resolves_to_itself(orders: Guide, po850: Guide) -> None:
    for guide in (orders, po850):
        for tag in guide.tags:
            segment = at(guide, tag)
            for number in range(1, len(segment.parts) + 1):
                place = WirePlace(element=number)
                assert segment.resolve(str(place)) == place
                assert segment.element(place) is not None
