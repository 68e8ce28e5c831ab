"""Partners over AS2."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests
from tests.adapters.as2.identities import identity
from tests.adapters.as2.partner import THEM, US, Partner, between
from tests.crashes.scenes.calling import called
from tests.crashes.scenes.stage import DOCUMENTS, PICK_UP, Stage, keep_secret, left, made, offered

from transload.adapters.as2.judging import report_in
from transload.adapters.as2.keys import keys_of
from transload.adapters.as2.messages import seal
from transload.adapters.as2.mime import Part
from transload.runner.demo.partners.servers import http_server

NOW = datetime(2026, 2, 3, 10, tzinfo=UTC)


@contextmanager
def as2_target(folder: Path) -> Iterator[Stage]:
    """From a folder over AS2, to a partner who takes each Message-ID once and gives his receipt in the answer."""
    root = offered(folder / "partner")
    partner = Partner(between(folder, (THEM, identity("acme")), (US, identity("bolt"))))
    with http_server(partner.app) as address:
        connection = {"as2": _our_as2(f"{address}/as2"), "box": {"adapter": "files", "root": str(root)}}
        target = {"connection": "as2", "file": "{receipt.name}", "content_type": "application/json"}
        workspace = made(folder, connection, {"connection": "box", **PICK_UP}, target)
        _keep_our_keys(workspace)
        yield Stage(workspace, lambda: list(partner.taken), lambda: [*left(root), *partner.refused])


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

    with called(folder, ours, {}, brought, confirmed=processed, format={"type": "json"}) as stage:
        _keep_our_keys(stage.folder)
        yield stage


def _our_as2(url: str) -> dict[str, Any]:
    keys = {"certificate": "${file:keys/us.pem}", "key": "${file:keys/us.key}"}
    return {"adapter": "as2", "url": url, "us": US, "them": THEM, "own": keys, "partner": "keys/them.pem"}


def _keep_our_keys(workspace: Path) -> None:
    ours, theirs = identity("bolt"), identity("acme")
    for name, value in (("us.pem", ours.pem), ("us.key", ours.key_pem), ("them.pem", theirs.pem)):
        keep_secret(workspace, name, value)
