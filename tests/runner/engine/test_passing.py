"""Payloads that are passed on as they were received: real files, real formats, the whole engine."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from transload.runner.cli.app import application
from transload.runner.engine import Engine
from transload.runner.ledger import Ledger, Ref, State
from transload.runner.workspace import load_workspace
from transload.runner.workspace.agreement import check_routes
from transload.runner.workspace.take import Passing

HEAD = "workspace: hub\nstore: sqlite:///var/ledger.db\nenvironment: production\n"
ACME = """\
partner: acme
connections:
  disk: {{adapter: files, root: {root}}}
receive:
  all:
    from: {{connection: disk, folder: in, pattern: "*", stable: none, afterwards: delete}}
    format: {{type: {kind}}}
    mappings: {mappings}
    to: {to}
"""
HUB = """\
partner: hub
connections:
  disk: {{adapter: files, root: {root}}}
send:
  {routes}
"""
INVOICES = """\
invoices:
    take: {message: INVOIC, sender: "9520001000003"}
    to: {connection: disk, folder: invoices, file: "{number:03}_{message.reference}_{receipt.name}"}
"""
COPIES = """\
  copies:
    take: {message: "*"}
    to: {connection: disk, folder: copies, file: "{receipt.name}"}
"""
ORDERS = """\
  orders:
    take: {document: order/1}
    mapping: library:x12/850-004010
    to: {connection: disk, folder: orders, file: "{document.number}"}
"""
FIXTURES = Path(__file__).parents[3] / "fixtures"
ORDER = (FIXTURES / "edifact/orders.edi").read_bytes()


def interchange(*kinds, reference="R1", sender="9520001000003", ending="'\r\n"):
    """An interchange with a message of each kind; no guide is asked of such a version."""
    rows = [f"UNA:+.? {ending[0]}\r\nUNB+UNOC:3+{sender}:14+9520002000002:14+260302:0915+{reference}"]
    for number, kind in enumerate(kinds, start=1):
        code = "220" if number % 2 else "9"
        rows += [f"UNH+{number}+{kind}:D:77Z:UN", f"BGM+{code}+N?+{number}", f"UNT+3+{number}"]
    rows.append(f"UNZ+{len(kinds)}+{reference}")
    return (ending.join(rows) + ending).encode("latin-1")


@pytest.fixture
def hub(tmp_path):
    """Writes the workspace; gives its folder."""

    def make(routes=INVOICES, *, to="[hub/invoices]", mappings="[]", kind="edifact"):
        for name in ("in", "invoices", "copies", "orders", "mappings/acme", "mappings/hub"):
            (tmp_path / name).mkdir(parents=True, exist_ok=True)
        (tmp_path / "transload.yaml").write_text(
            HEAD + "identities: {edifact: {id: HUB}, x12: {id: HUB, qualifier: ZZ}}\n"
        )
        acme = ACME.format(root=tmp_path, kind=kind, mappings=mappings, to=to)
        (tmp_path / "mappings/acme/partner.yaml").write_text(acme)
        (tmp_path / "mappings/hub/partner.yaml").write_text(
            HUB.format(root=tmp_path, routes=routes).replace(
                "connections:", "identities: {x12: {id: ERP, qualifier: ZZ}}\nconnections:", 1
            )
        )
        return tmp_path

    return make


def run(folder, work=lambda engine, ledger: None):
    loaded = load_workspace(folder)
    with Ledger(loaded.store) as ledger:
        engine = Engine(loaded, ledger)
        work(engine, ledger)
        return engine.run_pass()


def rows(folder):
    with Ledger(load_workspace(folder).store) as ledger:
        return ledger.queries.documents(), ledger.queries.deliveries()


def landed(folder, name="invoices"):
    return {path.name: path.read_bytes() for path in (folder / name).iterdir()}


def test_a_payload_of_several_messages_leaves_once_and_byte_for_byte(hub):
    folder, payload = hub(), interchange("INVOIC", "INVOIC", "INVOIC")
    (folder / "in/a.edi").write_bytes(payload)
    summary = run(folder)
    assert (summary.exit_code, summary.deliveries) == (0, {State.SENT: 1})
    assert landed(folder) == {"001_1_a.edi": payload}
    documents, deliveries = rows(folder)
    assert [(row["kind"], row["state"], row["document"]) for row in documents] == [("INVOIC", "SENT", None)] * 3
    with Ledger(load_workspace(folder).store) as ledger:
        (delivery,) = ledger.queries.journey(Ref("document", 2))["deliveries"]
        assert delivery["documents"] == ["d1", "d2", "d3"]
        assert ledger.queries.payload(Ref("delivery", 1)) == payload
    assert len(deliveries) == 1


def test_more_messages_than_one_batch_are_one_delivery(hub):
    folder, payload = hub(), interchange(*["INVOIC"] * 250)
    (folder / "in/a.edi").write_bytes(payload)
    assert run(folder).deliveries == {State.SENT: 1}
    assert {row["state"] for row in rows(folder)[0]} == {"SENT"}
    assert list(landed(folder).values()) == [payload]


def test_what_no_target_takes_is_quarantined_as_ever(hub):
    folder = hub()
    (folder / "in/a.edi").write_bytes(interchange("INVOIC", sender="5555"))
    summary = run(folder)
    assert summary.exit_code == 1
    assert [finding.line() for finding in summary.findings if finding.is_error] == [
        "byte 64: error E-NO-MAPPING no mapping of the route acme/all matches the message INVOIC D:77Z:UN from 5555"
        " (see take: of hub/invoices)"
    ]
    assert landed(folder) == {}


def test_a_payload_that_only_partly_fits_goes_nowhere_and_says_why(hub):
    folder = hub(INVOICES + COPIES, to="[hub/invoices, hub/copies]")
    payload = interchange("INVOIC", "ORDRSP")
    (folder / "in/a.edi").write_bytes(payload)
    summary = run(folder)
    assert summary.deliveries == {State.QUARANTINED: 1, State.SENT: 1}
    assert (landed(folder), landed(folder, "copies")) == ({}, {"a.edi": payload})
    (finding,) = [finding for finding in summary.findings if finding.is_error]
    assert (finding.code, finding.message) == (
        "E-MIXED",
        "the payload cannot be passed on to hub/invoices as a whole: of its 2 messages 1 cannot go:"
        " message 2 (ORDRSP D:77Z:UN 2) is not what the target takes",
    )
    assert [row["state"] for row in rows(folder)[0]] == ["SENT", "QUARANTINED"]
    # the take is widened, and what was refused read again: nothing goes twice
    hub(INVOICES.replace("INVOIC,", "[INVOIC, ORDRSP],") + COPIES, to="[hub/invoices, hub/copies]")
    summary = run(folder, lambda engine, ledger: ledger.actions.remap(Ref("receipt", 1), engine.clock()))
    assert (summary.exit_code, summary.deliveries) == (0, {State.SENT: 1})
    assert landed(folder) == {"001_1_a.edi": payload}
    assert [row["state"] for row in rows(folder)[0]].count("QUARANTINED") == 0
    assert len(rows(folder)[1]) == 3


def test_what_a_mapping_reads_is_not_passed_on_and_keeps_its_payload_back(hub):
    folder = hub(
        COPIES.strip() + "\n" + ORDERS, to="[hub/orders, hub/copies]", mappings="[library:edifact/orders-d96a]"
    )
    (folder / "in/a.edi").write_bytes(ORDER)
    assert run(folder).deliveries == {State.SENT: 1}
    assert (landed(folder, "copies"), len(landed(folder, "orders"))) == ({}, 1)
    assert ORDER.count(b"UNZ+") == 1
    # an interchange of its own behind it in the same file
    mixed = ORDER.replace(b"HG000000417", b"HG000000418") + interchange("INVOIC")[len("UNA:+.? '\r\n") :]
    (folder / "in/b.edi").write_bytes(mixed)
    summary = run(folder)
    assert "is read by the mapping" in next(f.message for f in summary.findings if f.code == "E-MIXED")
    assert landed(folder, "copies") == {}


def test_one_with_an_error_keeps_its_payload_back(hub):
    folder = hub()
    payload = interchange("INVOIC", "INVOIC").replace(b"UNT+3+2", b"UNT+4+2")
    (folder / "in/a.edi").write_bytes(payload)
    summary = run(folder)
    assert {row["state"] for row in rows(folder)[0]} == {"QUARANTINED"}
    assert "E-MIXED" in {finding.code for finding in summary.findings}
    assert landed(folder) == {}


def test_the_same_interchange_again_is_a_duplicate(hub):
    folder = hub()
    for name in ("a.edi", "b.edi"):
        (folder / "in" / name).write_bytes(interchange("INVOIC", "INVOIC"))
        summary = run(folder)
    assert summary.receipts == {State.DUPLICATE: 1}
    assert list(landed(folder)) == ["001_1_a.edi"]


def test_a_dry_run_shows_it_once_and_a_person_can_have_it_sent_again(hub):
    folder, payload = hub(), interchange("INVOIC", "INVOIC")
    (folder / "in/a.edi").write_bytes(payload)
    shown = []
    run(folder, lambda engine, ledger: shown.append(engine.preview()))
    (receipt,) = shown[0]["receipts"]
    sent = {"target": "hub/invoices", "metadata": {"file": "001_1_a.edi"}, "size": len(payload), "findings": []}
    assert [document["deliveries"] for document in receipt["documents"]] == [[sent], [sent]]
    run(folder, lambda engine, ledger: ledger.actions.remap(Ref("document", 1), engine.clock()))
    assert list(landed(folder).values()) == [payload, payload]
    documents, _ = rows(folder)
    assert all(row["state"] == "SENT" for row in documents)


def test_a_place_of_the_message_can_choose(hub):
    routes = """\
originals:
    take: {message: ORDERS, when: {"BGM 01": "220"}}
    to: {connection: disk, folder: orders, file: "{receipt.name}"}
"""
    folder = hub(routes, to="[hub/originals]")
    (folder / "in/a.edi").write_bytes(interchange("ORDERS"))
    (folder / "in/b.edi").write_bytes(interchange("ORDERS", reference="R2").replace(b"BGM+220", b"BGM+221"))
    run(folder)
    assert list(landed(folder, "orders")) == ["a.edi"]


@pytest.mark.parametrize(
    ("place", "value", "arrived"), [("BGM 1225", "9", 1), ("BGM 1225", "5", 0), ("BGM 9999", "9", 0)]
)
def test_a_place_may_be_named_by_its_element_where_there_is_a_guide(hub, place, value, arrived):
    routes = f"""\
originals:
    take: {{message: ORDERS, when: {{{place}: "{value}"}}}}
    to: {{connection: disk, folder: orders, file: "{{receipt.name}}"}}
"""
    folder = hub(routes, to="[hub/originals]")
    (folder / "in/a.edi").write_bytes(ORDER)
    assert run(folder).exit_code == 1 - arrived
    assert list(landed(folder, "orders").values()) == [ORDER] * arrived


def test_the_root_element_chooses_where_there_is_no_envelope(hub):
    routes = """\
catalogues:
    take: {message: Catalogue}
    to: {connection: disk, folder: copies, file: "{receipt.name}"}
"""
    folder = hub(routes, to="[hub/catalogues]", kind="xml")
    payload = b"<?xml version='1.0'  encoding='ISO-8859-1'?>\r\n<!-- a --><Catalogue  a='1'>\xe9</Catalogue>\r\n"
    (folder / "in/a.xml").write_bytes(payload)
    (folder / "in/b.xml").write_bytes(b"<Other/>")
    summary = run(folder)
    assert landed(folder, "copies") == {"a.xml": payload}
    assert [finding.code for finding in summary.findings if finding.is_error] == ["E-NO-MAPPING"]


@pytest.mark.parametrize(
    ("routes", "to", "kind", "expected"),
    [
        (
            INVOICES.replace("INVOIC", "ORDERS"),
            "[hub/invoices]",
            "edifact",
            [
                "warning C-PASS hub/invoices is to pass on ORDERS, but in acme/all the mapping orders-d96a reads"
                " such messages, and what a mapping reads is not passed on (receive them by a route without that"
                " mapping, or take them from message:)",
            ],
        ),
        (
            INVOICES.replace("sender:", 'when: {"BGM 01": "1"}, sender:'),
            "[hub/invoices]",
            "xml",
            [
                "error C-PASS hub/invoices looks at BGM 01, and messages of the format xml have no such places"
                " (tell them apart by message:, sender: or receiver:)",
            ],
        ),
    ],
)
def test_check_finds_what_could_never_be_passed_on(hub, routes, to, kind, expected):
    mappings = "[library:edifact/orders-d96a]" if kind == "edifact" else "[]"
    found = check_routes(load_workspace(hub(routes, to=to, kind=kind, mappings=mappings)))
    assert [finding.line().partition(": ")[2] for finding in found if finding.code == "C-PASS"] == expected


def test_what_is_passed_on_is_acknowledged_and_a_partner_can_acknowledge_it(hub):
    folder = hub()
    partner = folder / "mappings/acme/partner.yaml"
    text = partner.read_text() + '    acknowledge: {with: contrl, connection: disk, folder: copies, file: "c.edi"}\n'
    partner.write_text(text)
    (folder / "in/a.edi").write_bytes(interchange("INVOIC"))
    run(folder)
    (contrl,) = landed(folder, "copies").values()
    assert b"UCI+R1+9520001000003:14+9520002000002:14+7'" in contrl
    # it comes back as if the target's partner had written it, and is brought together with the delivery
    partner.write_text(text.partition("    acknowledge:")[0])
    (folder / "in/b.edi").write_bytes(contrl)
    run(folder)
    _, (_, delivery) = rows(folder)
    assert (delivery["target"], delivery["state"]) == ("hub/invoices", "ACKED")
    # a target that names them gets them instead
    hub(COPIES.strip().replace('"*"', "[CONTRL]"), to="[hub/copies]")
    other = contrl.replace(b"9520001000003:14", b"5555:14")
    (folder / "in/d.edi").write_bytes(other)
    assert run(folder).deliveries == {State.SENT: 1}
    assert landed(folder, "copies")["d.edi"] == other


def test_the_example_of_the_page_loads(hub):
    page = (Path(__file__).parents[3] / "docs/workspace.md").read_text("utf-8")
    example = page.partition("## Messages that are passed on")[2].partition("```yaml\n")[2].partition("```")[0]
    folder = hub(to="[warehouse/invoices, warehouse/copies]")
    (folder / "mappings/warehouse").mkdir()
    (folder / "mappings/warehouse/partner.yaml").write_text(example)
    loaded = load_workspace(folder)
    assert not check_routes(loaded)
    assert [type(route.take) for route in loaded.receive_route("acme/all").to] == [Passing, Passing]


def test_what_was_refused_and_is_read_again_piece_by_piece_goes_once(hub):
    folder = hub(INVOICES)
    payload = interchange("INVOIC", "ORDRSP", "INVOIC")
    (folder / "in/a.edi").write_bytes(payload)
    assert run(folder).documents == {State.QUARANTINED: 3}
    hub(INVOICES.replace("INVOIC,", "[INVOIC, ORDRSP],"))
    for document in (3, 2, 1):
        run(folder, lambda engine, ledger, at=document: ledger.actions.remap(Ref("document", at), engine.clock()))
    assert list(landed(folder).values()) == [payload]
    documents, deliveries = rows(folder)
    assert [row["state"] for row in documents] == ["SENT"] * 3 + ["SUPPRESSED"] * 3
    assert [row["state"] for row in deliveries] == ["SENT", "QUARANTINED"]
    with Ledger(load_workspace(folder).store) as ledger:
        assert ledger.verify() == []


def test_a_transaction_set_of_x12_is_chosen_by_kind_version_and_receiver(hub):
    payload = (FIXTURES / "x12/850.edi").read_bytes()
    (receiver,) = re.findall(rb"^ISA(?:.[^*]*){7}.([^*]*)", payload)
    routes = COPIES.strip().replace('"*"', f"['850'], version: '004010', receiver: '{receiver.decode().strip()}'")
    folder = hub(routes, to="[hub/copies]", kind="x12")
    (folder / "in/a.x12").write_bytes(payload)
    assert run(folder).exit_code == 0
    assert landed(folder, "copies") == {"a.x12": payload}


def test_a_payload_without_kinds_or_envelope_is_passed_on_by_any(hub):
    folder = hub(COPIES.strip(), to="[hub/copies]", kind="json")
    payload = b'[ {"a": 1.10} ,\t{"b":2}]\n\n'
    (folder / "in/a.json").write_bytes(payload)
    assert run(folder).exit_code == 0
    assert landed(folder, "copies") == {"a.json": payload}


def test_people_are_told_that_it_was_passed_on(hub):
    folder = hub()
    (folder / "in/a.edi").write_bytes(interchange("INVOIC"))
    ran = [
        CliRunner().invoke(application(), [*words, "--workspace", str(folder)])
        for words in (["run", "--dry-run"], ["run"], ["show", "d1"])
    ]
    assert [each.exit_code for each in ran] == [0, 0, 0]
    assert "  message 1: passed on as it is, STAGED" in ran[0].stdout
    assert "document d1  SENT  passed on as it is, from message 1 (INVOIC D:77Z:UN 1)" in ran[2].stdout


def test_errors_outside_of_the_messages_keep_the_payload_back(hub):
    folder = hub()
    empty = b"UNB+UNOC:3+9520001000003:14+9520002000002:14+260302:0915+R2'\r\nUNZ+4+R2'\r\n"
    (folder / "in/a.edi").write_bytes(interchange("INVOIC") + empty)
    (finding,) = [finding for finding in run(folder).findings if finding.code == "E-MIXED"]
    assert "as a whole: it has errors outside of its messages: " in finding.message
    assert landed(folder) == {}


def test_an_acknowledgement_is_not_passed_on_by_any_kind(hub):
    folder = hub(COPIES.strip(), to="[hub/copies]")
    rows_of_it = ["UNH+1+CONTRL:4:1:UN", "UCI+X1+9520002000002:14+9520001000003:14+7", "UNT+3+1"]
    text = interchange("CONTRL").decode("latin-1").split("'\r\n")
    payload = "'\r\n".join([*text[:2], *rows_of_it, *text[5:]]).encode("latin-1")
    (folder / "in/a.edi").write_bytes(payload)
    summary = run(folder)
    assert landed(folder, "copies") == {}
    assert [finding.code for finding in summary.findings] == ["E-ACK-UNKNOWN"]
