"""A mapping that somebody else wrote reads nothing outside of its folder, and costs little time and room."""

import json
import os
import resource
import time

import pytest

from transload.adapters.base.regular import read_regular
from transload.canonical.errors import ConfigurationError
from transload.mappings import load_mapping
from transload.mappings.testing import run_tests
from transload.mappings.testing.updating import updates

HEAD = 'mapping: m\ndocument: order/1\nformat: {type: edifact, message: "ORDERS:D:96A:UN"}\n'
NODES = "layout:\n  - BGM: {1004: =number}\n  - DTM: {2005: 137, 2380+2379: =issued_on | dtm(102)}\n"
COBOL = "mapping: m\ndocument: order/1\nformat: {type: cobol, copybook: NAME}\nlayout: []\n"
SOAP = "mapping: m\ndocument: order/1\nformat: {type: soap, faults: NAME}\n"
SOAP += "layout: {a: {b: =number, c: =issued_on | date(iso)}}\n"
TABLES = HEAD + "xrefs: {i: {file: NAME, wire: a, canonical: b}}\n" + NODES
EXTENDS = "mapping: m\nextends: NAME\n"
SHAPES = {"copybook": COBOL, "faults": SOAP, "xrefs": TABLES, "extends": EXTENDS}
NINES = "9" * 5000
MANY = 60_000


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    "name", ["/etc/passwd", "../outside.yaml", '"a\\0b"', "pipe", ".", "link.yaml", "circle", "/dev/zero", "x" * 1500]
)
def test_a_path_leads_to_no_file_outside_and_to_no_device(bench, shape, name):
    bench.file("a,b\n1,2\n", "../outside.yaml")
    os.mkfifo(bench.folder / "pipe")
    (bench.folder / "link.yaml").symlink_to(bench.folder.parent / "outside.yaml")
    (bench.folder / "circle").symlink_to(bench.folder / "circle")
    (line, *_) = bench.static(SHAPES[shape].replace("NAME", name))
    assert line.startswith(("map.yaml:2:", "map.yaml:3:", "map.yaml:4:"))
    if name in ("/etc/passwd", "../outside.yaml", "link.yaml", "/dev/zero"):
        assert "lies outside of the mapping's folder" in line


def test_a_workspace_is_as_far_as_a_mapping_sees(bench):
    bench.file("", "house/transload.yaml")
    bench.file(HEAD + NODES, "house/common/base.yaml")
    bench.file(HEAD + NODES, "other.yaml")
    bench.file("mapping: m\nextends: ../common/base.yaml\n", "house/acme/in.yaml")
    bench.file("mapping: m\nextends: ../../other.yaml\n", "house/acme/out.yaml")
    assert load_mapping("in.yaml", base=bench.folder / "house/acme").kind == "ORDERS"
    with pytest.raises(ConfigurationError, match=r"'../../other.yaml': it lies outside of the workspace"):
        load_mapping("out.yaml", base=bench.folder / "house/acme")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (f"layout:\n  - BGM: {{1004: =number | pad({NINES})}}\n", "M-VALUE"),
        (f"version: {NINES}\n{NODES}", "M-VALUE"),
        (f"layout:\n  - BGM: {{? 01*{NINES} : =notes}}\n", "M-VALUE"),
        ("layout:\n  - BGM: {1004: =number | pad(999999999)}\n", "M-CONVERTER"),
        ("layout:\n  - BGM: {1004: =number}\n  - FTX: {4.1*99999: =notes}\n", "M-PLACE"),
        (f'derive: {{currency: "={"1+" * 900}1"}}\n{NODES}', "M-EXPRESSION"),
        (f'derive: {{currency: "={"(" * 900}1{")" * 900}"}}\n{NODES}', "M-EXPRESSION"),
        (f"{NODES}  - FTX: {{4451: =contract}}\n    only_if: {'not ' * 400}contract\n", "M-EXPRESSION"),
        (NODES + "".join(f"  - FTX: {{4451: A{n}, 4453: =contract}}\n" for n in range(2100)), "M-NODE"),
        (NODES + "".join(f"k{n}: x\n" for n in range(20_000)), "M-KEY"),
        (f"ignores: [{','.join(f'a{n}' for n in range(40_000))}]\n{NODES}", "M-VALUE"),
        (f"loses: [{','.join(f'a{n}' for n in range(40_000))}]\n{NODES}", "M-FIELD"),
        ("pieces: [" + "x," * 1_500_000 + "x]\n" + NODES, "C-YAML"),
        ("pieces: [" + "x" * 5_000_000 + "]\n" + NODES, "E-CONFIG"),
        ("pieces: " + "[" * MANY, "C-YAML"),
        ("pieces: " + "{a: " * MANY, "C-YAML"),
    ],
)
def test_what_is_too_large_to_be_meant_is_refused_soon(bench, text, code):
    before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
    bench.file(HEAD + text)
    with pytest.raises(ConfigurationError) as caught:
        load_mapping("map.yaml", base=bench.folder)
    codes = [finding.code for finding in caught.value.findings]
    assert codes[0] == code, caught.value.message
    assert len(codes) <= 2000
    assert time.monotonic() - started < 20  # an hour and more without the bounds
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 400_000


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b'"' + b"x" * 200_000 + b'",b\n1,2\n', "the first line has more than 100000 characters"),
        (b"a,b\n" + b"".join(b"1,%d\n" % n for n in range(50_000)), "stands for two"),
        (b'a,b\n"' + b"x" * 200_000, "the file is no CSV"),
        (b"a,b\n\xff,1\n", "the file is no UTF-8 text"),
    ],
)
def test_a_table_of_others_is_a_table_or_findings(bench, content, line):
    (bench.folder / "t.csv").write_bytes(content)
    found = bench.static(TABLES.replace("NAME", "t.csv"))
    assert line in found[0]
    assert len(found) <= 1000


def test_a_file_that_grows_is_read_up_to_its_limit(tmp_path):
    (tmp_path / "f").write_bytes(b"x" * 11)
    assert read_regular(tmp_path / "f", 11) == b"x" * 11
    with pytest.raises(OSError, match="more than 10 bytes"):
        read_regular(tmp_path / "f", 10)


CASES = """
tests:
  - {name: one, wire: WIRE, canonical: CANONICAL}
"""
SAMPLE = "BGM+220+PO1\nDTM+137:20260105:102\nUNS+S\n"


@pytest.mark.parametrize("wire", ["/dev/zero", "pipe", ".", "../secret.edi", "/etc/passwd"])
def test_a_sample_in_a_workspace_lies_in_it(bench, wire):
    bench.file("", "house/transload.yaml")
    bench.file(SAMPLE, "secret.edi")
    os.mkfifo(bench.folder / "house/pipe")
    mapping = bench.load(HEAD + NODES + CASES.replace("WIRE", wire).replace("CANONICAL", wire), "house/map.yaml")
    (result,) = run_tests(mapping)
    assert [(finding.code, finding.message[:11]) for finding in result.findings] == [("T-FAILED", "cannot read")]


@pytest.mark.parametrize(("name", "refused"), [("../other/x.json", True), ("../samples/x.json", False)])
def test_an_expected_document_is_written_beside_the_mapping_or_its_sample(bench, name, refused):
    bench.file(SAMPLE, "samples/o.edi")
    bench.file("{}", name.removeprefix("../"))
    text = HEAD + NODES + "ignores: [UNS]" + CASES.replace("WIRE", "../samples/o.edi").replace("CANONICAL", name)
    (update,) = updates(bench.load(text, "acme/map.yaml"))
    assert bool(update.changes) is not refused
    if refused:
        assert update.finding is not None
        assert update.finding.message == (
            f"not brought up to date: {name} is not written: it lies outside of the mapping's folder"
        )


@pytest.mark.parametrize("key", ["", "#1", "BGM #" + NINES, "line " + NINES, "/" * 500, "[9]", "@", "BGM #²"])
def test_an_edit_that_names_nothing_is_told(bench, key):
    text = HEAD + NODES + f"tests:\n  - {{name: one, wire: o.edi, fails: [], edit: {{? {json.dumps(key)} : x}}}}\n"
    bench.file(SAMPLE, "o.edi")
    (result,) = run_tests(bench.load(text))
    assert [finding.code for finding in result.findings] == ["T-FAILED"]
