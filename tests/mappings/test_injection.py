"""No text of a mapping becomes code, whatever it holds; and compiled code reaches nothing of Python's."""

import ast
import builtins
import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transload.canonical.errors import ConfigurationError
from transload.mappings import load_mapping
from transload.mappings.compiler import quotes
from transload.mappings.compiler.quotes import Namer
from transload.mappings.compiler.record_reading import RecordReader
from transload.mappings.compiler.record_writing import RecordWriter

OURS = set(quotes._BUILTINS)
NASTY = [
    "'); import os; os.system('x') #", '"""', "{__import__('os')}", "\\", "{x!r:{y}}", "\n", "%s", "$(x)", "`x`",
    "{{", "}}", "f'", "\u2028", "'''+x+'''", "lambda: 0", "__builtins__", "\N{BOM}",
]  # fmt: skip


@pytest.mark.parametrize("text", NASTY)
def test_literals_codes_and_arguments_are_only_ever_values(bench, order, minimal, text):
    quoted = json.dumps(text)
    header = f"codes: {{uom: {{{quoted}: EA}}}}\n"
    nodes = (
        f"  - each: lines\n    LIN: {{1: =number}}\n    then:\n    - PIA: {{4347: {quoted}, pairs(7143 7140): {{{quoted}: =supplier_item}}}}\n"  # noqa: E501
        "    - QTY: {6063: 21, 6060: =quantity, 6411: =uom | code(uom)}\n"
    )
    mapping = bench.load(order(nodes, header))
    document = mapping.meaning.model.model_validate(
        {"number": text, "issued_on": "2026-01-05", "buyer": {"name": text},
         "lines": [{"number": "1", "quantity": "1", "uom": "EA", "supplier_item": text}]}
    )  # fmt: skip
    assert mapping.decode(bench.again(mapping, document)).documents == (document,)
    for build in (RecordReader, RecordWriter):
        for trace in (False, True):
            built = build(mapping.meaning, Namer(), trace=trace)
            function = built.decode() if build is RecordReader else built.encode()
            names = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
            assert all(
                re.fullmatch(r"[a-z]{1,4}|[A-Z]{1,4}|[a-z]\d+|[A-Z]_\d+|root|isprintable", name) or name in OURS
                for name in names
            )


@given(
    key=st.text(max_size=20),
    value=st.text(max_size=30),
    expression=st.text(alphabet="=abclines.|()*+-/'0123 _[],{}", max_size=25),
)
@settings(max_examples=150)
def test_any_text_anywhere_gives_a_mapping_or_findings(workbench, key, value, expression):
    table = {
        "mapping": "m", "document": "order/1", "format": {"type": "edifact", "message": "ORDERS:D:96A:UN"},
        "codes": {"t": {value or "x": key or "y"}},
        "layout": [
            {"BGM": {"1004": "=number", "1225": value, "1000": expression}},
            {"DTM": {"2005": "137", "2380+2379": "=issued_on | dtm(102)"}},
            {"in": "buyer", "NAD": {"3035": "BY", "3036": "=name", key or "3042": f"={value}"}},
        ],
    }  # fmt: skip
    path = workbench.file(json.dumps(table))
    try:
        mapping = load_mapping(path)
    except ConfigurationError as error:
        assert all(finding.code.startswith(("M-", "C-")) for finding in error.findings)  # noqa: PT017
        return
    assert mapping._read
    assert mapping._write


def test_compiled_code_has_a_handful_of_builtins():
    function = quotes.function("f", ("x",), quotes.statements("return open"))
    bound = quotes.bind([function], {}, "t")
    with pytest.raises(NameError):
        bound["f"](1)
    dangerous = {"open", "eval", "exec", "__import__", "compile", "getattr", "setattr", "globals"}
    assert not dangerous & set(bound["__builtins__"])
    assert all(bound["__builtins__"][name] is getattr(builtins, name) for name in bound["__builtins__"])
