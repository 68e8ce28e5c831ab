"""TLS with real certificates: whom we trust, what we show, and what is said when it does not fit."""

import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from pydantic import ValidationError
from tests.adapters.servers import Asked, Say, serving

from transload.adapters.base import Outbound, Retry, Stop
from transload.adapters.base.tls import Tls, look_at
from transload.adapters.rest import RestApiTarget

trustme = pytest.importorskip("trustme")
Make = Callable[..., RestApiTarget]
DOCUMENT = Outbound(key="k", content=b"{}", content_type="application/json")


@pytest.fixture(scope="module")
def authority() -> Any:
    return trustme.CA()


@pytest.fixture(scope="module")
def ca(authority: Any, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return str(path)


@pytest.fixture(scope="module")
def own(authority: Any) -> dict[str, str]:
    """Certificate and key of ours, as texts."""
    made = authority.issue_cert("transload@bolt.example", organization_unit_name="bolt")
    chain = b"".join(blob.bytes() for blob in made.cert_chain_pems)
    return {"certificate": chain.decode(), "key": made.private_key_pem.bytes().decode()}


@pytest.fixture
def start(authority: Any) -> Iterator[Callable[..., str]]:
    """Starts servers: with a certificate for ``name`` that ends at ``until``, or by ``by``, demanding ours or not."""
    running: list[Any] = []

    def run(name: str = "127.0.0.1", *, until: datetime | None = None, by: Any = None, client: bool = False) -> str:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        (by or authority).issue_cert(name, not_after=until).configure_cert(context)
        if client:
            context.verify_mode = ssl.CERT_REQUIRED
            authority.configure_trust(context)

        def handle(asked: Asked) -> Say:
            return Say.json({"client": asked.client}, 201)

        manager = serving(handle, tls=context)
        running.append(manager)
        return manager.__enter__()

    yield run
    for manager in running:
        manager.__exit__(None, None, None)


def test_our_certificate_and_key_come_from_secrets_and_lie_nowhere_in_the_clear(
    start: Callable[..., str], ca: str, own: dict[str, str], target: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[bytes] = []
    write = Path.write_bytes

    def watch(path: Path, data: bytes) -> int:
        written.append(data)
        return write(path, data)

    monkeypatch.setattr(Path, "write_bytes", watch)
    url = start(client=True)
    answer = target(url, connection={"tls": {"ca": ca, **own}}).deliver(DOCUMENT)
    assert answer.content == b'{"client": "bolt"}'
    assert written
    assert all(b"ENCRYPTED PRIVATE KEY" in data and own["key"].encode() not in data for data in written)
    assert not list(Path("/tmp").glob("transload-*/own.pem"))  # where the library had to read it from


def test_key_and_certificate_may_stand_in_one_text_and_the_key_may_have_a_password(
    start: Callable[..., str], ca: str, own: dict[str, str], target: Make
) -> None:
    url = start(client=True)
    together = {"certificate": own["key"] + own["certificate"]}
    assert target(url, connection={"tls": {"ca": ca, **together}}).deliver(DOCUMENT).summary.startswith("201")
    key = serialization.load_pem_private_key(own["key"].encode(), None)
    locked = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"pa ss"),
    ).decode()
    settings = {"ca": ca, "certificate": own["certificate"], "key": locked}
    assert target(url, connection={"tls": {**settings, "password": "pa ss"}}).deliver(DOCUMENT).summary
    for password in ({}, {"password": "wrong"}):
        with pytest.raises(Stop, match="the private key of our certificate cannot be read") as caught:
            target(url, connection={"tls": {**settings, **password}}).deliver(DOCUMENT)
        assert "wrong" not in str(caught.value.findings[0])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"certificate": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"}, "cannot be read"),
        ({"certificate": "keys/client.pem"}, "our own certificate cannot be read"),
        ({"key": "keys/client.key"}, "the private key of our certificate cannot be read"),
        ({"ca": "/nowhere/ca.pem"}, r"/nowhere/ca\.pem cannot be used: No such file or directory"),
    ],
)
def test_what_is_no_certificate_stops_before_anything_is_sent(
    start: Callable[..., str], ca: str, own: dict[str, str], target: Make, change: dict[str, str], said: str
) -> None:
    with pytest.raises(Stop, match=said):
        target(start(), connection={"tls": {"ca": ca, **own, **change}}).deliver(DOCUMENT)


def test_a_key_of_another_certificate_stops(
    start: Callable[..., str], authority: Any, ca: str, own: dict[str, str], target: Make
) -> None:
    other = authority.issue_cert("other@bolt.example").private_key_pem.bytes().decode()
    with pytest.raises(Stop, match="the private key does not belong to our certificate"):
        target(start(), connection={"tls": {"ca": ca, **own, "key": other}}).deliver(DOCUMENT)


def test_a_server_that_wants_our_certificate_and_gets_none_stops(
    start: Callable[..., str], ca: str, target: Make
) -> None:
    with pytest.raises(Stop, match="cannot agree on TLS"):
        target(start(client=True), connection={"tls": {"ca": ca}}).deliver(DOCUMENT)


@pytest.mark.parametrize(
    ("server", "said"),
    [
        ({"until": datetime.now(UTC) - timedelta(hours=1)}, "certificate has expired"),
        ({"name": "other.example"}, "IP address mismatch"),
        ({"by": "stranger"}, "unable to get local issuer certificate"),
    ],
)
def test_expired_wrong_and_strange_certificates_stop(
    start: Callable[..., str], ca: str, target: Make, server: dict[str, Any], said: str
) -> None:
    if server.get("by"):
        server = {"by": trustme.CA()}
    with pytest.raises(Stop, match=said):
        target(start(**server), connection={"tls": {"ca": ca}}).deliver(DOCUMENT)


def test_a_pin_of_certificate_or_key_lets_in_and_any_other_stops(
    start: Callable[..., str], ca: str, target: Make
) -> None:
    url = start()
    peer = look_at("127.0.0.1", int(url.rpartition(":")[2]), seconds=5)
    assert peer is not None
    colons = ":".join(peer.fingerprint[n : n + 2] for n in range(0, 64, 2)).upper()
    for pins in ([peer.key_fingerprint], ["0" * 64, colons]):
        assert target(url, connection={"tls": {"ca": ca, "pins": pins}}).deliver(DOCUMENT)
        assert target(url, connection={"tls": {"verify": False, "pins": pins}}).deliver(DOCUMENT)
    pinned = target(url, connection={"tls": {"ca": ca, "pins": ["0" * 64]}})
    for _ in range(2):  # the refused connection must not be used again
        with pytest.raises(Stop, match="is not one of the pinned ones"):
            pinned.deliver(DOCUMENT)


def test_nobody_is_trusted_without_an_authority_or_a_pin() -> None:
    with pytest.raises(ValidationError, match="without an authority and without pins"):
        Tls.model_validate({"verify": False})
    with pytest.raises(ValidationError, match="is no SHA-256 fingerprint"):
        Tls.model_validate({"pins": "SHA256:short"})
    with pytest.raises(ValidationError, match="a key without a certificate"):
        Tls.model_validate({"key": "k"})


def test_plain_http_to_another_machine_is_refused_unless_allowed(target: Make) -> None:
    with pytest.raises(ValidationError, match="could be read on the way"):
        target("http://erp.example/api")
    allowed = {"plain_http": True, "timeouts": {"connect": "200ms"}}
    with pytest.raises(Retry, match="could not connect"):
        target("http://erp.invalid/api", connection=allowed).deliver(DOCUMENT)


def test_a_token_server_without_tls_gets_no_secret(start: Callable[..., str], ca: str, target: Make) -> None:
    oauth2 = {"token_url": "http://login.example/token", "client_id": "bolt", "client_secret": "s"}
    with pytest.raises(Stop, match="would travel unencrypted, and is not sent"):
        target(start(), connection={"tls": {"ca": ca}, "auth": {"oauth2": oauth2}}).deliver(DOCUMENT)
