"""Partners with a REST API."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.crashes.scenes.stage import DOCUMENTS, HAND_OVER, PICK_UP, Stage, left, made, offered, taken

from transload.runner.demo.partners.rest_api import RestApi
from transload.runner.demo.partners.servers import http_server


@contextmanager
def rest_source(folder: Path) -> Iterator[Stage]:
    """Items of a REST API's pages, into a folder."""
    root = offered(folder / "partner")
    api = RestApi()
    api.confirmations += [json.loads(document) for document in DOCUMENTS]
    with http_server(api.app) as address:
        pages = {"style": "cursor", "items": "data", "next": "meta.next", "each": "item"}
        pages |= {"size": 1, "size_parameter": "limit"}
        connection = {"api": {"adapter": "rest", "base_url": address}, "box": {"adapter": "files", "root": str(root)}}
        origin = {"connection": "api", "path": "/order-confirmations", "pages": pages}
        workspace = made(folder, connection, origin, {"connection": "box", **HAND_OVER})
        yield Stage(workspace, lambda: taken(root), list)


@contextmanager
def rest_target(folder: Path, **target: Any) -> Iterator[Stage]:
    """From a folder to a REST API."""
    root = offered(folder / "partner")
    api = RestApi()
    with http_server(api.app) as address:
        connection = {"api": {"adapter": "rest", "base_url": address}, "box": {"adapter": "files", "root": str(root)}}
        target = {"connection": "api", "path": "/sales-orders", **target}
        workspace = made(folder, connection, {"connection": "box", **PICK_UP}, target)

        def landed() -> list[bytes]:
            orders = [record["order"] for record in api.orders.all()]
            return [json.dumps(order, separators=(",", ":")).encode() for order in orders]

        yield Stage(workspace, landed, lambda: left(root))


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
