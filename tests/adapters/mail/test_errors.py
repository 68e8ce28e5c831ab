"""Every exception class of the mail libraries has a consequence."""

import inspect
import smtplib
import socket
import ssl

import imapclient.exceptions
import pytest

from transload.adapters.base import Reject, Retry, Stop
from transload.adapters.mail.errors import OF_IMAP, OF_SMTP, of_imap, of_imap_login, of_mail, of_smtp


def test_the_libraries_have_no_exception_that_we_do_not_know() -> None:
    for module, known in ((smtplib, OF_SMTP), (imapclient.exceptions, OF_IMAP)):
        found = [kind for _, kind in inspect.getmembers(module, inspect.isclass) if issubclass(kind, Exception)]
        assert len(found) > 5
        assert all(issubclass(kind, known) for kind in found), found


@pytest.mark.parametrize(
    ("error", "consequence", "message"),
    [
        (smtplib.SMTPServerDisconnected("please run connect() first"), Retry, "peer closed the connection"),
        (smtplib.SMTPConnectError(554, b"go away\x1b[2J"), Stop, "peer refuses us: 554 go away [2J"),
        (smtplib.SMTPConnectError(421, b"busy"), Retry, "peer: 421 busy"),
        (smtplib.SMTPHeloError(502, b"what?"), Stop, "peer refuses us: 502 what?"),
        (
            smtplib.SMTPResponseException(500, "Line too long."),
            Retry,
            "peer breaks the protocol: (500, 'Line too long.')",
        ),
        (smtplib.SMTPNotSupportedError("no"), Retry, "peer breaks the protocol: no"),
        (ValueError("odd"), Retry, "peer breaks the protocol: odd"),
        (ConnectionResetError(104, "Connection reset by peer"), Retry, "peer: Connection reset by peer"),
        (TimeoutError("timed out"), Retry, "peer does not answer in time"),
        (ssl.SSLCertVerificationError("bad"), Stop, "peer shows a certificate that is not trusted: bad"),
        (socket.gaierror(socket.EAI_NONAME, "unknown"), Stop, "peer: there is no host of this name (unknown)"),
    ],
)
def test_smtp(error: Exception, consequence: type[Exception], message: str) -> None:
    found = of_smtp(error, "peer", connecting=True)
    assert (type(found), str(found)) == (consequence, message)


@pytest.mark.parametrize(
    ("error", "consequence", "message"),
    [
        (imapclient.exceptions.CapabilityError("no MOVE"), Stop, "peer cannot do what is needed: no MOVE"),
        (imapclient.exceptions.IMAPClientAbortError("gone"), Retry, "peer broke the connection off: gone"),
        (imapclient.exceptions.IMAPClientError("NO"), Retry, "peer: NO"),
        (
            imapclient.exceptions.IMAPClientError("command: X => y"),
            Retry,
            "peer broke the connection off: command: X => y",
        ),
        (imapclient.exceptions.ProtocolError("what"), Retry, "peer: what"),
        (KeyError(b"UIDVALIDITY"), Retry, "peer breaks the protocol: b'UIDVALIDITY'"),
        (EOFError(), Retry, "peer closed the connection"),
    ],
)
def test_imap(error: Exception, consequence: type[Exception], message: str) -> None:
    found = of_imap(error, "peer")
    assert (type(found), str(found)) == (consequence, message)


def test_a_refused_login_by_imap() -> None:
    found = of_imap_login(imapclient.exceptions.LoginError("b'[AUTHENTICATIONFAILED] no xyz.'"), "peer", "xyz")
    assert type(found) is Stop
    assert found.message == "peer refuses the login: b'[AUTHENTICATIONFAILED] no ***.'"
    assert found.findings[0].code == "E-LOGIN"


@pytest.mark.parametrize(
    ("code", "consequence"), [(421, Retry), (451, Retry), (535, Stop), (552, Reject), (554, Reject), (0, Retry)]
)
def test_a_mail_that_is_not_taken(code: int, consequence: type[Exception]) -> None:
    assert type(of_mail(code, b"text", "peer")) is consequence
