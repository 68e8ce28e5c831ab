"""Segments taken apart as they stand."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transload.adapters.base.format import COMPONENT, ELEMENT, REPETITION
from transload.adapters.edi.segments import offset_in, split_elements
from transload.adapters.edi.separators import EDIFACT_DEFAULT, TRADACOMS_DEFAULT, Separators
from transload.adapters.edi.tokens import span, take_apart

V4 = Separators.from_una("UNA:+.?*'")
X12 = Separators(element="*", component=">", terminator="~", repetition="^")


def parts(raw: bytes, separators: Separators, end: int | None = None, *, binary: bool = False) -> list[tuple[str, str]]:
    tokens = take_apart(raw, separators, end=len(raw) if end is None else end, binary=binary)
    return [(token.kind, raw[token.start : token.stop].decode("latin-1")) for token in tokens]


def test_a_segment_with_everything() -> None:
    raw = b"FTX+a?+b::c*d+'\r\n"
    assert parts(raw, V4, 14) == [
        ("tag", "FTX"),
        ("separator", "+"),
        ("value", "a"),
        ("release", "?"),
        ("value", "+b"),
        ("separator", ":"),
        ("value", ""),
        ("separator", ":"),
        ("value", "c"),
        ("separator", "*"),
        ("value", "d"),
        ("separator", "+"),
        ("value", ""),
        ("terminator", "'"),
        ("after", "\r\n"),
    ]


def test_binary_data_are_one_token() -> None:
    assert parts(b"BIN*5*a*>~^~", X12, 11, binary=True)[-2:] == [("binary", "a*>~^"), ("terminator", "~")]
    assert parts(b"BDS*ASC*2*~*~", X12, 12, binary=True)[-2:] == [("binary", "~*"), ("terminator", "~")]
    assert ("separator", ">") in parts(b"BIN*5*a>~", X12, 8)


def test_tradacoms_has_a_sign_after_its_tag() -> None:
    assert [kind for kind, _ in parts(b"OLD=1+a=b", TRADACOMS_DEFAULT)] == [
        "tag",
        "separator",
        "value",
        "separator",
        "value",
    ]


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ((1,), "a?+b::c*d"),
        ((1, 1), "a?+b::c"),
        ((1, 2), "d"),
        ((1, None, 1), "a?+b"),
        ((1, None, 2), ""),
        ((1, 1, 3), "c"),
        ((1, 2, 1), "d"),
        ((2,), ""),
        ((1, 3), None),
        ((1, 2, 2), None),
        ((3,), None),
    ],
)
def test_places(place: tuple[int | None, ...], value: str | None) -> None:
    raw = b"FTX+a?+b::c*d+"
    found = span(take_apart(raw, V4, end=len(raw)), *place)  # type: ignore[arg-type]
    assert (None if found is None else raw[slice(*found)].decode()) == value


SIGNS = ["A", "b", "??", "?'", "?+", "?:", "?A", "+", ":", "*", "=", "ä", ""]


@given(st.lists(st.sampled_from(SIGNS), max_size=20))
def test_every_byte_has_its_token_and_values_are_those_that_are_read(signs: list[str]) -> None:
    for separators in (EDIFACT_DEFAULT, V4, X12, TRADACOMS_DEFAULT):
        raw = f"TAG{separators.tag or separators.element}{''.join(signs)}".encode("latin-1")
        tokens = take_apart(raw, separators, end=len(raw))
        assert b"".join(raw[token.start : token.stop] for token in tokens) == raw
        assert tokens[0].start == 0
        assert all(before.stop == after.start for before, after in pairwise(tokens))
        controls = {separators.component: COMPONENT, separators.repetition: REPETITION}
        read = "".join(
            {"separator": controls.get(piece, ELEMENT), "release": ""}.get(kind, piece)
            for kind, piece in parts(raw, separators)
        )
        assert read.split(ELEMENT) == split_elements(raw.decode("latin-1"), separators)
        for number in range(1, 4):
            found = span(tokens, number)
            assert (found[0] if found else len(raw)) == offset_in(raw, separators, number)
