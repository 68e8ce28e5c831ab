"""Handing mails in, by SMTP (RFC 5321; STARTTLS by RFC 3207, logins by RFC 4954).

The dialogue is led step by step, since what a lost connection means depends on the step: until the mail's last line was
sent nothing has arrived, and after it nobody knows.
"""

import base64
import re
import smtplib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from transload.adapters.base import Finding, Reject, Retry, Severity, Stop, Unknown
from transload.adapters.base.network import fault_of_login
from transload.adapters.base.patience import at_most, hanging_up
from transload.adapters.base.tls import Peer, check_pins, context_of, peer_of
from transload.adapters.mail.composing import Mail
from transload.adapters.mail.errors import OF_SMTP, of_mail, of_smtp, of_smtp_login, reply
from transload.adapters.mail.settings import MailConnection, SmtpServer, Timeouts

_PIECE = 256 * 1024


@dataclass(frozen=True, kw_only=True)
class Taken:
    """A server has taken a mail: what it said, and findings about recipients that it refused."""

    said: str
    findings: tuple[Finding, ...] = ()


@dataclass(kw_only=True)
class Submission:
    """An open conversation with a server, logged in if that is asked for."""

    client: smtplib.SMTP
    peer: str
    times: Timeouts
    used: bool = field(default=False)

    @property
    def tls(self) -> Peer | None:
        """The other side of the connection, None without TLS."""
        return peer_of(self.client.sock)

    def is_alive(self) -> bool:
        """Whether the server still answers."""
        try:
            with self.talk():
                return self.client.noop()[0] == 250
        except (Retry, Stop):
            return False

    def send(self, mail: Mail) -> Taken:
        """Hand ``mail`` in.

        Raises `Retry` (nothing was taken), `Reject` (no recipient, or the mail, is wanted), `Stop` (login, sender),
        `Unknown` (the connection was lost after the mail's last line).
        """
        with self.talk():
            refused = self._envelope(mail)
            code, text = self.client.docmd("DATA")
            if code != 354:
                raise of_mail(code, text, self.peer)
            # A dot that begins a line is doubled (RFC 5321, 4.5.2); nothing may look like the end before it.
            lines = re.sub(rb"(?m)^\.", b"..", mail.lines)
            for start in range(0, len(lines), _PIECE):
                self.client.send(lines[start : start + _PIECE])
        code, text = self._last_word(mail, b"" if lines.endswith(b"\r\n") else b"\r\n")
        if code // 100 != 2:
            raise of_mail(code, text, self.peer)
        return Taken(said=reply(code, text), findings=_of_recipients(refused, self.peer))

    def close(self) -> None:
        """Say goodbye and close the connection."""
        with suppress(*OF_SMTP), at_most(5, hanging_up(lambda: self.client.sock)):
            self.client.quit()
        with suppress(*OF_SMTP):
            self.client.close()

    def _envelope(self, mail: Mail) -> dict[str, tuple[int, bytes]]:
        """Sender and recipients; the refused ones, where some are not."""
        client = self.client
        if mail.needs_utf8 and not client.has_extn("smtputf8"):
            message = f"{self.peer} takes no addresses beyond ASCII (SMTPUTF8)"
            raise Reject(message, hint="use an address of ASCII signs")
        options = [f"SIZE={len(mail.lines)}"] if client.has_extn("size") else []
        options += ["SMTPUTF8", "BODY=8BITMIME"] if mail.needs_utf8 else []
        client.command_encoding = "utf-8" if mail.needs_utf8 else "ascii"
        if self.used:
            client.rset()
        self.used = True
        code, text = client.mail(mail.sender, options)
        if code == 552:
            raise of_mail(code, text, self.peer)
        if code // 100 == 5 and code not in (530, 535, 538):
            message = f"{self.peer} does not send mails from {mail.sender}: {reply(code, text)}"
            raise Stop(message, hint="correct sender, or ask who keeps the server which addresses this account may use")
        if code // 100 != 2:
            raise of_mail(code, text, self.peer)
        refused = {}
        for address in mail.recipients:
            code, text = client.rcpt(address)
            if code // 100 != 2:
                refused[address] = (code, text)
            if code in (421, 530, 535, 538):
                raise of_mail(code, text, self.peer)
        later = {address: answer for address, answer in refused.items() if answer[0] // 100 != 5}
        if later:  # nothing was sent yet: who is refused for now would never get it, if the others got it
            findings = _of_recipients(later, self.peer, severity=Severity.ERROR)
            raise Retry(f"{self.peer} does not take the mail for all now: {findings[0].value}", findings=findings)
        if len(refused) == len(mail.recipients):
            findings = _of_recipients(refused, self.peer, severity=Severity.ERROR)
            raise Reject(f"{self.peer} takes the mail for no recipient: {findings[0].value}", findings=findings)
        return refused

    def _last_word(self, mail: Mail, line_end: bytes) -> tuple[int, bytes]:
        """Send the mail's last line and hear what the server says to it."""
        try:
            with at_most(self.times.whole.total_seconds(), hanging_up(lambda: self.client.sock)):
                assert self.client.sock is not None
                self.client.sock.settimeout(self.times.whole.total_seconds())
                self.client.send(line_end + b".\r\n")
                answer = self.client.getreply()
                if self.client.sock is not None:
                    self.client.sock.settimeout(self.times.answer.total_seconds())
                if answer[0] // 100 not in (2, 4, 5):
                    raise smtplib.SMTPException(f"it answers {reply(*answer)!r}")
                return answer
        except OF_SMTP as error:
            lost = of_smtp(error, self.peer)
            message = f"the whole mail was sent, and whether it was taken is not known: {lost.message}"
            hint = f"ask the recipient for the mail {mail.message_id}, or look into the server's log"
            raise Unknown(message, hint=hint) from error

    @contextmanager
    def talk(self) -> Iterator[None]:
        """Say something inside; raises `Retry` or `Stop` for what goes wrong, all before a mail is taken."""
        try:
            with at_most(self.times.whole.total_seconds(), hanging_up(lambda: self.client.sock)):
                yield
        except (Retry, Reject, Stop):
            raise
        except OF_SMTP as error:
            raise of_smtp(error, self.peer) from error


def open_submission(connection: MailConnection) -> Submission:
    """Connect, check the certificate, log in.

    Raises `Stop` for a certificate that is not trusted, a server without TLS, a refused login or an unknown host;
    `Retry` when the server is not there, or busy.
    """
    server = connection.smtp
    if server is None:
        raise Stop("the connection has no smtp: to send by", hint="write the SMTP server under smtp: host:")
    who = f"{connection.username}@" if server.login else ""
    peer = f"{who}{server.host}:{server.port_number}"
    client = _client(server, connection.timeouts)
    found = Submission(client=client, peer=peer, times=connection.timeouts)
    try:
        _reach(found, server)
        with found.talk():
            if server.login:
                _log_in(client, connection, peer)
    except BaseException:
        with suppress(*OF_SMTP):
            client.close()
        raise
    return found


class _Plain(smtplib.SMTP):
    """The library's client, which knows the host that a certificate must be for before it connects."""

    def __init__(self, host: str, **options: Any) -> None:
        super().__init__(**options)
        self._host = host


class _Secure(smtplib.SMTP_SSL):
    """The same, with TLS from the first byte."""

    def __init__(self, host: str, **options: Any) -> None:
        super().__init__(**options)
        self._host = host


def _client(server: SmtpServer, times: Timeouts) -> smtplib.SMTP:
    """A client that is not connected yet."""
    seconds = times.connect.total_seconds()
    if server.security == "tls":
        context = context_of(server.tls)
        return _Secure(server.host, local_hostname=server.hello, timeout=seconds, context=context)
    return _Plain(server.host, local_hostname=server.hello, timeout=seconds)


def _reach(found: Submission, server: SmtpServer) -> None:
    client, peer = found.client, found.peer
    try:
        with at_most(found.times.whole.total_seconds(), hanging_up(lambda: client.sock)):
            code, text = client.connect(server.host, server.port_number)
            if code != 220:
                raise smtplib.SMTPConnectError(code, text)
            assert client.sock is not None
            client.ehlo_or_helo_if_needed()
            if server.security == "starttls":
                _start_tls(client, server, peer)
            if server.security != "none":
                check_pins(peer_of(client.sock), server.tls.pins)
            client.sock.settimeout(found.times.answer.total_seconds())
    except OF_SMTP as error:
        raise of_smtp(error, peer, connecting=True) from error


def _start_tls(client: smtplib.SMTP, server: SmtpServer, peer: str) -> None:
    """Go over to TLS; a server that does not offer it gets no login, as that would be in the clear."""
    if not client.has_extn("starttls"):
        raise Stop(f"{peer} offers no TLS at this port", hint="try security: tls, which uses port 465")
    client.starttls(context=context_of(server.tls))  # raises where the server refuses
    client.ehlo()


def _log_in(client: smtplib.SMTP, connection: MailConnection, peer: str) -> None:
    """By the first way that the server offers, of those that send the secret itself: TLS protects it."""
    secret = connection.token or connection.password
    assert secret is not None
    assert connection.username is not None
    value = secret.get_secret_value()
    what = "token" if connection.token else "password"
    if fault := fault_of_login(value):
        raise Stop(f"{peer}: the {what} {fault}", hint=f"correct the secret that {what} refers to")
    offered = client.esmtp_features.get("auth", "").upper().split()
    for name in ("XOAUTH2",) if connection.token else ("PLAIN", "LOGIN"):
        if name in offered:
            secrets, (code, text) = _WAYS[name](client, connection.username, value)
            if code != 235:
                raise of_smtp_login(code, text, peer, value, *secrets)
            return
    ways = ", ".join(offered) or "none"
    wanted = "XOAUTH2" if connection.token else "PLAIN or LOGIN"
    message = f"{peer} offers no login by {wanted}; it offers: {ways}"
    raise Stop(message, hint="a relay that wants no login has smtp: login: false; some servers want a token instead")


_Said = tuple[tuple[str, ...], tuple[int, bytes]]
"""What was sent that nobody may see, and the server's answer to it."""


def _plain(client: smtplib.SMTP, username: str, password: str) -> _Said:
    together = _encoded(f"\0{username}\0{password}")
    return (together,), client.docmd("AUTH", f"PLAIN {together}")


def _login(client: smtplib.SMTP, username: str, password: str) -> _Said:
    answer = client.docmd("AUTH", f"LOGIN {_encoded(username)}")
    secret = _encoded(password)
    return (secret,), client.docmd(secret) if answer[0] == 334 else answer


def _xoauth2(client: smtplib.SMTP, username: str, token: str) -> _Said:
    together = _encoded(f"user={username}\1auth=Bearer {token}\1\1")
    answer = client.docmd("AUTH", f"XOAUTH2 {together}")
    # It says why it refuses and wants an empty line before it says that it does.
    return (together,), client.docmd("") if answer[0] == 334 else answer


_WAYS: Mapping[str, Callable[[smtplib.SMTP, str, str], _Said]] = {
    "PLAIN": _plain,
    "LOGIN": _login,
    "XOAUTH2": _xoauth2,
}


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _of_recipients(
    refused: Mapping[str, tuple[int, bytes]], peer: str, *, severity: Severity = Severity.WARNING
) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            code="E-RECIPIENT",
            severity=severity,
            message=f"{peer} takes no mails for {address}: {reply(code, text)}",
            hint="correct the address, or ask the partner; those who were not refused have got the mail"
            if severity is Severity.WARNING
            else "correct the address under to:, or ask the partner",
            value=f"{address}: {reply(code, text)}",
        )
        for address, (code, text) in refused.items()
    )
