"""The same work against OpenSSH, the server that most partners run."""

import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.adapters.sftp.large_files import gone_on_with

from transload.adapters.base import Landing, Outbound, Reject, Retry, Stop
from transload.adapters.sftp import SftpConnection, SftpSource, SftpTarget
from transload.adapters.sftp.session import connect

SSHD = Path("/usr/sbin/sshd")

pytestmark = [
    pytest.mark.skipif(not SSHD.exists(), reason=f"no OpenSSH server: {SSHD} does not exist"),
    pytest.mark.skipif(os.geteuid() != 0, reason="OpenSSH lets only root's server log other users in"),
]


@dataclass
class Sshd:
    """A running server: where it listens, its folder, and how to log in."""

    folder: Path
    connection: Callable[..., SftpConnection]


@contextmanager
def running(home: Path, kind: str, *config: str) -> Iterator[Sshd]:
    """OpenSSH with keys of one kind, and more lines of configuration."""
    folder = home / "files"
    for name in ("in", "out"):
        (folder / name).mkdir(parents=True)
    for name in ("hostkey", "clientkey"):
        subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", home / name], check=True)
    (home / "authorized_keys").write_bytes((home / "clientkey.pub").read_bytes())
    printed = subprocess.run(
        ["ssh-keygen", "-lf", home / "hostkey.pub"], check=True, capture_output=True, text=True
    ).stdout
    Path("/run/sshd").mkdir(exist_ok=True)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    (home / "config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {home}/hostkey\nPidFile {home}/pid\n"
        f"AuthorizedKeysFile {home}/authorized_keys\nStrictModes no\nUsePAM no\nPasswordAuthentication no\n"
        f"PermitRootLogin prohibit-password\nMaxSessions 3\nSubsystem sftp internal-sftp -d {folder}\n"
        f"ForceCommand internal-sftp -d {folder}\n" + "".join(f"{line}\n" for line in config)
    )
    subprocess.run([SSHD, "-t", "-f", home / "config"], check=True)
    server = subprocess.Popen([SSHD, "-D", "-f", home / "config", "-E", home / "log"])

    def connection(**changes: Any) -> SftpConnection:
        given = {
            "host": "127.0.0.1",
            "port": port,
            "username": "root",
            "key": (home / "clientkey").read_text(),
            "host_keys": [printed.split()[1]],
        } | changes
        return SftpConnection.model_validate(given)

    end = time.monotonic() + 10
    while not (home / "pid").exists():
        assert time.monotonic() < end, (home / "log").read_text()
        time.sleep(0.02)
    try:
        yield Sshd(folder, connection)
    finally:
        server.terminate()
        server.wait(10)


@pytest.fixture(scope="module")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    with running(tmp_path_factory.mktemp("sshd"), "ed25519") as found:
        yield found


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    """A server of long ago: nothing newer than SHA-1."""
    lines = (
        "KexAlgorithms diffie-hellman-group14-sha1",
        "HostKeyAlgorithms ssh-rsa",
        "PubkeyAcceptedAlgorithms ssh-rsa",
        "MACs hmac-sha1",
    )
    with running(tmp_path_factory.mktemp("old"), "rsa", *lines) as found:
        yield found


def test_files_arrive_and_are_archived(sshd: Sshd, memory: Any, poll: Callable[..., dict[str, bytes]]) -> None:
    content = os.urandom(3 * 1024 * 1024 + 5)
    (sshd.folder / "out/a.edi").write_bytes(content)
    (sshd.folder / "out/latin-\udce9.edi").write_bytes(b"x")
    options = SftpSource.Options.model_validate({"folder": "out", "afterwards": {"move": "out/done"}})
    assert poll(SftpSource(sshd.connection(), options), memory) == {}, "it waits for the second poll"
    found = poll(SftpSource(sshd.connection(), options), memory)
    assert found == {"a.edi": content, r"latin-\udce9.edi": b"x"}
    assert sorted(path.name for path in (sshd.folder / "out/done").iterdir()) == ["a.edi", "latin-\udce9.edi"]


def test_files_are_handed_over_once(sshd: Sshd) -> None:
    content = os.urandom(2 * 1024 * 1024 + 3)
    outbound = Outbound(key="1", content=content, metadata={"file": "order.edi"})
    other = Outbound(key="2", content=b"other", metadata={"file": "order.edi"})
    options = {"folder": "in", "file": "{number}.edi"}
    with SftpTarget(sshd.connection(), SftpTarget.Options.model_validate(options)) as target:
        assert target.probe().ok
        assert target.verify(outbound) is Landing.NOT_LANDED
        assert target.deliver(outbound).summary == f"stored as in/order.edi, {len(content)} bytes"
        assert target.deliver(outbound).summary == "in/order.edi was there already"
        assert target.verify(outbound) is Landing.LANDED
        with pytest.raises(Reject, match="with other content is there already"):
            target.deliver(other)
    replacing = SftpTarget.Options.model_validate(options | {"collision": "replace"})
    with SftpTarget(sshd.connection(), replacing) as target:
        target.deliver(other)
    assert {path.name: path.read_bytes() for path in (sshd.folder / "in").iterdir()} == {"order.edi": b"other"}


def test_another_host_key_is_refused(sshd: Sshd) -> None:
    pin = "SHA256:" + "A" * 43
    with SftpSource(sshd.connection(host_keys=[pin]), SftpSource.Options()) as source:
        assert [finding.code for finding in source.probe().findings] == ["E-HOSTKEY"]


def test_a_server_without_passwords_says_so(sshd: Sshd, memory: Any) -> None:
    source = SftpSource(sshd.connection(key=None, password="secret"), SftpSource.Options())
    with source, pytest.raises(Stop) as caught:
        list(source.receive(memory))
    assert caught.value.hint == "use a password instead of the key or the other way round, as the server allows"


def test_a_server_that_allows_few_channels_gets_few(
    sshd: Sshd, memory: Any, poll: Callable[..., dict[str, bytes]]
) -> None:
    (sshd.folder / "many").mkdir()
    for number in range(50):
        (sshd.folder / "many" / str(number)).write_bytes(str(number).encode())
    given = {"folder": "many", "stable": "none", "afterwards": {"move": "many/done"}}
    source = SftpSource(sshd.connection(channels=8), SftpSource.Options.model_validate(given))
    assert len(poll(source, memory)) == 50
    assert len(list((sshd.folder / "many/done").iterdir())) == 50
    assert "no more sessions" in (sshd.folder.parent / "log").read_text()


def test_a_server_with_sha1_only_is_refused_by_default(old: Sshd) -> None:
    with pytest.raises(Stop, match="have no algorithm in common") as caught:
        connect(old.connection())
    assert caught.value.hint is not None
    assert caught.value.hint.endswith("where there are none, legacy: true allows SHA-1")


def test_it_is_reached_where_the_account_says_so(old: Sshd, memory: Any, poll: Callable[..., dict[str, bytes]]) -> None:
    (old.folder / "out/a.edi").write_bytes(b"UNB")
    options = SftpSource.Options.model_validate({"folder": "out", "stable": "none", "afterwards": "delete"})
    assert poll(SftpSource(old.connection(legacy=True), options), memory) == {"a.edi": b"UNB"}


def test_its_host_key_is_pinned_all_the_same(old: Sshd) -> None:
    with pytest.raises(Stop, match="has another host key than the pinned one"):
        connect(old.connection(legacy=True, host_keys=["SHA256:" + "A" * 43]))


def test_sha1_is_the_last_that_is_offered(sshd: Sshd) -> None:
    session = connect(sshd.connection(legacy=True))
    assert session.transport is not None
    assert session.transport.host_key_type == "ssh-ed25519"
    session.close()


def test_a_server_that_allows_few_channels_gets_more_connections_up_to_a_number(sshd: Sshd) -> None:
    settings = sshd.connection(keep="0s", timeouts={"connect": "3s"})
    sessions = [connect(settings) for _ in range(6)]  # MaxSessions is 3, and two connections are allowed
    try:
        assert len({id(session.transport) for session in sessions}) == 2
        with pytest.raises(Retry, match=r"all 2 connections to root@.* are in use"):
            connect(settings)
        sessions.pop().close()
        sessions.append(connect(settings))
        assert len({id(session.transport) for session in sessions}) == 2
    finally:
        for session in sessions:
            session.close()


def test_a_large_file_is_gone_on_with_where_the_line_broke(
    sshd: Sshd, memory: Any, poll: Callable[..., dict[str, bytes]]
) -> None:
    gone_on_with(sshd, memory, poll)
