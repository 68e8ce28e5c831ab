"""Secrets planted wherever a workspace can have one, partners that repeat them, and a search in all that is told."""

import base64
import io
import json
import re
import socket
import threading
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select
from tests.adapters.soap.certificates import pair
from tests.runner.observing.conftest import until
from tests.runner.observing.parrots import parrots
from typer.testing import CliRunner

from transload.runner.cli.app import application
from transload.runner.demo.partners.sftp_server import sftp_server
from transload.runner.demo.partners.soap_service import wsdl_text
from transload.runner.engine import Engine, configure_logging
from transload.runner.ledger import Ledger
from transload.runner.ledger.schema import blobs, deliveries, metadata, receipts
from transload.runner.workspace import load_workspace

LOGINS = ["BASIC", "BEARER", "APIKEY", "QUERYKEY", "OAUTH", "HEADER", "PROXY", "VAULT", "SOAPTOKEN", "SOAPLOGIN"]
LOGINS += ["FTP", "MAIL", "ALARMMAIL"]
"""Those that partners are sent as they are."""
OTHERS = ["HMAC", "TLSPASS", "SFTP", "SFTPPHRASE", "PGPPHRASE", "HOOK", "HOOK2", "SERVICE", "ALARMHOOK"]
NAMES = [*LOGINS, *OTHERS]
TEXTS = {name: f'Cn4ry~{name.lower()}"&<+/%{index:02}zq' for index, name in enumerate(NAMES)}
for plain in ("BEARER", "APIKEY", "HEADER", "HOOK", "HOOK2", "VAULT"):
    TEXTS[plain] = f"Cn4ry-{plain.lower()}-8Zk+/Qw0x"
TEXTS["ALARMHOOK"] = "whsec_" + base64.b64encode(b"Cn4ry-alarm-hook-secret!").decode()

WORKSPACE = """\
workspace: canary
http: {{listen: "127.0.0.1:{called}"}}
operations: {{listen: "127.0.0.1:{desk}"}}
secrets:
  - env
  - file
  - vault: {{url: "{url}/vault", token: "${{env:VAULT}}"}}
defaults: {{timeouts: {{connect: 2s, read: 5s}}, retry: {{attempts: 3, first: 1s, longest: 1s}}}}
alarms:
  hook: {{webhook: {{url: "{url}/alarm", secret: "${{env:ALARMHOOK}}"}}, group: 0s}}
  mail:
    mail:
      smtp: {{host: 127.0.0.1, port: {smtp}, security: none, insecure: true}}
      username: ops
      password: ${{env:ALARMMAIL}}
      sender: a@example.com
      to: b@example.com
    group: 0s
"""
PARTNER = """\
partner: acme
connections:
  inbox: {{adapter: files, root: in}}
  hook:
    adapter: http
    path: /hook
    verify: {{basic: {{username: acme, password: ["${{env:HOOK}}", "${{env:HOOK2}}"]}}}}
  desk:
    adapter: soap-service
    path: /desk
    wsdl: wsdl/orders.wsdl
    verify: {{username_token: {{username: acme, password: "${{env:SERVICE}}"}}}}
  mailbox:
    adapter: mail
    username: edi
    password: ${{env:MAIL}}
    imap: {{host: 127.0.0.1, port: {imap}, security: none, insecure: true}}
    smtp: {{host: 127.0.0.1, port: {smtp}, security: none, insecure: true}}
  ftp:
    adapter: ftp
    host: 127.0.0.1
    port: {ftp}
    security: none
    insecure: true
    username: u
    password: ${{env:FTP}}
  sftp:
    adapter: sftp
    host: 127.0.0.1
    port: {sftp}
    username: u
    password: ${{env:SFTP}}
    key: ${{file:keys/sftp}}
    passphrase: ${{env:SFTPPHRASE}}
    host_keys: ["{host_key}"]
  basic: {{adapter: rest, base_url: "{url}/basic", auth: {{basic: {{username: u, password: "${{env:BASIC}}"}}}}}}
  bearer: {{adapter: rest, base_url: "{url}/bearer", auth: {{bearer: {{token: "${{env:BEARER}}"}}}}}}
  apikey: {{adapter: rest, base_url: "{url}/apikey", auth: {{api_key: {{key: "${{env:APIKEY}}"}}}}}}
  querykey: {{adapter: rest, base_url: "{url}/querykey", auth: {{api_key: {{query: key, key: "${{env:QUERYKEY}}"}}}}}}
  oauth:
    adapter: rest
    base_url: {url}/oauth
    auth: {{oauth2: {{token_url: "{url}/token", client_id: us, client_secret: "${{env:OAUTH}}"}}}}
  hmac: {{adapter: rest, base_url: "{url}/hmac", auth: {{hmac: {{key: "${{env:HMAC}}"}}}}}}
  header: {{adapter: rest, base_url: "{url}/header", headers: {{X-Token: "${{env:HEADER}}"}}}}
  client:
    adapter: rest
    base_url: {url}/client
    tls: {{certificate: "${{file:keys/client.pem}}", key: "${{file:keys/client.key}}", password: "${{env:TLSPASS}}"}}
  proxied:
    adapter: rest
    base_url: http://proxied.example
    plain_http: true
    proxy: {url}
    proxy_login: {{username: u, password: "${{env:PROXY}}"}}
  vaulted: {{adapter: rest, base_url: "{url}/vaulted", auth: {{bearer: {{token: "${{vault:edi/acme#token}}"}}}}}}
  soap:
    adapter: soap
    wsdl: wsdl/orders.wsdl
    endpoint: {url}/soap
    login: {{username: u, password: "${{env:SOAPLOGIN}}"}}
    security: {{username_token: {{username: u, password: "${{env:SOAPTOKEN}}"}}}}
  as2:
    adapter: as2
    url: {url}/as2
    us: US
    them: THEM
    own: {{certificate: "${{file:keys/client.pem}}", key: "${{file:keys/client.key}}", password: "${{env:AS2PASS}}"}}
    partner: keys/client.pem
receive:
  json: {{from: {{connection: inbox, pattern: "*.json", stable: none}}, format: {{type: json}}, to: [{json}]}}
  xml: {{from: {{connection: inbox, pattern: "*.xml", stable: none}}, format: {{type: xml}}, to: [acme/soap]}}
  mails: {{from: {{connection: mailbox}}, format: {{type: json}}, to: []}}
  ftps: {{from: {{connection: ftp}}, format: {{type: json}}, to: []}}
  sftps: {{from: {{connection: sftp}}, format: {{type: json}}, to: []}}
  hooks: {{from: {{connection: hook}}, format: {{type: json}}, to: []}}
  desks:
    from:
      connection: desk
      operations:
        SubmitOrder:
          response: |
            <SubmitOrderResponse xmlns="urn:example:purchasing:1">
              <Number>1</Number><Repeated>false</Repeated>
            </SubmitOrderResponse>
    format: {{type: soap}}
    to: []
  sealed:
    from:
      connection: inbox
      pattern: "*.pgp"
      stable: none
      filters: {{type: pgp, private_key: "${{file:keys/pgp}}", passphrase: "${{env:PGPPHRASE}}", signed: false}}
    format: {{type: json}}
    to: []
send:
{sends}
  soap: {{take: {{message: "*"}}, to: {{connection: soap, operation: SubmitOrder}}}}
"""
TOKEN = """\
<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header><w:Security
xmlns:w="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"><w:UsernameToken>
<w:Username>{user}</w:Username><w:Password>{password}</w:Password></w:UsernameToken></w:Security></s:Header><s:Body>
<SubmitOrder xmlns="urn:example:purchasing:1"/></s:Body></s:Envelope>"""
RESTS = ["basic", "bearer", "apikey", "querykey", "oauth", "hmac", "header", "client", "proxied", "vaulted"]


def forms(secret: str) -> Iterator[bytes]:
    """How a secret may stand in what is told, all backslashes left out."""
    content = secret.encode()
    yield content
    for text in (
        escape(secret),
        escape(secret, quote=False),
        quote(secret),
        quote(secret, safe=""),
        quote_plus(secret),
    ):
        yield text.encode()
    yield content.hex().encode()
    yield content.hex().upper().encode()
    for begin in range(3):
        whole = base64.b64encode(bytes(begin) + content)
        inside = whole[(begin * 8 + 5) // 6 : (begin + len(content)) * 8 // 6]
        yield from (inside, inside.replace(b"+", b"-").replace(b"/", b"_"))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        found: int = probe.getsockname()[1]
    return found


def locked(key: str, password: str) -> str:
    found: Any = serialization.load_pem_private_key(key.encode(), None)
    how = serialization.BestAvailableEncryption(password.encode())
    return found.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, how).decode()


@pytest.fixture
def planted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A workspace with secrets everywhere, and its partners; gives the secrets by name."""
    secrets = dict(TEXTS)
    monkeypatch.setenv("TRANSLOAD_WORKSPACE", str(tmp_path))
    for name, text in secrets.items():
        monkeypatch.setenv(name, text)
    for name in ("in", "keys", "wsdl", "mappings/acme", "partner"):
        (tmp_path / name).mkdir(parents=True)
    certificate, key = pair("us")
    (tmp_path / "keys/client.pem").write_text(certificate)
    (tmp_path / "keys/client.key").write_text(locked(key, secrets["TLSPASS"]))
    monkeypatch.setenv("AS2PASS", secrets["TLSPASS"])
    quick = serialization.PrivateFormat.OpenSSH.encryption_builder().kdf_rounds(1)
    ssh = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.OpenSSH,
        quick.build(secrets["SFTPPHRASE"].encode()),
    )
    (tmp_path / "keys/sftp").write_bytes(ssh)
    armor = base64.b64encode(b"Cn4ry-a-private-key-of-openpgp-that-is-none").decode()
    (tmp_path / "keys/pgp").write_text(
        f"-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n{armor}\n-----END PGP PRIVATE KEY BLOCK-----\n"
    )
    for name in ("client.key", "sftp", "pgp"):
        lines = (tmp_path / "keys" / name).read_text().splitlines()
        secrets[f"line of {name}"] = max(lines[1:-1], key=len)
    (tmp_path / "wsdl/orders.wsdl").write_text(wsdl_text())
    with parrots() as (http, ports), sftp_server(tmp_path / "partner", username="u", password="another") as sftp:
        sends = "".join(
            f'  {name}: {{take: {{message: "*"}}, to: {{connection: {name}, path: /o}}}}\n' for name in RESTS
        )
        sends += "".join(
            f'  {name}: {{take: {{message: "*"}}, to: {{connection: {name}, file: "{{number:04}}.json"}}}}\n'
            for name in ("ftp", "sftp")
        )
        sends += '  as2: {take: {message: "*"}, to: {connection: as2}}\n'
        where = "sender: a@example.com, to: b@example.com, subject: x, file: x"
        sends += f'  mail: {{take: {{message: "*"}}, to: {{connection: mailbox, {where}}}}}\n'
        values = {
            **ports,
            "url": http.url,
            "called": free_port(),
            "desk": free_port(),
            "sftp": sftp.port,
            "host_key": sftp.fingerprint,
            "sends": sends,
            "json": ", ".join(f"acme/{name}" for name in (*RESTS, "ftp", "sftp", "as2", "mail")),
        }
        (tmp_path / "transload.yaml").write_text(WORKSPACE.format(**values))
        (tmp_path / "mappings/acme/partner.yaml").write_text(PARTNER.format(**values))
        yield secrets, http, values


def called(values: Any, secrets: dict[str, str]) -> None:
    """Partners that call us: with the right secrets, and with wrong ones beside the right."""
    hook, desk = (f"http://127.0.0.1:{values['called']}/{name}" for name in ("hook", "desk"))
    right = requests.post(hook, data=b"{}", auth=("acme", secrets["HOOK"]), timeout=10)
    assert right.status_code < 300
    wrong = requests.post(hook, data=b"{}", auth=("somebody", secrets["HOOK2"]), timeout=10)
    assert wrong.status_code == 401
    for user, password in (("acme", secrets["SERVICE"]), ("somebody", secrets["SERVICE"])):
        token = TOKEN.format(user=user, password=escape(password))
        answer = requests.post(desk, data=token.encode(), headers={"Content-Type": "text/xml"}, timeout=10)
        assert escape(password).encode() not in answer.content


def commands(folder: Path) -> Iterator[tuple[str, bytes]]:
    """What every command that tells of a workspace prints."""
    lines = [f"check {folder}", f"check --effective {folder}", "documents", "documents --json", "incidents"]
    lines += ["incidents --json --all", "expectations", "ledger", "ledger --json", "metrics"]
    lines += [f"statement acme --list --format {form}" for form in ("text", "json", "html")]
    lines += [f"show {ref}" for ref in ("r2", "d1")]
    lines += [f"show {ref} --json" for ref in ("r1", "r2", "r3", "d1", "s1", "s4", "s9")]
    lines += [
        f"probe acme/{name} --json"
        for name in ("basic", "querykey", "oauth", "proxied", "soap", "as2", "ftp", "sftp", "mailbox")
    ]
    lines += [f"incidents i{number} --json" for number in (1, 2, 3)]
    app = application()
    for line in lines:
        result = CliRunner().invoke(app, line.split())
        assert result.exception is None or isinstance(result.exception, SystemExit), (line, result.exception)
        assert result.exit_code != 2, (line, result.output)
        yield line, result.output.encode()


def dumped(ledger: Ledger) -> Iterator[tuple[str, bytes]]:
    """Every row of every table, and every payload but those that partners brought, unpacked."""
    with ledger.read() as connection:
        brought = set(connection.scalars(select(receipts.c.digest)))
        for answer in connection.scalars(select(deliveries.c.answer)):
            brought.add((answer or {}).get("content"))  # what targets answer is theirs, and kept as it came
        for table in metadata.sorted_tables:
            for row in connection.execute(select(table)).mappings():
                if table is blobs:
                    content = row["data"] or b""
                    if row["digest"] not in brought:
                        yield (
                            f"blob {row['digest'][:8]}",
                            zlib.decompress(content) if row["encoding"] == "zlib" else content,
                        )
                else:
                    yield table.name, repr(dict(row)).encode()
                    yield table.name, json.dumps(dict(row), default=str, ensure_ascii=False).encode()


def served(loaded: Any, ledger: Ledger, values: Any, secrets: dict[str, str]) -> Iterator[tuple[str, bytes]]:
    """What a service tells, while partners call it."""
    engine = Engine(loaded, ledger, looks=(0.1, 0.2))
    started, errors = threading.Event(), []

    def serve() -> None:
        try:
            engine.serve(handle_signals=False, started=started.set)
        except BaseException as error:  # noqa: BLE001  # the test looks at it
            errors.append(error)
            started.set()

    thread = threading.Thread(target=serve)
    thread.start()
    assert started.wait(30)
    assert errors == []
    try:
        desk = f"http://127.0.0.1:{values['desk']}"
        until(lambda: requests.get(f"{desk}/readyz", timeout=5).status_code == 200)
        called(values, secrets)
        for path in ("/metrics", "/healthz", "/readyz"):
            yield path, requests.get(f"{desk}{path}", timeout=5).content
    finally:
        engine.stop()
        thread.join(30)


def test_no_secret_is_told_anywhere(planted: Any, tmp_path: Path) -> None:
    """Runs it through failures, refusals and success, and searches all that it tells and keeps."""
    secrets, http, values = planted
    told: list[tuple[str, bytes]] = []
    log = io.StringIO()
    loaded = load_workspace(tmp_path)
    configure_logging("json", stream=log, level=10, mask=loaded.hidden.mask)
    moment = [datetime.now(UTC)]
    (tmp_path / "in/a.json").write_text('{"number": 1}')
    (tmp_path / "in/a.json.pgp").write_text("-----BEGIN PGP MESSAGE-----\n\nAAAA\n-----END PGP MESSAGE-----\n")
    lines = "<Line><Item>1</Item><Quantity>1</Quantity></Line>"
    order = f'<SubmitOrder xmlns="urn:example:purchasing:1"><Number>1</Number><Buyer>a</Buyer>{lines}</SubmitOrder>'
    (tmp_path / "in/a.xml").write_text(order)
    with Ledger(loaded.store) as ledger:
        for number in range(3):
            summary = Engine(loaded, ledger, clock=lambda: moment[0]).run_pass()
            told.append((f"summary {number}", json.dumps(summary.as_dict()).encode()))
            moment[0] += timedelta(hours=2)
        told += served(loaded, ledger, values, secrets)
        told += commands(tmp_path)
        told += dumped(ledger)
    told.append(("log", log.getvalue().encode()))
    hits = {}
    for name, secret in secrets.items():
        pattern = re.compile(b"|".join(re.escape(form) for form in sorted(set(forms(secret)), key=len, reverse=True)))
        for where, content in told:
            content = content.replace(b"\\", b"")  # however often it is quoted
            found = pattern.search(content)
            if found is not None:
                hits[name, where] = content[max(0, found.start() - 200) : found.end() + 50]
    assert hits == {}
    heard = "\n".join(http.heard).replace("\\", "")
    sent = {name for name, secret in secrets.items() if any(form.decode() in heard for form in forms(secret))}
    assert set(LOGINS) <= sent  # or nobody could have repeated them


def test_the_password_of_a_ledger_that_is_not_reached_is_not_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = TEXTS["BASIC"]
    monkeypatch.setenv("SECRET", secret)
    (tmp_path / "mappings").mkdir()
    for store in (
        "postgresql://u:${env:SECRET}@127.0.0.1:1/x",
        "{url: 'postgresql://u@127.0.0.1:1/x', password: '${env:SECRET}'}",
    ):
        (tmp_path / "transload.yaml").write_text(f"workspace: x\nstore: {store}\n")
        for line in ("ledger", "documents", "run", "serve --json"):
            told = CliRunner().invoke(application(), [*line.split(), "--workspace", str(tmp_path)])
            assert told.exit_code == 1, told.output
            assert "cannot be reached" in told.output
            assert not any(form in told.output.encode().replace(b"\\", b"") for form in forms(secret))
