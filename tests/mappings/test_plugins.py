"""Plug-ins: only trusted code runs, and what it does wrong becomes a finding."""
# ruff: noqa: E501 - findings are one line each

import json
import re
import sys
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transload.canonical.errors import ConfigurationError, Reject
from transload.mappings import load_mapping
from transload.mappings.plugins import Plugins, Trusted, trusted_plugins
from transload.mappings.plugins import finding as trust
from transload.mappings.surroundings import Surroundings

EXAMPLE = Path(__file__).parents[2] / "fixtures/mapping-plugin/acme_plugins.py"
HEAD = "uses: [article, freight]\n"
EARLY = """  - use: py(freight)
    TOD: {4055: 6}
"""
LINES = """  - each: lines
    LIN: {1: =number, 7140: =supplier_item | py(article)}
    then:
      - QTY: {6063: 21, 6060: =quantity}
"""
LAYOUT = ("BGM++PO1", "DTM+137:20260105:102", "NAD+BY+++ACME", "TOD+6++:::PREPAID DAP", "LIN+1++4711-EU", "QTY+21:1")


def trusted(file, *names):
    digest = sha256(Path(file).read_bytes()).hexdigest()
    return Surroundings(plugins=Plugins(files={name: Trusted(file=Path(file), digest=digest) for name in names}))


@pytest.fixture
def mapping(bench, order):
    bench.file(order(EARLY + LINES, HEAD))
    return load_mapping("map.yaml", base=bench.folder, surroundings=trusted(EXAMPLE, "article", "freight"))


def test_values_and_segments_go_both_ways(mapping, bench):
    (read,) = mapping.decode(bench.records(LAYOUT)).documents
    assert read.lines[0].supplier_item == "EU/4711"
    assert (read.delivery_terms.payment, read.delivery_terms.code) == ("prepaid", "DAP")
    assert bench.lines(mapping, read) == list(LAYOUT)
    trace = mapping.trace(bench.records(LAYOUT))
    assert trace.documents == (read,)
    rules = {row.field: row.rule for row in trace.lineage}
    assert rules["delivery_terms.code"] == "py(freight)"
    assert "uses article" in json.loads(mapping.resolved)["pinned"]


def test_the_guide_shows_this_very_example(bench):
    page = (EXAMPLE.parents[2] / "docs/mapping-plug-ins.md").read_text(encoding="utf-8")
    assert EXAMPLE.read_text(encoding="utf-8") in page
    assert sha256(EXAMPLE.read_bytes()).hexdigest() in page
    (text,) = re.findall(r"^```yaml\n(mapping: .*?)^```$", page, re.MULTILINE | re.DOTALL)
    bench.file(text)
    load_mapping("map.yaml", base=bench.folder, surroundings=trusted(EXAMPLE, "article", "freight"))


@pytest.mark.parametrize("name", ["article", "freight"])
def test_samples_of_the_example_are_in_its_domain(name):
    code = trusted(EXAMPLE, name).plugins.find(name).code
    for value in code.samples():
        assert code.decode(code.encode(value, None), None) == value


def test_without_values_a_handled_segment_is_not_written(mapping, bench):
    plain = mapping.meaning.model.model_validate({"number": "1", "issued_on": "2026-01-05", "buyer": {"name": "A"}})
    assert not [row for row in bench.lines(mapping, plain) if row.startswith("TOD")]
    assert mapping.decode(bench.again(mapping, plain)).documents == (plain,)


def test_what_a_plugin_refuses_is_a_finding(mapping, bench):
    rows = [*LAYOUT[:3], "TOD+6", "LIN+1++4711", "QTY+21:1"]
    assert [finding.line() for finding in mapping.decode(bench.records(rows)).findings] == [
        "map.yaml:11:10: error E-VALUE TOD says nothing about the freight (plug-in freight)",
        "map.yaml:14:23: error E-VALUE '4711' is no article number of ours, such as 4711-EU (plug-in article)",
    ]
    (read,) = mapping.decode(bench.records(LAYOUT)).documents
    wrong = read.model_copy(update={"lines": (read.lines[0].model_copy(update={"supplier_item": "x"}),)})
    with pytest.raises(Reject) as caught:
        mapping.encode(wrong, bench.context)
    assert caught.value.findings[0].line() == (
        "map.yaml:14:23: error E-DOMAIN '-x' is no article number of ours, such as 4711-EU (plug-in article)"
    )


BROKEN = """
from transload.mappings.plugins import ValuePlugin, NodePlugin
class Bad(ValuePlugin):
    def decode(self, value, site):
        return {"crash": lambda: 1 / 0, "none": lambda: None, "number": lambda: 7, "exit": lambda: exit(3)}.get(value, lambda: value)()
    def encode(self, value, site):
        return {"crash": 1, "swap": "other"}.get(value, value)
    def samples(self):
        return []
class Node(NodePlugin):
    fields = ("contract", "release")
    def decode(self, parts, site):
        text = parts[0][0]
        return {"crash": lambda: [][1], "list": lambda: [], "unknown": lambda: {"x": 1}}.get(text, lambda: {"contract": text})()
    def encode(self, values, site):
        return {"crash": [["a", 1]], "text": "x"}.get(values["contract"], [[values["contract"]]])
    def samples(self):
        return []
PLUGINS = {"bad": Bad, "node": Node(), "none": 7}
"""


@pytest.fixture
def broken(bench, order):
    file = bench.file(BROKEN, "elsewhere/broken.py")
    nodes = "  - RFF: {1153: CT, 1154: =quotation | py(bad)}\n  - use: py(node)\n    ALI: {}\n"
    bench.file(order("", "uses: [bad, node]\n", early=nodes))
    return load_mapping("map.yaml", base=bench.folder, surroundings=trusted(file, "bad", "node"))


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("RFF+CT:crash", "the plug-in bad failed with ZeroDivisionError: division by zero"),
        ("RFF+CT:none", "the plug-in bad gave no value for 'none'"),
        ("RFF+CT:number", "quotation is no text"),
        ("RFF+CT:exit", "the plug-in bad failed with SystemExit: 3"),
        ("ALI+crash", "the plug-in node failed with IndexError: list index out of range"),
        ("ALI+list", "the plug-in node gave no table of fields"),
        ("ALI+unknown", "the plug-in node gave 'x', which is not among its fields"),
    ],
)
def test_whatever_a_plugin_does_when_reading_is_a_finding(broken, bench, minimal, row, message):
    (finding,) = broken.decode(bench.records([*minimal[:2], row, minimal[2]])).findings
    assert (finding.code, finding.message) == ("E-VALUE", message)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"quotation": "crash"}, "the plug-in bad gave no text for 'crash'"),
        ({"quotation": "swap"}, "the plug-in bad writes 'swap' as 'other', and reads 'other' back"),
        ({"contract": "crash"}, "the plug-in node gave no segment"),
        ({"contract": "text"}, "the plug-in node gave no segment"),
        ({"contract": "a", "release": "b"}, "the plug-in node does not read back what it writes for ALI"),
    ],
)
def test_whatever_a_plugin_does_when_writing_is_a_finding(broken, bench, values, message):
    made = broken.meaning.model.model_validate(
        {"number": "1", "issued_on": "2026-01-05", "buyer": {"name": "A"}, **values}
    )
    with pytest.raises(Reject) as caught:
        broken.encode(made, bench.context)
    assert [(f.code, f.message) for f in caught.value.findings] == [("E-DOMAIN", message)]


def test_what_is_not_trusted_is_refused_with_what_to_do(bench, order, monkeypatch, tmp_path):
    monkeypatch.setenv("TRANSLOAD_TRUST", str(tmp_path / "trust.yaml"))
    found = bench.static(order(EARLY + LINES, HEAD))
    assert [line.partition(" error ")[2][:34] for line in found] == [
        "M-PLUGIN the plug-in 'article' is ", "M-PLUGIN the plug-in 'freight' is ",
    ]  # fmt: skip
    assert found[0] == (
        "map.yaml:5:8: error M-PLUGIN the plug-in 'article' is not installed, and no trust file names it (install the "
        f"package that brings it, or name its file in {tmp_path / 'trust.yaml'}; see docs/mapping-plug-ins.md)"
    )


def test_a_changed_file_does_not_run(bench, order, tmp_path):
    file = bench.file("PLUGINS = {}\n", "elsewhere/a.py")
    around = trusted(file, "article")
    file.write_text("raise SystemExit")
    bench.file(order(LINES, "uses: [article]\n"))
    with pytest.raises(ConfigurationError) as caught:
        load_mapping("map.yaml", base=bench.folder, surroundings=around)
    digest = sha256(b"raise SystemExit").hexdigest()
    assert caught.value.findings[0].line() == (
        "map.yaml:5:8: error M-PLUGIN the file of the plug-in 'article' is not the one that is trusted "
        f"(look at it, then write  sha256: {digest}  in the trust file)"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 / 0", "the plug-in 'article' cannot be loaded: ZeroDivisionError: division by zero"),
        ("x = 1", "{file} has no plug-in 'article'"),
        ("PLUGINS = {'article': 7}", "'article' is no plug-in for mappings"),
        ("x = = 1", "the plug-in 'article' cannot be loaded: SyntaxError: invalid syntax (a.py, line 1)"),
    ],
)
def test_a_file_that_brings_no_plugin(bench, order, text, message):
    file = bench.file(text, "elsewhere/a.py")
    bench.file(order(LINES, "uses: [article]\n"))
    with pytest.raises(ConfigurationError) as caught:
        load_mapping("map.yaml", base=bench.folder, surroundings=trusted(file, "article"))
    assert caught.value.findings[0].message == message.replace("{file}", str(file))


STATIC = {
    ("  - RFF: {1153: CT, 1154: =contract | py(freight)}\n", "uses: [freight]\n"): (
        "M-CONVERTER the plug-in freight is for nodes (write  use: py(freight)  beside a segment)"
    ),
    ("  - RFF: {1153: CT, 1154: =contract | py(article)}\n", "uses: [freight]\n"): (
        "M-CONVERTER the file does not use a plug-in 'article' (name it under uses:  uses: [article])"
    ),
    ("  - RFF: {1153: CT, 1154: =contract | py}\n", "uses: [freight]\n"): (
        "M-CONVERTER py needs the name of a plug-in (for example  py(tidy))"
    ),
    ("  - MOA: {5025: 79, 5004: =totals.lines_amount | py(article)}\n", "uses: [article]\n"): (
        "M-CONVERTER the plug-in article takes a text, and this is a number"
    ),
    ("  - use: py(article)\n    TOD: {4055: 6}\n", "uses: [article]\n"): (
        "M-CONVERTER the plug-in article is for values (write  =field | py(article))"
    ),
    ("  - use: article\n    TOD: {4055: 6}\n", "uses: [article]\n"): (
        "M-NODE use: takes a plug-in, such as  py(freight)"
    ),
    ("  - use: py(freight)\n    TOD: {4055: =delivery_terms.code}\n", "uses: [freight]\n"): (
        "M-NODE TOD 4055 is for the plug-in freight: in a node with use: only literals stand"
    ),
    ("", "uses: article\n"): "M-VALUE uses: is a list of plug-ins (uses: [tidy])",
}


@pytest.mark.parametrize("case", STATIC, ids=lambda case: STATIC[case][:40])
def test_static_findings(bench, order, case):
    nodes, header = case
    bench.file(order("", header, early=nodes))
    with pytest.raises(ConfigurationError) as caught:
        load_mapping("map.yaml", base=bench.folder, surroundings=trusted(EXAMPLE, "article", "freight"))
    assert [finding.line().partition(" error ")[2] for finding in caught.value.findings] == [STATIC[case]]


def test_an_installed_plugin_needs_no_trust_file(bench, order, monkeypatch):
    class Entry:
        dist, value = None, "acme:PLUGINS"

        def load(self):
            return vars(sys.modules[made.__module__])["PLUGINS"]["article"]

    made = trusted(EXAMPLE, "article").plugins.find("article").code
    monkeypatch.setattr(trust, "entry_points", lambda **wanted: [Entry()] if wanted["name"] == "article" else [])
    assert bench.load(order(LINES, "uses: [article]\n")).meaning.plugins["article"].version == "acme:PLUGINS"


def test_the_trust_file(tmp_path, monkeypatch):
    file = tmp_path / "trust.yaml"
    monkeypatch.setenv("TRANSLOAD_TRUST", str(file))
    assert trusted_plugins().files == {}
    file.write_text("plugins:\n  tidy: {file: /opt/tidy.py, sha256: ABC}\n")
    assert trusted_plugins().files == {"tidy": Trusted(file=Path("/opt/tidy.py"), digest="abc")}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: b\n", "1:1: error C-TRUST a trust file has the block plugins: (plugins: {NAME: {file: PATH, sha256: DIGEST}})"),
        ("plugins: {t: {file: /x}}\n", "1:14: error C-TRUST t needs file: and sha256: (sha256sum FILE tells the digest)"),
        ("plugins: {t: {file: x, sha256: a}}\n", "1:21: error C-TRUST 'x' is no absolute path (write the path from /)"),
    ],
)  # fmt: skip
def test_faults_of_the_trust_file(tmp_path, text, expected):
    file = tmp_path / "trust.yaml"
    file.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        trusted_plugins(file)
    assert caught.value.findings[0].line() == f"{file}:{expected}"


def test_a_workspace_cannot_trust_itself(tmp_path):
    (tmp_path / "transload.yaml").write_text("workspace: w\n")
    file = tmp_path / "config" / "trust.yaml"
    file.parent.mkdir()
    file.write_text("plugins: {}\n")
    with pytest.raises(ConfigurationError) as caught:
        trusted_plugins(file)
    assert "could then trust itself" in caught.value.message
    (tmp_path / "transload.yaml").unlink()
    file.chmod(0o666)
    with pytest.raises(ConfigurationError, match="everybody may write the trust file"):
        trusted_plugins(file)


@settings(max_examples=80)
@given(
    name=st.text(max_size=30) | st.sampled_from(["os", "../evil", "transload.runner", "/tmp/x.py", "__main__", "evil"]),
    shelf=st.sampled_from(["uses: [NAME]", "uses: {NAME: NAME}", "uses: NAME", "xrefs: {t: {file: NAME, wire: a, canonical: b}}"]),
    where=st.sampled_from(["=number | py(NAME)", "=number | xref(NAME)", "=parts('{number | py(NAME)}-{contract}')"]),
)  # fmt: skip
def test_no_mapping_runs_what_is_not_trusted(workbench, name, shelf, where):
    workbench.file("raise SystemExit('it ran')\n", "evil.py")
    quoted = json.dumps(name)
    before = set(sys.modules)
    text = (
        "mapping: m\ndocument: order/1\nformat: {type: json}\n"
        f"{shelf.replace('NAME', quoted)}\nlayout:\n  - id: {json.dumps(where.replace('NAME', name))}\n"
        "  - day: =issued_on | date(iso)\n"
    )
    workbench.file(text)
    with pytest.raises(ConfigurationError) as caught:
        load_mapping("map.yaml", base=workbench.folder)
    assert caught.value.findings
    assert not {module for module in set(sys.modules) - before if module.startswith(("evil", "transload_plugin"))}
