"""What partners answer, over the real ledger: an order goes out, and their acknowledgement of it comes in."""

import re
import shutil
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from transload.canonical.errors import Reject
from transload.runner.cli.app import application
from transload.runner.engine import Engine
from transload.runner.ledger import Ledger, Ref, State
from transload.runner.ledger.lanes import Lanes
from transload.runner.ledger.schema import control_numbers, deliveries
from transload.runner.reading import understanding
from transload.runner.workspace import load_workspace

FIXTURES = Path(__file__).parents[3] / "fixtures"
WORKSPACE = """\
workspace: bolts
store: sqlite:///var/ledger.db
environment: production
identities: {edifact: {id: "9520002000002", qualifier: "14"}, x12: {id: BOLTS, qualifier: ZZ}}
"""
ACME = """\
partner: acme
identities: {{edifact: {{id: "9520001000003", qualifier: "14"}}}}
connections:
  mailbox: {{adapter: files, root: {root}}}
receive:
  orders:
    from: {{connection: mailbox, folder: in, pattern: "*.edi", stable: none, afterwards: delete}}
    mappings: [library:edifact/orders-d96a]
    to: [erp/as-850, erp/as-orders]
"""
ERP = """\
partner: erp
identities: {{x12: {{id: ERP, qualifier: ZZ}}, edifact: {{id: "9520003000001", qualifier: "14"}}}}
connections:
  box: {{adapter: files, root: {root}}}
receive:
  answers:
    from: {{connection: box, folder: answers, pattern: "*.x12", stable: none, afterwards: delete}}
    format: {{type: x12}}
    to: []
  edifact-answers:
    from: {{connection: box, folder: answers, pattern: "*.edi", stable: none, afterwards: delete}}
    format: {{type: edifact}}
    to: []
send:
  as-850:
    take: {{document: order/1}}
    mapping: library:x12/850-004010
    format: {{charset: utf-8}}
    to: {{connection: box, folder: out, file: "{{number:05}}.x12"}}
  as-orders:
    take: {{document: order/1}}
    mapping: library:edifact/orders-d96a
    to: {{connection: box, folder: out, file: "{{number:05}}.edi"}}
"""
ISA = "ISA*00*          *00*          *ZZ*ERP            *ZZ*BOLTS          *260106*0800*U*00401*{number:09}*0*P*>~"
ACCEPTED = ("AK1*PO*{group}", "AK2*850*0001", "AK5*A", "AK9*A*1*1*1")
REJECTED = ("AK1*PO*{group}", "AK2*850*0001", "AK3*PO1*5**8", "AK4*3*355*7*EA", "AK5*R*5", "AK9*R*1*1*0")


@pytest.fixture
def sent(tmp_path):
    """A workspace whose partner ERP was sent an order twice: as 850 (delivery s1) and as ORDERS (s2)."""
    for folder in ("in", "out", "answers", "mappings/acme", "mappings/erp"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "transload.yaml").write_text(WORKSPACE)
    (tmp_path / "mappings/acme/partner.yaml").write_text(ACME.format(root=tmp_path))
    (tmp_path / "mappings/erp/partner.yaml").write_text(ERP.format(root=tmp_path))
    shutil.copy(FIXTURES / "edifact/orders.edi", tmp_path / "in")
    summary = run(tmp_path)
    assert summary.exit_code == 0
    assert summary.deliveries == {State.SENT: 2}
    return tmp_path


def run(folder):
    loaded = load_workspace(folder)
    with Ledger(loaded.store) as ledger:
        summary = Engine(loaded, ledger).run_pass()
        assert ledger.verify() == []
    return summary


def look(folder, name):
    with Ledger(load_workspace(folder).store) as ledger:
        (ref,) = ledger.queries.find(name)
        return ledger.queries.journey(ref)


def states(folder):
    with Ledger(load_workspace(folder).store) as ledger:
        return {row["ref"]: row["state"] for row in ledger.queries.deliveries()}


def answer_997(folder, *rows, number=1, name="answer.x12", group="1"):
    body = [row.format(group=group) for row in rows]
    text = [ISA.format(number=number), f"GS*FA*ERP*BOLTS*20260106*0800*{number}*X*004010", "ST*997*0001", *body]
    text += [f"SE*{len(body) + 2}*0001", f"GE*1*{number}", f"IEA*1*{number:09}"]
    (folder / "answers" / name).write_text("~\n".join(row.removesuffix("~") for row in text) + "~\n")


def answer_contrl(folder, *rows, reference="1", number=7):
    text = [f"UNB+UNOC:3+9520003000001:14+9520002000002:14+260106:0800+{number}", "UNH+1+CONTRL:D:3:UN"]
    text += [row.format(reference=reference) for row in rows]
    text += [f"UNT+{len(rows) + 2}+1", f"UNZ+1+{number}"]
    (folder / "answers" / "answer.edi").write_text("'\n".join(text) + "'\n")


def test_a_partner_may_want_several_kinds_of_answers(sent):
    """What is received is answered with all that its route names."""
    partner = sent / "mappings/erp/partner.yaml"
    head = "    format: {type: x12}\n"
    way = "    acknowledge: {with: [ta1, '997'], connection: box, folder: out, file: 'ack_{number}.x12'}\n"
    partner.write_text(partner.read_text().replace(head, head + way))
    shutil.copy(FIXTURES / "x12/850.edi", sent / "answers/order.x12")
    run(sent)
    kinds = [re.search(rb"TA1\*|ST\*997", path.read_bytes())[0] for path in sorted((sent / "out").glob("ack_*"))]
    assert kinds == [b"TA1*", b"ST*997"]


def test_the_numbers_that_leave_are_kept_with_the_delivery(sent):
    with Ledger(load_workspace(sent).store) as ledger, ledger.read() as connection:
        rows = connection.execute(control_numbers.select().order_by("delivery_id", "level")).all()
    assert [tuple(row) for row in rows] == [
        (1, "group", "1", "x12", "BOLTS", "ERP"),
        (1, "interchange", "1", "x12", "BOLTS", "ERP"),
        (2, "interchange", "1", "edifact", "9520002000002", "9520003000001"),
    ]


def test_a_997_that_accepts(sent):
    answer_997(sent, *ACCEPTED)
    summary = run(sent)
    assert summary.exit_code == 0
    assert summary.documents == {State.RECONCILED: 1}
    assert summary.deliveries == {State.ACKED: 1}
    assert states(sent) == {"s1": "ACKED", "s2": "SENT"}
    journey = look(sent, "s1")
    assert [(item["kind"], item["verdict"], item["document"]) for item in journey["verdicts"]] == [
        ("997", "accepted", "d2")
    ]
    last = journey["events"][-1]
    assert (last["what"], last["lane"], last["receipt"], last["document"]) == ("ACKED", "in:erp/answers", "r2", "d2")
    assert last["detail"] == {"acknowledgement": "997", "verdict": "accepted", "was": "SENT"}


def test_a_997_that_rejects_is_decoded_onto_what_was_sent(sent):
    (out,) = (sent / "out").glob("*.x12")
    wire = out.read_text("utf-8")
    answer_997(sent, *REJECTED)
    summary = run(sent)
    assert summary.exit_code == 1
    assert summary.deliveries == {State.REJECTED: 1}
    journey = look(sent, "s1")
    (delivery,) = journey["deliveries"]
    assert delivery["state"] == "REJECTED"
    (finding,) = delivery["findings"]
    assert (finding["code"], finding["ack"]) == ("E-ACK-ERROR", {"723": "7"})
    place = finding["place"]
    assert (place["file"], place["segment"], place["element"]) == ("s1", 5, 3)
    fifth = re.split("~\n?", wire[wire.index("ST*850") :])[4]
    assert place["tag"] == fifth.split("*")[0]
    assert wire.encode()[place["byte"] :].decode().startswith(fifth.split("*")[3])
    event = journey["events"][-1]
    assert event["what"] == "REJECTED"
    assert event["detail"]["findings"] == [{"code": "E-ACK-ERROR", "ack": {"723": "7"}, "place": place}]
    assert look(sent, "d1")["documents"][0]["state"] == "REJECTED"  # the other delivery of it is SENT


def test_people_are_shown_what_the_partner_said(sent):
    answer_997(sent, *REJECTED)
    run(sent)
    shown = CliRunner().invoke(application(), ["show", "s1", "--workspace", str(sent)])
    assert shown.exit_code == 0
    lines = shown.output.splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("the partner's 997 (d2 of r2) on s1: "))
    assert lines[at].split(": ")[1].startswith("rejected, 20")
    assert lines[at + 1] == "error E-ACK-ERROR the partner reports: the code is not in the list (723 7)"
    assert lines[at + 3].startswith("    source   s1 line ")


def test_contrl(sent):
    answer_contrl(sent, "UCI+{reference}+9520002000002:14+9520003000001:14+7")
    assert run(sent).deliveries == {State.ACKED: 1}
    assert states(sent) == {"s1": "SENT", "s2": "ACKED"}


def test_contrl_that_rejects(sent):
    rejection = "UCM+1+ORDERS:D:96A:UN:EAN008+4"
    answer_contrl(sent, "UCI+{reference}+9520002000002:14+9520003000001:14+7", rejection, "UCS+2+15")
    assert run(sent).exit_code == 1
    (finding,) = look(sent, "s2")["deliveries"][0]["findings"]
    assert (finding["place"]["tag"], finding["ack"]) == ("BGM", {"0085": "15"})


def test_one_that_only_arrived_moves_nothing(sent):
    answer_contrl(sent, "UCI+{reference}+9520002000002:14+9520003000001:14+8")
    summary = run(sent)
    assert (summary.exit_code, summary.deliveries) == (0, {})
    journey = look(sent, "s2")
    assert journey["deliveries"][0]["state"] == "SENT"
    assert journey["events"][-1]["what"] == "ACKNOWLEDGED"
    assert journey["verdicts"][0]["verdict"] == "received"


def test_the_same_acknowledgement_again_changes_nothing_twice(sent):
    answer_997(sent, *ACCEPTED)
    run(sent)
    answer_997(sent, *ACCEPTED, name="again.x12")
    assert run(sent).documents == {State.DUPLICATE: 1}
    answer_997(sent, *ACCEPTED, number=2)  # in an interchange of its own
    summary = run(sent)
    assert (summary.documents, summary.deliveries, summary.exit_code) == ({State.RECONCILED: 1}, {}, 0)
    events = [event["what"] for event in look(sent, "s1")["events"]]
    assert (events.count("ACKED"), events.count("ACKNOWLEDGED")) == (1, 1)


def test_one_that_says_something_else_than_the_one_before(sent):
    answer_997(sent, *ACCEPTED)
    run(sent)
    answer_997(sent, *REJECTED, number=2)
    summary = run(sent)
    assert summary.exit_code == 1
    assert states(sent)["s1"] == "ACKED"
    (document,) = look(sent, "d3")["documents"]
    assert document["state"] == "QUARANTINED"
    assert [finding["message"] for finding in document["findings"]] == [
        "the 997 says that delivery s1 is rejected, and an earlier one said accepted"
    ]


def test_a_number_that_was_never_sent(sent):
    answer_997(sent, *ACCEPTED, group="4711")
    summary = run(sent)
    assert summary.exit_code == 1
    assert summary.documents == {State.QUARANTINED: 1}
    (document,) = look(sent, "d2")["documents"]
    (finding,) = document["findings"]
    assert (finding["code"], finding["value"], finding["place"]["tag"]) == ("E-ACK-UNKNOWN", "4711", "AK1")
    assert states(sent) == {"s1": "SENT", "s2": "SENT"}


def test_a_known_number_beside_an_unknown_one(sent):
    answer_contrl(sent, "UCI+{reference}+9520002000002:14+9520003000001:14+7", "UCM+9+ORDERS:D:96A:UN+4")
    run(sent)
    assert states(sent)["s2"] == "ACKED"
    (document,) = look(sent, "d2")["documents"]
    assert document["state"] == "QUARANTINED"
    assert [finding["message"] for finding in document["findings"]] == [
        "the CONTRL speaks of ORDERS 9, which what was sent does not hold"
    ]


def test_a_ta1_of_another_interchange_of_the_same_number_is_unknown(sent):
    text = ISA.format(number=1).replace("BOLTS", "OTHER") + "TA1*000000001*260105*1030*A*000~IEA*0*000000001~"
    (sent / "answers/ta1.x12").write_text(text)
    assert run(sent).documents == {State.QUARANTINED: 1}


def test_an_acknowledgement_that_is_faster_than_the_outcome_waits_for_it(sent, monkeypatch):
    """It comes while the delivery is SENDING; the outcome that is committed later takes it into account."""
    with Ledger(load_workspace(sent).store) as ledger:
        ledger.database.write(
            lambda connection: (
                connection.execute(
                    deliveries.update()
                    .where(deliveries.c.id == 1)
                    .values(state="SENDING", finished_at=None, unsure=True, epoch=10**6)
                ).rowcount
            )
        )
    answer_997(sent, *ACCEPTED)
    monkeypatch.setattr(Lanes, "ready", lambda self, now: [])
    summary = run(sent)
    assert summary.deliveries == {}
    assert look(sent, "s1")["verdicts"][0]["pending"] is True
    monkeypatch.undo()
    with Ledger(load_workspace(sent).store) as ledger:
        ledger.database.write(
            lambda connection: (
                connection.execute(deliveries.update().where(deliveries.c.id == 1).values(epoch=0)).rowcount
            )
        )
    run(sent)
    journey = look(sent, "s1")
    assert journey["deliveries"][0]["state"] == "ACKED"
    assert journey["verdicts"][0]["pending"] is False
    assert [event["what"] for event in journey["events"]][-2:] == ["SENT", "ACKED"]


@pytest.mark.parametrize("state", ["UNKNOWN", "DEAD"])
def test_an_acknowledgement_shows_that_a_delivery_has_landed(sent, state):
    with Ledger(load_workspace(sent).store) as ledger:
        ledger.database.write(
            lambda connection: (
                connection.execute(
                    deliveries.update().where(deliveries.c.id == 1).values(state=state, finished_at=None, unsure=True)
                ).rowcount
            )
        )
    answer_997(sent, *ACCEPTED)
    run(sent)
    assert states(sent)["s1"] == "ACKED"


def test_what_was_sent_again_is_acknowledged_in_its_newest_delivery(sent):
    answer_997(sent, *REJECTED)
    run(sent)
    loaded = load_workspace(sent)
    with Ledger(loaded.store) as ledger:
        engine = Engine(loaded, ledger)
        new = ledger.actions.redeliver(1, engine.clock())
    (sent / "out/00001.x12").unlink()
    assert run(sent).deliveries[State.SENT] == 1
    answer_997(sent, *ACCEPTED, number=2)
    run(sent)
    assert states(sent) == {"s1": "REJECTED", "s2": "SENT", f"s{new}": "ACKED"}
    with Ledger(loaded.store) as ledger:
        assert ledger.queries.journey(Ref("document", 1))["documents"][0]["state"] == "SENT"


def test_a_997_on_a_batch_says_of_each_document_what_became_of_it(sent):
    partner, acme = sent / "mappings/erp/partner.yaml", sent / "mappings/acme/partner.yaml"
    partner.write_text(
        partner.read_text().replace("    mapping: library:x12", "    batch: receipt\n    mapping: library:x12")
    )
    acme.write_text(acme.read_text().replace("[erp/as-850, erp/as-orders]", "[erp/as-850]"))
    payload = (FIXTURES / "edifact/orders.edi").read_bytes().replace(b"HG000000417", b"HG000000418")
    start, end = payload.index(b"UNH+1+"), payload.index(b"UNZ+1+")
    first = payload[start:end]
    second = first.replace(b"UNH+1+", b"UNH+2+").replace(b"UNT+62+1'", b"UNT+62+2'").replace(b"00417+9'", b"00418+9'")
    (sent / "in/two.edi").write_bytes(payload[:start] + first + second + payload[end:].replace(b"UNZ+1", b"UNZ+2"))
    assert run(sent).deliveries == {State.SENT: 1}
    answer_997(sent, "AK1*PO*2", "AK2*850*0001", "AK5*R*5", "AK2*850*0002", "AK5*A", "AK9*P*2*2*1")
    assert run(sent).deliveries == {State.REJECTED: 1}
    with Ledger(load_workspace(sent).store) as ledger:
        found = {row["ref"]: row["state"] for row in ledger.queries.documents()}
        assert (found["d2"], found["d3"]) == ("REJECTED", "ACKED")
        ledger.actions.remap(Ref("document", 2), datetime.now(UTC))
    assert run(sent).deliveries == {State.SENT: 1}
    journey = look(sent, "s4")
    assert journey["deliveries"][0]["documents"] == ["d5"]
    (again,) = (document for document in journey["documents"] if document["ref"] == "d5")
    assert again["origin_id"] == 2


def test_a_mapping_that_matches_goes_before(sent, monkeypatch):
    """A route may read acknowledgements itself: then nothing is reconciled."""

    def refuse(message):
        raise Reject("read by a mapping")

    mapping = SimpleNamespace(name="own", decode=refuse)
    monkeypatch.setattr(understanding, "mapping_for", lambda line, message, day: mapping)
    answer_997(sent, *ACCEPTED)
    assert run(sent).documents == {State.QUARANTINED: 1}
    assert [finding["message"] for finding in look(sent, "d2")["documents"][0]["findings"]] == ["read by a mapping"]
    assert states(sent)["s1"] == "SENT"
    assert look(sent, "s1")["verdicts"] == []


@pytest.mark.parametrize("commit", range(1, 6))
def test_killed_around_a_commit_it_takes_effect_once(sent, forks, commit):
    """The process ends right after one of the commits of the pass; the next pass brings it to the same end."""
    answer_997(sent, *REJECTED)
    code = (
        "import os, pathlib, signal, sys\n"
        "from transload.runner.engine import Engine\n"
        "from transload.runner.ledger import Ledger\n"
        "from transload.runner.ledger.database import Database\n"
        "from transload.runner.workspace import load_workspace\n"
        "write, count = Database.write, 0\n"
        "def counted(self, work, **options):\n"
        "    global count\n"
        "    result = write(self, work, **options)\n"
        "    count += 1\n"
        "    if count == int(sys.argv[2]):\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return result\n"
        "loaded = load_workspace(pathlib.Path(sys.argv[1]))\n"
        "with Ledger(loaded.store) as ledger:\n"
        "    Database.write = counted\n"
        "    Engine(loaded, ledger, workers=1).run_pass()\n"
    )
    assert forks.run(sent, commit, code=code).returncode == -9
    run(sent)
    journey = look(sent, "s1")
    assert journey["deliveries"][0]["state"] == "REJECTED"
    assert len(journey["verdicts"]) == 1
    assert [event["what"] for event in journey["events"]].count("REJECTED") == 1
    assert list((sent / "answers").iterdir()) == []
