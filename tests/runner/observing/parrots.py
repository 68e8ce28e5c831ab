"""Partners of the worst manners: whatever they are told, passwords too, they repeat in their answers."""

import base64
import json
import socketserver
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Parrot(ThreadingHTTPServer):
    """Answers HTTP with all that a request holds: at each path first with 503, then with 401, then with 200."""

    daemon_threads = True
    statuses = (503, 401)

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Http)
        self.calls: Counter[str] = Counter()
        self.heard: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Http(BaseHTTPRequestHandler):
    server: Parrot

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode("latin-1")
        login = self.headers.get("Authorization", "")
        if login.startswith("Basic "):
            login = base64.b64decode(login[6:]).decode("latin-1")
        heard = f"{self.path} {dict(self.headers)} {login} {body}"
        self.server.heard.append(heard)
        path = self.path.partition("?")[0]
        count = self.server.calls[path]
        self.server.calls[path] += 1
        status = self.server.statuses[count] if count < len(self.server.statuses) else 200
        if path == "/soap":
            text = heard.replace("&", "&amp;").replace("<", "&lt;")
            content = (
                '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault>'
                f"<faultcode>s:Server</faultcode><faultstring>{text}</faultstring>"
                "</s:Fault></s:Body></s:Envelope>"
            ).encode()
            status, kind = max(status, 500) if status != 401 else 401, "text/xml"
        else:
            content, kind = (
                json.dumps({"error": "no", "message": heard, "errors": [heard]}).encode(),
                "application/json",
            )
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("X-Heard", base64.b64encode(heard.encode())[:2000].decode())
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = _answer  # noqa: N815  # as http.server has it

    def log_message(self, format: str, *args: Any) -> None:
        """Tests are quiet."""


class _Lines(socketserver.StreamRequestHandler):
    """Speaks line by line: ``hello`` first, and to each line what ``says`` makes of it."""

    hello = b""
    server: "_Server"

    def handle(self) -> None:
        self.wfile.write(self.hello)
        for line in self.rfile:
            self.server.heard.append(line.decode("latin-1"))
            answer = self.says(line.decode("latin-1").strip())
            self.wfile.write(answer.encode("latin-1"))

    def says(self, line: str) -> str:
        raise NotImplementedError


class Ftp(_Lines):
    hello = b"220 parrot\r\n"

    def says(self, line: str) -> str:
        if line.startswith("USER"):
            return "331 go on\r\n"
        return f"530 wrong: {line}\r\n" if line.startswith("PASS") else f"502 {line}\r\n"


class Smtp(_Lines):
    hello = b"220 parrot\r\n"

    def says(self, line: str) -> str:
        if line.upper().startswith("EHLO"):
            return "250-parrot\r\n250 AUTH PLAIN\r\n"
        if line.upper().startswith("AUTH PLAIN "):
            told = base64.b64decode(line[11:]).decode("latin-1").replace("\0", " ")
            return f"535 wrong: {line} {told}\r\n"
        return f"250 {line}\r\n" if line.upper().startswith(("NOOP", "RSET", "QUIT")) else f"500 {line}\r\n"


class Imap(_Lines):
    hello = b"* OK parrot\r\n"

    def says(self, line: str) -> str:
        tag, _, command = line.partition(" ")
        if command.startswith("CAPABILITY"):
            return f"* CAPABILITY IMAP4rev1\r\n{tag} OK done\r\n"
        return f"{tag} NO [AUTHENTICATIONFAILED] wrong: {line}\r\n"


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, handler: type[_Lines], heard: list[str]) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self.heard = heard


@contextmanager
def parrots() -> Iterator[tuple[Parrot, dict[str, int]]]:
    """The one that speaks HTTP, and the ports of the others by name."""
    with ExitStack() as stack:
        http = Parrot()
        others = {
            name: _Server(handler, http.heard) for name, handler in (("ftp", Ftp), ("smtp", Smtp), ("imap", Imap))
        }
        for server in (http, *others.values()):
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
            thread.start()
            stack.callback(server.server_close)
            stack.callback(thread.join)
            stack.callback(server.shutdown)
        yield http, {name: server.server_address[1] for name, server in others.items()}
