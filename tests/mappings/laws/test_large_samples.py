"""Samples with thousands of lines: few of their values are changed, of each place some, and the outcome says so."""

import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from transload.canonical.documents import as_json
from transload.mappings import Mapping, load_mapping
from transload.mappings.laws import FAST, Outcome, check_laws
from transload.mappings.laws.samples import messages_of, samples_of
from transload.mappings.laws.shortening import KEPT, chosen_of, kept_records
from transload.mappings.laws.wires import Wire
from transload.mappings.mapping import Trace

ACME = Path(__file__).parents[3] / "fixtures/mappings/acme"
EFFORT = replace(FAST, documents=1)
NAMES = ["edifact", "x12", "ubl", "json", "csv", "fixed", "soap"]


@pytest.fixture
def large(tmp_path: Path) -> Callable[..., Mapping]:
    """A mapping of the retailer with an order of many lines as its sample; ``odd`` is the one with an origin."""

    def load(name: str, count: int, odd: int | None = None) -> Mapping:
        small = load_mapping(ACME / f"orders-{name}.yaml")
        wire = Wire(small)
        document = small.decode(messages_of(samples_of(small)[0], wire)[0]).documents[0]
        lines: list[Any] = [
            document.lines[0].model_copy(
                update={"number": str(number), "origin": "PT" if number == odd else None, "requested_on": None}
            )
            for number in range(1, count + 1)
        ]
        document = document.model_copy(update={"lines": tuple(lines)})
        text = (ACME / f"orders-{name}.yaml").read_text(encoding="utf-8").partition("tests:")[0]
        (tmp_path / "sample").write_bytes(wire.write(document))
        (tmp_path / "sample.json").write_text(json.dumps(as_json(document)), encoding="utf-8")
        cases = "tests:\n  - {name: large, wire: sample, canonical: sample.json}\n"
        (tmp_path / "map.yaml").write_text(text + cases, encoding="utf-8")
        return load_mapping("map.yaml", base=tmp_path)

    return load


def run(mapping: Mapping) -> Outcome:
    return check_laws(mapping, EFFORT)


@pytest.mark.parametrize("name", NAMES)
def test_the_laws_take_a_few_seconds_and_say_what_they_left_out(large: Callable[..., Mapping], name: str) -> None:
    mapping = large(name, 5000)
    begun = time.process_time()
    outcome = run(mapping)
    assert time.process_time() - begun < 10
    assert outcome.findings == []
    assert outcome.mutations >= 40
    assert outcome.left["sample"] > 4000
    assert outcome.as_dict()["left"] == outcome.left


def test_of_a_small_sample_nothing_is_left_out(large: Callable[..., Mapping]) -> None:
    assert run(large("edifact", 20)).left == {}


@pytest.mark.parametrize(("name", "place"), [("edifact", "ALI"), ("json", "origin"), ("ubl", "IdentificationCode")])
def test_what_stands_in_one_line_only_is_changed_and_told_at_its_own_place(
    large: Callable[..., Mapping], name: str, place: str
) -> None:
    """The origin of line 2,000 is said to be something else."""
    mapping = large(name, 2500, odd=2000)

    class Confused(Mapping):
        def trace(self, message: Any, *, lineage: Any = True) -> Trace:
            found = super().trace(message, lineage=lineage)
            rows = tuple(replace(r, field="contract") if r.field.endswith("origin") else r for r in found.lineage)
            return replace(found, lineage=rows)

    (finding,) = run(Confused(mapping._written, mapping.meaning)).findings
    assert finding.code == "L-LINEAGE"
    message = messages_of(samples_of(mapping)[0], Wire(mapping))[0]
    rows = mapping.trace(message).lineage
    (told,) = [row.places[0] for row in rows if row.field == "lines[1999].origin"]
    assert finding.place is not None
    assert (finding.place.line, finding.place.byte) == (told.line, told.byte)
    assert place in finding.message


def test_the_first_the_last_and_what_is_new_stays() -> None:
    kinds = [{"a"} for _ in range(1000)]
    kinds[700] = {"a", "b"}
    kinds[800] = {"b"}
    assert chosen_of(kinds) == [*range(KEPT), 700, 999]


def test_groups_stay_whole() -> None:
    mapping = load_mapping("library:edifact/orders-d96a")
    lines = [segment for number in range(500) for segment in (["LIN", str(number)], ["QTY", "21:1"])]
    segments = [["BGM", "220"], *lines, ["UNS", "S"]]
    kept = kept_records(mapping.meaning, segments)
    assert kept == [0, *range(1, 1 + 2 * KEPT), 999, 1000, 1001]
