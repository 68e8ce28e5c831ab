"""The signatures of webhooks: what is signed, and how it is written, scheme by scheme.

Standard Webhooks (standardwebhooks.com, specification 1.0), GitHub ("Validating webhook deliveries"), Stripe ("Verify
webhook signatures manually") and Shopify ("Verify webhooks"); each with a published or recomputed vector in the tests.
"""

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from transload.adapters.base.endpoint import Request
from transload.adapters.base.settings import Secret
from transload.adapters.http.settings import Basic, Bearer, HttpConnection, Shared, Signature

_SECONDS = re.compile(r"\d{1,12}")
_ID = re.compile(r"[\x21-\x7e]{1,200}")


class Unproved(Exception):
    """The request does not prove who sent it; the text says why, for our own log."""


@dataclass(frozen=True, kw_only=True)
class Proof:
    """Who sent it is proved: ``id`` is the message's own number, where the scheme has one."""

    id: str | None = None


def proof_of(request: Request, connection: HttpConnection, now: datetime) -> Proof:
    """Check what the request brings against what the connection asks for.  Raises `Unproved`."""
    verify = connection.verify
    clock = _Clock(now, connection.tolerance)
    if verify.standard_webhooks is not None:
        return _standard(request, verify.standard_webhooks, clock)
    if verify.github is not None:
        return _github(request, verify.github)
    if verify.stripe is not None:
        return _stripe(request, verify.stripe, clock)
    if verify.shopify is not None:
        return _shopify(request, verify.shopify)
    if verify.hmac is not None:
        return _own(request, verify.hmac, clock)
    if verify.basic is not None:
        return _basic(request, verify.basic)
    if verify.bearer is not None:
        return _bearer(request, verify.bearer)
    return Proof()


class _Clock:
    def __init__(self, now: datetime, tolerance: timedelta) -> None:
        self._now = now.timestamp()
        self._tolerance = tolerance.total_seconds()

    def check(self, text: str) -> None:
        """Refuse a moment that is not near ours: somebody sends again what he once overheard."""
        if not _SECONDS.fullmatch(text):
            raise Unproved(f"the moment of signing is {text[:40]!r}, and should be seconds since 1970")
        away = self._now - int(text)
        if abs(away) > self._tolerance:
            when = f"{away:.0f} seconds ago" if away > 0 else f"{-away:.0f} seconds ahead of our clock"
            raise Unproved(f"the request was signed {when}, beyond tolerance")


def _standard(request: Request, given: Shared, clock: _Clock) -> Proof:
    number, moment = _needed(request, "webhook-id"), _needed(request, "webhook-timestamp")
    found = [
        text.partition(",")[2]
        for text in _needed(request, "webhook-signature").split()
        if text.startswith("v1,")  # others are signatures with public keys
    ]
    clock.check(moment)
    try:
        wanted = [
            standard_signature(secret.get_secret_value(), number, moment, request.content) for secret in given.secret
        ]
    except ValueError:
        raise Unproved("our own secret is no base64 text (whsec_...)") from None
    _one_of(found, wanted)
    return Proof(id=number_of(number))


def standard_signature(secret: str, number: str, moment: str, content: bytes) -> str:
    """The signature of Standard Webhooks in base64, without its version.

    ``secret`` is base64, after ``whsec_``; raises `ValueError` where it is not.
    """
    key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    return _base64(_mac("sha256", key, f"{number}.{moment}.".encode() + content))


def _github(request: Request, given: Shared) -> Proof:
    found = _needed(request, "x-hub-signature-256").removeprefix("sha256=")
    _one_of([found], (_mac("sha256", _raw(secret), request.content).hex() for secret in given.secret))
    return Proof(id=number_of(request.header("x-github-delivery")))


def _stripe(request: Request, given: Shared, clock: _Clock) -> Proof:
    parts = [part.partition("=") for part in _needed(request, "stripe-signature").split(",")]
    moment = next((value for name, _, value in parts if name.strip() == "t"), "")
    found = [value for name, _, value in parts if name.strip() == "v1"]
    clock.check(moment)
    signed = f"{moment}.".encode() + request.content
    _one_of(found, (_mac("sha256", _raw(secret), signed).hex() for secret in given.secret))
    return Proof(id=_id_inside(request.content))


def _shopify(request: Request, given: Shared) -> Proof:
    found = _needed(request, "x-shopify-hmac-sha256")
    _one_of([found], (_base64(_mac("sha256", _raw(secret), request.content)) for secret in given.secret))
    return Proof(id=number_of(request.header("x-shopify-webhook-id")))


def _own(request: Request, given: Signature, clock: _Clock) -> Proof:
    found = _needed(request, given.header)
    if not found.startswith(given.prefix):
        raise Unproved(f"the header {given.header} does not begin with {given.prefix!r}")
    before, _, after = given.signed.partition("{body}")
    if given.timestamp is not None:
        moment = _needed(request, given.timestamp)
        clock.check(moment)
        before, after = before.replace("{timestamp}", moment), after.replace("{timestamp}", moment)
    signed = before.encode() + request.content + after.encode()
    write: Callable[[bytes], str] = bytes.hex if given.encoding == "hex" else _base64
    _one_of(
        [found.removeprefix(given.prefix)],
        (write(_mac(given.algorithm, _raw(secret), signed)) for secret in given.secret),
    )
    return Proof()


def _basic(request: Request, given: Basic) -> Proof:
    kind, _, text = _needed(request, "authorization").partition(" ")
    try:
        said = base64.b64decode(text.strip(), validate=True) if kind.lower() == "basic" else b""
    except (binascii.Error, ValueError):
        said = b""
    wanted = (f"{given.username}:".encode() + _raw(secret) for secret in given.password)
    if not any([hmac.compare_digest(said, one) for one in wanted]):  # noqa: C419 - all are compared, in equal time
        raise Unproved("user name or password are wrong")
    return Proof()


def _bearer(request: Request, given: Bearer) -> Proof:
    kind, _, text = _needed(request, "authorization").partition(" ")
    said = text.strip().encode() if kind.lower() == "bearer" else b""
    if not any([hmac.compare_digest(said, _raw(secret)) for secret in given.token]):  # noqa: C419
        raise Unproved("the token is wrong")
    return Proof()


def _needed(request: Request, name: str) -> str:
    found = request.header(name).strip()
    if not found:
        raise Unproved(f"the header {name} is missing")
    return found


def _one_of(found: Sequence[str], wanted: Iterable[str]) -> None:
    """Whether one of the signatures is one that we would write; all are compared, in equal time."""
    right = [text.encode() for text in wanted]
    if not any([hmac.compare_digest(text.encode(), one) for text in found for one in right]):  # noqa: C419
        raise Unproved("the signature is wrong")


def _mac(algorithm: str, secret: bytes, signed: bytes) -> bytes:
    return hmac.new(secret, signed, getattr(hashlib, algorithm)).digest()


def _raw(secret: Secret) -> bytes:
    return secret.get_secret_value().encode()


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()


def number_of(text: str) -> str | None:
    """A message's own number, where ``text`` can be one: up to 200 visible characters of ASCII."""
    return text if _ID.fullmatch(text) else None


def _id_inside(content: bytes) -> str | None:
    """The id of an event that has it in its body."""
    try:
        value = json.loads(content)
    except ValueError:
        return None
    found = value.get("id") if isinstance(value, dict) else None
    return number_of(found) if isinstance(found, str) else None
