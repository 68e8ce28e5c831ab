"""The same work against ProFTPD's mod_sftp, which answers otherwise than OpenSSH in many places."""

import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.adapters.ftp.servers import free_port, hashed, process
from tests.adapters.sftp.large_files import gone_on_with

from transload.adapters.base import Landing, Outbound, Reject, Stop
from transload.adapters.sftp import SftpConnection, SftpSource, SftpTarget

PROFTPD, MODULE = Path("/usr/sbin/proftpd"), Path("/usr/lib/proftpd/mod_sftp.so")
PASSWORD = "secret pass"

pytestmark = pytest.mark.skipif(
    not (PROFTPD.exists() and MODULE.exists()), reason="no ProFTPD with mod_sftp (Debian: proftpd-mod-crypto)"
)


@dataclass
class Server:
    """A running server: its folder, and how to log in."""

    folder: Path
    connection: Callable[..., SftpConnection]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("proftpd")
    folder = home / "files"
    for name in ("in", "out"):
        (folder / name).mkdir(parents=True)
    key = home / "hostkey"
    subprocess.run(["ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-m", "PEM", "-N", "", "-f", key], check=True)
    told = subprocess.run(["ssh-keygen", "-lf", f"{key}.pub"], check=True, capture_output=True, text=True).stdout
    user = f"partner:{hashed(PASSWORD)}:{os.getuid()}:{os.getgid()}:partner:{folder}:/bin/false"
    for name, line in (("users", user), ("groups", f"partner:x:{os.getgid()}:partner")):
        (home / name).write_text(f"{line}\n")
        (home / name).chmod(0o600)
    port = free_port()
    (home / "proftpd.conf").write_text(f"""
ModulePath {MODULE.parent}
LoadModule mod_sftp.c
ServerType standalone
DefaultAddress 127.0.0.1
Port {port}
UseIPv6 off
UseReverseDNS off
WtmpLog off
TransferLog none
RequireValidShell off
RootLogin on
AuthUserFile {home}/users
AuthGroupFile {home}/groups
AuthOrder mod_auth_file.c
DefaultRoot ~
AllowOverwrite on
PidFile {home}/pid
ScoreboardFile {home}/scoreboard
SystemLog {home}/system.log
SFTPEngine on
SFTPHostKey {key}
SFTPLog {home}/sftp.log
<IfModule mod_delay.c>
DelayEngine off
</IfModule>
""")

    def connection(**changes: Any) -> SftpConnection:
        given = {
            "host": "127.0.0.1",
            "port": port,
            "username": "partner",
            "password": PASSWORD,
            "host_keys": [told.split()[1]],
        } | changes
        return SftpConnection.model_validate(given)

    with process([str(PROFTPD), "--nodaemon", "--config", str(home / "proftpd.conf")], port, home / "out.log"):
        yield Server(folder, connection)


def test_files_arrive_and_are_archived(server: Server, memory: Any, poll: Callable[..., dict[str, bytes]]) -> None:
    content = os.urandom(3 * 1024 * 1024 + 5)
    (server.folder / "out/a.edi").write_bytes(content)
    (server.folder / "out/latin-\udce9.edi").write_bytes(b"x")
    given = {"folder": "out", "stable": "none", "claim": {"into": "claimed"}, "afterwards": {"move": "out/done"}}
    found = poll(SftpSource(server.connection(), SftpSource.Options.model_validate(given)), memory)
    assert found == {"a.edi": content, r"latin-\udce9.edi": b"x"}
    assert sorted(path.name for path in (server.folder / "out/done").iterdir()) == ["a.edi", "latin-\udce9.edi"]
    assert list((server.folder / "claimed").iterdir()) == []


def test_files_are_handed_over_once_and_replaced(server: Server) -> None:
    content = os.urandom(2 * 1024 * 1024 + 3)
    outbound = Outbound(key="1", content=content, metadata={"file": "order.edi"})
    other = Outbound(key="2", content=b"other", metadata={"file": "order.edi"})
    options = {"folder": "in", "file": "{number}.edi"}
    with SftpTarget(server.connection(), SftpTarget.Options.model_validate(options)) as target:
        target.deliver(outbound)
        assert target.verify(outbound) is Landing.LANDED
        assert "was there already" in target.deliver(outbound).summary
        with pytest.raises(Reject, match="with other content is there already"):
            target.deliver(other)
    with SftpTarget(
        server.connection(), SftpTarget.Options.model_validate({**options, "collision": "replace"})
    ) as target:
        target.deliver(other)
    assert [(path.name, path.read_bytes()) for path in (server.folder / "in").iterdir()] == [("order.edi", b"other")]


def test_a_rehearsal_works_and_leaves_nothing(server: Server) -> None:
    before = sorted((server.folder / "in").iterdir())
    options = SftpTarget.Options.model_validate({"folder": "in", "file": "{number}.edi"})
    with SftpTarget(server.connection(), options) as target:
        found = target.rehearse()
    assert found.ok, found
    told = {finding.code: finding.message for finding in found.findings}
    assert "ProFTPD" in told["P-SERVER"] or "mod_sftp" in told["P-SERVER"]
    assert {"P-HOSTKEY", "P-ALGORITHMS", "P-REPLACE", "P-FSYNC", "P-WRITE", "P-CLOCK"} <= told.keys()
    assert sorted((server.folder / "in").iterdir()) == before


def test_what_is_refused_stops(server: Server, memory: Any) -> None:
    options = SftpSource.Options.model_validate({"folder": "out"})
    for wrong in ({"password": "wrong"}, {"host_keys": ["SHA256:" + "A" * 43]}):
        with SftpSource(server.connection(**wrong), options) as source:
            assert source.probe().ok is False
            with pytest.raises(Stop):
                list(source.receive(memory))


def test_a_large_file_is_gone_on_with_where_the_line_broke(
    server: Server, memory: Any, poll: Callable[..., dict[str, bytes]]
) -> None:
    gone_on_with(server, memory, poll)
