"""Host keys, logins and time-outs, against a server that really has and refuses them."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from transload.adapters.base import Retry, Stop
from transload.adapters.sftp import SftpSource
from transload.adapters.sftp.session import connect

OTHER = "SHA256:" + "A" * 43


def public_line(key: asyncssh.SSHKey) -> str:
    return key.export_public_key().decode().strip()


def test_a_pinned_key_is_enough(server: Any) -> None:
    session = connect(server.connection(host_keys=[OTHER, server.fingerprint]))
    assert session.peer == f"partner@127.0.0.1:{server.port}"
    session.close()


def test_another_host_key_stops_before_the_login(server: Any) -> None:
    with pytest.raises(Stop) as caught:
        connect(server.connection(host_keys=[OTHER]))
    [finding] = caught.value.findings
    assert str(finding) == (
        f"error E-HOSTKEY partner@127.0.0.1:{server.port} has another host key than the pinned one:"
        f" it offers {server.fingerprint} (ssh-ed25519); pinned: {OTHER}\n"
        f"    value    '{server.fingerprint} (ssh-ed25519)'\n"
        "    hint     ask the partner, by another way than this connection, whether its key was changed;"
        " if so, add it to host_keys"
    )
    assert server.logins == [], "no name and no password for a stranger"


def test_the_pinned_key_may_be_of_a_kind_that_the_server_shows_last(server: Any) -> None:
    server.stop()
    rsa, ecdsa = (
        asyncssh.generate_private_key("ssh-rsa", key_size=2048),
        asyncssh.generate_private_key("ecdsa-sha2-nistp256"),
    )
    server.host_keys += [ecdsa, rsa]
    server.start()
    connect(server.connection(host_keys=[rsa.get_fingerprint()])).close()
    with pytest.raises(Stop) as caught:
        connect(server.connection(host_keys=[OTHER]))
    for key in server.host_keys:
        assert key.get_fingerprint() in caught.value.message


def test_known_hosts_lines_pin_too(server: Any) -> None:
    line = public_line(server.host_keys[0])
    connect(server.connection(host_keys=f"# our partner\n[127.0.0.1]:{server.port} {line}\n")).close()
    with pytest.raises(Stop, match="pinned: none for this host"):
        connect(server.connection(host_keys=[f"sftp.example.com {line}"]))


def test_a_wrong_password_stops(server: Any) -> None:
    with pytest.raises(Stop) as caught:
        connect(server.connection(password="guess"))
    [finding] = caught.value.findings
    assert (finding.code, finding.message) == (
        "E-LOGIN",
        f"partner@127.0.0.1:{server.port} refuses the login: Authentication failed",
    )
    assert server.logins == ["partner"], "one attempt, so that the account is not locked"
    assert "guess" not in repr(caught.value.__cause__)


@pytest.mark.parametrize("kind", ["ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa"])
@pytest.mark.parametrize("form", ["openssh", "pkcs8-pem", "without a newline", "carriage returns"])
def test_a_key_logs_in(server: Any, kind: str, form: str) -> None:
    server.client_key = asyncssh.generate_private_key(kind)
    text = server.client_key.export_private_key("pkcs8-pem" if form == "pkcs8-pem" else "openssh").decode()
    text = {"without a newline": text.strip(), "carriage returns": text.replace("\n", "\r\n")}.get(form, text)
    connect(server.connection(password=None, key=text, passphrase="of no use")).close()


@pytest.mark.parametrize("form", ["openssh", "pkcs8-pem"])
def test_a_passphrase_opens_the_key(server: Any, form: str) -> None:
    server.client_key = asyncssh.generate_private_key("ssh-ed25519")
    key = server.client_key.export_private_key(form, passphrase="open sesame", rounds=50).decode()
    connect(server.connection(password=None, key=key, passphrase="open sesame")).close()
    with pytest.raises(Stop, match="the private key has a passphrase"):
        connect(server.connection(password=None, key=key))
    with pytest.raises(Stop, match="the private key cannot be read"):
        connect(server.connection(password=None, key=key, passphrase="wrong"))


def test_a_key_of_another_kind_stops(server: Any) -> None:
    key = asyncssh.generate_private_key("ssh-dss").export_private_key("pkcs8-pem").decode()
    with pytest.raises(Stop, match="is of a kind that is not supported"):
        connect(server.connection(password=None, key=key))


def test_nobody_elses_keys_are_tried(server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server.client_key = asyncssh.generate_private_key("ssh-ed25519")
    (tmp_path / ".ssh").mkdir()
    server.client_key.write_private_key(tmp_path / ".ssh/id_ed25519")
    monkeypatch.setenv("HOME", str(tmp_path))
    with socket.socket(socket.AF_UNIX) as agent:
        agent.bind(str(tmp_path / "agent"))
        agent.listen()
        agent.setblocking(False)
        monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / "agent"))
        with pytest.raises(Stop, match="refuses the login"):
            connect(server.connection(password="guess"))
        with pytest.raises(BlockingIOError):
            agent.accept()


def test_a_key_that_the_server_does_not_know_stops(server: Any) -> None:
    key = asyncssh.generate_private_key("ssh-ed25519").export_private_key().decode()
    with pytest.raises(Stop, match="refuses the login"):
        connect(server.connection(password=None, key=key))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no key",
        "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n",
        "-----BEGIN RSA PRIVATE KEY-----\nMIIB!!!\n-----END RSA PRIVATE KEY-----\n",
        "ssh-ed25519 AAAAC3Nz public",
    ],
)
def test_a_damaged_private_key_stops_without_showing_it(server: Any, text: str) -> None:
    with pytest.raises(Stop, match="the private key cannot be read") as caught:
        connect(server.connection(password=None, key=text))
    assert text.strip() == "" or text not in str(caught.value.findings)


def test_nobody_listens(server: Any) -> None:
    server.stop()
    with pytest.raises(Retry, match=r"partner@127.0.0.1:\d+: Unable to connect to port"):
        connect(server.connection())


def test_a_host_that_does_not_exist_stops(server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: Any, **__: Any) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(Stop, match="there is no host of this name"):
        connect(server.connection(host="sftp.invalid"))


@pytest.fixture
def silent() -> Iterator[Callable[[bytes], int]]:
    """A port that accepts, says the given bytes, and then nothing."""
    held: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def start(greeting: bytes) -> int:
        listener = socket.create_server(("127.0.0.1", 0))
        held.append(listener)

        def serve() -> None:
            peer, _ = listener.accept()
            held.append(peer)
            if greeting:
                peer.sendall(greeting)

        threads.append(threading.Thread(target=serve))
        threads[-1].start()
        port: int = listener.getsockname()[1]
        return port

    yield start
    for thread in threads:
        thread.join()
    for one in held:
        one.close()


@pytest.mark.parametrize("greeting", [b"", b"SSH-2.0-silence\r\n"], ids=["no banner", "no key exchange"])
def test_a_server_that_never_answers_is_given_up_in_time(
    server: Any, silent: Callable[[bytes], int], greeting: bytes
) -> None:
    settings = server.connection(port=silent(greeting), timeouts={"connect": "300ms", "banner": "300ms"})
    began = time.monotonic()
    with pytest.raises(Retry):
        connect(settings)
    assert time.monotonic() - began < 5


def test_the_library_prints_no_traceback(
    server: Any, silent: Callable[[bytes], int], caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(Retry):
        connect(server.connection(port=silent(b"HTTP/1.1 400 Bad Request\r\n" * 200), timeouts={"banner": "300ms"}))
    assert caplog.records == []


def test_a_server_that_never_opens_sftp_is_given_up_in_time(server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asyncssh.SSHServerChannel, "_process_subsystem_request", lambda *_: None)
    began = time.monotonic()
    with pytest.raises(Retry, match="does not open SFTP in time"):
        connect(server.connection(timeouts={"login": "500ms"}))
    assert time.monotonic() - began < 5


def test_a_login_that_is_never_answered_is_tried_again(server: Any) -> None:
    server.faults.silent_login = True
    with pytest.raises(Retry, match="does not answer to the login in time"):
        connect(server.connection(timeouts={"login": "500ms"}))


def test_probe_reports_instead_of_raising(server: Any) -> None:
    with SftpSource(server.connection(host_keys=[OTHER]), SftpSource.Options()) as source:
        found = source.probe()
    assert found.ok is False
    assert [finding.code for finding in found.findings] == ["E-HOSTKEY"]
