"""A workspace as users have it: orders come by mail and go to a folder, and what lies in a folder goes out by mail."""

import email
from collections.abc import Callable
from email import policy
from pathlib import Path
from typing import Any

import pytest

from transload.runner.engine import Engine
from transload.runner.ledger import Ledger, State
from transload.runner.workspace import load_workspace

ORDER = (Path(__file__).parents[3] / "fixtures/edifact/orders.edi").read_bytes()
PARTNER = """\
partner: acme
connections:
  post:
    adapter: mail
    username: {user}
    password: ${{env:MAIL_PASSWORD}}
    imap: {{host: localhost, port: {imap}, tls: {{ca: {ca}}}}}
  relay:
    adapter: mail
    username: edi@us.example
    password: ${{env:MAIL_PASSWORD}}
    smtp: {{host: localhost, port: {smtp}, tls: {{ca: {ca}}}}}
  disk: {{adapter: files, root: {root}}}
receive:
  orders:
    from:
      connection: post
      senders: edi@partner.example
      attachments: "*.edi"
      afterwards: {{move: done}}
    format: {{type: edifact}}
    to: [acme/folder]
  files:
    from: {{connection: disk, folder: out, stable: none, afterwards: delete}}
    format: {{type: edifact}}
    to: [acme/mails]
send:
  folder:
    take: {{message: ORDERS}}
    to: {{connection: disk, folder: in, file: "{{number:03}}_{{receipt.name}}"}}
  mails:
    take: {{message: ORDERS}}
    to:
      connection: relay
      sender: ACME EDI <edi@us.example>
      to: orders@partner.example, {{partner.name}} <copies@us.example>
      subject: "Orders {{message.reference}} no. {{number}}"
      file: "{{receipt.name}}"
"""


def run(folder: Path) -> Any:
    loaded = load_workspace(folder)
    with Ledger(loaded.store) as ledger:
        return Engine(loaded, ledger).run_pass()


@pytest.fixture
def workspace(tmp_path: Path, dovecot: Any, start: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Any:
    post = start()
    monkeypatch.setenv("MAIL_PASSWORD", post.connection().password.get_secret_value())
    for name in ("in", "out", "mappings/acme"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "transload.yaml").write_text(
        "workspace: hub\nstore: sqlite:///var/ledger.db\nenvironment: production\n"
    )
    written = PARTNER.format(user=dovecot.user, imap=dovecot.tls, smtp=post.port, ca=dovecot.authority, root=tmp_path)
    (tmp_path / "mappings/acme/partner.yaml").write_text(written)
    return tmp_path, post


def test_orders_by_mail_reach_the_folder_and_files_go_out_by_mail(workspace: Any, dovecot: Any, mail: Any) -> None:
    folder, post = workspace
    dovecot.put(mail(a_edi=ORDER), mail(sender="spam@evil.example", b_edi=b"UNB"))
    (folder / "out/order 1.edi").write_bytes(ORDER.replace(b"HG000000417", b"HG000000999"))
    summary = run(folder)
    assert summary.deliveries == {State.SENT: 2}
    assert {path.name: path.read_bytes() for path in (folder / "in").iterdir()} == {"001_a.edi": ORDER}
    [sent] = post.mails
    message = email.message_from_bytes(sent.content, policy=policy.default)
    [attachment] = message.iter_attachments()
    assert attachment.get_content() == ORDER.replace(b"HG000000417", b"HG000000999")
    assert attachment.get_filename() == "order 1.edi"
    assert sent.recipients == ["orders@partner.example", "copies@us.example"]
    assert str(message["Subject"]).startswith("Orders ")
    # The stranger's mail is told of, once, and stays; the partner's was put away.
    assert [finding.code for finding in summary.findings] == ["W-SENDER"]
    assert (len(dovecot.flags()), len(dovecot.flags("done"))) == (1, 1)
    again = run(folder)
    assert (again.deliveries, again.findings, again.exit_code) == ({}, (), 0)
    assert len(post.mails) == 1


def test_a_mail_server_that_is_busy_is_asked_again(workspace: Any) -> None:
    folder, post = workspace
    post.handler.answers["DATA"] = "451 4.3.0 no room"
    (folder / "out/order.edi").write_bytes(ORDER)
    assert run(folder).deliveries == {State.RETRY_AT: 1}
    assert post.mails == []


def test_a_lost_answer_waits_for_a_person(workspace: Any) -> None:
    folder, post = workspace
    post.handler.act["DATA"] = lambda server: server.transport.abort()
    (folder / "out/order.edi").write_bytes(ORDER)
    summary = run(folder)
    assert set(summary.deliveries) <= {State.RETRY_AT, State.UNKNOWN}
    post.handler.act.clear()
    run(folder)
    assert len(post.mails) == 1  # what the server took before it broke off; never a second one
