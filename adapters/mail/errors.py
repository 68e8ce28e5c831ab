"""What imaplib, IMAPClient and smtplib raise, as ours, in one place.

Codes in square brackets are those of RFC 5530 and RFC 9051 (7.1); the replies of SMTP are those of RFC 5321 (4.2) and,
for logins, RFC 4954.
"""

import re
import smtplib
import ssl

from imapclient.exceptions import CapabilityError, IMAPClientAbortError, IMAPClientError

from transload.adapters.base import Finding, Reject, Retry, Stop
from transload.adapters.base.masking import masked
from transload.adapters.base.network import later
from transload.adapters.base.network import translation as of_network

OF_IMAP: tuple[type[Exception], ...] = (
    IMAPClientError,
    OSError,
    EOFError,
    # IMAPClient's parsers, on answers that are none
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    AssertionError,
)
OF_SMTP: tuple[type[Exception], ...] = (smtplib.SMTPException, OSError, EOFError, ValueError)
_PASSING = re.compile(r"\[(UNAVAILABLE|INUSE|LIMIT|SERVERBUG)\]|too many|try (?:again|later)|temporar", re.IGNORECASE)
_LOGIN_HINT = "check username and password or token; nothing is tried again, so that the account is not locked"


def is_refusal(error: Exception) -> bool:
    """Whether an IMAP server said no to a command, and nothing is wrong with the conversation."""
    # What imaplib itself finds wrong it words like this.
    broken = isinstance(error, IMAPClientAbortError) or str(error).startswith("command: ")
    cause = error.__cause__ or error.__context__
    broken = broken or isinstance(cause, IMAPClientAbortError | OSError | EOFError)
    return isinstance(error, IMAPClientError) and not broken


def of_imap(error: Exception, peer: str, *, connecting: bool = False) -> Retry | Stop:
    """What an error of the conversation with an IMAP server means."""
    if isinstance(error, CapabilityError):
        return Stop(f"{peer} cannot do what is needed: {said(error)}", hint="ask who keeps the mailbox")
    if isinstance(error, IMAPClientError) and not is_refusal(error):
        return later(f"{peer} broke the connection off: {said(error)}")
    if isinstance(error, IMAPClientError):
        return later(f"{peer}: {said(error)}")
    if isinstance(error, OSError | EOFError):
        return of_network(error, peer, connecting=connecting)
    return later(f"{peer} breaks the protocol: {said(error)}")


def of_imap_login(error: Exception, peer: str, secret: str) -> Retry | Stop:
    """What a refused login means; a server that is busy is no wrong password.  Some repeat what they heard."""
    if not is_refusal(error):  # the library calls a lost connection a refused login too
        cause = error.__cause__ or error.__context__
        return of_imap(cause if isinstance(cause, OSError | EOFError) else error, peer)
    text = masked(said(error), secret)
    if _PASSING.search(text):
        return later(f"{peer} lets nobody in now: {text}")
    return _login(f"{peer} refuses the login: {text}")


def of_smtp(error: Exception, peer: str, *, connecting: bool = False) -> Retry | Stop:
    """What an error of the conversation with an SMTP server means, before it has a mail."""
    if isinstance(error, smtplib.SMTPServerDisconnected):
        timed_out = isinstance(error.__cause__ or error.__context__, TimeoutError)
        return later(f"{peer} {'does not answer in time' if timed_out else 'closed the connection'}")
    if isinstance(error, smtplib.SMTPResponseException) and isinstance(error.smtp_error, bytes):
        answer = reply(error.smtp_code, error.smtp_error)
        if error.smtp_code // 100 != 5:
            return later(f"{peer}: {answer}")
        return Stop(f"{peer} refuses us: {answer}", hint="ask who keeps the server what it wants")
    # Order matters: the library's classes are kinds of OSError, and refused certificates are kinds of ValueError too.
    if isinstance(error, smtplib.SMTPException) or not isinstance(error, OSError | EOFError):
        return later(f"{peer} breaks the protocol: {said(error)}")
    return of_network(error, peer, connecting=connecting)


def of_smtp_login(code: int, text: bytes, peer: str, *secrets: str) -> Retry | Stop:
    """What a refused login means (RFC 4954, 6); ``secrets`` are what was sent, which some servers repeat."""
    answer = reply(code, masked(text.decode("utf-8", "replace"), *secrets))
    if code // 100 == 5:
        return _login(f"{peer} refuses the login: {answer}")
    return later(f"{peer} lets nobody in now: {answer}")


def of_mail(code: int, text: bytes | str, peer: str) -> Retry | Reject | Stop:
    """What it means when a server does not take a mail, as a whole."""
    answer = reply(code, text)
    if code // 100 != 5:
        return later(f"{peer} does not take the mail now: {answer}")
    if code in (530, 535, 538):
        return _login(f"{peer} wants a login: {answer}")
    finding = Finding(
        code="E-MAIL",
        message=f"{peer} does not take the mail: {answer}",
        hint="where it is too large or its attachment is not wanted, agree on another way with the partner",
        value=answer,
    )
    return Reject(finding.message, findings=[finding])


def reply(code: int, text: bytes | str) -> str:
    """A server's answer in one line, not too long."""
    plain = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return f"{code} {_line(plain)}".strip()


def said(error: Exception) -> str:
    """What an error says, in one line and not too long."""
    found = error.reason if isinstance(error, ssl.SSLError) and error.reason else str(error)
    return _line(found) or type(error).__name__


def _line(text: str) -> str:
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())[:300].rstrip(".")


def _login(message: str) -> Stop:
    return Stop(message, hint=_LOGIN_HINT, findings=[Finding(code="E-LOGIN", message=message, hint=_LOGIN_HINT)])
