"""What mappings take from outside, in a run: cross-references, plug-ins, and versions by the day of arrival."""

import json
import shutil
from datetime import UTC, datetime
from hashlib import sha256

import pytest
from sqlalchemy import create_engine, text
from tests.runner.engine.test_real_workspace import FIXTURES, names, run, workspace, write_acme

from transload.canonical.errors import ConfigurationError
from transload.runner.cli.given import loaded as loaded_mapping
from transload.runner.engine import Engine
from transload.runner.ledger import Ledger, State
from transload.runner.ledger.artifacts import content
from transload.runner.ledger.schema import artifacts
from transload.runner.workspace import load_workspace
from transload.runner.workspace.agreement import check_routes

__all__ = ["workspace"]
HEAD = "mapping: acme-orders\nextends: library:edifact/orders-d96a\n"
CHANGE = "change:\n  BGM: {1004: =number | xref(orders)}\n"
LIVE = "xrefs:\n  orders: {database: erp, table: orders, wire: theirs, canonical: ours, partner: who}\n"


def mapped(folder, text, *, name="orders.yaml"):
    (folder / "mappings/acme" / name).write_text(text)
    write_acme(folder, name)


def arrived(folder):
    shutil.copy(FIXTURES / "edifact/orders.edi", folder / "in")


def test_a_file_is_looked_up_and_kept_with_the_document(workspace):
    mapped(workspace, HEAD + "xrefs:\n  orders: {file: o.csv, wire: a, canonical: b, partner: p}\n" + CHANGE)
    (workspace / "mappings/acme/o.csv").write_text("a,b,p\nPO-2026-00417,X-1,acme\nPO-2026-00417,Y-1,zeta\n")
    arrived(workspace)
    summary = run(workspace)
    assert summary.exit_code == 0
    assert names(workspace / "out") == ["X-1_00001.x12"]
    with Ledger(load_workspace(workspace).store) as ledger, ledger.read() as connection:
        kept = {row.kind: row.digest for row in connection.execute(artifacts.select())}
        table = content(connection, kept["xref orders"])
    assert table == b"PO-2026-00417\tX-1\n"
    assert sha256(table).hexdigest() == kept["xref orders"]


@pytest.fixture
def database(workspace, monkeypatch):
    transload = workspace / "transload.yaml"
    transload.write_text(transload.read_text() + "databases: {erp: {url: '${env:ERP_URL}'}}\n")
    mapped(workspace, HEAD + LIVE + CHANGE)
    url = f"sqlite:///{workspace / 'erp.db'}"
    monkeypatch.setenv("ERP_URL", "sqlite:////nowhere/at/all.db")

    def up():
        engine = create_engine(url)
        with engine.begin() as connection:
            connection.execute(text("create table orders (who text, theirs text, ours text)"))
            connection.execute(text("insert into orders values ('acme', 'PO-2026-00417', 'X-1')"))
        engine.dispose()
        monkeypatch.setenv("ERP_URL", url)

    return up


def test_a_receipt_waits_for_a_database_that_is_down(workspace, database):
    arrived(workspace)
    for _ in range(2):
        summary = run(workspace)
        assert [finding.code for finding in summary.findings] == ["E-XREF"]
        assert (summary.exit_code, summary.postponed) == (3, 1)
        assert names(workspace / "out") == []
    database()
    summary = run(workspace)
    assert summary.exit_code == 0
    assert summary.receipts == {State.PARSED: 1}
    assert names(workspace / "out") == ["X-1_00001.x12"]


def test_a_secret_that_is_missing_stops_the_reading_and_loses_nothing(workspace, database, monkeypatch):
    arrived(workspace)
    monkeypatch.delenv("ERP_URL")
    summary = run(workspace)
    assert [finding.code for finding in summary.findings] == ["C-SECRET"]
    assert summary.exit_code == 1
    database()
    assert run(workspace).exit_code == 0


def test_the_digests_of_a_databases_tables_are_kept_with_the_document(workspace, database):
    database()
    arrived(workspace)
    assert run(workspace).exit_code == 0
    with Ledger(load_workspace(workspace).store) as ledger, ledger.read() as connection:
        rows = list(connection.execute(artifacts.select()))
        kept = [content(connection, row.digest) for row in rows if row.kind == "mapping" and row.name == "acme-orders"]
        (table,) = [row.digest for row in rows if row.kind == "xref orders"]
    assert [json.loads(text)["pinned"] for text in kept] == [{"xrefs orders": table}]


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        ("databases: {erp: {url: 'postgresql://me:secret@host/db'}}", "C-SECRET the URL of a database is a reference"),
        ("databases: {erp: {url: '${vualt:X}'}}", "C-SECRET there is no secrets provider 'vualt'"),
        ("databases: {erp: {adress: x}}", "C-KEY"),
    ],
)
def test_faults_of_databases(workspace, block, expected):
    file = workspace / "transload.yaml"
    file.write_text(file.read_text() + block + "\n")
    with pytest.raises(ConfigurationError) as caught:
        load_workspace(workspace)
    assert any(expected in finding.line() for finding in caught.value.findings)
    assert "secret@host" not in "".join(finding.line() for finding in caught.value.findings)


def test_a_mapping_file_by_itself_knows_its_partner(workspace, database):
    database()
    mapping = loaded_mapping(workspace / "mappings/acme/orders.yaml")
    assert mapping.meaning.xrefs["orders"].rows().read == {"PO-2026-00417": "X-1"}


def versions(folder, *spans):
    files = []
    for number, span in enumerate(spans, start=1):
        files.append(f"v{number}.yaml")
        change = "change:\n  BGM: {1004: '=parts(\"{number}-{release}\")'}\n" if number == 2 else ""
        (folder / "mappings/acme" / files[-1]).write_text(f"{HEAD}version: {number}\nvalid: {span}\n{change}")
    write_acme(folder, ", ".join(files))


def at(folder, day):
    workspace = load_workspace(folder)
    with Ledger(workspace.store) as ledger:
        return Engine(workspace, ledger, clock=lambda: datetime.fromisoformat(day).replace(tzinfo=UTC)).run_pass()


def test_the_version_of_the_day_of_arrival_reads(workspace):
    versions(workspace, "..2026-03-31", "2026-04-01..")
    arrived(workspace)
    assert at(workspace, "2026-03-31").exit_code == 0
    assert names(workspace / "out") == ["PO-2026-00417_00001.x12"]


def test_the_next_version_reads_from_its_first_day(workspace):
    versions(workspace, "..2026-03-31", "2026-04-01..")
    arrived(workspace)
    assert at(workspace, "2026-04-01").exit_code == 0
    assert names(workspace / "out") == ["PO_00001.x12"]


def test_without_a_version_in_force_the_message_waits_for_a_person(workspace):
    versions(workspace, "..2026-03-31", "2026-06-01..")
    assert [finding.code for finding in check_routes(load_workspace(workspace))] == ["M-VALID"]
    arrived(workspace)
    summary = at(workspace, "2026-05-01")
    assert [finding.code for finding in summary.findings] == ["E-NO-MAPPING"]


def test_two_mappings_that_could_read_one_message_stop_the_route(workspace):
    versions(workspace, "..2026-03-31", "2026-03-31..")
    assert [finding.code for finding in check_routes(load_workspace(workspace))] == ["M-MATCH"]
    with pytest.raises(ConfigurationError):
        run(workspace)


def test_a_version_that_is_not_in_force_does_not_write(workspace):
    partner = workspace / "mappings/erp/partner.yaml"
    partner.write_text(partner.read_text().replace("library:x12/850-004010", "out.yaml"))
    (workspace / "mappings/erp/out.yaml").write_text(
        "mapping: out\nextends: library:x12/850-004010\nvalid: 2027-01-01..\n"
    )
    arrived(workspace)
    summary = at(workspace, "2026-05-01")
    assert [finding.code for finding in summary.findings if finding.is_error] == ["E-VALID"]
    assert summary.deliveries[State.QUARANTINED] == 1


def test_a_plugin_of_the_trust_file_takes_part_in_a_run(workspace, monkeypatch, tmp_path_factory):
    plugin = tmp_path_factory.mktemp("opt") / "tidy.py"
    plugin.write_text(
        "from transload.mappings.plugins import ValuePlugin\n"
        "class Tidy(ValuePlugin):\n"
        "    def decode(self, value, site):\n        return value + '@' + site.partner['partner']\n"
        "    def encode(self, value, site):\n        return value.partition('@')[0]\n"
        "    def samples(self):\n        return ['a@acme']\n"
        "PLUGINS = {'tidy': Tidy()}\n"
    )
    trust = tmp_path_factory.mktemp("config") / "trust.yaml"
    trust.write_text(f"plugins: {{tidy: {{file: {plugin}, sha256: {sha256(plugin.read_bytes()).hexdigest()}}}}}\n")
    mapped(workspace, HEAD + "uses: [tidy]\nchange:\n  BGM: {1004: =number | py(tidy)}\n")
    arrived(workspace)
    with pytest.raises(ConfigurationError) as caught:
        run(workspace)
    assert [finding.code for finding in caught.value.findings] == ["M-PLUGIN"]
    monkeypatch.setenv("TRANSLOAD_TRUST", str(trust))
    assert run(workspace).exit_code == 0
    assert names(workspace / "out") == ["PO-2026-00417@acme_00001.x12"]
