from transload.canonical.places import MappingPlace, Place


def test_a_place_fills_in_from_inside_out_and_overwrites_nothing() -> None:
    inner = Place(segment=5, tag="QTY", element=1, file="inner.edi")
    outer = Place(file="outer.edi", interchange=1, message=2, segment=99)
    assert inner.within(outer) == Place(file="inner.edi", interchange=1, message=2, segment=5, tag="QTY", element=1)


def test_a_place_within_nothing_is_itself() -> None:
    place = Place(line=3)
    assert place.within(None) is place
    assert place.within(Place(line=9)) is place


def test_text_of_a_full_place() -> None:
    place = Place(
        file="orders.edi", line=42, byte=1046, interchange=1, message=1, segment=39, tag="QTY", element=1, component=3
    )
    assert str(place) == (
        "orders.edi line 42 byte 1046, interchange 1, message 1, segment 39 QTY, element 1, component 3"
    )


def test_text_of_partial_places() -> None:
    assert str(Place()) == "place unknown"
    assert str(Place(tag="UNZ", file="a.edi")) == "a.edi, segment UNZ"
    assert str(Place(path="/lines/0/qty", line=2)) == "line 2, /lines/0/qty"


def test_json_leaves_out_what_is_unknown_and_keeps_zero() -> None:
    assert Place(byte=0, line=1).as_dict() == {"line": 1, "byte": 0}
    assert MappingPlace(file="m.yaml", line=3, column=7).as_dict() == {"file": "m.yaml", "line": 3, "column": 7}


def test_text_of_a_mapping_place() -> None:
    assert str(MappingPlace(file="m.yaml", line=3, column=7, place="QTY 6411")) == "m.yaml:3:7 (QTY 6411)"
