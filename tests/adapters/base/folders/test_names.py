"""Names of files as data."""

from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transload.adapters.base.folders.names import archived, fault_of, joined, numbered, parent, shown, split, wanted

NAMES = st.text(st.characters(exclude_characters="/\0", exclude_categories=[]), min_size=1, max_size=30)


@given(NAMES, NAMES)
def test_what_is_shown_can_be_stored_and_stays_distinct(one: str, other: str) -> None:
    shown(one).encode()
    assert shown(one).isprintable()
    assert (shown(one) == shown(other)) == (one == other)


@given(NAMES)
def test_a_name_is_its_stem_and_extension(name: str) -> None:
    stem, extension = split(name)
    assert stem + extension == name
    assert stem


@given(NAMES)
def test_names_for_a_crowded_folder_never_repeat(name: str) -> None:
    for names in (numbered(name), archived(name, "0123456789abcdef")):
        some = list(islice(names, 50))
        assert some[0] == name
        assert len(set(some)) == 50


@pytest.mark.parametrize(
    ("name", "second"),
    [("a.edi", "a-2.edi"), ("a", "a-2"), (".profile", ".profile-2"), ("a.tar.gz", "a.tar-2.gz"), ("a.", "a-2.")],
)
def test_a_number_stands_before_the_extension(name: str, second: str) -> None:
    assert list(islice(numbered(name), 2)) == [name, second]


@pytest.mark.parametrize(
    ("folder", "path"), [("", "a"), (".", "a"), ("/", "/a"), ("out", "out/a"), ("/out/", "/out/a"), ("a/b", "a/b/a")]
)
def test_a_path_is_a_folder_and_a_name(folder: str, path: str) -> None:
    assert joined(folder, "a") == path


@pytest.mark.parametrize(("path", "above"), [("a", "."), ("/a", "/"), ("out/a", "out"), ("/out/a/", "/out")])
def test_a_parent_is_what_a_path_is_in(path: str, above: str) -> None:
    assert parent(path) == above


@given(st.text(max_size=300))
def test_a_name_without_a_fault_stays_in_its_folder(name: str) -> None:
    if fault_of(name) is None:
        assert name not in ("", ".", "..")
        assert not set(name) & set("/\\\0\n\r")
        assert len(name.encode("utf-8", "surrogateescape")) <= 255


def test_patterns_mind_the_case() -> None:
    assert wanted("ORDERS_1.edi", ["ORDERS_?.edi"], [])
    assert not wanted("orders_1.edi", ["ORDERS_?.edi"], [])
    assert not wanted("ORDERS_1.edi", ["*"], ["*.edi"])
