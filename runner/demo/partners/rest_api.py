"""A sales-order API as an ERP has one: takes orders once for each Idempotency-Key, lists confirmations in pages."""

import asyncio
import base64
import json
import secrets
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import parse_qs, unquote_plus

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from transload.runner.demo.partners.kept import Kept
from transload.runner.demo.partners.mischief import Mischief

Handler = Callable[[Request], Awaitable[Response]]


class RestApi:
    """The API and what it remembers.

    ``number`` names the field of an order that holds its number, parts joined by points.
    ``file`` keeps the orders on disk.  With a ``token`` every call needs it as bearer token.
    ``clients`` (id to secret) turns OAuth 2.0 on: tokens come from ``POST /token``.

    - ``POST /sales-orders``: 201 for a new order; 200 and ``"repeated": true`` for the same
      key with the same body; 422 for the same key with another; without a key, 409 for a
      number that is there.
    - ``GET /sales-orders`` and ``/sales-orders/NUMBER``: what was taken.
    - ``GET /order-confirmations?limit=&cursor=&updated_at=``: a page under ``data``, the next
      cursor or null under ``meta.next``.  Each order taken gives one.
    - ``GET /counts``: calls, orders, repeats, refusals.
    """

    def __init__(
        self,
        *,
        file: Path | None = None,
        number: str = "number",
        token: str | None = None,
        clients: Mapping[str, str] | None = None,
    ) -> None:
        self.mischief = Mischief()
        self.orders = Kept(file)
        self.confirmations: list[dict[str, Any]] = []
        self.counts = {"calls": 0, "orders": 0, "repeats": 0, "refusals": 0, "tokens": 0}
        self.token_life = 3600
        self._number = number
        self._clients = dict(clients or {})
        self._tokens: set[str] = {token} if token else set()
        self._open = not self._tokens and not self._clients
        self._lock = Lock()

    @property
    def app(self) -> Starlette:
        """The ASGI application."""
        guarded = [
            ("/sales-orders", self._take, "POST"),
            ("/sales-orders", self._list, "GET"),
            ("/sales-orders/{number:path}", self._show, "GET"),
            ("/order-confirmations", self._confirm, "GET"),
        ]
        routes = [Route(path, self._guard(handler), methods=[method]) for path, handler, method in guarded]
        routes += [
            Route("/token", self._token, methods=["POST"]),
            Route("/counts", self._counts, methods=["GET"]),
        ]
        return Starlette(routes=routes)

    def revoke_tokens(self) -> None:
        """Let all tokens that were given out be refused from now on."""
        self._tokens.clear()

    def _guard(self, handler: Handler) -> Handler:
        async def guarded(request: Request) -> Response:
            self.counts["calls"] += 1
            if not self._open:
                kind, _, token = request.headers.get("authorization", "").partition(" ")
                if kind.lower() != "bearer" or token not in self._tokens:
                    return JSONResponse({"error": "invalid_token"}, 401, {"WWW-Authenticate": "Bearer"})
            trick = self.mischief.next()
            if trick is None:
                return await handler(request)
            true = await handler(request) if trick.afterwards or trick.status is None else None
            await asyncio.sleep(trick.delay)
            if trick.status is None and true is not None:
                true.headers.update(trick.headers)
                return true
            return Response(trick.body, trick.status or 500, trick.headers)

        return guarded

    async def _take(self, request: Request) -> Response:
        body = await request.body()
        try:
            order = json.loads(body)
        except ValueError as error:
            return self._refuse(400, f"the body is no JSON: {error}")
        number = _at(order, self._number)
        if not isinstance(number, str) or not number:
            return self._refuse(422, f"the order has no {self._number}")
        key = request.headers.get("idempotency-key")
        digest = sha256(body).hexdigest()
        with self._lock:
            known = self.orders.find(key=key) if key else self.orders.find(number=number)
            if known is None:
                position = len(self.orders.all()) + 1
                record = {"id": f"SO-{position}", "number": number, "key": key, "sha256": digest, "order": order}
                self.orders.add(record)
                self.counts["orders"] += 1
                now = datetime.now(UTC).isoformat()
                self.confirmations.append({"number": number, "sales_order": record["id"], "updated_at": now})
                return self._taken(record, 201, repeated=False)
        if key is None:
            return self._refuse(409, f"order {number} is there already", id=known["id"])
        if known["sha256"] != digest:
            return self._refuse(422, "this key was used with another body")
        self.counts["repeats"] += 1
        return self._taken(known, 200, repeated=True)

    def _taken(self, record: Mapping[str, Any], status: int, *, repeated: bool) -> Response:
        answer = {"id": record["id"], "number": record["number"], "status": "accepted", "repeated": repeated}
        return JSONResponse(answer, status, {"Location": f"/sales-orders/{record['number']}"})

    def _refuse(self, status: int, message: str, **more: str) -> Response:
        self.counts["refusals"] += 1
        return JSONResponse({"error": message, **more}, status)

    async def _list(self, request: Request) -> Response:
        return JSONResponse([record["order"] for record in self.orders.all()])

    async def _show(self, request: Request) -> Response:
        record = self.orders.find(number=request.path_params["number"])
        return JSONResponse(record["order"]) if record else self._refuse(404, "there is no such order")

    async def _confirm(self, request: Request) -> Response:
        limit = int(request.query_params.get("limit", "100"))
        start = int(request.query_params.get("cursor", "0"))
        since = request.query_params.get("updated_at")
        found = [item for item in self.confirmations if since is None or item["updated_at"] >= since]
        end = start + limit
        meta = {"next": str(end) if end < len(found) else None, "total": len(found)}
        return JSONResponse({"data": found[start:end], "meta": meta})

    async def _counts(self, request: Request) -> Response:
        return JSONResponse(self.counts)

    async def _token(self, request: Request) -> Response:
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        kind, _, packed = request.headers.get("authorization", "").partition(" ")
        if kind.lower() == "basic":
            pair = base64.b64decode(packed).decode().partition(":")
            client, secret = unquote_plus(pair[0]), unquote_plus(pair[2])
        else:
            client, secret = form.get("client_id", ""), form.get("client_secret", "")
        if form.get("grant_type") != "client_credentials":
            return JSONResponse({"error": "unsupported_grant_type"}, 400)
        if not secrets.compare_digest(self._clients.get(client, "\0").encode(), secret.encode()):
            return JSONResponse({"error": "invalid_client", "error_description": "wrong id or secret"}, 401)
        self.counts["tokens"] += 1
        token = secrets.token_urlsafe(16)
        self._tokens.add(token)
        return JSONResponse({"access_token": token, "token_type": "Bearer", "expires_in": self.token_life})


def _at(value: Any, path: str) -> Any:
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value
