"""Signing a request with a key that both sides know: made anew each time a request is made ready."""

import base64
import hmac
import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from hashlib import new
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase

from transload.adapters.rest.auth import Hmac
from transload.canonical.errors import Stop


class Signature(AuthBase):
    """Puts the signature, and what the other side needs to check it, into the headers; ``clock`` gives seconds."""

    def __init__(self, settings: Hmac, *, clock: Callable[[], float] = time.time) -> None:
        self._settings = settings
        self._clock = clock

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """The request, signed.  Raises `Stop` when the key is not written as declared, or a header is missing."""
        settings = self._settings
        body = _bytes(request.body)
        known = {
            "timestamp": self._timestamp(),
            "nonce": secrets.token_hex(16),
            "key_id": settings.key_id or "",
            "body_digest": self._encoded(new(settings.algorithm, body).digest()),
        }
        for header, name in (
            (settings.timestamp_header, "timestamp"),
            (settings.nonce_header, "nonce"),
            (settings.digest_header, "body_digest"),
        ):
            if header:
                request.headers[header] = known[name]
        parts = [self._part(part, request, body, known) for part in settings.parts]
        try:
            key = settings.key_bytes()
        except ValueError as error:
            raise Stop(f"the request cannot be signed: {error}", hint="correct auth: hmac: key_encoding:") from None
        made = hmac.new(key, settings.separator.encode().join(parts), settings.algorithm).digest()
        text = settings.form
        for name in ("key_id", "timestamp", "nonce"):
            text = text.replace(f"{{{name}}}", known[name])
        request.headers[settings.header] = text.replace("{signature}", self._encoded(made))
        return request

    def _part(self, part: str, request: requests.PreparedRequest, body: bytes, known: dict[str, str]) -> bytes:
        kind, _, name = part.partition(" ")
        target = urlsplit(request.path_url)
        if part == "body":
            return body
        if part in known:
            return known[part].encode()
        if kind == "text":
            return name.encode()
        if kind == "header":
            value = request.headers.get(name)
            if value is None:
                raise Stop(f"the header {name!r} is to be signed, and is not sent", hint="correct auth: hmac: parts:")
            return _bytes(value)
        found = {
            "method": request.method or "",
            "host": urlsplit(request.url or "").netloc,
            "path": target.path,
            "query": target.query,
            "target": request.path_url,
        }
        return str(found[part]).encode()

    def _timestamp(self) -> str:
        now = self._clock()
        moment = datetime.fromtimestamp(int(now), UTC)
        forms = {
            "unix": str(int(now)),
            "unix_ms": str(int(now * 1000)),
            "iso": moment.isoformat().replace("+00:00", "Z"),
            "http": format_datetime(moment, usegmt=True),
        }
        return forms[self._settings.timestamp]

    def _encoded(self, digest: bytes) -> str:
        return digest.hex() if self._settings.encoding == "hex" else base64.b64encode(digest).decode()


def _bytes(value: object) -> bytes:
    if isinstance(value, bytes):
        return value
    return b"" if value is None else str(value).encode("utf-8")
