"""Three targets over HTTP that misbehave by chance, and remember all that reached them.

``/keyed`` takes a delivery once for each Idempotency-Key, ``/asked`` takes all it gets and can be asked for a number,
``/blind`` takes all and tells nothing.  What is taken is taken when the request is whole: it is the answers that come
late, broken or never.
"""

import asyncio
import json
import random
from collections import Counter
from collections.abc import Awaitable, Callable, MutableMapping
from threading import Lock
from typing import Any

from tests.chaos.workspace import READ_SECONDS

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
FAULTS = ("refused", "failed", "cut before", "cut after", "late", "slow", "busy")
CALM, STORMY = 0.06, 0.6


class Cut(Exception):  # no error: the server ends the connection in the midst of an answer
    """The connection ends here."""


class Partner:
    """The targets.  ``arrived`` has the numbers in the order in which each target took them."""

    def __init__(self, seed: str) -> None:
        self.arrived: dict[str, list[str]] = {"keyed": [], "asked": [], "blind": []}
        self.repeats = 0
        self.faults = Counter[str]()
        self.rate = dict.fromkeys(self.arrived, CALM)
        self._keys: set[str] = set()
        self._chance = {name: random.Random(f"{seed}:{name}") for name in self.arrived}
        self._lock = Lock()

    def storm(self, target: str) -> None:
        """Let most calls of ``target`` fail."""
        self.rate[target] = STORMY

    def calm(self) -> None:
        """Let few calls fail."""
        self.rate = dict.fromkeys(self.arrived, CALM)

    def mend(self) -> None:
        """Let no call fail."""
        self.rate = dict.fromkeys(self.arrived, 0.0)

    async def __call__(
        self, scope: MutableMapping[str, Any], receive: Callable[[], Awaitable[MutableMapping[str, Any]]], send: Send
    ) -> None:
        """The ASGI application."""
        target, _, number = scope["path"].strip("/").partition("/")
        body, more = b"", True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return  # a request that is not whole is none
            body += message.get("body", b"")
            more = message.get("more_body", False)
        fault = self._fault(target)
        if fault in ("refused", "failed", "busy", "cut before"):
            await self._answer(fault, send)
            return
        status = 200
        if scope["method"] == "GET":
            with self._lock:
                status = 200 if number in self.arrived[target] else 404
        else:
            key = dict(scope["headers"]).get(b"idempotency-key", b"").decode()
            self._take(target, json.loads(body)["number"], key)
        if fault is not None:
            await self._answer(fault, send)
        await _say(send, status, {})

    def _fault(self, target: str) -> str | None:
        chance = self._chance[target]
        if chance.random() >= self.rate[target]:
            return None
        fault = chance.choice(FAULTS)
        self.faults[f"{target}: {fault}"] += 1
        return fault

    def _take(self, target: str, number: str, key: str) -> None:
        with self._lock:
            if target == "keyed":
                if key in self._keys:
                    self.repeats += 1
                    return
                self._keys.add(key)
            self.arrived[target].append(number)

    @staticmethod
    async def _answer(fault: str, send: Send) -> None:
        """The bad answer, or for one that only comes late or slowly the wait before the good one."""
        if fault == "refused":
            await _say(send, 503, {"Retry-After": "1"})
        elif fault == "failed":
            await _say(send, 500, {})
        elif fault == "busy":
            await _say(send, 429, {"Retry-After": "1"})
        elif fault == "late":
            await asyncio.sleep(READ_SECONDS + 0.3)
        elif fault == "slow":
            await asyncio.sleep(READ_SECONDS / 4)
        else:
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"100")]})
            await send({"type": "http.response.body", "body": b"{", "more_body": True})
            raise Cut


async def _say(send: Send, status: int, headers: dict[str, str]) -> None:
    told = [(b"content-type", b"application/json"), *((k.encode(), v.encode()) for k, v in headers.items())]
    await send({"type": "http.response.start", "status": status, "headers": told})
    await send({"type": "http.response.body", "body": b"{}"})
