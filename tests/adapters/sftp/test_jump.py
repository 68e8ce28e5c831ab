"""Through another server: each of the two must prove its own host key."""

from typing import Any

import pytest

from transload.adapters.base import Retry, Stop
from transload.adapters.sftp import SftpSource
from transload.adapters.sftp.session import connect


def through(gate: Any, **changes: Any) -> dict[str, Any]:
    return {
        "host": "127.0.0.1", "port": gate.port, "username": "partner", "password": "secret",
        "host_keys": [gate.fingerprint],
    } | changes  # fmt: skip


def test_files_come_through(server: Any, gate: Any, memory: Any, poll: Any) -> None:
    gate.lets_through.add(server.port)
    for number in range(20):
        (server.root / f"out/{number}").write_bytes(b"UNB")
    options = SftpSource.Options.model_validate({"folder": "out", "stable": "none", "afterwards": "delete"})
    found = poll(SftpSource(server.connection(jump=through(gate)), options), memory)
    assert len(found) == 20
    assert gate.passed == [("127.0.0.1", server.port)]
    assert server.logins == gate.logins == ["partner"]


def test_closing_ends_both_connections(server: Any, gate: Any, eventually: Any) -> None:
    gate.lets_through.add(server.port)
    connect(server.connection(jump=through(gate))).close()
    eventually(lambda: all(one.is_closed() for one in (*server.connections, *gate.connections)))


def test_the_key_of_the_gate_is_pinned_too(server: Any, gate: Any) -> None:
    gate.lets_through.add(server.port)
    with pytest.raises(Stop, match=f"partner@127.0.0.1:{gate.port} has another host key than the pinned one"):
        connect(server.connection(jump=through(gate, host_keys=["SHA256:" + "A" * 43])))
    with pytest.raises(Stop, match=f"partner@127.0.0.1:{server.port} has another host key than the pinned one"):
        connect(server.connection(jump=through(gate), host_keys=[gate.fingerprint]))
    assert server.logins == []


def test_a_gate_that_lets_nobody_through(server: Any, gate: Any) -> None:
    with pytest.raises(Stop) as caught:
        connect(server.connection(jump=through(gate)))
    assert caught.value.message.startswith(
        f"partner@127.0.0.1:{gate.port} does not let us through to 127.0.0.1:{server.port}"
    )
    assert caught.value.hint == "ask who keeps that server to allow TCP forwarding to this host"


def test_a_server_that_is_not_there_behind_the_gate(server: Any, gate: Any) -> None:
    server.stop()
    gate.lets_through.add(server.port)
    with pytest.raises(Retry, match="does not let us through"):
        connect(server.connection(jump=through(gate)))


def test_a_wrong_login_at_the_gate_stops(server: Any, gate: Any) -> None:
    with pytest.raises(Stop, match=f"partner@127.0.0.1:{gate.port} refuses the login"):
        connect(server.connection(jump=through(gate, password="guess")))
