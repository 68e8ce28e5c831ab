"""New expectations for cases, and how they are put into files."""

import json
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from transload.canonical.errors import ConfigurationError
from transload.mappings.testing.appending import with_case
from transload.mappings.testing.insertion import with_key
from transload.mappings.testing.updating import updates

MAPPING = """mapping: portal
document: order/1
format: {type: json}
pages: {items: orders}
layout:
  - id: =number
  - date: =issued_on | date(iso)
tests:
"""
SAMPLE = json.dumps({"orders": [{"id": "1", "date": "2026-01-05"}, {"id": "2", "date": "2026-01-06"}]})


def found(bench, case, **files):
    bench.file(SAMPLE, "o.json")
    for name, value in files.items():
        bench.file(json.dumps(value), f"{name}.json")
    return list(updates(bench.load(f"{MAPPING}  - {case}\n")))


def test_what_is_right_calls_for_nothing(bench):
    one, two = ({"number": str(n), "issued_on": f"2026-01-0{n + 4}"} for n in (1, 2))
    assert found(bench, "{name: n, wire: o.json, canonical: a.json}", a=[one, two]) == []
    assert found(bench, "{name: n, wire: o.json, canonical: [a.json, b.json]}", a=one, b=two) == []
    assert found(bench, "{name: n, canonical: a.json, writes: [x]}", a=one) == []


def test_only_the_file_that_differs_is_written(bench):
    one, two = ({"number": str(n), "issued_on": f"2026-01-0{n + 4}"} for n in (1, 2))
    (update,) = found(bench, "{name: n, wire: o.json, canonical: [a.json, b.json]}", a=one, b={**two, "number": "3"})
    (change,) = update.changes
    assert change.file.name == "b.json"
    assert [line for line in change.diff().splitlines() if line[0] in "+-"][2:] == [
        '-  "number": "3",',
        '+  "number": "2",',
        '+  "kind": "order",',
        '+  "purpose": "original",',
    ]
    assert json.loads(change.new)["number"] == "2"


LEFT = {
    "{name: n, wire: o.json, canonical: {number: X, issued_on: '2026-01-05'}}": "its document stands in the mapping "
    "file, which only you change",
    "{name: n, wire: o.json, canonical: [a.json]}": "it names 1 files, and there are 2 documents now",
    "{name: n, wire: gone.json, canonical: a.json}": "cannot read gone.json: No such file or directory",
    "{name: n, wire: o.json, edit: {/orders/0/date: X}, canonical: a.json}": "the message has errors: 'X' does not "
    "have the form yyyy-MM-dd",
}


@pytest.mark.parametrize("case", LEFT)
def test_what_is_left_alone_and_why(bench, case):
    (update,) = found(bench, case, a={})
    assert update.changes == ()
    assert update.finding.line().endswith(f"map.yaml:9:5: warning T-UPDATE not brought up to date: {LEFT[case]}")


def test_an_alias_is_not_changed():
    text = "a: &one {x: 1}\ntests:\n  - *one\n"
    with pytest.raises(ConfigurationError) as caught:
        with_key(text, Path("f.yaml"), 3, 5, "y", "2")
    assert [finding.line() for finding in caught.value.findings] == [
        "f.yaml:3:5: error T-UPDATE a line cannot be added to this case without changing more of the file"
        " (add the line by hand)"
    ]


TEXTS = st.text(alphabet="ab: #'\"-", min_size=1, max_size=8)


@given(
    cases=st.lists(st.dictionaries(st.sampled_from("pqrs"), TEXTS, min_size=1), min_size=1, max_size=3),
    flow=st.sampled_from([None, False]),
    data=st.data(),
)
def test_a_key_more_changes_nothing_else(cases, flow, data):
    text = "# head\n" + yaml.safe_dump({"tests": cases}, default_flow_style=flow, sort_keys=False) + "# tail\n"
    root = yaml.compose(text)
    number = data.draw(st.integers(0, len(cases) - 1))
    mark = root.value[0][1].value[number].start_mark
    changed = with_key(text, Path("f"), mark.line + 1, mark.column + 1, "canonical", "a.json")
    expected = [dict(case) for case in cases]
    expected[number]["canonical"] = "a.json"
    assert yaml.safe_load(changed) == {"tests": expected}
    assert changed.startswith("# head\n")
    assert changed.endswith("# tail\n")
    kept = [line for line in changed.splitlines() if line.strip() != "canonical: a.json"]
    assert changed.replace(", canonical: a.json", "") == text or kept == text.splitlines()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mapping: m\n", "mapping: m\n\ntests:\n  - {name: x}\n"),
        ("mapping: m", "mapping: m\n\ntests:\n  - {name: x}\n"),
        ("tests:\n- {a: b}  # remark\n# more\nz: 1\n", "tests:\n- {a: b}  # remark\n- {name: x}\n# more\nz: 1\n"),
        ("tests:\n  - a: b\n    c: d\n", "tests:\n  - a: b\n    c: d\n  - {name: x}\n"),
    ],
)
def test_a_case_more_at_the_end(text, expected):
    assert with_case(text, Path("f"), "{name: x}") == expected
