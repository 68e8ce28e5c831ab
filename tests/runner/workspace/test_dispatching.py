"""What ``dispatch:`` may say: the address of a broker and its secret, and what a ledger it needs."""

import ssl

import pytest

from transload.canonical.errors import ConfigurationError, Stop
from transload.canonical.findings import Severity
from transload.runner.dispatch.broker import Broker
from transload.runner.workspace import dispatching, load_workspace
from transload.runner.workspace.effective import effective

SECRET = "p@ss/w:ord#?&%41"


def written(text, store="postgresql://db/edi"):
    lines = f"secrets: [env, file]\nstore: {store}\n{text}\n"
    return {"transload": [("secrets: [env, file]\n", lines)]}


def refusal(folder):
    with pytest.raises(ConfigurationError) as caught:
        load_workspace(folder)
    return [(finding.code, finding.message, finding.hint) for finding in caught.value.findings if finding.is_error]


def test_an_address_and_its_secret(write, monkeypatch):
    folder = write(**written("dispatch: {celery: 'amqp://us:${env:BROKER}@broker.example/edi'}"))
    workspace = load_workspace(folder)
    assert workspace.broker.shown == "amqp://us@broker.example/edi"
    monkeypatch.delenv("BROKER", raising=False)
    with pytest.raises(Stop, match="BROKER is not set"):
        workspace.broker.connecting()
    monkeypatch.setenv("BROKER", SECRET)
    assert workspace.broker.connecting() == {
        "hostname": "broker.example",
        "port": 5672,
        "userid": "us",
        "password": SECRET,
        "virtual_host": "edi",
        "transport": "pyamqp",
        "ssl": False,
    }
    assert SECRET not in repr(workspace)
    assert SECRET not in repr(effective(workspace))
    assert workspace.hidden.mask(f"it was {SECRET}") == "it was ***"


def test_tls_asks_for_a_certificate_of_that_host(write, tmp_path):
    text = "dispatch: {celery: {url: 'amqps://us:${env:BROKER}@broker.example', ca: keys/ca.pem}}"
    broker = load_workspace(write(**written(text))).broker
    assert broker.ca == tmp_path / "keys/ca.pem"
    connecting = Broker(url="amqps://us@[::1]", ca=broker.ca).connecting()
    assert (connecting["hostname"], connecting["port"], connecting["virtual_host"]) == ("[::1]", 5671, "/")
    assert connecting["ssl"] == {
        "cert_reqs": ssl.CERT_REQUIRED,
        "server_hostname": "::1",
        "tls_minimum_version": ssl.TLSVersion.TLSv1_2,
        "ca_certs": str(broker.ca),
    }


def test_a_reference_may_stand_for_the_whole_address(write, monkeypatch):
    broker = load_workspace(write(**written("dispatch: {celery: '${env:BROKER_URL}'}"))).broker
    assert broker.shown == "${env:BROKER_URL}"
    monkeypatch.setenv("BROKER_URL", "amqp://us:p%40ss@broker:5673/a%2Fb")
    found = broker.connecting()
    assert (found["port"], found["password"], found["virtual_host"]) == (5673, "p@ss", "a/b")
    monkeypatch.setenv("BROKER_URL", "redis://us:secret@broker/0")
    with pytest.raises(ConfigurationError, match="a broker is not spoken to by 'redis', only by AMQP"):
        broker.connecting()


HINT = "write amqp://user:${env:BROKER_PASSWORD}@host/vhost, or amqps:// for TLS"
WRONG = {
    "redis://broker/0": ("C-VALUE", "a broker is not spoken to by 'redis', only by AMQP", HINT),
    "broker.example": ("C-VALUE", "dispatch: has no address of a broker", HINT),
    "amqp:///edi": ("C-VALUE", "the address of the broker names no host", HINT),
    "amqp://broker/edi?ssl=1": ("C-VALUE", "the address of a broker ends with its virtual host", HINT),
    "amqp://us:secret@broker/edi": (
        "C-LITERAL",
        "a secret stands here in plain text",
        "put it into an environment variable or a file, and write ${env:NAME} or ${file:PATH}",
    ),
    "amqp://us:${vault:a#b}@broker/edi": (
        "C-SECRET",
        "the secrets provider 'vault' is not allowed here",
        "add it to secrets: in transload.yaml",
    ),
}


@pytest.mark.parametrize("url", WRONG)
def test_what_is_wrong_with_an_address(write, url):
    assert refusal(write(**written(f"dispatch: {{celery: '{url}'}}"))) == [WRONG[url]]


def test_a_sqlite_file_has_one_service_and_needs_no_broker(write):
    text = "dispatch: {celery: 'amqp://broker/edi'}"
    assert refusal(write(**written(text, "sqlite:///var/ledger.db"))) == [
        (
            "C-VALUE",
            "dispatch: is for services that share a ledger, and a SQLite file has one",
            "keep the ledger in PostgreSQL (store: postgresql://...), or leave dispatch: out",
        )
    ]


def test_a_missing_extra_is_a_warning(write, monkeypatch):
    monkeypatch.setattr(dispatching, "find_spec", lambda name: None)
    workspace = load_workspace(write(**written("dispatch: {celery: 'amqp://broker/edi'}")))
    (warning,) = [finding for finding in workspace.findings if finding.code == "C-EXTRA"]
    assert (warning.severity, warning.message) == (Severity.WARNING, "Celery is not installed here")
    assert warning.hint == 'install it where services run: pip install "transload[celery]"'
