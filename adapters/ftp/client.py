"""FTP on the wire: ftplib, with bounds, deadlines, names of any bytes, and TLS sessions that are resumed.

What the library leaves open is settled here: an answer has a largest size and must be complete in time; nothing with a
line break is sent; text that came before TLS is not taken for an answer within it; and data connections resume the TLS
session of the control connection, by which the server knows that both are ours (ProFTPD and vsftpd demand it).
"""

import ftplib
import socket
import ssl
import time
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass

from transload.adapters.base.tls import check_pins, peer_of
from transload.adapters.ftp.errors import UNKNOWN_COMMANDS, NoDataConnection, NotRestarted, NotSpoken, code_of

_LONGEST_LINE = 16 * 1024
_LONGEST_ANSWER = 1024 * 1024
_LISTING = 256 * 1024 * 1024  # a million entries
_PIECE = 1024 * 1024
_SLOWEST = 256  # bytes a second on the average; a server that sends drop by drop would hold us for ever
_FAREWELL = 5.0
"""Seconds for what is only polite, or only tidies up."""


@dataclass(frozen=True, kw_only=True)
class Wire:
    """How to speak: seconds to wait, the TLS context (None: in the clear), pinned certificates, and the rest."""

    connect: float
    answer: float
    data: float
    context: ssl.SSLContext | None
    pins: tuple[str, ...] = ()
    implicit: bool = False
    active: bool = False
    trust_address: bool = False
    encoding: str = "utf-8"


class Client(ftplib.FTP):
    """One control connection.  Raises what ftplib and the sockets raise, and `NotSpoken`; see `errors`."""

    def __init__(self, wire: Wire) -> None:
        super().__init__(timeout=wire.answer, encoding=wire.encoding)
        self._wire = wire
        self._buffer = b""
        self._kind = ""
        self._deadline = 0.0
        self._patience = wire.answer
        self.passiveserver = not wire.active
        self.trust_server_pasv_ipv4_address = wire.trust_address

    # The control connection.

    def open(self, host: str, port: int) -> str:
        """Connect, with TLS at once if it is implicit; the server's greeting."""
        self.host, self.port = host, port
        self.sock = socket.create_connection((host, port), self._wire.connect)
        self.af = self.sock.family
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        if self._wire.implicit:
            self._secure()
        self.welcome = self.getresp()
        if self.welcome[:1] == "1":  # 120: ready in some minutes, and 220 when it is (RFC 959, 5.4)
            self.welcome = self.getresp()
        if self.welcome[:1] != "2":
            raise ftplib.error_reply(self.welcome)
        return self.welcome

    def start_tls(self) -> None:
        """Ask for TLS and go over to it (RFC 4217, 4)."""
        self.voidcmd("AUTH TLS")
        if self._buffer:
            raise NotSpoken("it sent text in the clear behind its consent to TLS, which somebody may have slipped in")
        self._secure()

    def protect_data(self) -> None:
        """Have data connections protected too (RFC 4217, 9)."""
        self.voidcmd("PBSZ 0")
        self.voidcmd("PROT P")

    def putline(self, line: str) -> None:
        """Send one line; nothing that would be two."""
        if fault := self.fault_of(line):
            raise NotSpoken(fault)
        assert self.sock is not None
        self.sock.settimeout(self._wire.answer)
        self.sock.sendall(line.encode(self.encoding, "surrogateescape") + b"\r\n")

    def fault_of(self, text: str) -> str | None:
        """Why ``text`` cannot be part of a line, or None: a line break would end the command, and begin another."""
        if any(sign in text for sign in "\r\n\0"):
            return "a line break cannot be sent in FTP"
        try:
            text.encode(self.encoding, "surrogateescape")
        except UnicodeEncodeError:  # whose words show a sign of it
            return f"it has a character that {self.encoding} does not have"
        return None

    def getline(self) -> str:
        """The next line of an answer, within the time that `getmultiline` has set."""
        while b"\n" not in self._buffer:
            if len(self._buffer) > _LONGEST_LINE:
                raise NotSpoken("it sends a line without an end")
            assert self.sock is not None
            self.sock.settimeout(max(0.001, self._deadline - time.monotonic()))
            received = self.sock.recv(8192)
            if not received:
                raise EOFError
            self._buffer += received
        line, _, self._buffer = self._buffer.partition(b"\n")
        return self._text(line)

    def getmultiline(self) -> str:
        """One whole answer; its lines are separated by line feeds (RFC 959, 4.2)."""
        self._deadline = time.monotonic() + self._patience
        first = self.getline()
        code = first[:3]
        if not (code.isascii() and code.isdigit() and first[3:4] in ("", " ", "-")):
            raise NotSpoken(f"it answers {first[:80]!r}")
        lines, size = [first], len(first)
        ended = first[3:4] != "-"
        while not ended:
            line = self.getline()
            lines.append(line)
            size += len(line)
            if size > _LONGEST_ANSWER:
                raise NotSpoken("it sends an answer without an end")
            ended = line == code or line.startswith(f"{code} ")
        return "\n".join(lines)

    def features(self) -> dict[str, str] | None:
        """What FEAT names, in upper case, with its parameters; None when the server does not know FEAT (RFC 2389)."""
        try:
            answer = self.sendcmd("FEAT")
        except ftplib.error_perm as error:
            if code_of(error) in UNKNOWN_COMMANDS:
                return None
            raise
        lines = [line.strip().partition(" ") for line in answer.splitlines()[1:-1]]
        return {name.upper(): value for name, _, value in lines if name}

    def farewell(self) -> None:
        """Say goodbye if that goes quickly, and close."""
        if self.sock is not None:
            with suppress(ftplib.Error, NotSpoken, OSError, EOFError), self.hurried():
                self.voidcmd("QUIT")
        self.close()

    @contextmanager
    def hurried(self) -> Iterator[None]:
        """Wait for answers only a short time inside."""
        self._patience = min(self._wire.answer, _FAREWELL)
        try:
            yield
        finally:
            self._patience = self._wire.answer

    # Data connections.

    def lines(self, command: str, *, kind: str) -> list[str]:
        """What ``command`` lists, line by line, without blank ones."""
        parts: list[bytes] = []
        size = 0
        with closing(self.received(command, kind=kind)) as pieces:
            for piece in pieces:
                parts.append(piece)
                size += len(piece)
                if size > _LISTING:
                    raise NotSpoken(f"it lists more than {_LISTING} bytes")
        return [self._text(line) for line in b"".join(parts).split(b"\n") if line.strip()]

    def received(self, command: str, *, kind: str = "I", begin: int = 0) -> Generator[bytes, None, None]:
        """The bytes that ``command`` brings, from byte ``begin`` on; the server's last word is heard at the end.

        When the caller wants no more, the data connection is closed, and what the server says about it counts nothing.
        """
        self.set_type(kind)
        data = self._transfer(command, begin)
        waited, size = 0.0, 0
        try:
            while True:
                began = time.monotonic()
                piece = self._piece(data)
                waited, size = waited + time.monotonic() - began, size + len(piece)
                if not piece:
                    break
                if waited > self._wire.data + size / _SLOWEST:
                    raise TimeoutError("drop by drop")
                yield piece
            _close_down(data, _FAREWELL)
        except GeneratorExit:
            data.close()
            self._after_giving_up()
            raise
        finally:
            data.close()
        self.voidresp()

    def store(self, command: str, content: bytes) -> None:
        """Send ``content``, and wait until the server says that it has it."""
        self.set_type("I")
        with self._transfer(command) as data:
            try:
                for start in range(0, len(content), _PIECE):  # the time-out is for each piece
                    data.sendall(memoryview(content)[start : start + _PIECE])
            except OSError:
                self._hear_why(data)
                raise
            _close_down(data, self._wire.data)
        self.voidresp()

    def makepasv(self) -> tuple[str, int]:
        """Where to open the next data connection; EPSV where the server knows no PASV."""
        try:
            host, port = self._passive()
        except ValueError as error:  # the library takes what stands there for a number
            raise NotSpoken(f"it names no port: {error}") from error
        if not 0 < port < 65536:
            raise NotSpoken(f"it names a port that cannot be: {port}")
        return host, port

    def _passive(self) -> tuple[str, int]:
        try:
            return super().makepasv()
        except ftplib.error_perm as error:
            if self.af != socket.AF_INET or code_of(error) not in UNKNOWN_COMMANDS:
                raise
        assert self.sock is not None
        return ftplib.parse229(self.sendcmd("EPSV"), self.sock.getpeername())

    def makeport(self) -> socket.socket:
        """A socket that waits for the server, which is told where; the library's own leaves it open on a refusal."""
        assert self.sock is not None
        listener = socket.create_server(("", 0), family=self.af, backlog=1)
        try:
            tell = self.sendport if self.af == socket.AF_INET else self.sendeprt
            tell(self.sock.getsockname()[0], listener.getsockname()[1])
        except BaseException:
            listener.close()
            raise
        return listener

    def set_type(self, kind: str) -> None:
        """How bytes are to travel: ``I`` as they are, ``A`` as lines."""
        if self._kind != kind:
            self.voidcmd(f"TYPE {kind}")
            self._kind = kind

    def _transfer(self, command: str, begin: int = 0) -> socket.socket:
        """An open data connection on which ``command`` sends or receives."""
        data = self._from_server(command, begin) if self._wire.active else self._to_server(command, begin)
        try:
            data.settimeout(self._wire.data)
            if self._wire.context is None:
                return data
            return self._secured(data)
        except OSError:
            self._hear_why(data)
            raise
        except BaseException:
            data.close()
            raise

    def _piece(self, data: socket.socket) -> bytes:
        try:
            return data.recv(_PIECE)
        except OSError:
            self._hear_why(data)
            raise

    def _hear_why(self, data: socket.socket) -> None:
        """After a data connection broke: close it, and raise what the server says about it, if it says anything."""
        data.close()
        with suppress(NotSpoken, OSError, EOFError), self.hurried():
            self.voidresp()

    def _to_server(self, command: str, begin: int) -> socket.socket:
        address = self.makepasv()
        try:
            data = socket.create_connection(address, self._wire.connect)
        except OSError as error:
            raise NoDataConnection(f"port {address[1]} of {address[0]}: {error.strerror or error}") from error
        try:
            self._begin(command, begin)
        except BaseException:
            data.close()
            raise
        return data

    def _from_server(self, command: str, begin: int) -> socket.socket:
        with self.makeport() as listener:
            self._begin(command, begin)
            listener.settimeout(self._wire.connect)
            try:
                data, address = listener.accept()
            except TimeoutError as error:
                raise NoDataConnection("the server opened none to us in time (active mode)") from error
        assert self.sock is not None
        if address[0] != self.sock.getpeername()[0] and not self.trust_server_pasv_ipv4_address:
            data.close()
            raise NotSpoken(f"somebody else, {address[0]}, opened the data connection")
        return data

    def _begin(self, command: str, begin: int) -> None:
        if begin:  # just before the command, as others in between end its effect at some servers
            self._restart(begin)
        answer = self.sendcmd(command)
        if answer[:1] == "2":  # some say 200 first, and 150 after it
            answer = self.getresp()
        if answer[:1] != "1":
            raise ftplib.error_reply(answer)

    def _restart(self, begin: int) -> None:
        """Have the next transfer begin at byte ``begin`` (RFC 3659, 5).  Raises `NotRestarted`."""
        try:
            answer = self.sendcmd(f"REST {begin}")
        except ftplib.error_perm as error:
            raise NotRestarted(str(error)) from error
        if answer[:1] != "3":
            raise ftplib.error_reply(answer)

    def _after_giving_up(self) -> None:
        """Hear what the server says about a data connection that we closed, so that the next answer is the next."""
        try:
            with self.hurried():
                self.getmultiline()
        except (NotSpoken, OSError, EOFError):
            self.close()

    # TLS.

    def _secure(self) -> None:
        assert self.sock is not None
        assert self._wire.context is not None
        self.sock.settimeout(self._wire.connect)
        self.sock = self._wire.context.wrap_socket(self.sock, server_hostname=self.host)
        check_pins(peer_of(self.sock), self._wire.pins)

    def _secured(self, data: socket.socket) -> ssl.SSLSocket:
        """``data`` with TLS, in the session of the control connection as it is by now: TLS 1.3 gives it out late."""
        assert self._wire.context is not None
        session = self.sock.session if isinstance(self.sock, ssl.SSLSocket) else None
        secured = self._wire.context.wrap_socket(data, server_hostname=self.host, session=session)
        try:
            check_pins(peer_of(secured), self._wire.pins)
        except BaseException:
            secured.close()
            raise
        return secured

    def _text(self, line: bytes) -> str:
        return line.removesuffix(b"\r").decode(self.encoding, "surrogateescape")


def _close_down(data: socket.socket, seconds: float) -> None:
    """End TLS before the connection, as a cut off one looks alike; read what came meanwhile, lest closing resets it.

    Whether all arrived is said on the control connection, so what happens to a closing here says nothing.
    """
    if isinstance(data, ssl.SSLSocket):
        with suppress(OSError, ValueError):
            data.settimeout(seconds)
            data.unwrap()
