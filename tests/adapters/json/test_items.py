"""Pages that are read item by item: the same values as the standard library's, and where each item stands."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from transload.adapters.json.items import read_page
from transload.adapters.json.parse import parse
from transload.adapters.json.text import Decoded

SCALARS = st.none() | st.booleans() | st.integers(-99, 99) | st.text(alphabet='ab"\\{}[],: é\n', max_size=4)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "data"]), inner, max_size=3),
    max_leaves=6,
)
DECODER = json.JSONDecoder()
PATHS = st.sampled_from([(), ("data",), ("a", "data")])


def page(items: list[Any], path: tuple[str, ...], beside: Any) -> Any:
    for step in reversed(path):
        items = {"before": beside, step: items, "after": beside}  # type: ignore[assignment]
    return items


@given(st.lists(VALUES, max_size=3), PATHS, VALUES, st.sampled_from([None, 1]))
def test_a_page_is_what_the_whole_text_is(
    items: list[Any], path: tuple[str, ...], beside: Any, indent: int | None
) -> None:
    whole = page(items, path, beside)
    text = "\n " + json.dumps(whole, indent=indent, ensure_ascii=False) + " "
    found, spans = read_page(text, path, DECODER.raw_decode)
    assert found == whole
    assert [json.loads(text[start:end]) for start, end in spans] == items


@given(
    st.lists(VALUES, max_size=2),
    PATHS,
    st.integers(0, 80),
    st.integers(0, 3),
    st.text(alphabet='{}[],:"\\ 1atrue', max_size=3),
)
@example([1], ("data",), 29, 0, ",")
@example([1], (), 2, 0, ",")
def test_what_is_no_json_is_no_page(items: list[Any], path: tuple[str, ...], start: int, length: int, new: str) -> None:
    text = json.dumps(page(items, path, 1))
    text = text[:start] + new + text[start + length :]
    try:
        found, _ = read_page(text, path, DECODER.raw_decode)
    except ValueError:
        return
    assert found == DECODER.decode(text)


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ('{"a": "5\\" pipe", "b": "x"}', []),
        ('{"a": "x\\\\", "b": "y\\\\"}', []),
        ('{"a": "5\\" pipe", "a": "x"}', ["E-DUPLICATE-KEY"]),
        ('{"a": 1, "a": "x"}', ["E-DUPLICATE-KEY"]),
        ('{"a": "x\\\\", "b": "y\\\\", "c": "", "c": 1}', ["E-DUPLICATE-KEY"]),
        ('{"c": 1, "c": 2, "a": "x\\\\", "b": "y\\\\"}', ["E-DUPLICATE-KEY"]),
        ('[{"data": [{"x": 1}]}, {"data": [{"x": 1, "x": 1}]}]', ["E-DUPLICATE-KEY"]),
    ],
)
def test_equal_keys_are_counted_out(text: str, codes: list[str]) -> None:
    source = Decoded(text=text, encoding="utf-8", mark=0, file="f")
    assert [finding.code for finding in parse(source, deepest=9)[1]] == codes


@pytest.mark.parametrize("path", [("data",), ("x", "data")])
def test_equal_keys_on_the_way_are_found(path: tuple[str, ...]) -> None:
    text = '{"data": [1], "x": {"data": [2], "data": [3]}, "data": [4]}'
    root, findings, spans = parse(Decoded(text=text, encoding="utf-8", mark=0, file="f"), deepest=9, items=path)
    assert root == {"data": [Decimal(4)], "x": {"data": [Decimal(3)]}}
    assert [finding.code for finding in findings] == ["E-DUPLICATE-KEY", "E-DUPLICATE-KEY"]
    assert spans == []


DIGITS = st.integers(0, 10**9) | st.integers(10**70, 10**90)
NUMBERS = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["", "-"]),
    DIGITS,
    st.sampled_from(["", ".0", ".25", f".{'7' * 70}"]),
    st.sampled_from(["", "e5", "E-3", "e400", "e401", "E-9999", f"e{10**20}"]),
)


@given(st.lists(NUMBERS, max_size=4))
def test_numbers_are_exact_however_they_look(numbers: list[str]) -> None:
    text = f'{{"data": [{", ".join(numbers)}]}}'
    source = Decoded(text=text, encoding="utf-8", mark=0, file="f")
    for items in (None, ("data",)):
        root, findings, spans = parse(source, deepest=9, items=items)
        read = [(type(number), str(number)) for number in root["data"]]
        meant = [
            (Decimal, str(Decimal(0) if len(number.partition("e")[2]) > 5 else Decimal(number))) for number in numbers
        ]
        assert read == meant
        fractions = [number for number in numbers if "." in number or "e" in number.lower()]
        immense = [n for n in fractions if len(n.partition("e")[2]) > 5 or not -400 <= Decimal(n).adjusted() <= 400]
        assert [finding.value for finding in findings] == [number[:80] for number in immense]
        assert len(spans) in (0, len(numbers))
