"""IMAP servers that drop, stall, talk nonsense, or ask for a login in the clear."""

import socket
import time
from collections.abc import Callable
from typing import Any

import pytest

from transload.adapters.base import Retry, Stop
from transload.adapters.mail import MailConnection, MailSource

GREETING = b"* OK [CAPABILITY IMAP4rev1] ready\r\n"
RAW = b"From: a@b.example\r\nMessage-ID: <1@b>\r\nContent-Type: application/x; name=a\r\n\r\nUNB"


def connection(port: int, **changes: Any) -> MailConnection:
    given = {
        "username": "user",
        "password": "secret",
        "imap": {"host": "localhost", "port": port, "security": "none", "insecure": True} | changes.pop("imap", {}),
        "timeouts": {"connect": "500ms", "answer": "500ms", "whole": "1s"},
    }
    return MailConnection.model_validate(given | changes)


def dialogue(answers: dict[bytes, bytes], *, greeting: bytes = GREETING) -> Callable[[socket.socket], None]:
    """A server that answers commands by their name; ``%t`` is the tag; ``close`` hangs up, ``silence`` says nothing."""

    def script(client: socket.socket) -> None:
        client.sendall(greeting)
        data = b""
        while True:
            got = client.recv(4096)
            if not got:
                return
            data += got
            while b"\r\n" in data:
                line, _, data = data.partition(b"\r\n")
                tag, _, command = line.partition(b" ")
                name = command.removeprefix(b"UID ").split(b" ")[0].upper()
                answer = answers.get(name, b"%t OK done\r\n")
                if answer == b"close":
                    return
                if answer != b"silence":
                    client.sendall(answer.replace(b"%t", tag))

    return script


GOOD = {
    b"CAPABILITY": b"* CAPABILITY IMAP4rev1 UIDPLUS\r\n%t OK done\r\n",
    b"SELECT": b"* 1 EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\n%t OK [READ-WRITE] done\r\n",
    b"EXAMINE": b"* 1 EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\n%t OK [READ-ONLY] done\r\n",
    b"SEARCH": b"* SEARCH 5\r\n%t OK done\r\n",
    b"FETCH": b"* 1 FETCH (UID 5 RFC822.SIZE 70 BODY[HEADER.FIELDS (FROM SUBJECT)] {21}\r\nFrom: a@b.example\r\n\r\n"
    b" BODY[] {%d}\r\n%b)\r\n%%t OK done\r\n" % (len(RAW), RAW),
    b"LOGOUT": b"* BYE\r\n%t OK bye\r\n",
}


def test_the_script_is_a_server_at_all(scripted: Any, memory: Any, poll: Any) -> None:
    source = MailSource(connection(scripted(dialogue(GOOD))), MailSource.Options())
    assert poll(source, memory) == {"a": b"UNB"}


STEPS = [b"CAPABILITY", b"LOGIN", b"EXAMINE", b"SEARCH", b"FETCH"]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (b"close", "broke the connection off|closed the connection|Broken pipe|reset"),
        (b"silence", "does not answer in time"),
        (b"* BYE shutting down\r\n", "broke the connection off|closed the connection|does not answer|BYE"),
        (b"rubbish\r\n", "broke the connection off|breaks the protocol"),
        (b"* 1 FETCH (UID 5 BODY[] {9999999}\r\nshort", "does not answer in time"),
        (b"* 1 FETCH (UID 5 BODY[] {99999999}\r\nendless", "it sends more than 83554432 bytes for one answer"),
        (b"x" * 1_100_000 + b"\r\n", "broke the connection off: .*got more than"),
    ],
)
def test_a_fault_at_each_step_is_a_retry(scripted: Any, memory: Any, step: bytes, answer: bytes, message: str) -> None:
    port = scripted(dialogue(GOOD | {step: answer}))
    began = time.monotonic()
    with MailSource(connection(port), MailSource.Options()) as source, pytest.raises(Retry, match=message):
        list(source.receive(memory))
    assert time.monotonic() - began < 3
    assert memory == {} or step == b"FETCH"


def test_a_server_that_never_stops_talking_is_given_up(scripted: Any, memory: Any) -> None:
    def talk(client: socket.socket) -> None:
        client.sendall(GREETING)
        for _ in range(500):
            client.sendall(b"* OK still here\r\n")
            time.sleep(0.01)

    began = time.monotonic()
    with MailSource(connection(scripted(talk)), MailSource.Options()) as source, pytest.raises(Retry):
        list(source.receive(memory))
    assert time.monotonic() - began < 3


@pytest.mark.parametrize(
    ("answer", "consequence"),
    [
        (b"%t NO [AUTHENTICATIONFAILED] Authentication failed.\r\n", Stop),
        (b"%t NO [UNAVAILABLE] Temporary authentication failure.\r\n", Retry),
        (b"%t NO [LIMIT] Maximum number of connections exceeded\r\n", Retry),
        (b"%t NO [ALERT] Too many simultaneous connections. (Failure)\r\n", Retry),
        (b"%t NO LOGIN failed.\r\n", Stop),
        (b"%t BAD what?\r\n", Stop),
        (b'%t BAD what is LOGIN user "secret"?\r\n', Stop),
    ],
)
def test_what_a_refused_login_means(scripted: Any, answer: bytes, consequence: type[Exception]) -> None:
    port = scripted(dialogue(GOOD | {b"LOGIN": answer}))
    with MailSource(connection(port), MailSource.Options()) as source:
        with pytest.raises(consequence) as caught:
            source._opened()
        assert "secret" not in str(caught.value)


@pytest.mark.parametrize("size", [b"many", b"NIL", b"(1 2)"])
def test_a_size_that_is_none_breaks_the_protocol(scripted: Any, memory: Any, size: bytes) -> None:
    answer = GOOD[b"FETCH"].replace(b"RFC822.SIZE 70", b"RFC822.SIZE " + size)
    with (
        MailSource(connection(scripted(dialogue(GOOD | {b"FETCH": answer}))), MailSource.Options()) as source,
        pytest.raises(Retry, match="breaks the protocol: the size of a mail is"),
    ):
        list(source.receive(memory))


@pytest.mark.parametrize("headers", [b"99999999999", b"NIL", b"(1 2)"])
def test_headers_that_are_none_are_empty(scripted: Any, memory: Any, poll: Any, headers: bytes) -> None:
    answer = GOOD[b"FETCH"].replace(b"{21}\r\nFrom: a@b.example\r\n\r\n", headers)
    source = MailSource(connection(scripted(dialogue(GOOD | {b"FETCH": answer}))), MailSource.Options())
    assert poll(source, memory) == {"a": b"UNB"}


def test_a_password_that_the_server_cannot_be_told(scripted: Any) -> None:
    with (
        MailSource(connection(scripted(dialogue(GOOD)), password="geheimnisüß"), MailSource.Options()) as source,
        pytest.raises(Stop, match="takes only logins of ASCII signs") as caught,
    ):
        source._opened()
    assert "ü" not in repr(caught.value)


def test_a_server_that_takes_no_passwords(scripted: Any) -> None:
    says = b"* CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED\r\n%t OK done\r\n"
    port = scripted(dialogue(GOOD | {b"CAPABILITY": says}))
    with MailSource(connection(port), MailSource.Options()) as source, pytest.raises(Stop) as caught:
        source._opened()
    assert caught.value.message == f"user@localhost:{port} takes no passwords here"
    assert caught.value.hint == "it may want TLS first, or an OAuth 2.0 token"


def test_without_tls_no_login_is_sent(scripted: Any) -> None:
    heard: list[bytes] = []

    def script(client: socket.socket) -> None:
        client.sendall(GREETING)
        while got := client.recv(4096):
            heard.append(got)
            client.sendall(b"* CAPABILITY IMAP4rev1\r\n" + got.split(b" ")[0] + b" OK done\r\n")

    port = scripted(script)
    settings = connection(port, imap={"security": "starttls", "insecure": False})
    with MailSource(settings, MailSource.Options()) as source, pytest.raises(Stop) as caught:
        source._opened()
    assert caught.value.message == f"user@localhost:{port} offers no TLS at this port"
    assert caught.value.hint == "try security: tls, which uses port 993"
    assert not any(b"LOGIN" in line or b"AUTH" in line for line in heard)


def test_an_account_that_only_sends_cannot_receive(memory: Any) -> None:
    only = MailConnection.model_validate({"username": "u", "password": "p", "smtp": {"host": "x.example"}})
    with MailSource(only, MailSource.Options()) as source, pytest.raises(Stop) as caught:
        list(source.receive(memory))
    assert caught.value.message == "the connection has no imap: to receive from"
