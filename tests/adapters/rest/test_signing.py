"""Signed requests, checked by a server that computes the signature its own way."""

import base64
import hashlib
import hmac
import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError
from tests.adapters.servers import Asked, Say, serving

from transload.adapters.base import Outbound, Stop
from transload.adapters.rest import RestApiTarget
from transload.adapters.rest.auth import Hmac

Make = Callable[..., RestApiTarget]
DOCUMENT = Outbound(key="k", content=b'{"number":"PO-1"}', content_type="application/json")
KEY = "s3cret k\u00e4y"


def test_the_usual_form_is_what_another_computes(target: Make) -> None:
    seen: list[Asked] = []

    def handle(asked: Asked) -> Say:
        seen.append(asked)
        stamp = asked.headers["x-timestamp"]
        text = f"{stamp}\n{asked.method}\n{asked.target}\n".encode() + asked.body
        made = hmac.new(KEY.encode(), text, hashlib.sha256).hexdigest()
        fresh = abs(time.time() - int(stamp)) < 5
        return Say.json({}, 201 if fresh and hmac.compare_digest(made, asked.headers["x-signature"]) else 401)

    with serving(handle) as url:
        to = target(url + "/v1", connection={"auth": {"hmac": {"key": KEY}}}, query="type={document.kind}")
        assert to.deliver(DOCUMENT).summary.startswith("201")
        assert seen[0].target == "/v1/sales-orders?type=%7Bdocument.kind%7D"


def test_each_attempt_is_signed_anew_over_the_declared_parts(target: Make) -> None:
    seen: list[Asked] = []
    key = base64.b64encode(b"\x00\xffraw").decode()

    def handle(asked: Asked) -> Say:
        seen.append(asked)
        scheme, _, rest = asked.headers["authorization"].partition(" ")
        name, nonce, signature = rest.split(":")
        digest = base64.b64encode(hashlib.sha512(asked.body).digest()).decode()
        parts = ["v1", name, asked.method, asked.headers["host"], asked.headers["x-tenant"], nonce, digest]
        made = base64.b64encode(hmac.new(b"\x00\xffraw", "|".join(parts).encode(), hashlib.sha512).digest()).decode()
        good = scheme == "HMAC" and signature == made and asked.headers["x-digest"] == digest
        return Say.json({}, 401 if not good else 500 if len(seen) == 1 else 201)

    auth = {
        "key": key,
        "key_encoding": "base64",
        "key_id": "bolt",
        "algorithm": "sha512",
        "parts": ["text v1", "key_id", "method", "host", "header X-Tenant", "nonce", "body_digest"],
        "separator": "|",
        "encoding": "base64",
        "header": "Authorization",
        "form": "HMAC {key_id}:{nonce}:{signature}",
        "timestamp_header": None,
        "digest_header": "X-Digest",
    }
    with serving(handle) as url:
        to = target(url, connection={"auth": {"hmac": auth}}, headers={"X-Tenant": "t 1"}, idempotency="header")
        assert to.deliver(DOCUMENT).summary.startswith("201")
    assert len(seen) == 2
    assert seen[0].headers["authorization"] != seen[1].headers["authorization"]
    assert seen[0].headers["idempotency-key"] == seen[1].headers["idempotency-key"] == "k"


@pytest.mark.parametrize(
    ("form", "pattern"),
    [
        ("unix", r"\d{10}"),
        ("unix_ms", r"\d{13}"),
        ("iso", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"),
        ("http", r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT"),
    ],
)
def test_the_time_in_its_form(target: Make, form: str, pattern: str) -> None:
    seen: list[Asked] = []

    def handle(asked: Asked) -> Say:
        seen.append(asked)
        return Say.json({}, 201)

    with serving(handle) as url:
        target(url, connection={"auth": {"hmac": {"key": KEY, "timestamp": form}}}).deliver(DOCUMENT)
    assert re.fullmatch(pattern, seen[0].headers["x-timestamp"])


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"parts": ["timestamp", "body"], "timestamp_header": None}, "the time is signed, but sent nowhere"),
        ({"parts": ["nonce"]}, "the nonce is signed, but sent nowhere"),
        ({"parts": ["key_id"]}, "key_id is used, but not written"),
        ({"parts": ["cookie"]}, "'cookie' cannot be signed; parts are method, host"),
        ({"form": "HMAC {key}"}, "it needs {signature}"),
    ],
)
def test_what_the_other_side_could_not_check_is_refused(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Hmac.model_validate({"key": KEY, **settings})


def test_a_key_that_is_not_as_declared_stops_unshown(target: Make) -> None:
    with serving(lambda asked: Say()) as url:
        to = target(url, connection={"auth": {"hmac": {"key": "zz-geheim", "key_encoding": "hex"}}})
        with pytest.raises(Stop, match="the key is not written in hex") as caught:
            to.deliver(DOCUMENT)
        assert "geheim" not in str(caught.value.findings[0])
        to = target(url, connection={"auth": {"hmac": {"key": "k", "parts": ["header X-None"]}}})
        with pytest.raises(Stop, match="'X-None' is to be signed, and is not sent"):
            to.deliver(DOCUMENT)
