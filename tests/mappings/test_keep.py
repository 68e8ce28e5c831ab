"""``keep: true``: what nothing takes travels beside the document and is put back at its place."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transload.adapters.edi import EdifactFormat
from transload.adapters.edi.options import EdifactOptions
from transload.canonical.places import MappingPlace
from transload.mappings.residue import Residue, put_back

NODES = """  - cases: {SU: seller}
    NAD: {3035: =case, 3036: =name}
  - each: lines
    LIN: {1: =number}
    then:
    - QTY: {6063: 21, 6060: =quantity}
  - UNS: {0081: S}
"""
LINES = [
    "BGM+220+PO1", "DTM+137:20260105:102", "PAI+::42", "NAD+BY+++ACME", "RFF+VA:DE1", "CTA+OC+:Jan", "NAD+CN+++X",
    "COM+a:EM", "NAD+SU+++Y+Street", "LIN+1++A:EN", "ALI+DE", "QTY+21:5:KGM", "PRI+AAA:5", "LIN+2", "QTY+21:6",
    "ALI+BE", "PRI+AAA:6", "UNS+S", "MOA+79:5", "CNT+2:2",
]  # fmt: skip


@pytest.fixture
def mapping(bench, order):
    return bench.load(order(NODES, "keep: true\nignores: [PAI, LIN/3]\n"))


def read(bench, mapping, lines):
    message = bench.records(lines)
    decoded, traced = mapping.decode(message), mapping.trace(message)
    assert (decoded.documents, decoded.findings, decoded.residue) == (traced.documents, traced.findings, traced.residue)
    return decoded


def shown(encoded):
    return [text.replace("\x1d", "+").replace("\x1f", ":") for text in encoded.body]


def test_a_message_is_written_as_it_was_read(bench, mapping):
    decoded = read(bench, mapping, LINES)
    assert {str(finding.severity) for finding in decoded.findings} == {"remark"}
    residue = Residue.of(json.loads(json.dumps(decoded.residue.as_dict())))
    assert residue == decoded.residue
    encoded = mapping.encode(decoded.documents[0], bench.context, residue)
    assert shown(encoded) == LINES
    assert encoded.findings == ()
    assert len(mapping.encode(decoded.documents[0], bench.context).body) == 9


def test_what_stood_with_a_line_goes_with_it(bench, mapping):
    decoded = read(bench, mapping, LINES)
    (document,) = decoded.documents
    shorter = document.model_copy(update={"lines": document.lines[1:]})
    encoded = mapping.encode(shorter, bench.context, decoded.residue)
    assert shown(encoded) == [*LINES[:9], *LINES[13:]]
    assert [(finding.code, finding.message) for finding in encoded.findings] == [
        ("W-LOSES", f"{what} was kept, and is not written: {neighbour}, with which it stood, is not there any more")
        for what, neighbour in (
            ("A:EN", "LIN+1"),
            ("KGM", "QTY+21:5"),
            ("ALI+DE", "LIN+1"),
            ("PRI+AAA:5", "QTY+21:5"),
        )
    ]
    more = document.model_copy(update={"lines": (document.lines[0], document.lines[0], document.lines[1])})
    assert shown(mapping.encode(more, bench.context, decoded.residue))[-7:] == LINES[-7:]


def test_a_changed_value_disturbs_nothing(bench, mapping):
    decoded = read(bench, mapping, LINES)
    changed = decoded.documents[0].model_copy(update={"number": "PO2"})
    expected = ["BGM+220+PO2", *LINES[1:]]
    assert shown(mapping.encode(changed, bench.context, decoded.residue)) == expected


def test_nothing_is_kept_where_all_is_taken(bench, mapping, minimal):
    assert read(bench, mapping, minimal).residue is None


def test_without_keep_there_is_no_residue(bench, order):
    assert read(bench, bench.load(order(NODES)), LINES).residue is None


TAGS = st.lists(st.sampled_from(["A\x1d1", "A\x1d2", "B\x1d1", "C"]), max_size=8)


@given(st.lists(st.tuples(st.booleans(), st.sampled_from(["A\x1d1", "B\x1d1", "C", "D\x1d7"])), max_size=12))
def test_what_was_taken_and_kept_makes_the_message_again(segments):
    taken = tuple(text for kept, text in segments if not kept)
    counts = [sum(not kept for kept, _ in segments[:index]) for index in range(len(segments))]
    kept = tuple((count, text) for (kept, text), count in zip(segments, counts, strict=True) if kept)
    result, lost = put_back(Residue(taken=taken, kept=kept), taken, MappingPlace(file="m", line=1, column=1))
    assert (result, lost) == ([text for _, text in segments], [])


@given(TAGS, TAGS)
def test_everything_kept_is_put_back_or_told_of(old, new):
    residue = Residue(taken=tuple(old), kept=tuple((n, f"K\x1d{n}") for n in range(len(old) + 1)))
    result, lost = put_back(residue, new, MappingPlace(file="m", line=1, column=1))
    assert [text for text in result if text[0] != "K"] == new
    assert len(result) - len(new) + len(lost) == len(residue.kept)


def test_a_real_file_is_the_same_byte_for_byte(bench, order):
    mapping = bench.load(order(NODES, "keep: true\n"))
    body = "".join(f"{line}'" for line in [*LINES[:3], "FTX+AAI+++it?'s 5?+5?: ?'", *LINES[3:]])
    count = body.replace("?'", "").count("'") + 2
    payload = f"UNB+UNOC:3+A+B+260105:1200+7'UNH+1+ORDERS:D:96A:UN'{body}UNT+{count}+1'UNZ+1+7'".encode()
    format_ = EdifactFormat(EdifactOptions())
    (message,) = format_.read(payload)
    decoded = mapping.decode(message)
    encoded = mapping.encode(decoded.documents[0], bench.context, decoded.residue)
    assert format_.write([encoded], envelope=message.envelope, context=bench.context) == payload


def test_keep_is_yes_or_no_and_for_segments(bench, order):
    assert bench.static(order("", "keep: maybe\n")) == ["map.yaml:5:7: error M-VALUE keep: is true or false"]
    text = "mapping: m\ndocument: order/1\nformat: {type: json}\nkeep: true\nlayout:\n  - id: =number\n"
    assert bench.static(text)[0] == "map.yaml:4:7: error M-VALUE keep: is for segments of EDIFACT and X12"
