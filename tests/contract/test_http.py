"""The http adapter keeps to the contract, whatever way the partner proves himself."""

import hmac
import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest

from transload.adapters.base import Wanted
from transload.adapters.base.endpoint import Request
from transload.adapters.contract import EndpointContract, EndpointHarness
from transload.adapters.http import ADAPTER, HttpConnection, HttpEndpoint
from transload.adapters.http.settings import HttpOptions

SECRET = "Kaffee-und-Kuchen"
WRONG = "Wasser-und-Brot"
Sign = Callable[[str, str, str, bytes], dict[str, str]]
"""Headers for a secret, a number, a moment in seconds and a body."""


def mac(secret: str, content: bytes) -> bytes:
    return hmac.new(secret.encode(), content, sha256).digest()


def standard(secret: str, number: str, moment: str, body: bytes) -> dict[str, str]:
    signed = b64encode(mac(secret, f"{number}.{moment}.".encode() + body)).decode()
    return {"webhook-id": number, "webhook-timestamp": moment, "webhook-signature": f"v1,{signed}"}


def github(secret: str, number: str, moment: str, body: bytes) -> dict[str, str]:
    return {"x-github-delivery": number, "x-hub-signature-256": f"sha256={mac(secret, body).hex()}"}


def stripe(secret: str, number: str, moment: str, body: bytes) -> dict[str, str]:
    return {"stripe-signature": f"t={moment},v1={mac(secret, f'{moment}.'.encode() + body).hex()}"}


def shopify(secret: str, number: str, moment: str, body: bytes) -> dict[str, str]:
    return {"x-shopify-webhook-id": number, "x-shopify-hmac-sha256": b64encode(mac(secret, body)).decode()}


def own(secret: str, number: str, moment: str, body: bytes) -> dict[str, str]:
    return {"x-moment": moment, "x-signature": mac(secret, f"{moment}.".encode() + body).hex()}


def basic(secret: str, number: str, moment: str, body: bytes) -> dict[str, str]:
    return {"authorization": f"Basic {b64encode(f'acme:{secret}'.encode()).decode()}"}


def bearer(secret: str, number: str, moment: str, body: bytes) -> dict[str, str]:
    return {"authorization": f"Bearer {secret}"}


OWN = {"header": "X-Signature", "secret": SECRET, "timestamp": "X-Moment", "signed": "{timestamp}.{body}"}
SCHEMES: dict[str, tuple[Any, Sign, bool]] = {
    "standard_webhooks": ({"secret": b64encode(SECRET.encode()).decode()}, standard, True),
    "github": ({"secret": SECRET}, github, False),
    "stripe": ({"secret": SECRET}, stripe, True),
    "shopify": ({"secret": SECRET}, shopify, False),
    "hmac": (OWN, own, True),
    "basic": ({"username": "acme", "password": SECRET}, basic, False),
    "bearer": ({"token": SECRET}, bearer, False),
}
"""By name: the settings, how a partner signs, and whether the moment is signed too."""


class Called(EndpointHarness):
    adapter = ADAPTER
    secrets = (SECRET, WRONG)

    def __init__(self, scheme: str, **options: str) -> None:
        self.scheme = scheme
        self.options = HttpOptions.model_validate(options)
        self.settings, self.sign, timed = SCHEMES[scheme]
        self.tolerance = timedelta(minutes=5) if timed else None

    def endpoint(self) -> HttpEndpoint:
        given = {"path": "/acme/orders", "verify": {self.scheme: self.settings}, "largest": 1000}
        connection = HttpConnection.model_validate({**given, "rate": {"requests": 1000}})
        return HttpEndpoint(connection, self.options)

    def request(self, number: int, *, content: bytes | None = None, moment: datetime | None = None) -> Request:
        body = json.dumps({"id": f"evt_{number}"}).encode() if content is None else content
        return self._signed(SECRET, f"msg_{number}", body, moment)

    def _signed(self, secret: str, number: str, body: bytes, moment: datetime | None = None) -> Request:
        seconds = str(int((moment or self.now).timestamp()))
        headers = {"content-type": "application/json", "x-number": number, **self.sign(secret, number, seconds, body)}
        return Request(method="POST", path="/acme/orders", headers=headers, content=body, client="192.0.2.1")

    def written(self, wanted: Wanted, text: str) -> tuple[bytes, str]:
        return json.dumps({"said": text}).encode(), "application/json"

    def forged(self, request: Request) -> Mapping[str, Request]:
        found = {
            "another secret": self._signed(WRONG, "msg_1", request.content),
            "no proof": replace(request, headers={"content-type": "application/json"}),
            "an empty proof": self._emptied(request),
        }
        if self.scheme not in ("basic", "bearer"):
            found["another content"] = replace(request, content=b'{"id": "evt_2"}')
        return found

    @staticmethod
    def _emptied(request: Request) -> Request:
        return replace(request, headers=dict.fromkeys(request.headers, "") | {"content-type": "application/json"})


class TestEndpoint(EndpointContract):
    @pytest.fixture(params=[*SCHEMES, "bearer with a number"])
    def harness(self, request: pytest.FixtureRequest) -> Called:
        scheme, _, more = request.param.partition(" with a ")
        return Called(scheme, id_header="X-Number") if more else Called(scheme)
