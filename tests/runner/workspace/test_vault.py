"""Secrets of a vault, from a small HTTP server that answers as HashiCorp Vault's KV version 2 and AppRole do."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("hvac", reason="needs the extra vault")

from transload.canonical.errors import Retry, Stop, TransloadError
from transload.canonical.places import MappingPlace
from transload.runner.workspace import load_workspace
from transload.runner.workspace.secrets import Secrets

AT = MappingPlace(file="partner.yaml", line=3, column=5)
TOKEN, SECRET_ID, PASSWORD = "hvs.right-token", "right-secret-id", "p4ss-w0rd-of-acme"
Write = Callable[..., Path]


class VaultServer(ThreadingHTTPServer):
    """Secrets by mount and path; tokens that it has given out; answers that a test wants instead."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.secrets: dict[str, dict[str, Any] | None] = {
            "secret/data/acme/mailbox": {"password": PASSWORD, "port": 22}
        }
        self.tokens = {TOKEN}
        self.instead: tuple[int, dict[str, str], bytes] | None = None
        self.asked: list[str] = []
        self.logins = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: VaultServer

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        assert self.headers["X-Vault-Request"] == "true"
        path = self.path.removeprefix("/v1/").partition("?")[0]
        if self.server.instead is not None:
            self.answer(*self.server.instead)
        elif self.headers.get("X-Vault-Token") not in self.server.tokens:
            self.tell(403, {"errors": ["permission denied"]})
        elif self.server.secrets.get(path) is None:
            self.tell(404, {"errors": []} if path not in self.server.secrets else {"data": {"data": None}})
        else:
            self.tell(200, {"data": {"data": self.server.secrets[path], "metadata": {"version": 3}}})

    def do_POST(self) -> None:
        given = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path != "/v1/auth/approle/login" or given != {"role_id": "edi", "secret_id": SECRET_ID}:
            self.tell(400, {"errors": ["invalid role or secret ID"]})
            return
        self.server.logins += 1
        token = f"hvs.login-{self.server.logins}"
        self.server.tokens.add(token)
        self.tell(200, {"auth": {"client_token": token, "lease_duration": 60}})

    def tell(self, status: int, body: Any) -> None:
        self.answer(status, {"Content-Type": "application/json"}, json.dumps(body).encode())

    def answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[VaultServer]:
    with VaultServer() as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def secrets(write: Write, server: VaultServer, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Secrets]:
    """The secrets of a workspace whose transload.yaml names the server."""

    def make(login: str = "token: '${env:VAULT_TOKEN_HERE}'", token: str = TOKEN, more: str = "") -> Secrets:
        monkeypatch.setenv("VAULT_TOKEN_HERE", token)
        monkeypatch.setenv("VAULT_SECRET_ID", SECRET_ID)
        monkeypatch.setenv("VAULT_TOKEN", "not to be used")
        provider = f"{{vault: {{url: '{server.url}', {login}{more}}}}}"
        folder = write(
            transload=[("[env, file]", f"[env, file, {provider}]")],
            acme=[("${env:ACME_PASSWORD}", "${vault:acme/mailbox#password}")],
        )
        server.asked.clear()
        workspace = load_workspace(folder)
        assert server.asked == []  # loading asks for nothing
        return workspace.connection("acme/mailbox").secrets

    return make


BY_ROLE = "role_id: edi, secret_id: '${env:VAULT_SECRET_ID}'"


def told(kind: type[TransloadError], secrets: Secrets, text: str = "${vault:acme/mailbox#password}") -> str:
    with pytest.raises(kind) as caught:
        secrets.resolve(text, AT)
    (finding,) = caught.value.findings
    seen = f"{finding.line()} {caught.value!r} {caught.value.__cause__!r}"
    for secret in (PASSWORD, TOKEN, SECRET_ID):
        assert secret not in seen
    assert caught.value.__cause__ is None
    return finding.line()


def test_a_secret_is_read_by_path_and_name(secrets: Callable[..., Secrets], server: VaultServer) -> None:
    made = secrets()
    assert made.resolve({"a": "x${vault:acme/mailbox#password}y", "b": "$${vault:a#b}"}, AT) == {
        "a": f"x{PASSWORD}y",
        "b": "${vault:a#b}",
    }
    assert made.resolve("${vault:acme/mailbox#password}", AT) == PASSWORD
    assert len(server.asked) == 1  # kept for a minute
    assert PASSWORD not in f"{made!r} {made.vault!r} {vars(made)!r}"
    assert TOKEN not in f"{made!r} {made.vault!r}"


def test_what_was_read_is_kept_only_as_long_as_is_said(secrets: Callable[..., Secrets], server: VaultServer) -> None:
    made = secrets(more=", keep: 0s")
    assert made.resolve("${vault:acme/mailbox#password}", AT) == PASSWORD
    server.secrets["secret/data/acme/mailbox"] = {"password": "new"}
    assert made.resolve("${vault:acme/mailbox#password}", AT) == "new"


def test_a_login_by_role_is_repeated_once_when_its_token_has_run_out(
    secrets: Callable[..., Secrets], server: VaultServer
) -> None:
    made = secrets(BY_ROLE, more=", keep: 0s")
    for _ in range(2):
        assert made.resolve("${vault:acme/mailbox#password}", AT) == PASSWORD
    assert server.logins == 1
    server.tokens.clear()
    assert made.resolve("${vault:acme/mailbox#password}", AT) == PASSWORD
    assert server.logins == 2


def test_a_token_that_was_replaced_is_read_again(
    secrets: Callable[..., Secrets], server: VaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = secrets(token="old")
    told(Stop, made)
    monkeypatch.setenv("VAULT_TOKEN_HERE", TOKEN)
    assert made.resolve("${vault:acme/mailbox#password}", AT) == PASSWORD


def test_what_cannot_be_had(secrets: Callable[..., Secrets], server: VaultServer) -> None:
    made = secrets()
    where = "partner.yaml:3:5: error C-SECRET "
    assert told(Stop, made, "${vault:acme/none#password}") == (
        f"{where}the vault has no secret 'acme/none', or its newest version was deleted (look at the path, which stands"
        " without the mount and without data/)"
    )
    server.secrets["secret/data/acme/gone"] = None
    assert "has no secret 'acme/gone'" in told(Stop, made, "${vault:acme/gone#password}")
    assert told(Stop, made, "${vault:acme/mailbox#pasword}") == (
        f"{where}the secret 'acme/mailbox' of the vault has no value 'pasword' (look at the names of its values in the"
        " vault)"
    )
    assert told(Stop, made, "${vault:acme/mailbox#port}") == (
        f"{where}the value 'port' of the secret 'acme/mailbox' is no text (keep it as text)"
    )


def test_a_login_that_is_refused(secrets: Callable[..., Secrets], monkeypatch: pytest.MonkeyPatch) -> None:
    where = "partner.yaml:3:5: error C-SECRET "
    assert told(Stop, secrets(token="wrong")) == (
        f"{where}the vault refuses the secret 'acme/mailbox' (look at the token or role that transload.yaml names, and"
        " at the policy that it has)"
    )
    made = secrets(BY_ROLE.replace("edi", "other"))
    assert told(Stop, made) == (
        f"{where}the vault does not accept the login, or the question for 'acme/mailbox' (look at role_id and"
        " secret_id, at mount, and whether the engine is a key-value engine of version 2)"
    )
    assert "the environment variable VAULT_TOKEN_HERE is not set" in told(Stop, _without(secrets, monkeypatch))


def _without(secrets: Callable[..., Secrets], monkeypatch: pytest.MonkeyPatch) -> Secrets:
    made = secrets()
    monkeypatch.delenv("VAULT_TOKEN_HERE")
    return made


@pytest.mark.parametrize(
    ("status", "headers", "body", "kind", "text"),
    [
        (503, {"Content-Type": "application/json"}, b'{"errors":["Vault is sealed"]}', Retry, "sealed"),
        (501, {}, b"", Retry, "the vault is not initialized (ask who keeps it)"),
        (500, {}, b"oops", Retry, "the vault failed: InternalServerError (ask who keeps it)"),
        (429, {}, b"", Retry, "the vault failed: RateLimitExceeded"),
        (502, {}, b"", Retry, "the vault failed: BadGateway"),
        (418, {}, b"", Retry, "the vault failed: UnexpectedError"),
        (200, {"Content-Type": "text/html"}, b"<html>p4ss-w0rd-of-acme", Stop, "answer cannot be understood"),
        (200, {"Content-Type": "application/json"}, b'{"data": {"data": "p4ss-w0rd-of-acme"}}', Stop, "understood"),
        (200, {"Content-Type": "application/json"}, b"[]", Stop, "understood"),
        (307, {"Location": "http://127.0.0.1:9/elsewhere"}, b"", Stop, "redirects are not followed"),
    ],
)
def test_a_vault_in_trouble(
    secrets: Callable[..., Secrets],
    server: VaultServer,
    status: int,
    headers: dict[str, str],
    body: bytes,
    kind: type[TransloadError],
    text: str,
) -> None:
    made = secrets()
    server.instead = (status, headers, body)
    assert text in told(kind, made)
    server.instead = None
    assert made.resolve("${vault:acme/mailbox#password}", AT) == PASSWORD


def test_a_vault_that_is_not_there(secrets: Callable[..., Secrets], server: VaultServer) -> None:
    made = secrets()
    server.shutdown()
    server.server_close()
    assert told(Retry, made) == (
        "partner.yaml:3:5: error C-SECRET the vault cannot be reached: ConnectionError (look at its url in"
        " transload.yaml, and whether it runs)"
    )


def test_environments_have_vaults_of_their_own(write: Write, server: VaultServer) -> None:
    one = f"{{vault: {{url: '{server.url}', token: '${{env:T}}'}}}}"
    folder = write(transload=[("[env, file]", f"{{test: [env], production: [env, {one}]}}")])
    assert load_workspace(folder).connection("acme/mailbox").secrets.providers == ("env",)
    made = load_workspace(folder, environment="production").connection("acme/mailbox").secrets
    assert made.providers == ("env", "vault")
