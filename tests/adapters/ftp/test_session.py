"""Reaching a server: TLS before the login, whom we trust, the ways of data connections, and signs of life."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from pyftpdlib.handlers import FTPHandler

from transload.adapters.base import Retry, Stop
from transload.adapters.base.tls import peer_of
from transload.adapters.ftp import FtpConnection, FtpSource
from transload.adapters.ftp.session import connect

Start = Callable[..., Any]
Poll = Callable[..., dict[str, bytes]]
SHORT = {"connect": "1s", "answer": "400ms", "data": "400ms"}


def source(connection: FtpConnection) -> FtpSource:
    return FtpSource(connection, FtpSource.Options.model_validate({"folder": "out", "stable": "none"}))


@contextmanager
def scripted(*answers: bytes, hold: bool = True) -> Iterator[tuple[int, list[bytes]]]:
    """A server that says its ``answers`` one after each other, whatever it hears; the port, and what it heard."""
    heard: list[bytes] = []
    over = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        client, _ = listener.accept()
        with client:
            client.settimeout(3)
            for number, answer in enumerate(answers):
                if number:
                    try:
                        heard.append(client.recv(4096))
                    except OSError:
                        return
                try:
                    client.sendall(answer)
                except OSError:
                    return
            if hold:
                over.wait(5)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listener.getsockname()[1], heard
    finally:
        over.set()
        thread.join(10)
        listener.close()


def clear(port: int, **changes: Any) -> FtpConnection:
    given = {
        "host": "localhost",
        "port": port,
        "security": "none",
        "insecure": True,
        "username": "partner",
        "password": "secret pass",
        "timeouts": SHORT,
        "keepalive": "0s",
    }
    return FtpConnection.model_validate(given | changes)


@pytest.mark.parametrize("implicit", [False, True])
@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_tls_from_the_first_byte_or_before_the_login(
    start: Start, memory: Any, poll: Poll, implicit: bool, version: str
) -> None:
    server = start(implicit=implicit)
    (server.root / "out/a").write_bytes(b"content")
    connection = server.connection(tls_max=version)
    assert poll(source(connection), memory) == {"a": b"content"}
    session = connect(connection)
    assert session.tls is not None
    assert session.tls.version == f"TLSv{version}"
    session.close()


def test_the_data_connection_resumes_the_session(start: Start) -> None:
    server = start()
    session = connect(server.connection())
    with session.turn() as client:
        for _ in range(3):
            data = client._transfer("MLSD")
            assert isinstance(data, ssl.SSLSocket)
            assert data.session_reused
            assert peer_of(data) == session.tls
            while data.recv(1000):
                pass
            data.close()
            client.voidresp()
    session.close()


def test_a_certificate_of_an_unknown_authority_stops(start: Start, papers: Any) -> None:
    server = start()
    with pytest.raises(Stop) as caught:
        connect(server.connection(tls={"ca": str(papers.other_authority)}))
    assert caught.value.message == (
        f"partner@localhost:{server.port} shows a certificate that is not trusted:"
        " unable to get local issuer certificate"
    )
    assert caught.value.findings[0].code == "E-CERTIFICATE"
    assert caught.value.hint == (
        "ask the partner which certificate is right; then name its authority under tls: ca:, or it under tls: pins:"
    )
    assert "PASS" not in server.faults.calls


def test_a_certificate_for_another_host_stops(start: Start, papers: Any) -> None:
    server = start()
    with pytest.raises(Stop, match=r"not valid for '127\.0\.0\.1'|IP address mismatch"):
        connect(server.connection(host="127.0.0.1"))
    assert "PASS" not in server.faults.calls


def test_a_pinned_certificate_is_trusted_and_no_other(start: Start) -> None:
    server = start()
    shown = connect(server.connection())
    assert shown.tls is not None
    pin = shown.tls.fingerprint
    shown.close()
    connect(server.connection(host="127.0.0.1", tls={"verify": False, "pins": [pin]})).close()
    server.faults.calls.clear()
    with pytest.raises(
        Stop, match=r"trusted: the server's certificate \(SHA256 [0-9a-f]{64}\) is not one of the pinned ones"
    ):
        connect(server.connection(tls={"verify": False, "pins": ["0" * 64]}))
    assert "PASS" not in server.faults.calls


def test_without_tls_there_no_login_is_sent(start: Start, papers: Any) -> None:
    server = start(tls=False)
    with pytest.raises(Stop) as caught:
        connect(server.connection(security="explicit", insecure=False, tls={"ca": str(papers.authority)}))
    assert caught.value.message.startswith(f"partner@localhost:{server.port} offers no TLS at this port: 500 Command")
    assert caught.value.hint == "ask the partner for FTPS; perhaps security: implicit at port 990 is meant"
    assert server.faults.calls == ["AUTH"]


def test_implicit_tls_at_a_port_without_it_stops(start: Start, papers: Any) -> None:
    server = start(tls=False)
    with pytest.raises(Stop, match="and we cannot agree on TLS") as caught:
        connect(server.connection(security="implicit", insecure=False, tls={"ca": str(papers.authority)}))
    assert caught.value.hint == "compare port and security; TLS 1.2 is the oldest version that is spoken"


def test_words_slipped_in_before_tls_are_not_heard_within_it() -> None:
    with (
        scripted(b"220 hello\r\n", b"234 go\r\n230 you are logged in\r\n") as (port, heard),
        pytest.raises(Retry, match="it sent text in the clear behind its consent to TLS"),
    ):
        connect(clear(port, security="explicit", insecure=False))
    assert heard == [b"AUTH TLS\r\n"]


def test_a_wrong_password_stops_and_is_shown_nowhere(start: Start) -> None:
    server = start()
    with pytest.raises(Stop) as caught:
        connect(server.connection(password="not this one"))
    assert str(caught.value.findings[0]) == (
        f"error E-LOGIN partner@localhost:{server.port} refuses the login: 530 Authentication failed\n"
        "    hint     check username and password; nothing is tried again, so that the account is not locked"
    )
    assert "not this one" not in repr(caught.value) + repr(caught.value.__cause__)


@pytest.mark.parametrize(
    ("answer", "consequence", "message"),
    [
        (b"530 Too many users logged in, try again later.", Retry, "lets nobody in now: 530 Too many users"),
        (b"530 Sorry, the maximum number of clients (5) for this user are already connected.", Retry, "lets nobody in"),
        (b"421 Too many connections.", Retry, ": 421 Too many connections"),
        (b"430 Invalid username or password", Stop, "refuses the login: 430 Invalid"),
        (b"332 Need account for login.", Stop, "refuses the login"),
        (b"500 OOPS: cannot change directory", Stop, "refuses the login: 500 OOPS"),
    ],
)
def test_what_a_refused_login_means(answer: bytes, consequence: type[Exception], message: str) -> None:
    with (
        scripted(b"220 hello\r\n", b"331 password?\r\n", answer + b"\r\n", b"530 no\r\n") as (port, _),
        pytest.raises(consequence, match=message.replace("(", r"\(").replace(")", r"\)")),
    ):
        connect(clear(port))


@pytest.mark.parametrize("sign", ["\n", "\r", "\0"])
def test_a_password_with_a_line_break_is_not_sent(sign: str) -> None:
    with pytest.raises(Stop) as caught:
        connect(clear(1, password=f"secret{sign}DELE x"))
    assert caught.value.message == (
        "partner@localhost:1: the password has a line break in it; a secret's file may have a blank line at its end"
    )


@pytest.mark.parametrize(
    ("greeting", "message"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "breaks the protocol: it answers 'HTTP/1.1 400 Bad Request'"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "breaks the protocol: it answers 'SSH-2.0-OpenSSH_9.2'"),
        (b"\xff\xfe\x00\r\n", "breaks the protocol"),
        (b"x" * 40_000, "breaks the protocol: it sends a line without an end"),
        (b"220-" + b"x" * 8000 + b"\r\n" + (b"y" * 8000 + b"\r\n") * 200, "it sends an answer without an end"),
        (b"220-almost\r\n", "does not answer in time"),
        (b"220 almo", "does not answer in time"),
        (b"", "does not answer in time"),
        (b"120 ready in 5 minutes\r\n", "does not answer in time|120"),
        (b"421 come back later\r\n", ": 421 come back later"),
    ],
)
def test_greetings_that_are_none(greeting: bytes, message: str) -> None:
    began = time.monotonic()
    with scripted(greeting) as (port, _), pytest.raises(Retry, match=message):
        connect(clear(port))
    assert time.monotonic() - began < 4


def test_a_server_that_asks_for_patience_first() -> None:
    answers = (b"120 soon\r\n220 hello\r\n", b"331 password?\r\n", b"230 in\r\n", b'257 "/"\r\n', b"211 none\r\n")
    with scripted(*answers) as (port, heard):
        session = connect(clear(port))
        session.client.close()
    assert heard == [b"USER partner\r\n", b"PASS secret pass\r\n", b"PWD\r\n", b"FEAT\r\n"]


@pytest.mark.parametrize("word", ["500 'PASS secret pass': what?", "421 no PASS secret pass", "PASS secret pass"])
def test_a_password_that_the_server_repeats_is_masked(word: str) -> None:
    with (
        scripted(b"220 hello\r\n", b"331 password?\r\n", word.encode() + b"\r\n") as (port, _),
        pytest.raises((Stop, Retry), match=r"PASS \*\*\*") as caught,
    ):
        connect(clear(port))
    assert "secret pass" not in repr(caught.value) + repr(caught.value.__cause__) + str(caught.value.findings)


@pytest.mark.parametrize("what", ["username", "password"])
def test_a_login_that_the_character_set_cannot_say(what: str) -> None:
    with pytest.raises(Stop) as caught:
        connect(clear(1, encoding="latin-1", **{what: "50€"}))
    assert caught.value.message.endswith(
        f":1: the {what} cannot be sent: it has a character that iso8859-1 does not have"
    )


def test_a_server_that_answers_drop_by_drop_is_given_up() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def drip() -> None:
        client, _ = listener.accept()
        with client:
            for _ in range(100):
                try:
                    client.sendall(b"2")
                except OSError:
                    return
                if over.wait(0.1):
                    return

    thread = threading.Thread(target=drip)
    thread.start()
    began = time.monotonic()
    with pytest.raises(Retry, match="does not answer in time"):
        connect(clear(listener.getsockname()[1]))
    assert time.monotonic() - began < 2
    over.set()
    thread.join()
    listener.close()


def test_a_server_that_is_not_there(free_port: int) -> None:
    with pytest.raises(Retry, match="Connection refused"):
        connect(clear(free_port))
    with pytest.raises(Stop, match="there is no host of this name"):
        connect(clear(free_port, host="nowhere.invalid"))


def test_the_address_of_the_passive_port_is_not_believed(start: Start, memory: Any, poll: Poll) -> None:
    server = start(tls=False)
    (server.root / "out/a").write_bytes(b"content")
    real = FTPHandler._make_epasv
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(FTPHandler, "masquerade_address", "127.99.99.99")
        assert poll(source(server.connection()), memory) == {"a": b"content"}
        with pytest.raises(Retry, match=r"opens no data connection: port \d+ of 127.99.99.99") as caught:
            poll(source(server.connection(trust_address=True, timeouts=SHORT)), memory)
    assert caught.value.hint is not None
    assert caught.value.hint.startswith("a firewall between may close its ports")
    assert real is FTPHandler._make_epasv


def test_a_server_without_pasv_is_asked_for_epsv(start: Start, memory: Any, poll: Poll) -> None:
    server = start(tls=False, without=("PASV",))
    (server.root / "out/a").write_bytes(b"content")
    assert poll(source(server.connection()), memory) == {"a": b"content"}
    assert "EPSV" in server.faults.calls


@pytest.mark.parametrize(
    ("command", "word", "message"),
    [
        ("PASV", "227 Entering (127,0,0,1,999,999)", "it names a port that cannot be: 256743"),
        ("PASV", "227 Entering (127,0,0,1,0,0)", "it names a port that cannot be: 0"),
        ("EPSV", "229 Entering (|||many|)", "it names no port: "),
    ],
)
def test_a_passive_port_that_is_none(
    start: Start, memory: Any, poll: Poll, command: str, word: str, message: str
) -> None:
    server = start(tls=False, without=("PASV",) if command == "EPSV" else ())
    server.faults.commands[command] = lambda handler, _: handler.respond(word) or True
    with pytest.raises(Retry, match=f"breaks the protocol: {message}"):
        poll(source(server.connection()), memory)


def test_active_mode_that_the_server_refuses_leaves_no_socket_open(start: Start, memory: Any, poll: Poll) -> None:
    server = start(tls=False)
    server.faults.commands["PORT"] = lambda handler, _: handler.respond("500 Not from there.") or True
    made: list[socket.socket] = []
    real = socket.create_server
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "create_server", lambda *given, **more: made.append(real(*given, **more)) or made[-1])
        with pytest.raises(Stop, match="500 Not from there"):
            poll(source(server.connection(active=True)), memory)
    assert [one.fileno() for one in made] == [-1]


@pytest.mark.parametrize("tls", [False, True])
def test_active_mode(start: Start, memory: Any, poll: Poll, tls: bool) -> None:
    server = start(tls=tls)
    (server.root / "out/a").write_bytes(b"content")
    assert poll(source(server.connection(active=True)), memory) == {"a": b"content"}
    assert "PORT" in server.faults.calls
    assert "PASV" not in server.faults.calls


def test_active_mode_when_nobody_comes(start: Start, memory: Any, poll: Poll) -> None:
    server = start(tls=False)
    server.faults.commands["PORT"] = lambda handler, _: handler.respond("200 fine.") or True
    server.faults.commands["MLSD"] = lambda handler, _: handler.respond("150 coming.") or True
    with pytest.raises(Retry, match="the server opened none to us in time"):
        poll(source(server.connection(active=True, timeouts=SHORT)), memory)


def test_a_refused_data_connection_says_what_may_help(start: Start, memory: Any, poll: Poll) -> None:
    server = start(tls=False)
    server.faults.commands["MLSD"] = lambda handler, _: handler.respond("425 Unable to build data connection.") or True
    with pytest.raises(Retry) as caught:
        poll(source(server.connection()), memory)
    assert caught.value.message == (
        f"partner@localhost:{server.port} opens no data connection: 425 Unable to build data connection"
    )
    assert caught.value.hint == (
        "a firewall between may close its ports; some servers want TLS 1.2 (tls_max) to resume sessions"
    )


@pytest.mark.parametrize("word", ["534 Request denied for policy reasons.", "536 PROT level not supported."])
def test_a_server_that_does_not_protect_data_stops(start: Start, word: str) -> None:
    server = start()
    server.faults.commands["PROT"] = lambda handler, _: handler.respond(word) or True
    with pytest.raises(Stop, match="refuses the protection of data connections: " + word[:3]):
        connect(server.connection())
    assert server.faults.calls.index("PASS") < server.faults.calls.index("PROT")  # as some servers want it
    assert not {"PASV", "MLSD"} & set(server.faults.calls)


def test_names_in_another_character_set(start: Start, memory: Any, poll: Poll) -> None:
    server = start(tls=False, encoding="latin-1")
    (server.root / "out/Müller.edi").write_bytes(b"content")
    assert poll(source(server.connection(encoding="latin-1")), memory) == {"Müller.edi": b"content"}


def test_names_that_are_no_utf_8_are_data_all_the_same(start: Start, memory: Any, poll: Poll) -> None:
    server = start(tls=False, encoding="latin-1")
    (server.root / "out/Müller.edi").write_bytes(b"content")
    (server.root / "out/b").write_bytes(b"b")
    assert poll(source(server.connection()), memory) == {r"M\udcfcller.edi": b"content", "b": b"b"}


def test_an_idle_connection_gives_signs_of_life(start: Start) -> None:
    server = start(tls=False)
    session = connect(server.connection(keepalive="100ms"))
    end = time.monotonic() + 5
    while server.faults.calls.count("NOOP") < 2:
        assert time.monotonic() < end, "no sign of life came"
        time.sleep(0.02)
    with session.turn() as client:
        assert client.sendcmd("PWD").startswith("257")
    session.close()
    calls = len(server.faults.calls)
    time.sleep(0.3)
    assert len(server.faults.calls) == calls


def test_a_connection_that_died_while_idle_is_found_dead(start: Start) -> None:
    server = start(tls=False)
    session = connect(server.connection(keepalive="100ms"))
    server.faults.commands["NOOP"] = lambda handler, _: handler.close() or True
    end = time.monotonic() + 5
    while not session.lost:
        assert time.monotonic() < end, "nobody noticed"
        time.sleep(0.02)
    with pytest.raises(Retry, match="the connection was lost before"), session.turn():
        pass
    session.close()


def test_a_server_whose_facts_are_off_is_asked_to_switch_them_on(start: Start, memory: Any, poll: Poll) -> None:
    server = start(tls=False)
    (server.root / "out/a").write_bytes(b"content")
    server.faults.commands["FEAT"] = lambda handler, _: (
        handler.push("211-Features:\r\n MLST type*;size*;modify;perm;\r\n SIZE\r\n MDTM\r\n211 End.\r\n") or True
    )
    assert poll(source(server.connection()), memory) == {"a": b"content"}
    assert "type;size;modify;" in " ".join(server.faults.arguments)
    assert "MLSD" in server.faults.calls


def test_a_server_whose_mlsd_is_wrong_can_be_read_by_lists(start: Start, memory: Any, poll: Poll) -> None:
    server = start(tls=False)
    (server.root / "out/a").write_bytes(b"content")
    assert poll(source(server.connection(listing="list")), memory) == {"a": b"content"}
    assert "LIST" in server.faults.calls
    assert not {"MLSD", "MLST"} & set(server.faults.calls)


def test_a_probe_of_a_server_without_tls_warns(start: Start) -> None:
    server = start(tls=False)
    with source(server.connection()) as one:
        found = one.probe()
    assert found.ok
    assert [finding.line() for finding in found.findings] == [
        "warning P-PLAIN the connection is not encrypted: login and content can be read on the way"
        " (ask the partner for TLS)",
        "remark P-LISTS folders are listed by MLSD, with size and time of each file",
        "remark P-FILES 0 files lie in out, 0 of them with names like *",
    ]


def test_a_probe_of_a_server_that_refuses_us(start: Start) -> None:
    server = start(tls=False)
    with source(server.connection(password="wrong")) as one:
        found = one.probe()
    assert found.ok is False
    assert found.findings[0].code == "E-LOGIN"
