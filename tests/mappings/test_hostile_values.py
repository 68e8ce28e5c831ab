"""Whatever a document or payload holds, it is refused in words, or comes back as it was; and it costs little."""

import json
import random
import re
import time
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from transload.canonical.documents import as_json
from transload.canonical.errors import Reject, TransloadError
from transload.mappings import load_mapping
from transload.mappings.language.converters.base import Setting
from transload.mappings.language.converters.chains import FACTORIES
from transload.mappings.language.fields import FieldType, Kind
from transload.mappings.testing.cases import cases_of
from transload.mappings.testing.samples import CONTEXT, format_of

ODD = (
    "\x00", "\x1c\x1d\x1e\x1f", "a\x1db", "\u2028", "\ud800", "\uffff", "\N{BOM}", "a" * 50_000, "9" * 5000, "1e999999",
    "-1e999999999", "1e-9999", "{x}", "%s%n", "]]>", "&lol;", "'+:?*~", "\x1b[31m", "\r\n", "\t", "٣", "=number",
    "\x85", "0001-01-01", "9999-12-31", "A\u0301", "\U0001f600", '"', ";", " x ",
)  # fmt: skip
ONE_EACH = [
    "edifact/orders-d96a", "x12/850-004010", "x12/856-004010", "ubl/order-2.1", "csv/orders", "csv/invoices",
    "fixed/orders",
]  # fmt: skip
PORTAL = """mapping: m
document: order/1
format: {type: json}
layout:
  - id: =number
  - day: =issued_on | date(iso)
  - notes*: =notes
  - text: =contract
  - each: lines
    rows: {no: =number, amount: =quantity | number, price: =price}
"""


def leaves(value, path=()):
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(inner, (*path, key))
    else:
        yield path


def changed(value, path, to):
    made = json.loads(json.dumps(value))
    holder = made
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = to
    return made


def there_and_back(mapping, document, envelope=None):
    """The documents that are read from what is written."""
    made = format_of(mapping)
    payload = made.write([mapping.encode(document, CONTEXT)], envelope=envelope, context=CONTEXT)
    assert len(payload) < 1_000_000
    return [found for message in made.read(payload, file="f") for found in mapping.decode(message).documents]


@pytest.mark.parametrize("name", ONE_EACH)
def test_a_document_comes_back_as_it_was_or_is_refused(name):
    mapping = load_mapping(f"library:{name}")
    case = next(
        case for case in cases_of(mapping) if case.get("canonical") is not None and case.get("wire") is not None
    )
    message = next(iter(format_of(mapping).read((case.folder / case.get("wire").text).read_bytes(), file="f")))
    values = as_json(mapping.decode(message).documents[0])
    carried = {slot.field.text() for slot in mapping.meaning.slots if slot.field is not None and slot.reads}
    paths = [path for path in leaves(values) if _field(path) in carried]
    outcomes = set()
    started = time.monotonic()
    for path in random.Random(3).sample(paths, min(len(paths), 12)):
        for odd in ODD:
            try:
                document = mapping.meaning.model.model_validate(changed(values, path, odd))
                (again,) = there_and_back(mapping, document, message.envelope)
            except (TransloadError, ValidationError) as error:
                outcomes.add(type(error))
            else:
                assert again == document, (path, odd[:20])
                outcomes.add(None)
    assert {None, ValidationError} < outcomes
    assert time.monotonic() - started < 60


def _field(path):
    return ".".join("[]" if isinstance(step, int) else step for step in path).replace(".[]", "[]")


@pytest.mark.parametrize(
    "payload",
    [
        '{"id": "1", "day": "2026-01-01", "rows": [{"no": "1", "amount": 1e999999999}]}',
        '{"id": "1", "day": "2026-01-01", "rows": [{"no": "1", "amount": %s}]}' % ("9" * 5000),
        '{"id": "1", "day": "2026-01-01", "notes": %s}' % ("[" * 5000 + "]" * 5000),
        '{"id": "\\ud800", "day": "2026-01-01"',
        '{"id": "1", "id": "2", "day": NaN}',
    ],
)
def test_json_of_others_is_refused(bench, payload):
    mapping = bench.load(PORTAL)
    reading = format_of(mapping).read(payload.encode(), file="f")
    found = [finding for message in reading for one in (message, mapping.decode(message)) for finding in one.findings]
    assert any(finding.is_error for finding in [*found, *reading.findings])


JOINED = """mapping: m
document: order/1
format: {type: FORMAT}
layout:
  - NODE: {1: =number, 2: =issued_on | date(iso), 3: =notes | join(;), 4: =contract}
"""


@pytest.mark.parametrize("separator", ["\x1c", "\x1d", "\x1e", "\x1f"])
@pytest.mark.parametrize(
    ("format_type", "node"),
    [
        ("edifact, message: 'ZZZ:D:96A:UN'", "BGM"),
        ("x12, set: '8ZZ', version: '004010'", "BEG"),
        ("csv, header: no", "row"),
    ],
)
def test_texts_that_are_joined_bring_in_no_separators(bench, format_type, node, separator):
    text = JOINED.replace("FORMAT", format_type).replace("NODE", node)
    mapping = bench.load(re.sub(r"\b(\d): =", r"0\1: =", text) if node == "BEG" else text)
    values = {"number": "1", "issued_on": "2026-01-01", "notes": ["a", f"b{separator}c"]}
    document = mapping.meaning.model.model_validate(values)
    with pytest.raises(Reject, match="holds a control character"):
        mapping.encode(document, CONTEXT)


NUMBERS = st.decimals(allow_nan=False, allow_infinity=False) | st.builds(
    lambda digits, exponent: Decimal(digits).scaleb(exponent), st.integers(-(10**40), 10**40), st.integers(-9000, 9000)
)


@pytest.mark.parametrize(
    "name", ["dec", "comma", "implied(2)", "scale(3)", "thousands(.)", "signed(leading)", "unit(kg g)"]
)
def test_a_number_of_any_size_is_read_back_or_refused(name):
    word, _, argument = name.rstrip(")").partition("(")
    setting = Setting(kind=Kind.DECIMAL, field=FieldType(Kind.DECIMAL), format="xml", codes={})
    converter = FACTORIES[word](argument or None, setting)
    outcomes = []

    @settings(max_examples=200, database=None)
    @given(NUMBERS)
    def law(value):
        try:
            written = converter.write(value)
        except ValueError:
            outcomes.append(False)
            return
        assert converter.read(written) == value
        outcomes.append(True)

    law()
    assert {True, False} == set(outcomes)


def test_implied_decimals_never_lose_a_digit():
    setting = Setting(kind=Kind.DECIMAL, field=FieldType(Kind.DECIMAL), format="xml", codes={})
    implied = FACTORIES["implied"]("2", setting)
    assert implied.read("1" * 60) == Decimal("1" * 58 + ".11")
    with pytest.raises(ValueError, match="more digits than can be kept"):
        implied.read("1" * 61)


@pytest.mark.parametrize("number", ["1e999999999", "9" * 5000, "-1", "NaN"])
def test_pages_of_others_count_as_they_like(bench, number):
    mapping = bench.load(PORTAL.replace("layout:", "pages: {items: data, count: n, total: t, page: p}\nlayout:"))
    payload = f'{{"data": [{{"id": "1", "day": "2026-01-01"}}], "n": {number}, "t": {number}, "p": {number}}}'
    reading = format_of(mapping).read(payload.encode(), file="f")
    assert [mapping.decode(message) for message in reading] or reading.findings


def test_a_trailer_of_others_counts_as_it_likes(bench):
    mapping = bench.load(
        "mapping: m\ndocument: order/1\nformat: {type: fixed, length: 6000}\ndocuments: {start: H}\n"
        "file: {trailer: [{record: {1: T, 2-6000: =file.count}}]}\n"
        "layout:\n  - record: {1: H, 2-11: =number, 12-21: =issued_on | date(iso)}\n"
    )
    payload = f"H{'PO1':10}2026-01-01".ljust(6000) + "\nT" + "9" * 5999 + "\n"
    reading = format_of(mapping).read(payload.encode(), file="f")
    assert all(mapping.decode(message).documents for message in reading)
    assert [finding.code for finding in reading.findings] == ["E-FILE-COUNT"]


def test_the_hint_for_an_unknown_code_names_some_of_a_large_table(bench):
    codes = ", ".join(f"A{n}: B{n}" for n in range(500))
    mapping = bench.load(
        'mapping: m\ndocument: order/1\nformat: {type: edifact, message: "ORDERS:D:96A:UN"}\n'
        f"codes: {{t: {{{codes}}}}}\n"
        "layout:\n  - BGM: {1004: =number | code(t)}\n  - DTM: {2005: 137, 2380+2379: =issued_on | dtm(102)}\n"
    )
    (finding,) = mapping.decode(bench.records(["BGM++X", "DTM+137:20260105:102"])).findings
    assert finding.hint.endswith("A28, A29 and 470 more; add the code to it in the partner's mapping")
