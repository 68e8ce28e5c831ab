"""transload incidents, expectations and statement, as a user calls them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from transload.runner.ledger import Ledger
from transload.runner.workspace import load_store

Run = Callable[..., Any]


@pytest.fixture
def workspace(run: Run, tmp_path: Path) -> Path:
    """A workspace where an order and something that cannot be read have arrived."""
    folder = tmp_path / "w"
    assert run("init", folder).code == 0
    (folder / "exchange/acme/out/b.edi").write_bytes(b"<html>not found</html>")
    assert run("run", "--workspace", folder).code == 1
    return folder


def test_a_run_tells_what_it_found_and_the_list_shows_it(run: Run, workspace: Path) -> None:
    ran = run("incidents", "--workspace", workspace)
    assert (ran.code, ran.err) == (0, "")
    assert ran.lines[0].split() == ["ID", "SEVERITY", "KIND", "SINCE", "(UTC)", "STATE", "WHAT"]
    assert ran.lines[1].startswith("i1  error     quarantined receipt  ")
    assert "1 receipt is quarantined: nothing could be read on acme/orders" in ran.lines[1]
    (found,) = run("incidents", "--workspace", workspace, "--json").json["incidents"]
    assert (found["ref"], found["partner"], found["count"], found["closed_at"]) == ("i1", "acme", 1, None)


def test_an_incident_is_acknowledged_and_closed_with_a_note(run: Run, workspace: Path) -> None:
    ran = run("incidents", "I1", "--acknowledge", "--note", "they look into it", "--workspace", workspace)
    assert ran.code == 0
    assert ran.lines[0].startswith("i1 error quarantined receipt: 1 receipt is quarantined")
    assert ran.lines[2:] == [
        "  note: they look into it",
        "  transload show tells why; mend it, then transload replay",
        "  it is about r2",
    ]
    assert run("incidents", "i1", "--close", "--workspace", workspace).code == 0
    assert run("incidents", "--workspace", workspace).out == "no incidents\n"
    assert "closed by" in run("incidents", "--all", "--workspace", workspace).lines[1]
    again = run("incidents", "i1", "--close", "--workspace", workspace)
    assert (again.code, again.err.splitlines()[0]) == (1, "error E-NOT-POSSIBLE i1 is closed already")
    ran = run("run", "--workspace", workspace, "--json")
    assert ran.json["incidents"] == []


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (("--close",), 2, "name the incidents, such as i12"),
        (("i1", "--close", "--acknowledge"), 2, "say one of them"),
        (("i1", "--note", "x"), 2, "a note goes with --acknowledge or --close"),
        (("x1",), 1, "'x1' is no incident (they are named i1, i2, ...; transload incidents lists them)"),
        (("i99",), 1, "the ledger holds no incident i99"),
    ],
)
def test_what_is_asked_for_wrongly(run: Run, workspace: Path, arguments: tuple[str, ...], code: int, text: str) -> None:
    ran = run("incidents", *arguments, "--workspace", workspace)
    assert ran.code == code
    assert text in " ".join(ran.err.replace("│", "").split())


def test_what_is_awaited_is_shown(run: Run, workspace: Path) -> None:
    assert "nothing is expected" in run("expectations", "--workspace", workspace).out
    partner = workspace / "mappings/acme/partner.yaml"
    text = partner.read_text(encoding="utf-8")
    assert "every: 1m" in text
    partner.write_text(
        text.replace("every: 1m", 'every: 1m\n    expect: [{by: "23:59", on: every day}, {gaps: 1h}]'), encoding="utf-8"
    )
    ran = run("expectations", "--workspace", workspace)
    assert ran.code == 0
    assert [line.split()[:3] for line in ran.lines] == [
        ["ROUTE", "EXPECTS", "STATE"],
        ["acme/orders", "by", "met"],
        ["acme/orders", "gaps", "met"],
    ]
    assert [one["kind"] for one in run("expectations", "--workspace", workspace, "--json").json] == ["by", "gaps"]


def test_a_statement_counts_and_lists(run: Run, workspace: Path) -> None:
    ran = run("statement", "acme", "--workspace", workspace, "--list")
    assert (ran.code, ran.err) == (0, "")
    assert "  acme/orders  order/1: messages 1, accepted 1" in ran.lines
    assert any("PO-1001" in line and "AC000001" in line for line in ran.lines)
    assert any("i1" in line and "still open" in line for line in ran.lines)
    found = run("statement", "erp", "--workspace", workspace, "--format", "json", "--list").json
    (counted,) = found["sent"]
    assert (counted["type"], counted["deliveries"], counted["sent"], counted["overdue"]) == ("order/1", 1, 1, 0)
    assert [row["numbers"] for row in found["sent_rows"]] == [["PO-1001"]]
    assert found["received_rows"] == []


def test_a_statement_as_a_page_needs_nothing_else(run: Run, workspace: Path) -> None:
    ran = run("statement", "acme", "--workspace", workspace, "--format", "html", "--list")
    assert ran.out.startswith("<!doctype html>")
    assert ran.out.endswith("</body></html>\n")
    assert "<script" not in ran.out
    assert "://" not in ran.out
    assert "PO-1001" in ran.out


def test_a_statement_of_nobody_and_of_no_time(run: Run, workspace: Path) -> None:
    ran = run("statement", "nobody", "--workspace", workspace)
    assert (ran.code, "nothing went between us" in ran.err) == (0, True)
    ran = run("statement", "acme", "--from", "2026-03-02", "--to", "2026-03-01", "--workspace", workspace)
    assert (ran.code, "the period ends before it begins" in ran.err) == (2, True)
    ran = run("statement", "acme", "--from", "yesterday", "--workspace", workspace)
    assert (ran.code, "is no moment" in ran.err) == (2, True)


def test_alarms_that_could_not_be_sent_are_told(run: Run, workspace: Path) -> None:
    file = workspace / "transload.yaml"
    alarms = "alarms:\n  ops: {group: 0s, webhook: {url: 'http://127.0.0.1:9/x', secret: '${env:NO_SUCH}'}}\n"
    file.write_text(file.read_text(encoding="utf-8") + alarms, encoding="utf-8")
    assert run("run", "--workspace", workspace).code == 0
    ran = run("incidents", "--workspace", workspace)
    assert ran.err == "1 alarm could not be sent, the last one to ops: the environment variable NO_SUCH is not set\n"
    with Ledger(load_store(workspace)) as ledger:
        assert json.dumps(ledger.alarms.unsent())
