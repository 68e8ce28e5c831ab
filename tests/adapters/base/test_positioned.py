from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transload.adapters.base.positioned import Entries, Scalar, load, parse, position, typed
from transload.canonical.errors import ConfigurationError


def refusal(text: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        parse(text, "f.yaml")
    (finding,) = caught.value.findings
    return finding.line()


def test_scalars_stay_text_with_line_and_column() -> None:
    root = parse("version: 004010\nnorway: NO\n", "f.yaml")
    assert isinstance(root, Entries)
    assert root.get("version") == Scalar("004010", 1, 10)
    assert root.get("norway") == Scalar("NO", 2, 9)
    assert root.get("absent") is None


def test_typed_values_know_only_what_cannot_be_mistaken() -> None:
    text = "{a: 1, b: 007, c: NO, d: 'true', e: true, f: null, g: 1.5, h: 12:30, i: [1, -2], j: 1e5}"
    assert typed(parse(text, "f")) == {
        "a": 1,
        "b": "007",
        "c": "NO",
        "d": "true",
        "e": True,
        "f": None,
        "g": 1.5,
        "h": "12:30",
        "i": [1, -2],
        "j": "1e5",
    }


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: 1\na: 2", "f.yaml:2:1: error C-YAML the key 'a' stands here a second time; the first is in line 1"),
        (
            "a: {b: 1}\nc: {<<: *x}",
            "f.yaml:2:9: error C-YAML this is no valid YAML: found undefined alias",
        ),
        (
            "a: &x {b: 1}\nc: {<<: *x}",
            "f.yaml:2:5: error C-YAML merge keys (<<) are not allowed (repeat the lines, or use a piece)",
        ),
        (
            "a: !!python/object:os.system {}",
            "f.yaml:1:4: error C-YAML the tag tag:yaml.org,2002:python/object:os.system is not allowed"
            " (remove it; every value is plain text here)",
        ),
        ("", "f.yaml:1:1: error C-YAML the file is empty"),
        (
            "a: {@b: 1}",
            "f.yaml:1:5: error C-YAML this is no valid YAML: found character that cannot start any token"
            ' (quote names that begin with @: "@currency")',
        ),
        (
            "a: {C504[1].6347: 2}",
            "f.yaml:1:9: error C-YAML this is no valid YAML: did not find expected ',' or '}'"
            ' (quote names that hold brackets: "C504[1].6347")',
        ),
        (
            "a:\n\tb: 1",
            "f.yaml:2:1: error C-YAML this is no valid YAML: found character that cannot start any token"
            " (indent with blanks, not with tabs)",
        ),
        (
            "[1, 2]: 3",
            'f.yaml:1:1: error C-YAML a key must be text (quote it if it begins with "{" or "[")',
        ),
    ],
)
def test_what_is_refused_says_where_and_what_to_do(text: str, line: str) -> None:
    assert refusal(text) == line


def test_aliases_that_grow_without_bound_are_refused() -> None:
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    assert "aliases or nesting make this file too large" in refusal("\n".join(rows))


def test_an_alias_that_holds_itself_is_refused() -> None:
    assert "C-YAML" in refusal("a: &a [*a]")


def test_positions_lead_to_the_deepest_part_that_exists() -> None:
    root = parse("a:\n  b: [x, y]\n", "f")
    assert position(root, ["a", "b", 1]) == (2, 10)
    assert position(root, ["a", "b"], of_key=True) == (2, 3)
    assert position(root, ["a", "zzz"]) == (2, 3)
    assert position(root, []) == (1, 1)


def test_files_that_cannot_be_read_give_findings(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="No such file"):
        load(tmp_path / "absent.yaml")
    (tmp_path / "latin.yaml").write_bytes(b"name: K\xf6ln")
    with pytest.raises(ConfigurationError, match="byte 7 is 0xF6"):
        load(tmp_path / "latin.yaml", name="latin.yaml")


@given(st.text())
def test_no_text_gives_anything_but_a_tree_or_a_finding(text: str) -> None:
    try:
        parse(text, "f")
    except ConfigurationError as error:
        assert error.findings[0].mapping is not None  # noqa: PT017 - every refusal has a position
