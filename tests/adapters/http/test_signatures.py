"""Who may call, and how it is proved: published vectors, wrong proofs, replays."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from transload.adapters.base import Refused, Request
from transload.adapters.http import HttpConnection, HttpEndpoint
from transload.adapters.http.settings import HttpOptions
from transload.adapters.http.signatures import Unproved, proof_of

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
MOMENT = str(int(NOW.timestamp()))
BODY = b'{"id": "evt_1", "amount": 12}'
SECRET = "a secret"


def connection(verify: Any, **more: Any) -> HttpConnection:
    return HttpConnection.model_validate({"path": "/in", "verify": verify} | more)


def request(headers: dict[str, str], content: bytes = BODY, **more: Any) -> Request:
    named = {name.lower(): value for name, value in headers.items()}
    return Request(**({"method": "POST", "path": "/in", "client": "192.0.2.7"} | more), headers=named, content=content)


def mac(content: bytes, secret: str = SECRET) -> bytes:
    return hmac.new(secret.encode(), content, hashlib.sha256).digest()


def test_the_vector_of_standard_webhooks() -> None:
    given = connection({"standard_webhooks": {"secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}})
    sent = request(
        {
            "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
            "webhook-timestamp": "1614265330",
            "webhook-signature": "v1a,x v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        },
        b'{"test": 2432232314}',
    )
    assert proof_of(sent, given, datetime.fromtimestamp(1614265330, UTC)).id == "msg_p5jXN8AQM9LWM0D4loKWxJek"
    with pytest.raises(Unproved, match="signed 301 seconds ago, beyond tolerance"):
        proof_of(sent, given, datetime.fromtimestamp(1614265631, UTC))
    with pytest.raises(Unproved, match="301 seconds ahead of our clock"):
        proof_of(sent, given, datetime.fromtimestamp(1614265029, UTC))


def test_the_vector_of_github() -> None:
    given = connection({"github": {"secret": "It's a Secret to Everybody"}})
    digest = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    sent = request({"X-Hub-Signature-256": f"sha256={digest}", "X-GitHub-Delivery": "72d3162e"}, b"Hello, World!")
    assert proof_of(sent, given, NOW).id == "72d3162e"


STRIPE = f"t={MOMENT},v1={mac(MOMENT.encode() + b'.' + BODY).hex()},v0=old"
SHOPIFY = base64.b64encode(mac(BODY)).decode()
GOOD: list[tuple[Any, dict[str, str], str | None]] = [
    ({"stripe": {"secret": SECRET}}, {"Stripe-Signature": STRIPE}, "evt_1"),
    ({"shopify": {"secret": SECRET}}, {"X-Shopify-Hmac-Sha256": SHOPIFY, "X-Shopify-Webhook-Id": "b54"}, "b54"),
    ({"hmac": {"header": "X-Sign", "secret": SECRET}}, {"X-Sign": mac(BODY).hex()}, None),
    (
        {
            "hmac": {
                "header": "X-Sign", "secret": SECRET, "encoding": "base64", "prefix": "v2:", "timestamp": "X-Time",
                "signed": "{timestamp}:{body}",
            }
        },
        {"X-Sign": "v2:" + base64.b64encode(mac(f"{MOMENT}:".encode() + BODY)).decode(), "X-Time": MOMENT},
        None,
    ),
    (
        {"basic": {"username": "acme", "password": SECRET}},
        {"Authorization": "Basic " + base64.b64encode(f"acme:{SECRET}".encode()).decode()},
        None,
    ),
    ({"bearer": {"token": SECRET}}, {"Authorization": f"bearer {SECRET}"}, None),
]  # fmt: skip


@pytest.mark.parametrize(("verify", "headers", "number"), GOOD, ids=[next(iter(verify)) for verify, _, _ in GOOD])
def test_each_scheme_proves_and_a_changed_byte_does_not(
    verify: Any, headers: dict[str, str], number: str | None
) -> None:
    given = connection(verify)
    assert proof_of(request(headers), given, NOW).id == number
    signs_the_body = not {"basic", "bearer"} & set(verify)
    if signs_the_body:
        with pytest.raises(Unproved, match="the signature is wrong"):
            proof_of(request(headers, BODY + b" "), given, NOW)
    for name, value in headers.items():
        if name == "X-Shopify-Webhook-Id":
            continue
        with pytest.raises(Unproved):
            proof_of(request({**headers, name: ""}), given, NOW)
        changed = value[:-3] + ("aaa" if not value.endswith("aaa") else "bbb")
        if name != "Stripe-Signature":
            with pytest.raises(Unproved):
                proof_of(request({**headers, name: changed}), given, NOW)


@pytest.mark.parametrize("verify", [verify for verify, _, _ in GOOD], ids=[next(iter(v)) for v, _, _ in GOOD])
def test_either_of_two_secrets_will_do(verify: Any) -> None:
    (scheme, block), headers = next(iter(verify.items())), next(h for v, h, _ in GOOD if v is verify)
    key = next(name for name in ("secret", "password", "token") if name in block)
    proof_of(request(headers), connection({scheme: {**block, key: ["the next one", SECRET]}}), NOW)
    with pytest.raises(Unproved):
        proof_of(request(headers), connection({scheme: {**block, key: ["the next one"]}}), NOW)


def test_a_replay_is_refused_by_schemes_that_sign_the_moment() -> None:
    given = connection({"stripe": {"secret": SECRET}}, tolerance="30s")
    with pytest.raises(Unproved, match="beyond tolerance"):
        proof_of(request({"Stripe-Signature": STRIPE}), given, NOW + timedelta(seconds=31))
    with pytest.raises(Unproved, match="should be seconds since 1970"):
        proof_of(request({"Stripe-Signature": "t=soon,v1=aa"}), given, NOW)


def endpoint(verify: Any, options: dict[str, Any] | None = None, **more: Any) -> HttpEndpoint:
    return HttpEndpoint(connection(verify, **more), HttpOptions.model_validate(options or {}))


OPEN = {"nothing": True}


def refused(one: HttpEndpoint, sent: Request) -> tuple[int, str]:
    with pytest.raises(Refused) as caught:
        one.accept(sent, NOW)
    assert SECRET not in str(caught.value)
    return caught.value.response.status, caught.value.finding.message


def test_what_is_refused_and_what_the_sender_is_told() -> None:
    one = endpoint({"bearer": {"token": SECRET}}, {"content_types": "application/json"}, allowed="192.0.2.0/24")
    good = {"Authorization": f"Bearer {SECRET}", "Content-Type": "application/json; charset=utf-8"}
    assert one.accept(request(good), NOW).content == BODY
    assert refused(one, request(good, client="198.51.100.1"))[0] == 403
    assert refused(one, request(good, method="GET")) == (
        405, "a request to /in from 192.0.2.7 was not kept: the method is GET",
    )  # fmt: skip
    assert refused(one, request({**good, "Authorization": "Bearer guess"})) == (
        401, "a request to /in from 192.0.2.7 was not kept: the token is wrong",
    )  # fmt: skip
    assert refused(one, request({**good, "Content-Type": "text/html"}))[0] == 415
    assert refused(one, request(good, b""))[0] == 400


def test_the_key_is_the_message_s_own_number_or_its_content() -> None:
    shopify = endpoint({"shopify": {"secret": SECRET}})
    headers = {"X-Shopify-Hmac-Sha256": SHOPIFY}
    assert shopify.accept(request({**headers, "X-Shopify-Webhook-Id": "b54"}), NOW).key == "/in|id|b54"
    digest = hashlib.sha256(BODY).hexdigest()
    assert shopify.accept(request(headers), NOW).key == f"/in|sha256|{digest}"
    assert shopify.accept(request({**headers, "X-Shopify-Webhook-Id": "a\nb"}), NOW).key == f"/in|sha256|{digest}"
    own = endpoint(OPEN, {"id_header": "X-Number"}, allowed="192.0.2.7")
    assert own.accept(request({"X-Number": "7"}), NOW).key == "/in|id|7"


def test_what_is_kept_of_headers_is_printable_and_short() -> None:
    one = endpoint({"bearer": {"token": SECRET}}, {"id_header": "X-Number"})
    headers = {"authorization": f"Bearer {SECRET}", "content-type": "a\x1b[2j/" + "b" * 1000}
    for number in ("a\x1b[2J", "x" * 201, "two words"):
        inbound = one.accept(request({**headers, "x-number": number}), NOW)
        assert inbound.key.startswith("/in|sha256|")
        assert "id" not in inbound.metadata
    assert inbound.metadata["content_type"] == ("a\\x1b[2j/" + "b" * 1000)[:200]


def test_more_than_rate_allows_waits() -> None:
    one = endpoint(OPEN, allowed="192.0.2.0/24", rate={"requests": 3, "per": "60s"})
    for _ in range(3):
        one.accept(request({}), NOW)
    with pytest.raises(Refused) as caught:
        one.accept(request({}), NOW)
    assert caught.value.response.status == 429
    assert 15 <= int(caught.value.response.headers["Retry-After"]) <= 20
    one.accept(request({}, client="192.0.2.8"), NOW)


def test_what_is_ignored_is_answered_and_not_kept() -> None:
    one = endpoint(OPEN, {"ignore": {"header": "X-GitHub-Event", "values": "ping"}}, allowed="192.0.2.7")
    assert refused(one, request({"X-GitHub-Event": "ping"}))[0] == 204


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"path": "in", "verify": {"bearer": {"token": "x"}}}, "is no path; write it like /acme/orders"),
        ({"path": "/in", "verify": {}}, "name exactly one of standard_webhooks"),
        ({"path": "/in", "verify": {"nothing": True}}, "name the addresses that may call: allowed"),
        ({"path": "/in", "verify": {"bearer": {"token": "x"}, "nothing": True}}, "name exactly one of"),
        ({"path": "/in", "verify": {"bearer": {"token": "x"}}, "allowed": "x"}, "neither an address nor a network"),
        (
            {"path": "/in", "verify": {"hmac": {"header": "h", "secret": "x", "signed": "{timestamp}{body}"}}},
            "timestamp names a header",
        ),
        ({"path": "/in", "verify": {"hmac": {"header": "h", "secret": "x", "signed": "x"}}}, "must hold {body} once"),
    ],
)
def test_settings_that_cannot_be_meant(given: Any, message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        HttpConnection.model_validate(given)
    assert message in str(caught.value)
