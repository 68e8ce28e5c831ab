"""Connections are shared by who uses the same account, and kept for who comes next."""

import threading
from typing import Any

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
