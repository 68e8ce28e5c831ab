"""AS2 between two workspaces, each with its own ledger, over real sockets."""

import contextlib
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
import trustme
from typer.testing import CliRunner

from transload.adapters.as2 import mime
from transload.adapters.as2.keys import keys_of
from transload.adapters.as2.messages import seal
from transload.adapters.base import Outbound
from transload.canonical.errors import ConfigurationError
from transload.runner.cli.app import application
from transload.runner.engine import Engine
from transload.runner.ledger import Ledger
from transload.runner.ledger.references import NotFound, Ref
from transload.runner.workspace import load_workspace

ORDER = b'{"number": "1", "text": "a wall socket"}'
WORKSPACE = (
    "workspace: {name}\nhttp: {{listen: '127.0.0.1:{port}'}}\n"
    "defaults: {{retry: {{attempts: 50, first: 50ms, longest: 100ms}}}}\n"
)
PARTNER = """\
partner: other
connections:
  as2:
    adapter: as2
    url: http://127.0.0.1:{port}/as2
    us: "{us}"
    them: "{them}"
    own: {{certificate: "${{file:keys/us.pem}}", key: "${{file:keys/us.key}}"}}
    partner: keys/them.pem
    timeouts: {{read: 5s}}
{more}
receive:
  in: {{from: {{connection: as2}}, format: {{type: json}}, to: [erp/raw]}}
send:
  out:
    take: {{message: "*"}}
    to: {{connection: as2, file: "order-{{number:04}}.json", subject: Order}}
    retry: {{attempts: 50, first: 50ms, longest: 100ms}}
"""
ERP = """\
partner: erp
connections:
  box: {adapter: files, root: box}
  drop: {adapter: files, root: drop}
receive:
  out: {from: {connection: drop, stable: none, afterwards: delete}, every: 1s, format: {type: json}, to: [other/out]}
send:
  raw: {take: {message: "*"}, to: {connection: box, file: "{number:04}.json"}}
"""


@dataclass
class Side:
    """One company: its workspace, and what is in its folders."""

    folder: Path
    port: int

    def drop(self, content: bytes = ORDER, name: str = "a.json") -> None:
        (self.folder / "drop" / name).write_bytes(content)

    @property
    def box(self) -> list[bytes]:
        return [path.read_bytes() for path in sorted((self.folder / "box").iterdir()) if path.suffix == ".json"]

    def run(self) -> Any:
        loaded = load_workspace(self.folder)
        with Ledger(loaded.store) as ledger:
            return Engine(loaded, ledger).run_pass()

    def deliveries(self, lane: str = "erp/out/other/out") -> list[dict[str, Any]]:
        with Ledger(load_workspace(self.folder).store) as ledger, ledger.read() as connection:
            rows = connection.exec_driver_sql("select * from deliveries where lane = ? order by id", (lane,)).mappings()
            return [dict(row) for row in rows]

    def receipts(self) -> list[dict[str, Any]]:
        with Ledger(load_workspace(self.folder).store) as ledger, ledger.read() as connection:
            rows = connection.exec_driver_sql("select * from receipts order by id").mappings()
            return [dict(row) for row in rows]

    @contextlib.contextmanager
    def served(self) -> Iterator[None]:
        loaded = load_workspace(self.folder)
        with Ledger(loaded.store) as ledger:
            engine = Engine(loaded, ledger)
            started = threading.Event()
            thread = threading.Thread(target=lambda: engine.serve(handle_signals=False, started=started.set))
            thread.start()
            assert started.wait(20)
            try:
                yield
            finally:
                engine.stop()
                thread.join(30)
                assert not thread.is_alive()

    def killed(self, moment: str) -> subprocess.Popen[bytes]:
        (self.folder / "started").unlink(missing_ok=True)
        command = [sys.executable, str(Path(__file__).with_name("as2_worker.py")), str(self.folder), moment]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        eventually(lambda: (self.folder / "started").exists() or process.poll() is not None)
        return process


def eventually(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not true():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.02)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        found: int = probe.getsockname()[1]
    return found


@pytest.fixture(scope="session")
def certificates() -> dict[str, tuple[str, str]]:
    found = {}
    for name in ("bolt", "acme", "stranger"):
        issued = trustme.CA().issue_cert(f"{name}.example", key_type=trustme.KeyType.RSA)
        found[name] = (issued.cert_chain_pems[0].bytes().decode(), issued.private_key_pem.bytes().decode())
    return found


Make = Callable[..., tuple[Side, Side]]


@pytest.fixture
def make(tmp_path: Path, certificates: dict[str, tuple[str, str]]) -> Make:
    """Two sides, bolt and acme; ``more`` are settings of bolt's connection, ``theirs`` of acme's."""

    def made(more: str = "", theirs: str = "") -> tuple[Side, Side]:
        sides = {name: Side(tmp_path / name, free_port()) for name in ("bolt", "acme")}
        for name, other, settings in (("bolt", "acme", more), ("acme", "bolt", theirs)):
            side = sides[name]
            for folder in ("mappings/other", "mappings/erp", "keys", "box", "drop"):
                (side.folder / folder).mkdir(parents=True, exist_ok=True)
            (side.folder / "keys/us.pem").write_text(certificates[name][0])
            (side.folder / "keys/us.key").write_text(certificates[name][1])
            (side.folder / "keys/them.pem").write_text(certificates[other][0])
            (side.folder / "transload.yaml").write_text(WORKSPACE.format(name=name, port=side.port))
            names = {"bolt": "BOLT", "acme": "ACME Trading"}
            indented = "".join(f"    {line}\n" for line in settings.format(port=side.port).splitlines())
            text = PARTNER.format(port=sides[other].port, us=names[name], them=names[other], more=indented.rstrip())
            (side.folder / "mappings/other/partner.yaml").write_text(text)
            (side.folder / "mappings/erp/partner.yaml").write_text(ERP)
        return sides["bolt"], sides["acme"]

    return made


ASYNC = "mdn: {{mode: async, url: 'http://127.0.0.1:{port}/as2', wait: 1h}}"


@pytest.mark.parametrize(
    ("more", "theirs"),
    [
        ("", ""),
        ("compress: before\nencrypt: aes256\noaep: true\npss: true\nsign: sha512", ""),
        ("compress: after\nencrypt: aes256-gcm\nmdn: {{signed: false}}", ""),
        ("sign: none\nencrypt: none", "accept: {{signed: false, encrypted: false}}"),
        ("mdn: {{mode: none}}", ""),
        ("encrypt: 3des", "accept: {{ciphers: 3des}}"),
    ],
    ids=lambda value: value.replace("\n", " ") or "usual",
)
def test_a_message_goes_over_and_its_receipt_comes_in_the_answer(make: Make, more: str, theirs: str) -> None:
    bolt, acme = make(more, theirs)
    bolt.drop()
    with acme.served():
        summary = bolt.run()
        assert [finding.message for finding in summary.findings] == []
        eventually(lambda: acme.box == [ORDER])
    (sent,) = bolt.deliveries()
    assert sent["state"] == "SENT"
    assert (f"<{sent['key']}@BOLT>".strip("<>")) in sent["answer"]
    (receipt,) = acme.receipts()
    assert receipt["state"] == "PARSED"
    if "mode: none" not in more:
        with Ledger(load_workspace(bolt.folder).store) as ledger:
            told = ledger.queries.evidence(Ref("delivery", sent["id"]), "answer")
        with Ledger(load_workspace(acme.folder).store) as ledger:
            body = ledger.queries.evidence(Ref("receipt", receipt["id"]), "mdn").partition(b"\r\n\r\n")[2]
            assert told.partition(b"\r\n\r\n")[2] == body
            asked = ledger.queries.evidence(Ref("receipt", receipt["id"]), "request")
            assert f"message-id: <{sent['key']}@BOLT>".encode() in asked
            with pytest.raises(NotFound) as caught:
                ledger.queries.evidence(Ref("receipt", receipt["id"]), "answer")
            assert caught.value.hint == "there is: mdn, request"
    assert '"filename":"order-0001.json"' in receipt["metadata"]
    assert ("evidence.mdn" in receipt["metadata"]) == ("mode: none" not in more)


def test_a_receipt_that_comes_later_settles_what_awaits_it(make: Make) -> None:
    bolt, acme = make(ASYNC)
    bolt.drop()
    assert bolt.run().exit_code == 3  # acme is not there
    bolt.deliveries()
    with acme.served(), bolt.served():
        eventually(lambda: bolt.deliveries()[0]["state"] == "SENT")
        eventually(lambda: acme.deliveries("other/in/reply")[0]["state"] == "SENT")
    assert acme.box == [ORDER]
    (receipt,) = [row for row in bolt.receipts() if row["connection"] == "other/as2"]
    assert (receipt["state"], receipt["findings"]) == ("RECONCILED", "[]")
    (sent,) = bolt.deliveries()
    assert "receipt: processed" in sent["answer"]


def test_until_it_comes_a_delivery_waits_and_then_is_sent_again(make: Make) -> None:
    """Acme's receipts go nowhere: bolt listens only after its patience has ended once."""
    bolt, acme = make(ASYNC.replace("1h", "1s"))
    bolt.drop()
    with acme.served():
        summary = bolt.run()
        assert summary.exit_code == 3
        assert bolt.deliveries()[0]["state"] == "AWAITING"
        time.sleep(1.1)
        bolt.run()
        assert bolt.deliveries()[0]["state"] in ("RETRY_AT", "AWAITING")
        with bolt.served():
            eventually(lambda: bolt.deliveries()[0]["state"] == "SENT")
        eventually(lambda: len(acme.box) == 1)
    assert acme.box == [ORDER]
    assert len([row for row in acme.receipts() if row["connection"] == "other/as2"]) == 1


@pytest.mark.parametrize("moment", ["before the answer", "before the later receipt"])
def test_a_receiver_that_is_killed_after_its_commit_has_it_once_and_says_so(make: Make, moment: str) -> None:
    later = moment == "before the later receipt"
    bolt, acme = make(ASYNC if later else "")
    bolt.drop()
    process = acme.killed(moment)
    with bolt.served() if later else contextlib.nullcontext():
        if not later:
            assert bolt.run().exit_code == 3
        assert process.wait(20) == -9
        assert len(acme.receipts()) == 1
        with acme.served():
            if later:
                eventually(lambda: bolt.deliveries()[0]["state"] == "SENT")
            else:
                eventually(lambda: bolt.run().exit_code == 0)
            eventually(lambda: len(acme.box) == 1)
    assert bolt.deliveries()[0]["state"] == "SENT"
    assert acme.box == [ORDER]
    assert len(acme.receipts()) == 1


def test_what_cannot_be_read_is_kept_refused_and_taken_once_it_can(
    make: Make, certificates: dict[str, tuple[str, str]]
) -> None:
    """An earlier failed Message-ID does not stand in the way of the good message."""
    bolt, acme = make()
    bolt.drop()
    right = (acme.folder / "keys/them.pem").read_text()
    (acme.folder / "keys/them.pem").write_text(certificates["stranger"][0])
    with acme.served():
        summary = bolt.run()
    assert summary.exit_code != 0
    (finding,) = [item for item in summary.findings if item.code == "E-MDN-REFUSED"]
    assert finding.message.endswith("says processed/error: authentication-failed")
    assert finding.hint == "has the partner our present certificate? send it to him"
    (failed,) = acme.receipts()
    assert failed["state"] == "QUARANTINED"
    assert "not among the partner's" in failed["findings"]
    (acme.folder / "keys/them.pem").write_text(right)
    partner = bolt.folder / "mappings/other/partner.yaml"
    partner.write_text(partner.read_text() + "# tried again\n")  # a changed file closes the breaker
    with acme.served():
        eventually(lambda: bolt.run().exit_code == 0)
        eventually(lambda: acme.box == [ORDER])
    assert [row["state"] for row in acme.receipts()] == ["QUARANTINED", "PARSED"]
    assert bolt.deliveries()[0]["state"] == "SENT"


def replayed(side: Side, *arguments: str) -> tuple[int, str]:
    ran = CliRunner().invoke(application(), ["replay", *arguments, "--workspace", str(side.folder)])
    return ran.exit_code, ran.output


def mended(make: Make, certificates: dict[str, tuple[str, str]], more: str = "") -> tuple[Side, Side]:
    """Acme refused a message of bolt's, since it had the wrong certificate, and has the right one now."""
    bolt, acme = make(more)
    bolt.drop()
    right = (acme.folder / "keys/them.pem").read_text()
    (acme.folder / "keys/them.pem").write_text(certificates["stranger"][0])
    with acme.served():
        bolt.run()
    assert acme.receipts()[0]["state"] == "QUARANTINED"
    code, said = replayed(acme, "r1", "--although-refused")
    assert code == 1
    assert "r1 cannot be read still: the message <" in said
    assert "has the partner a new certificate? then add it under partner:, beside the old one" in said
    (acme.folder / "keys/them.pem").write_text(right)
    partner = bolt.folder / "mappings/other/partner.yaml"
    partner.write_text(partner.read_text() + "# tried again\n")  # a changed file closes the breaker
    return bolt, acme


def test_what_was_refused_is_opened_once_it_can_be_and_a_person_wants_it(
    make: Make, certificates: dict[str, tuple[str, str]]
) -> None:
    bolt, acme = mended(make, certificates)
    code, said = replayed(acme, "r1")
    assert code == 1
    assert "r1 can be read now, but its sender was told that it was not taken, and may have sent it anew" in said
    assert "ask him; if he has not and will not: transload replay r1 --although-refused" in said
    assert [row["state"] for row in acme.receipts()] == ["QUARANTINED"]
    assert replayed(acme, "r1", "--although-refused") == (0, "r1 was opened, and will be read as r2\n")
    acme.run()
    assert acme.box == [ORDER]
    first, second = acme.receipts()
    assert (first["state"], second["state"]) == ("SUPPRESSED", "PARSED")
    assert second["origin_id"] == 1
    with Ledger(load_workspace(acme.folder).store) as ledger:
        events = [event["what"] for event in ledger.queries.journey(Ref("receipt", 2))["events"]]
        assert "REOPENED" in events
    shown = CliRunner().invoke(application(), ["show", "r1", "--workspace", str(acme.folder)])
    assert "SUPPRESSED" in shown.output
    with Ledger(load_workspace(acme.folder).store) as ledger:
        with pytest.raises(NotFound) as caught:
            ledger.queries.evidence(Ref("receipt", 2), "mdn")  # none was given that says so
        assert caught.value.hint == "there is: request"
        assert ledger.verify() == []
    code, said = replayed(acme, "r1", "--although-refused")
    assert (code, "nothing of r1 is quarantined" in said) == (1, True)
    with acme.served():  # he sends it again all the same: it is the same message
        eventually(lambda: bolt.run().exit_code == 0)
    assert acme.box == [ORDER]
    assert len(acme.receipts()) == 2
    assert bolt.deliveries()[0]["state"] == "SENT"


def test_what_has_come_again_since_is_not_opened(make: Make, certificates: dict[str, tuple[str, str]]) -> None:
    bolt, acme = mended(make, certificates)
    with acme.served():
        eventually(lambda: bolt.run().exit_code == 0)
        eventually(lambda: acme.box == [ORDER])
    code, said = replayed(acme, "r1", "--although-refused")
    assert (code, "what is in r1 has come again since, as r2" in said) == (1, True)
    assert [row["state"] for row in acme.receipts()] == ["QUARANTINED", "PARSED"]
    with Ledger(load_workspace(acme.folder).store) as ledger:
        assert ledger.verify() == []


def test_a_receipt_for_what_was_refused_is_not_sent_again(make: Make, certificates: dict[str, tuple[str, str]]) -> None:
    _, acme = mended(make, certificates, ASYNC)
    before = len(acme.deliveries("other/in/reply"))
    assert replayed(acme, "r1", "--although-refused")[0] == 0
    assert len(acme.deliveries("other/in/reply")) == before == 1
    acme.run()
    assert acme.box == [ORDER]


def test_receipts_that_come_later_need_somebody_who_hears_them(make: Make) -> None:
    bolt, _ = make(ASYNC)
    partner = bolt.folder / "mappings/other/partner.yaml"
    text = partner.read_text()
    partner.write_text(text.replace("  in: {from: {connection: as2}, format: {type: json}, to: [erp/raw]}", "  {}"))
    with pytest.raises(ConfigurationError) as caught:
        load_workspace(bolt.folder)
    (finding,) = caught.value.findings
    assert (finding.code, finding.message, finding.hint) == (
        "C-ANSWERS",
        "what other/out sends is answered later, and no receive route of other/as2 hears it",
        "add a receive route with from: {connection: as2}, or let the receipts come in the answer",
    )
    assert finding.mapping is not None
    assert finding.mapping.line > 0
    # a route that reads what was answered is no one who hears it
    answers = text.replace("{from: {connection: as2}, format", "{from: {answers: out}, format")
    partner.write_text(answers)
    with pytest.raises(ConfigurationError) as caught:
        load_workspace(bolt.folder)
    assert [finding.code for finding in caught.value.findings] == ["C-ANSWERS"]
    heard = answers.replace("receive:\n", "receive:\n  door: {from: {connection: as2}, format: {type: json}, to: []}\n")
    partner.write_text(heard)
    assert load_workspace(bolt.folder)


def test_several_files_of_one_message_become_receipts_of_their_own(make: Make) -> None:
    bolt, acme = make()
    partner = acme.folder / "mappings/other/partner.yaml"
    filtered = "{connection: as2, files: 3, filters: [{type: as2, content_types: application/json}]}"
    partner.write_text(partner.read_text().replace("from: {connection: as2}", f"from: {filtered}"))
    parts = [
        b'Content-Type: application/json\r\nContent-Disposition: attachment; filename="../a.json"\r\n\r\n' + ORDER,
        b"Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERg==",
        b"Content-Type: application/json\r\n\r\n[]",
    ]
    outbound = Outbound(
        key="7", content=mime.multipart(parts, "b"), content_type='multipart/related; boundary="b"; type="x/y"'
    )
    with acme.served(), load_workspace(bolt.folder).send_route("other/out").target() as target:
        for _ in range(2):
            assert target.deliver(outbound).summary == "receipt: processed"
        eventually(lambda: len(acme.box) == 2)
    assert sorted(acme.box) == [b"[]", ORDER]
    whole, first, second = acme.receipts()
    assert [one["state"] for one in (whole, first, second)] == ["UNPACKED", "PARSED", "PARSED"]
    assert '"entry":"../a.json"' in first["metadata"]
    assert "the file file 2 of" in whole["findings"]
    assert (whole["origin"] + "/file 3") == second["origin"]


def test_two_partners_at_one_address_are_told_apart_by_nobody(make: Make) -> None:
    """Also where only one of them writes the path that is usual."""
    bolt, _ = make()
    partner = bolt.folder / "mappings/other/partner.yaml"
    text = partner.read_text()
    twin = bolt.folder / "mappings/twin/partner.yaml"
    twin.parent.mkdir()
    twin.write_text(
        text.replace("partner: other", "partner: twin").replace("adapter: as2", "adapter: as2\n    path: /as2/")
    )
    with pytest.raises(ConfigurationError) as caught:
        load_workspace(bolt.folder)
    assert [finding.code for finding in caught.value.findings] == ["C-ADDRESS"]


def test_a_message_that_comes_again_is_answered_again_and_taken_once(make: Make) -> None:
    bolt, acme = make()
    loaded = load_workspace(bolt.folder)
    target = loaded.send_route("other/out").target()
    outbound = Outbound(key="7", content=ORDER, content_type="application/json", metadata={"file": "a.json"})
    with acme.served(), target:
        first, again = target.deliver(outbound), target.deliver(outbound)
        assert first.summary == again.summary == "receipt: processed"
        other = Outbound(key="7", content=b"[]", content_type="application/json")
        with pytest.raises(Exception, match="processed/error: unexpected-processing-error"):
            target.deliver(other)
        eventually(lambda: acme.box == [ORDER])
        answer = requests.get(f"http://127.0.0.1:{acme.port}/as2", timeout=10)
        assert answer.status_code == 405
    assert len(acme.receipts()) == 1


def test_a_refusal_that_comes_later_stops_the_connection_and_the_message_goes_again(
    make: Make, certificates: dict[str, tuple[str, str]]
) -> None:
    bolt, acme = make(ASYNC)
    bolt.drop()
    right = (acme.folder / "keys/them.pem").read_text()
    (acme.folder / "keys/them.pem").write_text(certificates["stranger"][0])
    with acme.served(), bolt.served():
        eventually(lambda: any("E-MDN-REFUSED" in row["findings"] for row in bolt.deliveries()))
        assert bolt.deliveries()[0]["state"] == "RETRY_AT"
    (acme.folder / "keys/them.pem").write_text(right)
    partner = bolt.folder / "mappings/other/partner.yaml"
    partner.write_text(partner.read_text() + "# tried again\n")  # a changed file closes the breaker
    with acme.served(), bolt.served():
        eventually(lambda: bolt.deliveries()[0]["state"] == "SENT")
        eventually(lambda: acme.box == [ORDER])
    assert [row["state"] for row in acme.receipts()] == ["QUARANTINED", "PARSED"]


def bring_unsigned_receipt(to: Side, key: str) -> int:
    report = (
        f"--b\r\nContent-Type: message/disposition-notification\r\n\r\nOriginal-Message-ID: <{key}@BOLT>\r\n"
        "Disposition: automatic-action/MDN-sent-automatically; processed\r\n\r\n--b--\r\n"
    )
    headers = {"AS2-From": '"ACME Trading"', "AS2-To": "BOLT", "Content-Type": "multipart/report; boundary=b"}
    return requests.post(f"http://127.0.0.1:{to.port}/as2", data=report, headers=headers, timeout=10).status_code


def test_receipts_for_nothing_and_forged_ones_change_nothing(make: Make) -> None:
    bolt, acme = make(ASYNC)
    bolt.drop()
    with acme.served():
        bolt.run()
    (sent,) = bolt.deliveries()
    assert sent["state"] == "AWAITING"
    assert [row["state"] for row in bolt.deliveries()] == ["AWAITING"]
    later = acme.deliveries("other/in/reply")
    assert len(later) == 1
    with bolt.served():
        for key in (sent["key"], "another"):
            assert bring_unsigned_receipt(bolt, key) == 400
        assert bolt.deliveries()[0]["state"] == "AWAITING"
        with acme.served():
            eventually(lambda: bolt.deliveries()[0]["state"] == "SENT")
    kept = [row for row in bolt.receipts() if row["connection"] == "other/as2"]
    assert [row["state"] for row in kept] == ["QUARANTINED", "QUARANTINED", "RECONCILED"]
    assert all("the receipt is not signed, and was to be" in row["findings"] for row in kept[:2])


def test_a_receipt_for_a_delivery_of_nobody_waits_for_a_person(make: Make) -> None:
    bolt, _ = make("mdn: {{signed: false}}")
    with bolt.served():
        assert bring_unsigned_receipt(bolt, "nobody") == 200
    (kept,) = bolt.receipts()
    assert kept["state"] == "QUARANTINED"
    assert "it answers a delivery nobody of ours, and nothing was sent under that name" in kept["findings"]


def test_without_the_extra_it_is_said_what_to_install() -> None:
    code = (
        "import sys; sys.modules['asn1crypto'] = None\n"
        "from transload.adapters.base import adapter\n"
        "try: adapter('as2')\n"
        "except Exception as error: print(type(error).__name__, error.message, '|', error.hint)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("ConfigurationError the adapter 'as2' cannot be loaded: ")
    assert done.stdout.rstrip().endswith("install what it needs, for example: pip install 'transload[as2]'")


def test_headers_broken_over_lines_and_content_in_base64_are_read(make: Make) -> None:
    bolt, acme = make()
    connection = load_workspace(bolt.folder).send_route("other/out").target().connection
    sealed = seal(ORDER, "application/json", "a.json", connection, keys_of(connection), datetime.now(UTC))
    headers = {
        "Host": "x", "as2-from": "BOLT", "AS2-TO": '"ACME Trading"', "Message-Id": "<odd@bolt>",
        **sealed.headers, "Content-Transfer-Encoding": "base64", "Disposition-notification-to": "x",
    }  # fmt: skip
    body = mime.encoded(sealed.body)
    head = mime.render({**headers, "Content-Length": str(len(body)), "Connection": "close"}, b"")
    with acme.served():
        with socket.create_connection(("127.0.0.1", acme.port)) as line:
            line.sendall(b"POST /as2 HTTP/1.1\r\n" + head.replace(b"; ", b";\r\n ") + body)
            answer = b"".join(iter(lambda: line.recv(65536), b""))
        assert b"200 OK" in answer
        assert b"; processed\r\n" in answer
        eventually(lambda: acme.box == [ORDER])


def test_one_that_was_given_up_is_settled_by_its_receipt_after_all(make: Make) -> None:
    bolt, acme = make(ASYNC.replace("1h", "200ms"))
    partner = bolt.folder / "mappings/other/partner.yaml"
    partner.write_text(partner.read_text().replace("attempts: 50", "attempts: 1"))
    bolt.drop()
    with acme.served():
        bolt.run()
    time.sleep(0.3)
    assert bolt.run().exit_code == 1
    (given_up,) = bolt.deliveries()
    assert given_up["state"] == "UNKNOWN"
    assert "has not said in time what became of it" in given_up["findings"]
    with bolt.served(), acme.served():
        eventually(lambda: bolt.deliveries()[0]["state"] == "SENT")
    assert len(acme.receipts()) == 1
