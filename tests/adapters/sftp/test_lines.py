"""Connections are shared by who uses the same account, and kept for who comes next."""

import threading
import time
from typing import Any

import paramiko
import pytest

from transload.adapters.sftp import lines
from transload.adapters.sftp import session as session_module
from transload.adapters.sftp.session import connect


def test_who_uses_an_account_at_the_same_time_shares_its_connection(server: Any, eventually: Any) -> None:
    sessions = [connect(server.connection()) for _ in range(3)]
    assert len(server.logins) == 1
    for session in sessions:
        assert sorted(session.client.listdir("/")) == ["in", "out"]
    for session in sessions[:2]:
        session.close()
    assert sessions[2].client.stat("/in") is not None, "others have closed theirs"
    sessions[2].close()
    eventually(lambda: all(one.is_closed() for one in server.connections))


def test_many_who_come_at_once_log_in_once(server: Any) -> None:
    sessions: list[Any] = []
    threads = [threading.Thread(target=lambda: sessions.append(connect(server.connection()))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert (len(sessions), len(server.logins)) == (8, 1)
    for session in sessions:
        session.close()


def test_an_idle_connection_is_kept_for_who_comes_next_and_closed_after_that(server: Any, eventually: Any) -> None:
    settings = server.connection(keep="400ms")
    for _ in range(3):
        connect(settings).close()
    assert len(server.logins) == 1
    eventually(lambda: all(one.is_closed() for one in server.connections))
    connect(settings).close()
    assert len(server.logins) == 2


def test_a_kept_connection_that_is_gone_costs_nothing_but_a_login(server: Any) -> None:
    settings = server.connection(keep="30s")
    connect(settings).close()
    server.loop.call_soon_threadsafe(server.drop)
    session = connect(settings)
    try:
        assert session.client.stat("/in") is not None
        assert len(server.logins) == 2
    finally:
        session.close()


def test_another_login_has_a_connection_of_its_own(server: Any) -> None:
    one, other = connect(server.connection()), connect(server.connection(keepalive="20s"))
    assert len(server.logins) == 2
    one.close()
    assert other.client.stat("/in") is not None
    other.close()


def test_closing_twice_counts_once(server: Any) -> None:
    one, other = connect(server.connection()), connect(server.connection())
    one.close()
    one.close()
    assert other.client.stat("/in") is not None
    other.close()


def test_accounts_are_forgotten_with_their_last_connection(server: Any, eventually: Any) -> None:
    used, kept = server.connection(keepalive="21s"), server.connection(keepalive="22s", keep="300ms")
    session = connect(used)
    connect(kept).close()
    assert used in lines._all
    assert kept in lines._all
    session.close()
    del session
    eventually(lambda: used not in lines._all and kept not in lines._all)


def test_who_waits_for_a_place_does_not_hold_up_who_finds_one(server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody waits for a place; one is left, and who comes next takes it."""
    settings = server.connection(connections=1, keep="10s", timeouts={"connect": "5s", "answer": "5s"})
    first = connect(settings)
    real = session_module._channel
    full = threading.Event()
    full.set()

    def channel(line: Any, *rest: Any) -> Any:
        if full.is_set():
            asked.set()
            raise paramiko.ChannelException(1, "no more sessions")
        return real(line, *rest)

    monkeypatch.setattr(session_module, "_channel", channel)
    monkeypatch.setattr(session_module, "_PAUSE", 60.0)
    asked, sessions = threading.Event(), []
    waiting = threading.Thread(target=lambda: sessions.append(connect(settings)))
    waiting.start()
    assert asked.wait(5)
    full.clear()
    began = time.monotonic()
    sessions.append(connect(settings))  # somebody else, who sees that there is a place, while the first one waits
    assert time.monotonic() - began < 2
    assert len(sessions) == 1
    first.close()  # which is news to who waits
    waiting.join(3)
    assert len(sessions) == 2
    for session in sessions:
        session.close()
