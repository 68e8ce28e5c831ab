"""A folder of a mailbox, by IMAP (RFC 9051; servers of RFC 3501 do): list, fetch, mark, move, delete.

IMAPClient speaks the protocol.  Mails are named by UID throughout, fetched without marking them as seen, and removed
by UID only, so that no other program's deleted mails go with ours.
"""

import logging
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import IMAPClientError
from imapclient.imap4 import IMAP4WithTimeout
from imapclient.tls import IMAP4_TLS

from transload.adapters.base import Finding, Reject, Retry, Stop
from transload.adapters.base.network import fault_of_login
from transload.adapters.base.patience import at_most, hanging_up
from transload.adapters.base.tls import Peer, check_pins, context_of, peer_of
from transload.adapters.mail.errors import OF_IMAP, is_refusal, of_imap, of_imap_login, said
from transload.adapters.mail.parts import HEAD
from transload.adapters.mail.settings import ImapServer, MailConnection, Timeouts

logging.getLogger("imapclient").setLevel(logging.CRITICAL)  # it logs every line; what matters is raised
_HEADERS = f"BODY.PEEK[HEADER.FIELDS (FROM SUBJECT)]<0.{HEAD}>"
_CHUNK = 200
_ROOM = 32 * 1024 * 1024
"""Bytes that the answer to a command may have, beside those of a mail."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Glance:
    """What is seen of a mail before it is fetched: its size in bytes, and the first `HEAD` of what selects it."""

    uid: int
    size: int
    headers: bytes


class Mailbox:
    """An open and logged in connection.  Raises `Retry` and `Stop`; `Reject` where one mail is the matter."""

    def __init__(self, client: Any, peer: str, seconds: float) -> None:
        self._client = client
        self._seconds = seconds
        self.peer = peer

    @property
    def tls(self) -> Peer | None:
        """The other side of the connection, None without TLS."""
        return peer_of(self._client.socket())

    def select(self, folder: str, *, read_only: bool) -> tuple[int, int]:
        """Open ``folder``: its UIDVALIDITY and the number of mails.  Raises `Stop` when there is none."""
        with self.talk():
            try:
                found = self._client.select_folder(folder, readonly=read_only)
            except IMAPClientError as error:
                if not is_refusal(error):
                    raise
                raise Stop(
                    f"{self.peer}: the folder {folder!r} cannot be opened: {said(error)}",
                    hint="correct folder; one inside another is written as the server names it, such as INBOX/EDI",
                ) from error
            return int(found[b"UIDVALIDITY"]), int(found[b"EXISTS"])

    def uids(self, *, above: int, unseen: bool) -> list[int]:
        """The UIDs of mails that are not deleted, from ``above`` on exclusively, in the order of their arrival."""
        criteria: list[Any] = ["UNDELETED"]
        if unseen:
            criteria.append("UNSEEN")
        if above:
            criteria += ["UID", f"{above + 1}:*"]
        with self.talk():
            found = self._client.search(criteria)
        # The last mail always is in a range up to *, whatever its UID.
        return sorted({uid for uid in found if uid > above})

    def glances(self, uids: Sequence[int]) -> Iterator[Glance]:
        """What is seen of each mail; those that are gone are left out."""
        for start in range(0, len(uids), _CHUNK):
            chunk = uids[start : start + _CHUNK]
            with self.talk():
                found = self._client.fetch(chunk, ["RFC822.SIZE", _HEADERS])
                seen = [_glance(uid, found[uid]) for uid in chunk if uid in found]
            yield from seen

    def content(self, uid: int) -> bytes | None:
        """The whole mail, as it is; None when it is gone."""
        with self.talk():
            found = self._client.fetch([uid], ["BODY.PEEK[]"]).get(uid, {})
        content = found.get(b"BODY[]")
        return bytes(content) if isinstance(content, bytes) else None

    def mark_seen(self, uid: int) -> None:
        """Mark the mail as seen."""
        with self.talk():
            self._client.add_flags([uid], [b"\\Seen"], silent=True)

    def delete(self, uid: int) -> None:
        """Delete the mail; a server without UIDPLUS leaves it in the folder, marked as deleted."""
        with self.talk():
            self._client.add_flags([uid], [b"\\Deleted"], silent=True)
            if self._client.has_capability("UIDPLUS"):
                self._client.uid_expunge([uid])

    def move(self, uid: int, folder: str) -> None:
        """Move the mail into ``folder``, which is made when it is missing; without MOVE it is copied, then deleted."""
        with self.talk():
            whole = self._client.has_capability("MOVE")
            into = self._client.move if whole else self._client.copy
            try:
                into([uid], folder)
            except IMAPClientError as error:
                if not is_refusal(error):
                    raise
                self._make(folder, error)
                into([uid], folder)
        if not whole:
            self.delete(uid)

    def close(self) -> None:
        """Log out and close the connection."""
        with suppress(*OF_IMAP), at_most(min(self._seconds, 5), hanging_up(self._client.socket)):
            self._client.logout()
        with suppress(*OF_IMAP):
            self._client.shutdown()

    def _make(self, folder: str, refusal: Exception) -> None:
        try:
            if self._client.folder_exists(folder):
                raise refusal
            self._client.create_folder(folder)
        except IMAPClientError as error:
            if not is_refusal(error):
                raise
            finding = Finding(
                code="E-DENIED",
                message=f"a mail cannot be moved to the folder {folder!r}: {said(error)}",
                hint="ask who keeps the mailbox for the right to make and fill that folder",
            )
            raise Reject(finding.message, findings=[finding]) from error

    @contextmanager
    def talk(self) -> Iterator[None]:
        """Say something inside; raises `Retry` or `Stop` for what goes wrong."""
        try:
            with at_most(self._seconds, hanging_up(self._client.socket)):
                yield
        except (Retry, Stop, Reject):
            raise
        except OF_IMAP as error:
            raise of_imap(error, self.peer) from error


def _glance(uid: int, facts: Mapping[bytes, object]) -> Glance:
    headers = next((value for key, value in facts.items() if key.startswith(b"BODY[")), None)
    size = facts.get(b"RFC822.SIZE")
    if not isinstance(size, int):
        raise TypeError(f"the size of a mail is {size!r}")
    return Glance(uid=uid, size=size, headers=headers if isinstance(headers, bytes) else b"")


def open_mailbox(connection: MailConnection, *, largest: int) -> Mailbox:
    """Connect, check the certificate, log in.  A mail of more than ``largest`` bytes breaks the connection off.

    Raises `Stop` for a certificate that is not trusted, a refused login or an unknown host; `Retry` when the server is
    not there, or busy.
    """
    server = connection.imap
    if server is None:
        raise Stop("the connection has no imap: to receive from", hint="write the IMAP server under imap: host:")
    peer = f"{connection.username}@{server.host}:{server.port_number}"
    times = connection.timeouts
    try:
        client = _connected(server, times, largest + _ROOM)
    except OF_IMAP as error:
        raise of_imap(error, peer, connecting=True) from error
    box = Mailbox(client, peer, times.whole.total_seconds())
    try:
        with box.talk():
            _secure(client, server, peer)
            _log_in(client, connection, peer)
    except BaseException:
        with suppress(*OF_IMAP):
            client.shutdown()
        raise
    return box


class _Watched(IMAPClient):  # type: ignore[misc]  # the library has no types
    """The library's client, with its socket known while the constructor talks already, and answers that end."""

    def __init__(self, sockets: list[socket.socket], most: int, *given: Any, **options: Any) -> None:
        self._sockets = sockets
        self._most = most
        super().__init__(*given, **options)

    def _create_IMAP4(self) -> Any:  # noqa: N802 - the library's name
        sockets, most = self._sockets, self._most

        def noting(kind: type[Any]) -> type[Any]:
            class Noting(kind):  # type: ignore[misc]
                _left = most

                def send(self, data: Any) -> None:
                    self._left = most
                    super().send(data)

                def read(self, size: int) -> bytes:
                    self._count(size)
                    return bytes(super().read(size))

                def readline(self) -> bytes:
                    line = bytes(super().readline())
                    self._count(len(line))
                    return line

                def _count(self, size: int) -> None:
                    self._left -= size
                    if self._left < 0:
                        raise self.abort(f"it sends more than {most} bytes for one answer")

                def _create_socket(self, timeout: float | None = None) -> socket.socket:
                    found: socket.socket = super()._create_socket(timeout)
                    sockets.append(found)
                    # the library sends a command in pieces, and each would wait for the server's sign of life, 40 ms
                    found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    return found

            return Noting

        if self.ssl:
            return noting(IMAP4_TLS)(self.host, self.port, self.ssl_context, self._timeout.connect)
        return noting(IMAP4WithTimeout)(self.host, self.port, self._timeout.connect)


def _connected(server: ImapServer, times: Timeouts, most: int) -> Any:
    """A client that has heard the greeting.  What the library leaves open after a fault is closed."""
    by_tls = server.security == "tls"
    context = context_of(server.tls) if by_tls else None
    timeout = SocketTimeout(times.connect.total_seconds(), times.answer.total_seconds())
    sockets: list[socket.socket] = []
    try:
        with at_most(times.whole.total_seconds(), hanging_up(lambda: sockets[-1] if sockets else None)):
            return _Watched(
                sockets, most, server.host, server.port_number, ssl=by_tls, ssl_context=context, timeout=timeout
            )
    except BaseException:
        for left in sockets:
            left.close()
        raise


def _secure(client: Any, server: ImapServer, peer: str) -> None:
    """Go over to TLS if that is still to be done, and look at the certificate."""
    if server.security == "starttls":
        if not client.has_capability("STARTTLS"):
            raise Stop(f"{peer} offers no TLS at this port", hint="try security: tls, which uses port 993")
        try:
            client.starttls(context_of(server.tls))
        except OF_IMAP as error:
            raise of_imap(error, peer, connecting=True) from error
    if server.security != "none":
        try:
            check_pins(peer_of(client.socket()), server.tls.pins)
        except OSError as error:
            raise of_imap(error, peer) from error


def _log_in(client: Any, connection: MailConnection, peer: str) -> None:
    secret = connection.token or connection.password
    assert secret is not None
    assert connection.username is not None
    value = secret.get_secret_value()
    if fault := fault_of_login(value):
        what = "token" if connection.token else "password"
        raise Stop(f"{peer}: the {what} {fault}", hint=f"correct the secret that {what} refers to")
    try:
        if connection.token:
            client.oauth2_login(connection.username, value)
        elif client.has_capability("AUTH=PLAIN"):
            client.plain_login(connection.username, value)
        elif client.has_capability("LOGINDISABLED"):
            raise Stop(f"{peer} takes no passwords here", hint="it may want TLS first, or an OAuth 2.0 token")
        elif not (connection.username + value).isascii():
            raise Stop(
                f"{peer} takes only logins of ASCII signs (no AUTH=PLAIN)",
                hint="ask who keeps the mailbox for another password",
            )
        else:
            client.login(connection.username, value)
    except OF_IMAP as error:
        raise of_imap_login(error, peer, value) from None
