"""Each word of the language: a good mapping with it breaks no law, and one with a fault is caught by a named law."""

import json
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from transload.adapters.base.format import Encoded
from transload.canonical.documents import as_json
from transload.canonical.errors import Reject
from transload.canonical.model import Model
from transload.mappings import Mapping, load_mapping
from transload.mappings.laws import FAST, Outcome, check_laws
from transload.mappings.laws.coverage import reach
from transload.mappings.laws.documents import Documents
from transload.mappings.laws.domains import Domains
from transload.mappings.laws.picks import Whole
from transload.mappings.laws.shapes import shape_of
from transload.mappings.laws.wires import Wire
from transload.mappings.plugins import Plugins, Trusted
from transload.mappings.surroundings import Surroundings

EFFORT = replace(FAST, documents=200, steps=150)
PLUGINS = Path(__file__).parents[3] / "fixtures/mapping-plugin/acme_plugins.py"
JSON = """mapping: words
document: order/1
format: {type: json}
loses: ["*"]
layout:
  - id: =number
  - day: =issued_on | date(iso)
"""
EDIFACT = """mapping: words
document: order/1
format: {type: edifact, message: "ORDERS:D:96A:UN"}
loses: ["*"]
layout:
  - BGM: {1004: =number}
  - DTM: {2005: 137, 2380+2379: =issued_on | dtm(102)}
"""
LINES = """  - each: lines
    LIN: {1: =number, 7140: =supplier_item}
    then:
      - QTY: {6063: 21, 6060: =quantity, 6411: =uom}
      - PRI: {5125: AAA, 5118: =price}
"""
ONLY_IF = (
    JSON
    + """  - only_if: currency = 'EUR'
    deal: {no: =contract}
  - currency: =currency
  - each: lines
    rows:
      - qty: =quantity | number
      - only_if: quantity > 5 and not order.contract
        price: {per: =price | number, unit: =price_uom}
  - only_if: order.kind = 'call_off'
    each: notes
    notes: {text: =.}
  - kind: =kind
"""
)
DERIVE = (
    EDIFACT.replace(
        "layout:",
        "derive:\n  lines.amount: =quantity * price | round(2)\n  totals.lines_amount: =sum(lines.amount)\nlayout:",
    )
    + LINES
    + "      - MOA: {5025: 203, 5004: =write(amount)}\n"
)
KEYED = (
    EDIFACT
    + """  - RFF: {1153: PL, 1154: "=references[kind=price_list].number"}
  - RFF: {1153: CT, 1154: "=references[kind=contract].number"}
  - each: lines
    LIN: {1: =number}
    then:
      - QTY: {6063: 21, 6060: =quantity}
      - RFF: {1153: ON, 1154: "=references[kind=order].number"}
"""
)
PARTS = (
    EDIFACT
    + """  - RFF: {1153: CT, 1154: '=parts("{contract}/{release}")'}
  - each: lines
    LIN: {1: =number}
    then:
      - QTY: {6063: 21, 6060: '=parts("{quantity} {uom}")'}
"""
)
GIVEN = (
    EDIFACT
    + """  - DTM: {2005: 97, 2380+2379: =write(now()) | dtm(203 UTC)}
  - RFF: {1153: CT, 1154: =contract}
  - RFF: {1153: ACW, 1154: =write(control_number())}
  - each: lines
    LIN: {1: =write(seq()), 7140: =supplier_item}
    then:
      - QTY: {6063: 21, 6060: =quantity}
"""
)
LIMITS = EDIFACT.replace(
    "layout:",
    """codes: {uom: {PCE: EA, KGM: KGM}}
limits:
  number: {length: 6}
  lines: {items: 3}
  lines.uom: {values: [EA, MTR]}
  lines.quantity: {min: 2, max: 1000, decimals: 1}
  issued_on: {min: 2026-01-01, max: 2026-12-31}
layout:""",
) + LINES.replace("6411: =uom", "6411: =uom | code(uom)")
LEVELS = """mapping: words
document: despatch_advice/1
format: {type: x12, set: "8ZZ", version: "004010", functional_id: SH}
loses: ["*"]
layout:
  - BSN: {02: =number, 03: =issued_on | date(yyyyMMdd)}
  - HL: {01: =level(), 03: S, 04: =children(1 0)}
    then:
      - in: buyer
        N1: {01: BY, 02: =name}
      - each: packages
        HL: {01: =level(), 02: =parent(), 03: P, 04: =children(1 0)}
        then:
          - MAN: {01: GM, 02: =sscc}
          - each: lines
            HL: {01: =level(), 02: =parent(), 03: I, 04: =children(1 0)}
            then:
              - SN1: {02: =quantity}
  - CTT: {01: =levels()}
"""
USE = (
    EDIFACT.replace("layout:", "uses: [article, freight]\nlayout:")
    + "  - use: py(freight)\n    TOD: {4055: 6}\n"
    + LINES.replace("=supplier_item", "=supplier_item | py(article)")
)
SEVERAL = (
    JSON
    + """  - each: documents
    places:
      - place: =ship_to.id
      - order: =order.number
      - each: lines
        items: {no: =number, amount: =quantity | number}
"""
)
REQUIRED = (
    JSON.replace("id: =number", "id: {value: =number, max: 5}")
    + """  - in: buyer
    buyer: {name: =name, city: {value: =city, required: yes}}
  - each: lines
    rows: {q: =quantity | number, text: {value: =description, required: yes, max: 4}}
"""
)
FIRST = (
    EDIFACT
    + """  - first: true
    NAD: {3035: DP, 3036: =ship_to.name}
  - only_if: ship_to.name
    NAD: {3035: DP, 3036: =final_recipient.name}
"""
)
GOOD = {
    "only_if": ONLY_IF,
    "derive": DERIVE,
    "an item by its key": KEYED,
    "parts": PARTS,
    "given": GIVEN,
    "limits": LIMITS,
    "levels": LEVELS,
    "use": USE,
    "several documents": SEVERAL,
    "required and max": REQUIRED,
    "first": FIRST,
}


def made(mapping: Mapping) -> Documents:
    shape = shape_of(mapping.meaning)
    return Documents(mapping.meaning, shape, Domains(mapping.meaning, shape))


@pytest.fixture
def checked(tmp_path: Path) -> Callable[..., tuple[Mapping, Outcome]]:
    """A mapping with its laws; the sample is a document with everything, as ``good`` writes it."""

    def check(text: str, good: str | None = None, plugins: str | None = None) -> tuple[Mapping, Outcome]:
        code = plugins if plugins is not None else PLUGINS.read_text(encoding="utf-8")
        (tmp_path / "plugins.py").write_text(code, encoding="utf-8")
        digest = sha256(code.encode()).hexdigest()
        known = {name: Trusted(file=tmp_path / "plugins.py", digest=digest) for name in ("article", "freight")}
        surroundings = Surroundings(plugins=Plugins(files=known))

        def load(source: str) -> Mapping:
            (tmp_path / "map.yaml").write_text(source, encoding="utf-8")
            return load_mapping("map.yaml", base=tmp_path, surroundings=surroundings)

        base = load(good or text)
        document = made(base).make(Whole(full=True, items=2))
        assert document is not None
        (tmp_path / "sample").write_bytes(Wire(base).write(document))
        (tmp_path / "sample.json").write_text(json.dumps(as_json(document)), encoding="utf-8")
        mapping = load(f"{text}tests:\n  - {{name: one, wire: sample, canonical: sample.json}}\n")
        return mapping, check_laws(mapping, EFFORT)

    return check


def lines(outcome: Outcome) -> list[str]:
    return [finding.line().partition(" ")[2] for finding in outcome.findings]


@pytest.mark.parametrize("word", GOOD)
def test_a_good_mapping_breaks_no_law(checked: Callable[..., tuple[Mapping, Outcome]], word: str) -> None:
    mapping, outcome = checked(GOOD[word])
    if word == "limits":  # MTR is allowed, and no code says it
        assert outcome.narrowed["lines[].uom"] == "takes EA"
    assert lines(outcome) == []
    assert outcome.documents == 200
    assert outcome.refused == 0
    assert outcome.mutations >= 5
    assert reach(mapping, EFFORT).entries == ()


@pytest.mark.parametrize(
    ("word", "old", "new", "law", "told"),
    [
        ("only_if", "{per: =price | number,", "{per: =price | elide(3) | number,", "L1 carry", "lines[0].price"),
        ("only_if", "  - currency: =currency", "  - currency: =currency | elide(EUR)", "L1 carry", "currency"),
        ("derive", "5118: =price", "5118: =price | elide(3)", "L1 carry", "totals.lines_amount: before"),
        ("derive", 'loses: ["*"]', 'loses: ["*", totals.lines_amount]', "", "carries what it lists under loses"),
        ("an item by its key", "=contract].number", "=contract].number | elide(A)", "L1 carry", "references[0]"),
        ("given", "  - RFF: {1153: ACW,", "  - only: encode\n    RFF: {1153: CT,", "L1 carry", "cannot be read back"),
        ("limits", "[EA, MTR]", "[MTR, LTR]", "", "no value of lines[].uom that was tried can be written here"),
        ("levels", "03: I, 04: =children(1 0)", "03: I, 04: =children(0 1)", "L2 normal form", "states another value"),
        ("several documents", "=ship_to.id", "=ship_to.id | elide(A)", "L1 carry", "ship_to"),
        ("first", "  - only_if: ship_to.name\n    NAD", "  - NAD", "L1 carry", "final_recipient.name: before"),
        ("required and max", "=city,", "=city | elide(A),", "L1 carry", "buyer.city"),
    ],
)  # fmt: skip
def test_a_fault_is_caught(
    checked: Callable[..., tuple[Mapping, Outcome]], word: str, old: str, new: str, law: str, told: str
) -> None:
    assert GOOD[word].count(old) == 1
    faulty = GOOD[word].replace(old, new)
    _, outcome = checked(faulty, GOOD[word])
    assert any(told in line for line in lines(outcome)), lines(outcome)
    assert not law or law in {one.law for one in outcome.counterexamples}


def test_a_refusal_of_parts_names_the_part(checked: Callable[..., tuple[Mapping, Outcome]]) -> None:
    mapping, _ = checked(PARTS)

    class Mute(Mapping):
        def encode(self, document: Any, context: Any, residue: Any = None) -> Encoded:
            try:
                return super().encode(document, context, residue)
            except Reject as error:
                raise Reject("no", findings=[replace(f, field=None) for f in error.findings]) from error

    found = check_laws(Mute(mapping._written, mapping.meaning), EFFORT).counterexamples
    assert {"L4 total"} == {one.law for one in found}
    assert "contract" in {one.finding.field for one in found}
    with pytest.raises(Reject) as refused:
        Wire(mapping).write(made(mapping).make(Whole(full=True)).model_copy(update={"contract": "a/b"}))
    assert [(finding.field, finding.value) for finding in refused.value.findings] == [("contract", "a/b")]


def test_a_plugin_that_does_not_take_its_own_samples(checked: Callable[..., tuple[Mapping, Outcome]]) -> None:
    code = PLUGINS.read_text(encoding="utf-8")
    article = code.replace('return f"{number}-{region}"', 'return f"1-{region}"')
    freight = code.replace("payer.lower()", '"prepaid"').replace('"delivery_terms.payment": "prepaid", ', "", 1)
    assert article != code != freight
    _, outcome = checked(USE, plugins=article)
    assert lines(outcome) == [
        "error L-CONVERTER a plug-in does not take a value that is among its samples: the plug-in article writes "
        "'US/4711' as '1-US', and reads 'US/1' back"
    ]


def documents(text: str, folder: Path) -> list[Model]:
    (folder / "map.yaml").write_text(text, encoding="utf-8")
    return list(made(load_mapping("map.yaml", base=folder)).all(200, "seed"))


def test_documents_are_on_both_sides_of_a_condition_and_hold_nothing_that_is_not_written(tmp_path: Path) -> None:
    found = documents(ONLY_IF, tmp_path)
    assert {(one.currency == "EUR", one.contract is not None) for one in found} == {
        (True, True), (True, False), (False, False),
    }  # fmt: skip
    assert {one.kind == "call_off" for one in found if one.notes} == {True}
    rows = [(line.quantity, line.price) for one in found for line in one.lines if one.contract is None]
    assert {quantity > 5 for quantity, price in rows if price is not None} == {True}
    assert {5, 6} <= {quantity for quantity, _ in rows}, "the border is among them"
    assert any(quantity > 5 and price is None for quantity, price in rows)


def test_documents_are_within_limits(tmp_path: Path) -> None:
    found = documents(LIMITS, tmp_path)
    assert max(len(one.lines) for one in found) == 3
    assert max(len(one.number) for one in found) == 6
    quantities = {line.quantity for one in found for line in one.lines}
    assert (min(quantities), max(quantities)) == (2, 1000)
    assert {one.issued_on.year for one in found} == {2026}


def test_documents_hold_what_follows(tmp_path: Path) -> None:
    found = documents(DERIVE, tmp_path)
    priced = [line for one in found for line in one.lines if line.price is not None]
    assert priced
    assert all(abs(line.amount - line.quantity * line.price) <= 0.005 for line in priced)
    assert all(line.amount is None for one in found for line in one.lines if line.price is None)


def test_each_key_stands_once(tmp_path: Path) -> None:
    found = documents(KEYED, tmp_path)
    kinds = {tuple(reference.kind for reference in one.references) for one in found}
    assert kinds == {(), ("price_list",), ("contract",), ("price_list", "contract")}
