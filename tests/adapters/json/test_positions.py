"""Finding values in a text: by what most texts look like, and by walking where one looks otherwise."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from transload.adapters.json.positions import entries, locate, pointer

NAMES = st.sampled_from(["a", "b", "", "a b", 'say "a"', "back\\slash", "ä", "a/b", "~", "{", "]", ",", ":"])
LEAVES = st.one_of(NAMES, st.integers(-5, 10**20), st.booleans(), st.none(), st.sampled_from([1.5, -0.25, 1e30]))
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(NAMES, inner, max_size=4)),
    max_leaves=12,
)
SEPARATORS = st.sampled_from([(",", ":"), (", ", ": "), (" ,\n", "\t: ")])


def paths(value: Any) -> list[tuple[tuple[str | int, ...], Any]]:
    """Each value inside ``value`` with the path to it."""
    found: list[tuple[tuple[str | int, ...], Any]] = [((), value)]
    children: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, child in children:
        found += [((step, *path), inner) for path, inner in paths(child)]
    return found


@given(VALUES, SEPARATORS, st.sampled_from([None, 0, 2]), st.booleans())
def test_each_value_is_found_where_it_stands(
    value: Any, separators: tuple[str, str], indent: int | None, plain: bool
) -> None:
    text = json.dumps(value, separators=separators, indent=indent, ensure_ascii=plain)
    for path, inner in paths(value):
        assert json.JSONDecoder().raw_decode(text, locate(text, path))[0] == inner


@given(st.lists(st.tuples(NAMES, LEAVES), max_size=5), SEPARATORS)
def test_of_equal_keys_the_last_one_counts(members: list[tuple[str, Any]], separators: tuple[str, str]) -> None:
    comma, colon = separators
    text = "{" + comma.join(json.dumps(key) + colon + json.dumps(value) for key, value in members) + "}"
    for key, value in dict(members).items():
        assert json.JSONDecoder().raw_decode(text, locate(text, (key,)))[0] == value
    assert [entry.key for entry in entries(text, 0)] == [key for key, _ in members]


@given(st.lists(st.one_of(NAMES, st.integers(0, 5)), max_size=4))
def test_a_pointer_is_taken_apart_again(path: list[str | int]) -> None:
    text = pointer(path)
    steps = [] if text is None else [s.replace("~1", "/").replace("~0", "~") for s in text[1:].split("/")]
    assert steps == [str(step) for step in path]
