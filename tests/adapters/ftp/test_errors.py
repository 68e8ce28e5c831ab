"""Every exception of ftplib, and every reply of servers, has a consequence."""

import ftplib
import inspect
import socket
import ssl

import pytest

from transload.adapters.base import Retry, Stop
from transload.adapters.base.folders import Denied, Failed, Missing
from transload.adapters.ftp.errors import FOREIGN, NoDataConnection, NotSpoken, of_connection, of_path


def test_the_library_has_no_exception_that_we_do_not_know() -> None:
    found = {kind for _, kind in inspect.getmembers(ftplib, inspect.isclass) if issubclass(kind, Exception)}
    assert {kind.__name__ for kind in found} == {"Error", "error_reply", "error_temp", "error_perm", "error_proto"}
    assert all(issubclass(kind, FOREIGN) for kind in found)


@pytest.mark.parametrize(
    ("error", "consequence", "message"),
    [
        (ftplib.error_temp("421 Going down."), Retry, "peer: 421 Going down"),
        (ftplib.error_temp("425 No."), Retry, "peer opens no data connection: 425 No"),
        (ftplib.error_temp("426 Cut."), Retry, "peer: 426 Cut"),
        (ftplib.error_perm("530 Not logged in."), Stop, "peer wants a login: 530 Not logged in"),
        (ftplib.error_perm("532 Need account."), Stop, "peer wants a login: 532 Need account"),
        (ftplib.error_perm("502 No such command."), Stop, "peer refuses what we need: 502 No such command"),
        (
            ftplib.error_perm("522 SSL connection failed; session reuse required"),
            Stop,
            "peer refuses the protection of data connections: 522 SSL connection failed; session reuse required",
        ),
        (ftplib.error_proto("gibberish\x1b[2J\r\nmore"), Retry, "peer breaks the protocol: gibberish [2J more"),
        (ftplib.error_reply("250 what?"), Retry, "peer breaks the protocol: 250 what?"),
        (ftplib.Error("got more than 8192 bytes"), Retry, "peer breaks the protocol: got more than 8192 bytes"),
        (NotSpoken("it sings"), Retry, "peer breaks the protocol: it sings"),
        (NoDataConnection("port 1 of x: refused"), Retry, "peer opens no data connection: port 1 of x: refused"),
        (EOFError(), Retry, "peer closed the connection"),
        (TimeoutError("timed out"), Retry, "peer does not answer in time"),
        (ssl.SSLEOFError(8, "EOF occurred"), Retry, "peer closed the connection"),
        (ssl.SSLError(1, "BAD_RECORD"), Retry, "peer: BAD_RECORD"),
        (socket.gaierror(socket.EAI_AGAIN, "later"), Retry, "peer: the host's address cannot be found now (later)"),
        (ConnectionResetError(104, "Connection reset by peer"), Retry, "peer: Connection reset by peer"),
    ],
)  # fmt: skip
def test_what_concerns_the_connection(error: Exception, consequence: type[Exception], message: str) -> None:
    found = of_connection(error, "peer")
    assert type(found) is consequence
    assert str(found) == message


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        ("550 No such file or directory.", Missing),
        ("550 File not found", Missing),
        ("550 The system cannot find the file specified.", Missing),
        ("550 /x: doesn't exist", Missing),
        ("550 Can't open a: does not exist", Missing),
        ("550 Permission denied.", Denied),
        ("550 Access is denied.", Denied),
        ("553 Operation not permitted", Denied),
        ("532 Need account for storing files.", Denied),
        ("550 Failed to open file.", Failed),
        ("553 Could not create file.", Failed),
        ("552 Disk full.", Failed),
        ("450 Busy.", Failed),
        ("451 Local error.", Failed),
        ("501 Bad name.", Failed),
        ("530 Please login.", type(None)),
        ("421 Timeout.", type(None)),
        ("425 No.", type(None)),
        ("500 What?", type(None)),
    ],
)
def test_what_concerns_a_path(reply: str, kind: type) -> None:
    raised = ftplib.error_temp(reply) if reply[0] == "4" else ftplib.error_perm(reply)
    assert type(of_path(raised, "a/b")) is kind


@pytest.mark.parametrize("path", ["in/access not permitted.edi", "not found/x.edi", "no file"])
def test_the_words_of_a_path_that_is_repeated_count_nothing(path: str) -> None:
    assert type(of_path(ftplib.error_perm(f"550 {path}: Is busy"), path)) is Failed
    assert type(of_path(ftplib.error_perm(f"550 {path.rpartition('/')[2]}: Is busy"), path)) is Failed
    assert type(of_path(ftplib.error_perm(f"550 {path}: No such file"), path)) is Missing


def test_a_long_reply_is_shortened() -> None:
    found = of_path(ftplib.error_perm("550 " + "x" * 5000), "a")
    assert found is not None
    assert len(found.reason) == 300
