"""Putting credentials on a request, and getting OAuth 2.0 tokens once for all who share them."""

import base64
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from threading import Lock
from urllib.parse import quote_plus, unquote_plus, urlencode, urlsplit, urlunsplit

import requests
from requests.auth import AuthBase, HTTPBasicAuth

from transload.adapters.base.http import HttpConnection, NoLogin, Reply, exchange, open_session, refusal
from transload.adapters.rest.auth import OAuth2
from transload.adapters.rest.settings import RestConnection
from transload.adapters.rest.signing import Signature
from transload.canonical.errors import Retry, Stop, TransloadError
from transload.canonical.findings import Finding

_SKEW = 60.0
"""Seconds before its end at which a token is renewed, at most a tenth of its life."""
_UNKNOWN_LIFE = 300.0
"""Seconds that a token is used whose answer does not say how long it lives."""
_LONGEST_LIFE = 86400
"""Seconds after which a token is renewed, whatever its answer says."""


class HeaderLogin(AuthBase):
    """Sets one header; ``value`` is asked for at each request."""

    def __init__(self, header: str, value: Callable[[], str]) -> None:
        self._header = header
        self._value = value

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """The request with the header set."""
        request.headers[self._header] = self._value()
        return request


class QueryLogin(AuthBase):
    """Puts one parameter into the query, in the place of one of that name: next pages repeat what they were asked."""

    def __init__(self, name: str, value: Callable[[], str]) -> None:
        self._name = name
        self._value = value

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """The request with the parameter added."""
        parts = urlsplit(str(request.url))
        pairs = parts.query.split("&") if parts.query else []
        others = [pair for pair in pairs if unquote_plus(pair.partition("=")[0]) != self._name]
        query = "&".join([*others, urlencode({self._name: self._value()})])
        request.url = urlunsplit(parts._replace(query=query))
        return request


@dataclass(frozen=True, kw_only=True, repr=False)
class _Token:
    value: str
    renew_at: float


class Tokens:
    """The current token of one client at one token server, shared by all connections that log in the same way.

    While one thread fetches a token, the others wait for it instead of fetching their own; where it gets
    none, they have failed with it, so that a server in trouble is not asked once for each of them.
    """

    def __init__(self, settings: OAuth2) -> None:
        self._settings = settings
        self._lock = Lock()
        self._token: _Token | None = None
        self._flights = 0
        self._failure: TransloadError | None = None

    def current(self, connection: HttpConnection) -> str:
        """A token that is still good; fetched when there is none.  Raises `Retry`, `Stop`."""
        flights = self._flights
        with self._lock:
            if self._token is None or time.monotonic() >= self._token.renew_at:
                if self._flights != flights and self._failure is not None:
                    raise _same(self._failure)
                self._failure = None
                try:
                    self._token = self._fetch(connection)
                except TransloadError as error:
                    self._failure = error
                    raise
                finally:
                    self._flights += 1
            return self._token.value

    def refused(self, value: str) -> None:
        """Forget the token ``value``, which a server did not take; one that came in its place is kept."""
        with self._lock:
            if self._token is not None and self._token.value == value:
                self._token = None

    def _fetch(self, connection: HttpConnection) -> _Token:
        settings = self._settings
        secret = settings.client_secret.get_secret_value()
        form = {"grant_type": "client_credentials"}
        form |= {"scope": settings.scope} if settings.scope else {}
        form |= {"audience": settings.audience} if settings.audience else {}
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        if settings.client_auth == "client_secret_basic":  # both parts are form-encoded first: RFC 6749 section 2.3.1
            pair = f"{quote_plus(settings.client_id)}:{quote_plus(secret)}"
            headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
        else:
            form |= {"client_id": settings.client_id, "client_secret": secret}
        plain = connection.model_copy(update={"headers": {}})  # the API's own headers are not for the token server
        with open_session(plain) as session:
            reply = exchange(
                session,
                "POST",
                settings.token_url,
                settings=plain,
                repeatable=True,
                body=urlencode(form).encode(),
                headers=headers,
                hidden=(secret, headers.get("Authorization", "")),
            )
        return _read_token(reply, plain)


_SHARED: dict[tuple[str, ...], Tokens] = {}
_SHARED_LOCK = Lock()


def tokens_for(settings: OAuth2) -> Tokens:
    """The tokens of this login; the same object for the same settings, in all threads of this process."""
    secret = sha256(settings.client_secret.get_secret_value().encode()).hexdigest()
    key = (settings.token_url, settings.client_id, secret, settings.scope or "", settings.audience or "")
    with _SHARED_LOCK:
        return _SHARED.setdefault(key, Tokens(settings))


def login_for(connection: RestConnection) -> AuthBase:
    """What puts the connection's credentials on a request, for all logins but OAuth 2.0."""
    auth = connection.auth
    if auth.basic:
        return HTTPBasicAuth(auth.basic.username.encode(), auth.basic.password.get_secret_value().encode())
    if auth.bearer:
        token = auth.bearer.token
        return HeaderLogin("Authorization", lambda: f"Bearer {token.get_secret_value()}")
    if auth.hmac:
        return Signature(auth.hmac)
    if auth.api_key and auth.api_key.query:
        return QueryLogin(auth.api_key.query, auth.api_key.key.get_secret_value)
    if auth.api_key:
        return HeaderLogin(auth.api_key.header, auth.api_key.key.get_secret_value)
    return NoLogin()


def _same(error: TransloadError) -> TransloadError:
    """The error again, as one of the caller's own."""
    if isinstance(error, Retry):
        return Retry(error.message, wait=error.wait, hint=error.hint, findings=error.findings)
    return type(error)(error.message, hint=error.hint, findings=error.findings)


def _read_token(reply: Reply, connection: HttpConnection) -> _Token:
    """The token of an answer; the answer itself is never shown, since it may hold one."""
    try:
        answer = json.loads(reply.content)
    except (ValueError, RecursionError):
        answer = None
    found = answer if isinstance(answer, dict) else {}
    if reply.status == 200:
        value = found.get("access_token")
        if not isinstance(value, str) or not value.isprintable() or not value.isascii() or not value:
            raise Stop(
                f"{reply.call} gave no access token", hint="check token_url; the answer must be as in RFC 6749 5.1"
            )
        kind = str(found.get("token_type", "bearer"))
        if kind.lower() != "bearer":
            raise Stop(f"{reply.call} gave a token of type {kind[:40]!r}, and only bearer tokens are known")
        life = found.get("expires_in")
        seconds = float(min(life, _LONGEST_LIFE)) if isinstance(life, (int, float)) and life > 0 else _UNKNOWN_LIFE
        return _Token(value=value, renew_at=time.monotonic() + seconds - min(_SKEW, seconds / 10))
    error = refusal(reply, connection, repeatable=True)
    said = ": ".join(reply.masked(str(found[name]))[:200] for name in ("error", "error_description") if found.get(name))
    message = f"{reply.call} gave no token and answered with {reply.status}" + (f", {said}" if said else "")
    if isinstance(error, Retry):
        raise Retry(message, wait=error.wait, hint="nothing was sent; it is tried again later")
    finding = Finding(code=f"H-{reply.status}", message=message, hint="check client_id, client_secret and scope")
    raise Stop(message, hint=finding.hint, findings=[finding])
