"""The scenes: for each adapter a partner of its own and a workspace that picks up from it or delivers to it.

Each scene moves the same two documents, byte for byte, so that what is lost, torn or doubled shows by comparing.
"""

import atexit
import json
import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import requests
from lxml import etree
from tests.adapters.as2.identities import identity
from tests.adapters.as2.partner import THEM, US, Partner, between
from tests.adapters.ftp.servers import PASSWORD as FTP_PASSWORD
from tests.adapters.ftp.servers import Server as FtpServer
from tests.adapters.mail.servers import PASSWORD as MAIL_PASSWORD
from tests.adapters.mail.servers import Dovecot, papers_in, running_dovecot, running_post

from transload.adapters.as2.judging import report_in
from transload.adapters.as2.keys import keys_of
from transload.adapters.as2.messages import seal
from transload.adapters.as2.mime import Part
from transload.adapters.base.folders.fetching import LARGE as LARGER_THAN
from transload.runner.demo.partners.rest_api import RestApi
from transload.runner.demo.partners.servers import http_server
from transload.runner.demo.partners.sftp_server import sftp_server
from transload.runner.demo.partners.soap_service import NAMESPACE, SoapService, wsdl_text

DOCUMENTS = tuple(
    json.dumps({"number": f"PO-{n}", "text": f"{n} " * 200}, separators=(",", ":")).encode() for n in (1, 2)
)
LARGE = json.dumps({"number": "PO-1", "text": "1 " * (LARGER_THAN // 2)}, separators=(",", ":")).encode()
_SUBMIT = """\
<SubmitOrder xmlns="urn:example:purchasing:1"><Number>PO-{0}</Number><Buyer>us</Buyer>\
<Line number="1"><Item>bolt</Item><Quantity>{0}</Quantity></Line></SubmitOrder>"""
NOW = datetime(2026, 2, 3, 10, tzinfo=UTC)
SUBMISSIONS = tuple(_SUBMIT.format(n).encode() for n in (1, 2))
_WORKSPACE = """\
workspace: crashes
store: sqlite:///ledger.db
defaults: {retry: {first: 100ms, longest: 200ms}}
"""


@dataclass
class Stage:
    """A scene on stage: its workspace in ``folder``, and how to see what came of it.

    ``landed`` gives the documents that the partner has taken, as often as it took them; ``left`` what lies about that
    should not: halves, and what is still offered although it was taken.
    """

    folder: Path
    landed: Callable[[], list[bytes]]
    left: Callable[[], list[str]]
    expected: tuple[bytes, ...] = DOCUMENTS
    call: Callable[[], bool] | None = None
    """Where the partner calls us, and the workspace is served: it brings what we have not confirmed yet; gives whether
    we have confirmed all."""


def _workspace(
    folder: Path, connection: dict[str, Any], origin: dict[str, Any], target: dict[str, Any], **more: Any
) -> Path:
    """A workspace whose one route passes on what arrives; JSON is YAML too."""
    workspace = folder / "workspace"
    (workspace / "mappings/partner").mkdir(parents=True)
    (workspace / "transload.yaml").write_text(_WORKSPACE)
    receive = {"from": origin, "format": {"type": "json"}, "to": ["partner/out"], **more}
    send = {"take": {"message": "*"}, "to": target}
    partner = {"partner": "partner", "connections": connection, "receive": {"in": receive}, "send": {"out": send}}
    (workspace / "mappings/partner/partner.yaml").write_text(json.dumps(partner))
    return workspace


def _offered(folder: Path) -> Path:
    """A folder ``out`` with the documents and an empty one ``in``."""
    for name in ("out", "out/done", "out/claimed", "in"):
        (folder / name).mkdir(parents=True)
    for number, content in enumerate(DOCUMENTS, start=1):
        (folder / f"out/PO-{number}.json").write_bytes(content)
    return folder


def _taken(folder: Path) -> list[bytes]:
    return [file.read_bytes() for file in sorted((folder / "in").iterdir()) if file.suffix == ".json"]


def _left(folder: Path) -> list[str]:
    """Files in ``out`` that were not moved to ``out/done`` or deleted, and halves in ``in``."""
    offered = [file.name for name in ("out", "out/claimed") for file in (folder / name).iterdir() if file.is_file()]
    halves = [file.name for file in (folder / "in").iterdir() if file.is_file() and file.suffix != ".json"]
    return sorted(offered + halves)


PICK_UP = {"folder": "out", "pattern": "*.json", "stable": "none", "afterwards": {"move": "out/done"}}
HAND_OVER = {"folder": "in", "file": "{number:04}.json"}


@contextmanager
def files(folder: Path, **pick_up: Any) -> Iterator[Stage]:
    """From a folder into a folder."""
    root = _offered(folder / "partner")
    connection = {"box": {"adapter": "files", "root": str(root)}}
    workspace = _workspace(
        folder, connection, {"connection": "box", **PICK_UP, **pick_up}, {"connection": "box", **HAND_OVER}
    )
    yield Stage(workspace, lambda: _taken(root), lambda: _left(root))


@contextmanager
def files_claimed(folder: Path) -> Iterator[Stage]:
    """Claimed by a rename, and deleted."""
    with files(folder, claim={"into": "out/claimed"}, afterwards="delete") as stage:
        yield stage


@contextmanager
def sftp(folder: Path, **pick_up: Any) -> Iterator[Stage]:
    """From a folder of an SFTP server into another."""
    root = _offered(folder / "partner")
    with sftp_server(root, username="us", password="secret") as server:
        login = {"username": "us", "password": "${file:keys/password}", "host_keys": [server.fingerprint]}
        connection = {"box": {"adapter": "sftp", "host": server.host, "port": server.port, "channels": 1, **login}}
        workspace = _workspace(
            folder, connection, {"connection": "box", **PICK_UP, **pick_up}, {"connection": "box", **HAND_OVER}
        )
        _keep_secret(workspace, "password", "secret")
        yield Stage(workspace, lambda: _taken(root), lambda: _left(root))


@contextmanager
def sftp_claimed(folder: Path) -> Iterator[Stage]:
    """Claimed by a rename on an SFTP server, and deleted."""
    with sftp(folder, claim={"into": "out/claimed"}, afterwards="delete") as stage:
        yield stage


@contextmanager
def sftp_large(folder: Path) -> Iterator[Stage]:
    """A large file of an SFTP server, which is gone on with where it broke off."""
    with sftp(folder) as stage:
        (folder / "partner/out/PO-1.json").write_bytes(LARGE)
        yield replace(stage, expected=(LARGE, DOCUMENTS[1]))


@contextmanager
def ftp(folder: Path) -> Iterator[Stage]:
    """From a folder of an FTP server into another."""
    root = _offered(folder / "partner")
    server = FtpServer(root)
    server.start()
    try:
        login = {"username": "partner", "password": "${file:keys/password}", "security": "none", "insecure": True}
        connection = {"box": {"adapter": "ftp", "host": "127.0.0.1", "port": server.port, "channels": 1, **login}}
        workspace = _workspace(folder, connection, {"connection": "box", **PICK_UP}, {"connection": "box", **HAND_OVER})
        _keep_secret(workspace, "password", FTP_PASSWORD)
        yield Stage(workspace, lambda: _taken(root), lambda: _left(root))
    finally:
        server.stop()


@contextmanager
def mail_source(folder: Path) -> Iterator[Stage]:
    """Attachments of mails, which are moved to another folder, into a folder."""
    root = _offered(folder / "partner")
    dovecot = _dovecot()
    for number, content in enumerate(DOCUMENTS, start=1):
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = "partner@example.com", "us@example.com", f"order {number}"
        message["Message-ID"], message["Date"] = f"<{number}@example.com>", "Tue, 03 Feb 2026 10:00:00 +0000"
        message.set_content("an order")
        message.add_attachment(content, maintype="application", subtype="json", filename=f"PO-{number}.json")
        dovecot.put(message)
    imap = {"host": "localhost", "port": dovecot.tls, "tls": {"ca": str(dovecot.authority)}}
    connection = {
        "box": {"adapter": "files", "root": str(root)},
        "mail": {"adapter": "mail", "username": dovecot.user, "password": "${file:keys/password}", "imap": imap},
    }
    origin = {"connection": "mail", "afterwards": {"move": "done"}}
    workspace = _workspace(folder, connection, origin, {"connection": "box", **HAND_OVER})
    _keep_secret(workspace, "password", MAIL_PASSWORD)
    yield Stage(workspace, lambda: _taken(root), lambda: [f"mail {flags}" for flags in dovecot.flags()])


@contextmanager
def mail_target(folder: Path) -> Iterator[Stage]:
    """From a folder by mail: nobody can tell whether a mail was taken whose answer was lost."""
    root = _offered(folder / "partner")
    with TemporaryDirectory() as papers, running_post(papers_in(Path(papers)), "none") as post:
        smtp = {"host": "127.0.0.1", "port": post.port, "security": "none", "insecure": True, "login": False}
        connection = {"box": {"adapter": "files", "root": str(root)}, "mail": {"adapter": "mail", "smtp": smtp}}
        target = {"sender": "us@example.com", "to": "partner@example.com", "subject": "order", "file": "order.json"}
        workspace = _workspace(folder, connection, {"connection": "box", **PICK_UP}, {"connection": "mail", **target})
        yield Stage(workspace, lambda: [_attached(mail.content) for mail in post.mails], lambda: _left(root))


def _attached(mail: bytes) -> bytes:
    (part,) = message_from_bytes(mail, policy=default).iter_attachments()  # type: ignore[attr-defined]
    content: bytes = part.get_payload(decode=True)
    return content


@cache
def _mail_server() -> Dovecot:
    """One Dovecot for all plays, since it takes long to start; it ends with this process."""
    stack = ExitStack()
    atexit.register(stack.close)
    folder = Path(stack.enter_context(TemporaryDirectory()))
    found = stack.enter_context(running_dovecot(papers_in(folder)))
    assert found is not None
    return found


def _dovecot() -> Dovecot:
    """An account that is new to everybody."""
    server = _mail_server()
    server.accounts += 1
    return replace(server, user=f"user{server.accounts}")


def _keep_secret(workspace: Path, name: str, value: str) -> None:
    (workspace / "keys").mkdir(exist_ok=True)
    (workspace / "keys" / name).write_text(value)


@contextmanager
def rest_source(folder: Path) -> Iterator[Stage]:
    """Items of a REST API's pages, into a folder."""
    root = _offered(folder / "partner")
    api = RestApi()
    api.confirmations += [json.loads(document) for document in DOCUMENTS]
    with http_server(api.app) as address:
        pages = {"style": "cursor", "items": "data", "next": "meta.next", "each": "item"}
        pages |= {"size": 1, "size_parameter": "limit"}
        connection = {"api": {"adapter": "rest", "base_url": address}, "box": {"adapter": "files", "root": str(root)}}
        origin = {"connection": "api", "path": "/order-confirmations", "pages": pages}
        workspace = _workspace(folder, connection, origin, {"connection": "box", **HAND_OVER})
        yield Stage(workspace, lambda: _taken(root), list)


@contextmanager
def rest_target(folder: Path, **target: Any) -> Iterator[Stage]:
    """From a folder to a REST API."""
    root = _offered(folder / "partner")
    api = RestApi()
    with http_server(api.app) as address:
        connection = {"api": {"adapter": "rest", "base_url": address}, "box": {"adapter": "files", "root": str(root)}}
        target = {"connection": "api", "path": "/sales-orders", **target}
        workspace = _workspace(folder, connection, {"connection": "box", **PICK_UP}, target)

        def landed() -> list[bytes]:
            orders = [record["order"] for record in api.orders.all()]
            return [json.dumps(order, separators=(",", ":")).encode() for order in orders]

        yield Stage(workspace, landed, lambda: _left(root))


@contextmanager
def rest_with_key(folder: Path) -> Iterator[Stage]:
    """A REST API that knows a delivery again by its Idempotency-Key."""
    with rest_target(folder, idempotency="header") as stage:
        yield stage


@contextmanager
def rest_with_lookup(folder: Path) -> Iterator[Stage]:
    """A REST API that can be asked for what it has."""
    lookup = "/sales-orders/{receipt.stem}"
    with rest_target(folder, lookup=lookup) as stage:
        yield stage


@contextmanager
def http(folder: Path) -> Iterator[Stage]:
    """A partner calls us, and brings again what we have not confirmed."""
    connection = {"adapter": "http", "path": "/in", "verify": {"bearer": {"token": "${file:keys/token}"}}}
    brought = [
        (content, {"Authorization": "Bearer secret", "Content-Type": "application/json", "X-Number": str(number)})
        for number, content in enumerate(DOCUMENTS)
    ]
    with _called(folder, connection, {"id_header": "X-Number"}, brought, format={"type": "json"}) as stage:
        yield stage


@contextmanager
def soap_service(folder: Path) -> Iterator[Stage]:
    """A partner calls an operation of ours, and calls it again where our answer was lost."""
    taken = {
        "response": f'<SubmitOrderResponse xmlns="{NAMESPACE}"><Number>{{Number}}</Number><Repeated>false</Repeated>'
        "</SubmitOrderResponse>",
        "identity": ["Number"],
    }
    connection = {
        "adapter": "soap-service",
        "path": "/in",
        "wsdl": "purchasing.wsdl",
        "port": "Soap11",
        "verify": {"username_token": {"username": "us", "password": "${file:keys/token}"}},
    }
    brought = [(_enveloped(body), {"Content-Type": "text/xml; charset=utf-8"}) for body in SUBMISSIONS]
    options = {"operations": {"SubmitOrder": taken}}
    with _called(folder, connection, options, brought, format={"type": "xml"}) as stage:
        (stage.folder / "purchasing.wsdl").write_text(wsdl_text())
        landed = stage.landed
        yield replace(
            stage, landed=lambda: [_same_as(content, *SUBMISSIONS) for content in landed()], expected=SUBMISSIONS
        )


def _enveloped(body: bytes) -> bytes:
    space = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
    token = (
        f'<w:Security xmlns:w="{space}"><w:UsernameToken><w:Username>us</w:Username><w:Password>secret</w:Password>'
        "</w:UsernameToken></w:Security>"
    ).encode()
    head, foot = b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/">', b"</s:Envelope>"
    return head + b"<s:Header>" + token + b"</s:Header><s:Body>" + body + b"</s:Body>" + foot


def _same_as(content: bytes, *expected: bytes) -> bytes:
    """The one of ``expected`` that ``content`` is, however it is written; else itself."""
    return next((one for one in expected if _plain(one) == _plain(content)), content)


def _plain(content: bytes) -> bytes:
    return etree.tostring(etree.fromstring(content), method="c14n", exclusive=True)


@contextmanager
def _called(
    folder: Path,
    connection: dict[str, Any],
    options: dict[str, Any],
    waiting: list[tuple[bytes, dict[str, str]]],
    *,
    confirmed: Callable[[requests.Response], bool] = lambda answer: answer.ok,
    **more: Any,
) -> Iterator[Stage]:
    """A partner brings the requests that are ``waiting`` to an address of ours; what is in them goes into a folder."""
    root = _offered(folder / "partner")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    connections = {"door": connection, "box": {"adapter": "files", "root": str(root)}}
    target = {"connection": "box", **HAND_OVER}
    workspace = _workspace(folder, connections, {"connection": "door", **options}, target, **more)
    _keep_secret(workspace, "token", "secret")
    with (workspace / "transload.yaml").open("a") as file:
        file.write(f"http: {{listen: '127.0.0.1:{port}'}}\n")
    brought = 0

    def call() -> bool:
        nonlocal brought
        while brought < len(waiting):
            content, headers = waiting[brought]
            if len(_taken(root)) < brought:
                return False  # one after the other, so that the steps are the same each time
            try:
                answer = requests.post(f"http://127.0.0.1:{port}/in", content, headers=headers, timeout=10)
            except requests.RequestException:
                return False
            assert confirmed(answer), answer.text
            brought += 1
        return True

    yield Stage(workspace, lambda: _taken(root), list, call=call)


@contextmanager
def soap_target(folder: Path, *, idempotent: bool) -> Iterator[Stage]:
    """From a folder to an operation of a SOAP service."""
    root = _offered(folder / "partner")
    for number, content in enumerate(SUBMISSIONS, start=1):
        (root / f"out/PO-{number}.json").write_bytes(content)
    service = SoapService()
    with http_server(service.app) as address:
        connection = {
            "service": {"adapter": "soap", "wsdl": "purchasing.wsdl", "endpoint": f"{address}/purchasing"},
            "box": {"adapter": "files", "root": str(root)},
        }
        target = {"connection": "service", "operation": "SubmitOrder", "idempotent": idempotent}
        workspace = _workspace(folder, connection, {"connection": "box", **PICK_UP}, target, format={"type": "xml"})
        (workspace / "purchasing.wsdl").write_text(wsdl_text())
        yield Stage(workspace, lambda: _submitted(service), lambda: _left(root), expected=SUBMISSIONS)


def _submitted(service: SoapService) -> list[bytes]:
    numbers = [record["number"] for record in service.orders.all()]
    return [SUBMISSIONS[int(number.removeprefix("PO-")) - 1] for number in numbers]


@contextmanager
def soap_source(folder: Path) -> Iterator[Stage]:
    """What an operation of a SOAP service answers, into a folder."""
    root = _offered(folder / "partner")
    service = SoapService()
    with http_server(service.app) as address:
        connection = {
            "service": {"adapter": "soap", "wsdl": "purchasing.wsdl", "endpoint": f"{address}/purchasing"},
            "box": {"adapter": "files", "root": str(root)},
        }
        request = f'<GetStock xmlns="{NAMESPACE}"/>'
        origin = {"connection": "service", "operation": "GetStock", "request": request}
        workspace = _workspace(folder, connection, origin, {"connection": "box", **HAND_OVER}, format={"type": "xml"})
        (workspace / "purchasing.wsdl").write_text(wsdl_text())
        rows = "".join(f"<Stock><Item>{i}</Item><Quantity>{q}</Quantity></Stock>" for i, q in service.stock.items())
        expected = f'<GetStockResponse xmlns="{NAMESPACE}">{rows}</GetStockResponse>'.encode()
        yield Stage(workspace, lambda: [_same_as(content, expected) for content in _taken(root)], list, (expected,))


@contextmanager
def soap_repeatable(folder: Path) -> Iterator[Stage]:
    """An operation that may be repeated."""
    with soap_target(folder, idempotent=True) as stage:
        yield stage


@contextmanager
def soap_once(folder: Path) -> Iterator[Stage]:
    """An operation that must not be repeated, and no way to ask what became of a call."""
    with soap_target(folder, idempotent=False) as stage:
        yield stage


@contextmanager
def as2_target(folder: Path) -> Iterator[Stage]:
    """From a folder over AS2, to a partner who takes each Message-ID once and gives his receipt in the answer."""
    root = _offered(folder / "partner")
    partner = Partner(between(folder, (THEM, identity("acme")), (US, identity("bolt"))))
    with http_server(partner.app) as address:
        connection = {"as2": _our_as2(f"{address}/as2"), "box": {"adapter": "files", "root": str(root)}}
        target = {"connection": "as2", "file": "{receipt.name}", "content_type": "application/json"}
        workspace = _workspace(folder, connection, {"connection": "box", **PICK_UP}, target)
        _keep_our_keys(workspace)
        yield Stage(workspace, lambda: list(partner.taken), lambda: [*_left(root), *partner.refused])


@contextmanager
def as2_endpoint(folder: Path) -> Iterator[Stage]:
    """A partner sends over AS2, and sends again under the same Message-ID where our receipt was lost."""
    connection = between(folder, (THEM, identity("acme")), (US, identity("bolt")))
    brought, digests = [], []
    for number, content in enumerate(DOCUMENTS, start=1):
        sealed = seal(content, "application/json", f"PO-{number}.json", connection, keys_of(connection), NOW)
        headers = {"AS2-Version": "1.2", "AS2-From": f'"{THEM}"', "AS2-To": US, "Message-ID": f"<{number}@acme>"}
        headers |= {"Disposition-Notification-To": "edi@acme.example", **sealed.headers}
        headers["Disposition-Notification-Options"] = "signed-receipt-protocol=optional, pkcs7-signature"
        brought.append((sealed.body, headers))
        digests.append(sealed.mic("sha256"))
    ours = _our_as2("http://127.0.0.1:1/as2") | {"path": "/in"}

    def processed(answer: requests.Response) -> bool:
        part = Part(headers={name.lower(): value for name, value in answer.headers.items()}, body=answer.content)
        report, doubts = report_in(part, connection, keys_of(connection), NOW)
        return report.positive and report.mic in digests and not doubts

    with _called(folder, ours, {}, brought, confirmed=processed, format={"type": "json"}) as stage:
        _keep_our_keys(stage.folder)
        yield stage


def _our_as2(url: str) -> dict[str, Any]:
    keys = {"certificate": "${file:keys/us.pem}", "key": "${file:keys/us.key}"}
    return {"adapter": "as2", "url": url, "us": US, "them": THEM, "own": keys, "partner": "keys/them.pem"}


def _keep_our_keys(workspace: Path) -> None:
    ours, theirs = identity("bolt"), identity("acme")
    for name, value in (("us.pem", ours.pem), ("us.key", ours.key_pem), ("them.pem", theirs.pem)):
        _keep_secret(workspace, name, value)


SCENES: dict[str, Callable[[Path], Any]] = {
    "files": files,
    "files, claimed": files_claimed,
    "sftp": sftp,
    "sftp, claimed": sftp_claimed,
    "sftp, large": sftp_large,
    "ftp": ftp,
    **({"mail, as source": mail_source} if shutil.which("dovecot", path="/usr/sbin:/usr/local/sbin") else {}),
    "mail, as target": mail_target,
    "rest, as source": rest_source,
    "rest, with a key": rest_with_key,
    "rest, without": rest_target,
    "rest, with a lookup": rest_with_lookup,
    "http": http,
    "soap-service": soap_service,
    "soap, as source": soap_source,
    "soap, repeatable": soap_repeatable,
    "soap, once": soap_once,
    "as2, as target": as2_target,
    "as2, as endpoint": as2_endpoint,
}
