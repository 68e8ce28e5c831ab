"""Partner cross-references: from files and from databases, one to one, scoped by partner."""
# ruff: noqa: E501 - findings are one line each

import threading
import time

import pytest
from sqlalchemy import create_engine, text

from transload.canonical.errors import ConfigurationError, Reject, Retry
from transload.mappings import load_mapping
from transload.mappings.surroundings import Surroundings
from transload.mappings.tables.databases import Database, LiveTable, Wanted
from transload.mappings.tables.rows import Rows

SHELF = "xrefs:\n  items: {file: items.csv, wire: theirs, canonical: ours}\n"
NODES = """  - each: lines
    LIN: {1: =number}
    then:
      - PIA: {4347: 1, pairs(7143 7140): {IN: =buyer_item | xref(items)}}
      - QTY: {6063: 21, 6060: =quantity}
"""
CSV = "theirs;ours;note\nA-1;X1;first\nA-2;X2;\n;;\n0042;X42;\n"


def line(item):
    return ["LIN+1", f"PIA+1+{item}:IN", "QTY+21:1"]


def order_of(mapping, item):
    return mapping.meaning.model.model_validate(
        {"number": "1", "issued_on": "2026-01-05", "buyer": {"name": "A"},
         "lines": [{"quantity": "1", "buyer_item": item}]}
    )  # fmt: skip


def refusal(mapping, item, bench):
    with pytest.raises(Reject) as caught:
        mapping.encode(order_of(mapping, item), bench.context)
    return [finding.line() for finding in caught.value.findings]


def test_a_file_is_looked_up_both_ways(bench, order, minimal):
    bench.file(CSV, "items.csv")
    mapping = bench.load(order(NODES, SHELF))
    (read,) = mapping.decode(bench.records([*minimal, *line("A-2")])).documents
    assert read.lines[0].buyer_item == "X2"
    assert "PIA+1+A-2:IN" in bench.lines(mapping, read)


def test_what_the_table_does_not_have_is_refused_with_what_may_be_meant(bench, order, minimal):
    bench.file(CSV, "items.csv")
    mapping = bench.load(order(NODES, SHELF))
    for item, hint in (("a 1", "did you mean 'A-1'?"), ("42", "did you mean '0042'?"), ("A-23", "did you mean 'A-2'?"),
                       ("zzz", "add it to the table, which has 3 rows")):  # fmt: skip
        (finding,) = mapping.decode(bench.records([*minimal, *line(item)])).findings
        assert finding.line() == (
            f"map.yaml:15:43: error E-CODE '{item}' is not in the cross-reference 'items' ({hint})"
        )
    assert refusal(mapping, "x1", bench) == [
        "map.yaml:15:43: error E-DOMAIN the cross-reference 'items' has no word of the partner's for 'x1'"
    ]


def test_keep_and_else(bench, order, minimal):
    bench.file(CSV, "items.csv")
    keeping = bench.load(order(NODES.replace("xref(items)", "xref(items keep)"), SHELF))
    (read,) = keeping.decode(bench.records([*minimal, *line("B")])).documents
    assert read.lines[0].buyer_item == "B"
    assert "PIA+1+B:IN" in bench.lines(keeping, read)
    assert "would be read as 'X1'" in refusal(keeping, "A-1", bench)[0]
    other = bench.load(order(NODES.replace("xref(items)", "xref(items else X1)"), SHELF))
    assert other.decode(bench.records([*minimal, *line("B")])).documents[0].lines[0].buyer_item == "X1"


FAULTS = {
    "a,b\n1,2\n": "map.yaml:6:17: error M-XREF the file items.csv has no column 'theirs' (it has a, b)",
    "theirs,ours\nA,1\nA,2\n": (
        "items.csv:3:1: error M-XREF the partner's 'A' stands for two: in line 2 and here "
        "(a cross-reference is one to one; take one of the two lines out)"
    ),
    "theirs,ours\nA,1\nB,1\n": (
        "items.csv:3:1: error M-XREF our '1' stands for two: in line 2 and here "
        "(a cross-reference is one to one; take one of the two lines out)"
    ),
    "theirs,ours\nA,\n": "items.csv:2:1: error M-XREF a row needs a value in theirs and ours",
    "theirs,ours\nA\n": "items.csv:2:1: error M-XREF a row needs a value in theirs and ours",
    'theirs,ours\n"A,1\n': "items.csv:2:1: error M-XREF the file is no CSV: unexpected end of data",
}


@pytest.mark.parametrize("content", FAULTS)
def test_faults_of_a_file_are_found_when_it_is_loaded(bench, order, content):
    bench.file(content, "items.csv")
    assert bench.static(order(NODES, SHELF)) == [FAULTS[content]]


def test_a_row_twice_is_no_clash(bench, order):
    bench.file("theirs,ours\nA,1\nA,1\n", "items.csv")
    assert bench.load(order(NODES, SHELF))


def test_bytes_that_are_no_text(bench, order):
    (bench.folder / "items.csv").write_bytes(b"theirs,ours\nA,1\nB,\xff\n")
    assert bench.static(order(NODES, SHELF)) == ["items.csv:3:1: error M-XREF the file is no UTF-8 text"]


SHELVES = {
    "items: {file: no.csv, wire: a, canonical: b}": (
        "map.yaml:6:17: error M-XREF the file 'no.csv' cannot be read: No such file or directory "
        "(the path starts at the folder of the mapping)"
    ),
    "items: {file: ../../../../etc/passwd, wire: a, canonical: b}": (
        "map.yaml:6:17: error M-XREF the file '../../../../etc/passwd' lies outside of the mapping's folder "
        "(keep it beside the mapping)"
    ),
    "items: {file: /etc/passwd, wire: a, canonical: b}": (
        "map.yaml:6:17: error M-XREF the file '/etc/passwd' lies outside of the mapping's folder "
        "(keep it beside the mapping)"
    ),
    "items: {wire: a, canonical: b}": (
        "map.yaml:6:10: error M-XREF items needs file: or database:, and only one of them "
        "({file: items.csv, wire: A, canonical: B})"
    ),
    "items: {file: items.csv, wire: theirs}": (
        "map.yaml:6:10: error M-XREF items names two columns (wire: the partner's column, canonical: ours)"
    ),
    "items: {file: items.csv, wire: theirs, canonical: ours, refresh: 5m}": (
        "map.yaml:6:10: error M-XREF items: table:, query: and refresh: go with database: (leave them out)"
    ),
    "items: {database: erp, wire: a, canonical: b}": (
        "map.yaml:6:10: error M-XREF items needs table: or query:, and only one of them "
        "(query: names one of the workspace's queries)"
    ),
    "items: {database: erp, table: 'x; drop', wire: a, canonical: b}": (
        "map.yaml:6:33: error M-XREF 'x; drop' is no name of a table or column"
    ),
    "items: {database: erp, table: x, wire: a, canonical: b, refresh: soon}": (
        "map.yaml:6:68: error M-VALUE 'soon' is no span of time (such as  30s, 5m or 1h)"
    ),
    "items: {fiel: x}": "map.yaml:6:11: error M-KEY a cross-reference has no key 'fiel' (did you mean 'file'?)",
    "items: x.csv": (
        "map.yaml:6:10: error M-VALUE the cross-reference items is a table "
        "({file: items.csv, wire: COLUMN, canonical: COLUMN})"
    ),
}


@pytest.mark.parametrize("shelf", SHELVES)
def test_faults_of_the_shelf(bench, order, shelf):
    bench.file(CSV, "items.csv")
    found = bench.static(order(NODES, f"xrefs:\n  {shelf}\n"))
    assert found[0] == SHELVES[shelf]


def test_an_unknown_cross_reference(bench, order):
    bench.file(CSV, "items.csv")
    assert bench.static(order(NODES.replace("xref(items)", "xref(itms)"), SHELF)) == [
        "map.yaml:15:47: error M-CONVERTER there is no cross-reference 'itms' (did you mean 'items'?)"
    ]


SCOPED = "xrefs:\n  items: {file: items.csv, wire: theirs, canonical: ours, partner: who}\n"


def test_a_table_is_scoped_by_partner(bench, order, minimal):
    bench.file("who,theirs,ours\nacme,1,X1\nother,1,X2\n4000000000006,2,X1\n", "items.csv")
    bench.file(order(NODES, SCOPED))

    def read(*names):
        around = Surroundings(partner={str(number): name for number, name in enumerate(names)})
        mapping = load_mapping("map.yaml", base=bench.folder, surroundings=around)
        decoded = mapping.decode(bench.records([*minimal, *line("1")]))
        return decoded.documents[0].lines[0].buyer_item if decoded.documents else decoded.findings[0].line()

    assert read("acme") == "X1"
    assert read("other") == "X2"
    assert read("nobody", "acme") == "X1"
    titled = Surroundings(partner={"partner": "beta", "name": "acme"})
    mapping = load_mapping("map.yaml", base=bench.folder, surroundings=titled)
    assert mapping.decode(bench.records([*minimal, *line("1")])).findings, "a title is no name"
    assert read() == (
        "map.yaml:15:43: error E-CODE the table 'items' is scoped by partner, and no partner is known here "
        "(use the mapping from its partner's folder in a workspace)"
    )
    with pytest.raises(ConfigurationError) as caught:
        read("acme", "4000000000006")
    assert caught.value.findings[0].line() == (
        "map.yaml:6:17: error M-XREF items: our 'X1' stands for two, under two names of the partner"
    )


def test_the_content_of_a_file_belongs_to_the_digest(bench, order):
    bench.file(CSV, "items.csv")
    one = bench.load(order(NODES, SHELF))
    assert bench.load(order(NODES, SHELF)) is one
    bench.file(CSV + "A-3;X3;\n", "items.csv")
    two = bench.load(order(NODES, SHELF))
    assert one.digest != two.digest
    assert two.tables[0].rows.digest in two.resolved
    assert two.tables[0].rows.content.decode() == "0042\tX42\nA-1\tX1\nA-2\tX2\nA-3\tX3\n"


def test_a_large_table_loads_and_is_looked_up_fast(bench, order, minimal):
    rows = "".join(f"T{number:07},O{number:07}\n" for number in range(200_000))
    bench.file("theirs,ours\n" + rows, "items.csv")
    began = time.process_time()
    mapping = bench.load(order(NODES, SHELF))
    message = bench.records([*minimal, *line("T0199999")])
    assert mapping.decode(message).documents[0].lines[0].buyer_item == "O0199999"
    assert time.process_time() - began < 4
    began = time.process_time()
    bench.load(order(NODES, SHELF))
    assert time.process_time() - began < 0.5
    began = time.process_time()
    assert mapping.decode(bench.records([*minimal, *line("T01999990")])).findings
    assert time.process_time() - began < 2


@pytest.fixture
def database(tmp_path):
    url = f"sqlite:///{tmp_path / 'erp.db'}"
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("create table items (who text, theirs text, ours text)"))
        connection.execute(text("insert into items values ('acme', 'A', 'X'), ('acme', 'B', 'Y'), ('zeta', 'A', 'Z')"))
    engine.dispose()
    return Database(name="erp", url=lambda: url, queries={"mine": "select theirs, ours from items where who = 'acme'"})


LIVE = "xrefs:\n  items: {database: erp, SOURCE, wire: theirs, canonical: ours}\n"


@pytest.mark.parametrize("source", ["table: items, partner: who", "query: mine"])
def test_a_table_in_a_database(bench, order, minimal, database, source):
    bench.file(order(NODES, LIVE.replace("SOURCE", source)))
    around = Surroundings(partner={"partner": "acme"}, databases={"erp": database})
    mapping = load_mapping("map.yaml", base=bench.folder, surroundings=around)
    assert mapping.tables == (), "nothing is asked when a mapping is loaded"
    (read,) = mapping.decode(bench.records([*minimal, *line("A")])).documents
    assert read.lines[0].buyer_item == "X"
    assert "PIA+1+A:IN" in bench.lines(mapping, read)
    assert mapping.tables[0].rows.digest in mapping.in_force()
    assert mapping.tables[0].rows.digest not in mapping.resolved
    (finding,) = mapping.decode(bench.records([*minimal, *line("C")])).findings
    assert finding.code == "E-CODE"


def test_a_database_that_is_down_is_no_fault_of_the_message(bench, order, minimal):
    bench.file(order(NODES, LIVE.replace("SOURCE", "table: items")))
    down = Database(name="erp", url=lambda: "sqlite:////nowhere/at/all.db")
    around = Surroundings(partner={"partner": "acme"}, databases={"erp": down})
    mapping = load_mapping("map.yaml", base=bench.folder, surroundings=around)
    for work in (
        lambda: mapping.decode(bench.records([*minimal, *line("A")])),
        lambda: mapping.encode(order_of(mapping, "X"), bench.context),
    ):
        with pytest.raises(Retry) as caught:
            work()
        assert [finding.line() for finding in caught.value.findings] == [
            "error E-XREF the table items cannot be read from the database erp "
            "(the database says OperationalError; it is asked again when the work is tried again)"
        ]
        assert "nowhere" not in str(caught.value.findings)


def test_what_a_database_does_not_have(bench, order, database):
    around = Surroundings(partner={"partner": "acme"}, databases={"erp": database})
    for source, expected in {
        "query: mien": "map.yaml:6:33: error M-XREF erp has no query 'mien' (did you mean 'mine'?)",
        "database: erpp, table: x": "map.yaml:6:21: error M-XREF there is no database 'erpp' here (did you mean 'erp'?)",
    }.items():
        shelf = LIVE.replace("SOURCE", source).replace("database: erp, database", "database")
        bench.file(order(NODES, shelf))
        with pytest.raises(ConfigurationError) as caught:
            load_mapping("map.yaml", base=bench.folder, surroundings=around)
        assert caught.value.findings[0].line() == expected


def live(database, **more):
    now = [0.0]
    wanted = Wanted(theirs="theirs", ours="ours", table="items", partner="who", scope=("acme",))
    return LiveTable("items", database, wanted, 60, clock=lambda: now[0], **more), now


def test_a_table_is_read_again_when_its_time_is_up(database):
    table, now = live(database)
    first = table.rows()
    assert first.read == {"A": "X", "B": "Y"}
    engine = create_engine(database.url())
    with engine.begin() as connection:
        connection.execute(text("insert into items values ('acme', 'C', 'W')"))
    engine.dispose()
    now[0] = 59
    assert table.rows() is first
    now[0] = 61
    assert table.rows().read["C"] == "W"


def test_a_database_that_failed_is_not_asked_at_once_again(database):
    asked = []

    def url():
        asked.append(1)
        return "sqlite:////nowhere/at/all.db"

    table, now = live(Database(name="erp", url=url))
    for _ in range(3):
        with pytest.raises(Retry):
            table.rows()
    assert len(asked) == 1
    now[0] = 6
    with pytest.raises(Retry):
        table.rows()
    assert len(asked) == 2


def test_a_clash_in_a_database_is_told_when_it_is_read(database):
    engine = create_engine(database.url())
    with engine.begin() as connection:
        connection.execute(text("insert into items values ('acme', 'A', 'Q')"))
    engine.dispose()
    table, _ = live(database)
    with pytest.raises(ConfigurationError) as caught:
        table.rows()
    assert caught.value.message == "items: the partner's 'A' stands for two: rows 1 and 3"


def test_many_threads_read_a_table_once(database):
    count = []

    def url():
        count.append(1)
        time.sleep(0.05)
        return url_of

    url_of = database.url()
    table, _ = live(Database(name="erp", url=url))
    found = []
    threads = [threading.Thread(target=lambda: found.append(len(table.rows()))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [2] * 8
    assert len(count) == 1


CODES = """codes:
  uom: {file: uom.csv}
"""


def test_a_code_table_in_a_file_with_synonyms(bench, order, minimal):
    bench.file("code,meaning\nPCE,EA\nC62,EA\nKGM,KGM\n", "uom.csv")
    nodes = NODES.replace(" | xref(items)", "").replace("6060: =quantity", "6060: =quantity, 6411: =uom | code(uom)")
    mapping = bench.load(order(nodes, CODES))
    rows = [*minimal, "LIN+1", "QTY+21:1:C62"]
    (read,) = mapping.decode(bench.records(rows)).documents
    assert read.lines[0].uom == "EA"
    assert bench.lines(mapping, read)[-1] == "QTY+21:1:PCE"
    before = mapping.digest
    bench.file("code,meaning\nPCE,EA\nC62,EA\nPCE,KGM\n", "uom.csv")
    assert bench.static(order(nodes, CODES)) == [
        "uom.csv:4:1: error M-CODE the code 'PCE' stands in line 2 with another meaning "
        "(a code has one meaning; take one of the two out)"
    ]
    bench.file("code,meaning\nPCE,EA\n", "uom.csv")
    assert bench.load(order(nodes, CODES)).digest != before


def test_codes_of_a_partner_over_those_of_a_file(bench, order):
    bench.file("PCE;meaning\nPCE;EA\nKGM;KGM\n", "uom.csv")
    nodes = NODES.replace(" | xref(items)", "").replace("6060: =quantity", "6060: =quantity, 6411: =uom | code(uom)")
    bench.file(order(nodes, CODES), "base.yaml")
    over = bench.load("mapping: o\nextends: base.yaml\ncodes: {uom: {STK: EA, KGM: GRM}}\n")
    table = over.meaning.codes["uom"]
    assert table.read == {"STK": "EA", "KGM": "GRM", "PCE": "EA"}
    assert table.write == {"EA": "STK", "GRM": "KGM"}


def test_rows_are_one_to_one():
    rows = Rows([("a", "1", 2), ("b", "1", 3), ("a", "2", 4)])
    assert [(c.word, c.ours, c.first, c.second) for c in rows.clashes] == [("1", True, 2, 3), ("a", False, 2, 4)]
