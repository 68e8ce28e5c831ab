"""HTTP calls with every guard in place: what REST and SOAP share, and any adapter over HTTP may use.

All time-outs are always set, redirects are never followed, answers have a largest
size, nothing is taken from the environment (no ``.netrc``, no proxy variables), and
what requests and urllib3 raise becomes one of our errors by what it means for the
document: nothing arrived (`Retry`), it may have arrived (`Unknown`), or the
connection is wrong (`Stop`).
"""

import http.client
import ipaddress
import logging
import re
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Annotated
from urllib.parse import quote, urlsplit

import requests
import urllib3.exceptions
from pydantic import AfterValidator, Field
from requests.auth import AuthBase
from requests.utils import get_environ_proxies

from transload.adapters.base.consequences import HEADER_HINT, NO_HEADER, lost, translate
from transload.adapters.base.cutoff import CutOffAdapter, Overdue
from transload.adapters.base.masking import masked
from transload.adapters.base.settings import Duration, Secret, Settings
from transload.adapters.base.tls import Peer, Tls
from transload.canonical.errors import Reject, Retry, Stop, TransloadError
from transload.canonical.findings import Finding

__all__ = [
    "HttpConnection",
    "HttpTimeouts",
    "NoLogin",
    "Reply",
    "Tls",
    "exchange",
    "lost",
    "open_session",
    "refusal",
    "retry_after",
    "shown",
    "their_time",
]

BEGINNING = 500
"""How many characters of a refusal's body a finding shows."""
_IDLE = 2.0
"""Seconds that a connection may have been idle on which something is sent that must not arrive twice.

Common servers close one after five.
"""


class HttpTimeouts(Settings):
    """How long to wait for the other side."""

    connect: Duration = Field(default=timedelta(seconds=10), description="For the connection to come about.")
    read: Duration = Field(default=timedelta(seconds=60), description="For each next part of the answer.")
    total: Duration = Field(
        default=timedelta(minutes=10), gt=timedelta(), description="For the whole call, however steadily it goes on."
    )


class ProxyLogin(Settings):
    """What the proxy wants to know of us."""

    username: str = Field(description="User name.", examples=["acme-edi"])
    password: Secret = Field(description="Password.")


def _proxy(value: str | None) -> str | None:
    if value is None or value == "environment":
        return value
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("this is no address of a proxy; write http://proxy.example:3128, or environment")
    if parts.username is not None or parts.password is not None:
        raise ValueError("a login does not stand in an address; write it under proxy_login:")
    return value.rstrip("/")


class HttpConnection(Settings):
    """What every connection over HTTP takes."""

    timeouts: HttpTimeouts = Field(default_factory=HttpTimeouts, description="Time-outs.")
    tls: Tls = Field(default_factory=Tls, description="Certificates.")
    headers: dict[str, str] = Field(default_factory=dict, description="Headers to send with every request.")
    plain_http: bool = Field(
        default=False,
        description="Allow http:// to another machine: all that is sent, logins too, can be read on the way.",
    )
    proxy: Annotated[str | None, AfterValidator(_proxy)] = Field(
        default=None,
        description="Address of a proxy, or: environment, which takes HTTPS_PROXY, HTTP_PROXY and NO_PROXY. "
        "Without it no environment variable is looked at.",
    )
    proxy_login: ProxyLogin | None = Field(default=None, description="Login at the proxy.")
    max_body: int = Field(default=50_000_000, ge=1, description="Bytes that an answer may have, unpacked.")
    longest_wait: Duration = Field(
        default=timedelta(hours=1), description="Longest wait that a Retry-After header may ask for."
    )


@dataclass(frozen=True, kw_only=True)
class Reply:
    """An HTTP answer, its body read.

    ``headers`` have lower case names.  ``whole`` is False when the body was larger than
    the connection allows: ``content`` is then its beginning only and must not be used as
    the answer.  ``address`` has no query and no login, so that it can be shown.
    ``peer`` is the other side's TLS.  ``hidden`` are secrets that must not be shown, should the
    body hold them.
    """

    method: str
    address: str
    status: int
    headers: Mapping[str, str]
    content: bytes
    whole: bool = True
    peer: Peer | None = field(default=None, repr=False)
    hidden: tuple[str, ...] = field(default=(), repr=False)

    @property
    def call(self) -> str:
        """Method and address, for people."""
        return f"{self.method} {self.address}"

    @property
    def beginning(self) -> str | None:
        """The body's first characters, for a finding; None when it is empty."""
        text = self.content[: 4 * BEGINNING].decode("utf-8", "replace").strip()
        return self.masked(text)[:BEGINNING] or None

    def masked(self, text: str) -> str:
        """``text`` of this answer, our secrets in it replaced by stars: some servers repeat the request."""
        return masked(text, *self.hidden)


class NoLogin(AuthBase):
    """Sends no credentials; without an object of its own, requests would look into ``.netrc``."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """The request as it is."""
        return request


def open_session(settings: HttpConnection, *, auth: AuthBase | None = None) -> requests.Session:
    """A session as ``settings`` say; it connects at the first `exchange`.  The caller closes it."""
    session = requests.Session()
    session.trust_env = False
    for scheme in ("http://", "https://"):
        session.mount(scheme, CutOffAdapter(settings.tls))
    session.auth = auth or NoLogin()
    session.headers["User-Agent"] = "transload"
    session.headers["Accept-Encoding"] = "gzip, deflate"  # what else may be installed packs a thousand times tighter
    session.headers.update(settings.headers)
    _LOG.addFilter(_without_query)  # the same one again changes nothing
    return session


_LOG = logging.getLogger("urllib3.connectionpool")
_QUERY = re.compile(r"\?.*")


def _without_query(record: logging.LogRecord) -> bool:
    """Take the query out of what the library logs: a key may stand in it."""
    if isinstance(record.args, tuple):
        record.args = tuple(_QUERY.sub("?...", item) if isinstance(item, str) else item for item in record.args)
    return True


def _proxies(settings: HttpConnection, url: str) -> dict[str, str]:
    if settings.proxy is None:
        return {}
    if settings.proxy == "environment":
        return dict(get_environ_proxies(url, no_proxy=None))
    address = settings.proxy
    if settings.proxy_login:
        scheme, _, rest = address.partition("://")
        login = (settings.proxy_login.username, settings.proxy_login.password.get_secret_value())
        address = f"{scheme}://{':'.join(quote(part, safe='') for part in login)}@{rest}"
    return {"http": address, "https": address}


def is_here(host: str | None) -> bool:
    """Whether ``host`` is this machine."""
    try:
        return host == "localhost" or ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def _refuse_plain(url: str, settings: HttpConnection, call: str) -> None:
    try:
        parts = urlsplit(url)
        plain = parts.scheme.lower() == "http" and not is_here(parts.hostname)
    except ValueError:
        return  # no address at all, which the library says
    if plain and not settings.plain_http:
        message = f"{call} would travel unencrypted, and is not sent"
        raise Stop(message, hint="use https://; or plain_http: true, where nobody else can be on the way")


def _proxy_secret(settings: HttpConnection) -> tuple[str, ...]:
    login = settings.proxy_login
    return (login.password.get_secret_value(),) if login is not None else ()


def exchange(
    session: requests.Session,
    method: str,
    url: str,
    *,
    settings: HttpConnection,
    repeatable: bool,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    hidden: Iterable[str] = (),
) -> Reply:
    """Send one request and read its answer, whatever its status.

    ``repeatable`` says that a second request has no second effect; then a lost answer is
    worth a `Retry`, else it is `Unknown`.  ``hidden`` are secrets that no finding may show.
    Raises `Retry`, `Unknown`, `Stop`.
    """
    timeouts = (settings.timeouts.connect.total_seconds(), settings.timeouts.read.total_seconds())
    address = shown(url)
    total = settings.timeouts.total.total_seconds()
    _refuse_plain(url, settings, f"{method} {address}")
    try:
        with (
            _within(session, url, total, repeatable=repeatable),
            session.request(
                method,
                url,
                data=body,
                headers=dict(headers or {}),
                timeout=timeouts,
                proxies=_proxies(settings, url),
                allow_redirects=False,
                stream=True,
            ) as response,
        ):
            content, whole = _read(response, settings.max_body)
            return Reply(
                method=method,
                address=address,
                status=response.status_code,
                headers={name.lower(): value for name, value in response.headers.items()},
                content=content,
                whole=whole,
                peer=_peer(session, url),
                hidden=(*hidden, *_proxy_secret(settings)),
            )
    except Overdue as error:
        message = f"{method} {address} was sent, and not answered in full within {total:g} seconds"
        raise lost(message, repeatable=repeatable) from error
    except (requests.RequestException, urllib3.exceptions.HTTPError, http.client.HTTPException, OSError) as error:
        raise translate(error, f"{method} {address}", repeatable=repeatable) from error
    except ValueError:  # its own words would show the header, which may be a secret
        raise Stop(f"{method} {address} cannot be sent: {NO_HEADER}", hint=HEADER_HINT) from None


def _within(session: requests.Session, url: str, seconds: float, *, repeatable: bool) -> AbstractContextManager[None]:
    adapter = session.get_adapter(url)
    if not isinstance(adapter, CutOffAdapter):
        return nullcontext()
    if not repeatable:
        adapter.renew(idle=_IDLE)
    return adapter.within(seconds)


def _peer(session: requests.Session, url: str) -> Peer | None:
    adapter = session.get_adapter(url)
    return adapter.peer if isinstance(adapter, CutOffAdapter) and url.lower().startswith("https:") else None


def shown(url: str) -> str:
    """``url`` without its query and login, which may hold what must not be seen."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "an invalid address"
    return f"{parts.scheme}://{parts.hostname or ''}{port}{parts.path}"


def _read(response: requests.Response, most: int) -> tuple[bytes, bool]:
    parts: list[bytes] = []
    size = 0
    for part in response.iter_content(65536):
        parts.append(part)
        size += len(part)
        if size > most:
            return b"".join(parts)[:most], False
    return b"".join(parts), True


# Statuses.

_STOPPING = {401: "the login is refused", 403: "the login may not do this", 407: "the proxy wants a login"}
_STOPPING |= {405: "this address does not take the method", 406: "it has no answer in the wanted content type"}
_STOPPING |= {415: "it does not take the content type", 501: "it does not know the method"}
_STOPPING |= {505: "it does not speak this version of HTTP"}
_REJECTING = {404: "is the address right? else it does not know what the document speaks of"}
_REJECTING |= {410: "what the document speaks of is gone there", 413: "the document is too large for it"}
_REJECTING |= {409: "it contradicts what is there; look there, or ask the partner what that means"}


def refusal(reply: Reply, settings: HttpConnection, *, repeatable: bool) -> TransloadError:
    """The error that an unwelcome status means (RFC 9110 section 15, RFC 6585).

    429, 425 and 503 say that nothing was done: `Retry`, not before Retry-After.  408 and
    all other 5xx leave open whether it was done, 500 among them, since a server may fail
    after its commit: `Retry` when ``repeatable``, else `Unknown`.  401, 403 and what
    speaks of method or content type is about the connection: `Stop`, as is any
    redirection.  Every other 4xx is about this document: `Reject`.
    """
    status = reply.status
    found = Finding(
        code=f"H-{status}",
        message=f"{reply.call} was answered with {status}",
        hint=_STOPPING.get(status),
        value=reply.beginning,
    )
    if status in (425, 429, 503):
        later = replace(found, hint="nothing was done there; it is tried again, not before the time that it names")
        return Retry(found.message, wait=retry_after(reply, settings), findings=[later])
    if status in _STOPPING:
        return Stop(found.message, hint=found.hint, findings=[found])
    if status < 400:
        target = reply.headers.get("location")
        hint = f"it names {shown(target)}; correct the address" if target else "correct the address"
        moved = Finding(code=found.code, message=found.message, hint=hint)
        return Stop(found.message, hint=hint, findings=[moved])
    if status >= 500 or status == 408:
        return lost(found.message, repeatable=repeatable, findings=(found,))
    hint = _REJECTING.get(status, "correct the document or its mapping as the answer says, and send it again")
    return Reject(found.message, hint=hint, findings=[replace(found, hint=hint)])


def retry_after(reply: Reply, settings: HttpConnection) -> float | None:
    """The seconds that Retry-After asks to wait (RFC 9110 section 10.2.3), at most ``longest_wait``; None without one.

    A date is measured against the answer's own Date, so that the two clocks need not agree.
    """
    text = reply.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        seconds = float(text)
    else:
        then = _date(text)
        if then is None:
            return None
        now = their_time(reply) or datetime.now(UTC)
        seconds = max(0.0, (then - now).total_seconds())
    return min(seconds, settings.longest_wait.total_seconds())


def their_time(reply: Reply) -> datetime | None:
    """What time it was for the server when it answered, UTC; None when it does not say."""
    return _date(reply.headers.get("date", ""))


def _date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
