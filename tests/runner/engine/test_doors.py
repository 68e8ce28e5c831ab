"""Partners that call us: a real workspace, served, called over HTTP."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
import trustme
import yaml

from transload.canonical.errors import ConfigurationError
from transload.runner.engine import Engine
from transload.runner.ledger import Ledger, LedgerError
from transload.runner.ledger.arrivals import Arrivals
from transload.runner.workspace import load_workspace

ORDER = b'{"number": "1", "text": "a wall socket"}'
PARTNER = """\
partner: acme
connections:
  hook:
    adapter: http
    path: /acme/orders
    verify: {bearer: {token: "${env:TOKEN}"}}
    largest: 1000
    rate: {requests: 500}
receive:
  orders: {from: {connection: hook, id_header: X-Number}, format: {type: json}, to: [erp/raw]}
"""
ERP = """\
partner: erp
connections:
  box: {adapter: files, root: box}
send:
  raw: {take: {message: "*"}, to: {connection: box, file: "{number:04}.json"}}
"""
AUTH = {"Authorization": "Bearer a-token", "Content-Type": "application/json"}


@pytest.fixture
def eventually() -> Callable[[Callable[[], bool]], None]:
    def wait(true: Callable[[], bool]) -> None:
        end = time.monotonic() + 20
        while not true():
            assert time.monotonic() < end, "it never happened"
            time.sleep(0.02)

    return wait


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        found: int = probe.getsockname()[1]
    return found


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, port: int) -> Path:
    monkeypatch.setenv("TOKEN", "a-token")
    for name in ("mappings/acme", "mappings/erp", "box"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "transload.yaml").write_text(f"workspace: shop\nhttp: {{listen: '127.0.0.1:{port}'}}\n")
    (tmp_path / "mappings/acme/partner.yaml").write_text(PARTNER)
    (tmp_path / "mappings/erp/partner.yaml").write_text(ERP)
    return tmp_path


@contextlib.contextmanager
def served(folder: Path) -> Iterator[Ledger]:
    loaded = load_workspace(folder)
    with Ledger(loaded.store) as ledger:
        engine = Engine(loaded, ledger)
        started = threading.Event()
        errors: list[BaseException] = []

        def serve() -> None:
            try:
                engine.serve(handle_signals=False, started=started.set)
            except BaseException as error:  # noqa: BLE001 - the test looks at it
                errors.append(error)
            finally:
                started.set()

        thread = threading.Thread(target=serve)
        thread.start()
        assert started.wait(20)
        try:
            if errors:
                raise errors[0]
            yield ledger
        finally:
            engine.stop()
            thread.join(30)
            assert not thread.is_alive()


def call(port: int, content: bytes = ORDER, path: str = "/acme/orders", **headers: str) -> requests.Response:
    return requests.post(f"http://127.0.0.1:{port}{path}", data=content, headers=AUTH | headers, timeout=10)


def box(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted((folder / "box").iterdir()) if path.suffix == ".json"]


def test_what_a_partner_brings_goes_its_way(folder: Path, port: int, eventually: Callable[..., None]) -> None:
    with served(folder):
        answer = call(port, **{"X-Number": "7"})
        assert (answer.status_code, answer.text) == (202, "received\n")
        again = call(port, **{"X-Number": "7"})
        assert (again.status_code, again.text) == (202, "received before\n")
        other = call(port, b'{"number": "2"}', path="/acme/orders/", **{"X-Number": "8"})
        assert other.status_code == 202
        eventually(lambda: len(box(folder)) == 2)
    assert box(folder) == [ORDER, b'{"number": "2"}']


def test_what_is_not_taken_leaves_nothing(folder: Path, port: int) -> None:
    with served(folder) as ledger:
        assert call(port, path="/other").status_code == 404
        assert call(port, Authorization="Bearer guess").status_code == 401
        assert call(port, b"x" * 1001).status_code == 413
        chunked = requests.post(
            f"http://127.0.0.1:{port}/acme/orders", data=iter([b"x" * 600, b"x" * 600]), headers=AUTH, timeout=10
        )
        assert chunked.status_code == 413
        assert requests.get(f"http://127.0.0.1:{port}/acme/orders", headers=AUTH, timeout=10).status_code == 405
        now = datetime.now(UTC)
        ledger.pauses.pause("partner", "acme", now, by="ann")
        put_off = call(port)
        assert (put_off.status_code, put_off.headers["Retry-After"]) == (503, "30")
        ledger.pauses.resume("partner", "acme", now, by="ann")
        assert list(ledger.arrivals.routes_due()) == []
    assert box(folder) == []


def test_who_hangs_up_in_the_middle_brings_nothing(folder: Path, port: int) -> None:
    head = b"POST /acme/orders HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer a-token\r\nContent-Length: 40\r\n\r\n"
    with served(folder):
        for cut in (10, len(head), len(head) + 10):
            with socket.create_connection(("127.0.0.1", port)) as line:
                line.sendall((head + ORDER)[:cut])
        assert call(port).status_code == 202


def test_a_ledger_that_fails_asks_for_another_time(
    folder: Path, port: int, monkeypatch: pytest.MonkeyPatch, eventually: Callable[..., None]
) -> None:
    add = Arrivals.add
    broken = [True]

    def adding(self: Arrivals, *arguments: Any) -> tuple[int, bool]:
        if broken[0]:
            raise LedgerError("no room on the disk")
        return add(self, *arguments)

    monkeypatch.setattr(Arrivals, "add", adding)
    with served(folder):
        answer = call(port)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
        broken[0] = False
        assert call(port).status_code == 202
        eventually(lambda: box(folder) == [ORDER])


def test_many_at_once_are_all_kept(folder: Path, port: int, eventually: Callable[..., None]) -> None:
    answers: list[int] = []
    with served(folder):
        threads = [
            threading.Thread(
                target=lambda n=n: answers.extend(
                    call(port, f"[{n}, {m}]".encode(), **{"X-Number": f"{n}-{m}"}).status_code for m in range(5)
                )
            )
            for n in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert answers == [202] * 40
        eventually(lambda: len(box(folder)) == 40)


def test_over_tls(folder: Path, port: int) -> None:
    authority = trustme.CA()
    issued = authority.issue_cert("localhost")
    issued.private_key_pem.write_to_path(folder / "key.pem")
    for part in issued.cert_chain_pems:
        part.write_to_path(folder / "cert.pem", append=True)
    authority.cert_pem.write_to_path(folder / "ca.pem")
    text = f"workspace: shop\nhttp: {{listen: '127.0.0.1:{port}', certificate: cert.pem, key: key.pem}}\n"
    (folder / "transload.yaml").write_text(text)
    with served(folder):
        address = f"https://localhost:{port}/acme/orders"
        answer = requests.post(address, data=ORDER, headers=AUTH, timeout=10, verify=str(folder / "ca.pem"))
        assert answer.status_code == 202


def test_an_address_in_use_is_said(folder: Path, port: int) -> None:
    with (
        socket.create_server(("127.0.0.1", port)),
        pytest.raises(ConfigurationError, match=f"we cannot listen on 127.0.0.1:{port}") as caught,
        served(folder),
    ):
        pass
    assert caught.value.hint == "choose another address under http: listen:"


def test_what_cannot_be_served_is_said_when_the_workspace_is_loaded(folder: Path) -> None:
    (folder / "transload.yaml").write_text("workspace: shop\n")
    with pytest.raises(ConfigurationError) as caught:
        load_workspace(folder)
    assert [finding.code for finding in caught.value.findings] == ["C-MISSING"]
    assert "is called by the partner, and we listen nowhere" in caught.value.findings[0].message
    (folder / "transload.yaml").write_text("workspace: shop\nhttp: {listen: 8080}\n")
    with pytest.raises(ConfigurationError) as caught:
        load_workspace(folder)
    assert "is no address to listen on" in caught.value.findings[0].message
    (folder / "transload.yaml").write_text("workspace: shop\nhttp: {listen: '127.0.0.1:8080'}\n")
    more = "receive:\n  more: {from: {connection: hook}, every: 5m, format: {type: json}, to: []}\n"
    twice = PARTNER.replace("receive:\n", more)
    (folder / "mappings/acme/partner.yaml").write_text(twice)
    with pytest.raises(ConfigurationError) as caught:
        load_workspace(folder)
    assert {finding.code for finding in caught.value.findings} == {"C-VALUE", "C-ADDRESS"}


def test_a_pass_has_nothing_to_fetch_from_who_calls(folder: Path) -> None:
    loaded = load_workspace(folder)
    with Ledger(loaded.store) as ledger:
        summary = Engine(loaded, ledger).run_pass()
        assert summary.findings == ()
        assert Engine(loaded, ledger).preview()["receipts"] == []


def test_the_examples_of_the_page_load(tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "docs/http.md").read_text(encoding="utf-8")
    workspace, partner, more = (block.partition("```")[0] for block in page.split("```yaml\n")[1:])
    (tmp_path / "mappings/acme").mkdir(parents=True)
    (tmp_path / "transload.yaml").write_text(workspace)
    for name in ("order.yaml", "order-taken.yaml"):
        (tmp_path / "mappings/acme" / name).touch()
    whole, further = yaml.safe_load(partner), yaml.safe_load(more)
    for name, block in further.items():
        whole[name] |= block
    (tmp_path / "mappings/acme/partner.yaml").write_text(yaml.safe_dump(whole))
    loaded = load_workspace(tmp_path)
    assert loaded.listening is not None
    assert loaded.listening.port == 8080
    assert sorted(loaded.receive_routes) == ["acme/calls", "acme/orders", "acme/status"]
    assert [finding.message for finding in loaded.findings] == []
