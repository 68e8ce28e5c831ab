"""HTTP calls with every guard in place: what REST and SOAP share, and any adapter over HTTP may use.

All time-outs are always set, redirects are never followed, answers have a largest
size, nothing is taken from the environment (no ``.netrc``, no proxy variables), and
what requests and urllib3 raise becomes one of our errors by what it means for the
document: nothing arrived (`Retry`), it may have arrived (`Unknown`), or the
connection is wrong (`Stop`).
"""

import http.client
import ssl
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urlsplit

import requests
import urllib3.exceptions
from pydantic import Field
from requests.auth import AuthBase

from transload.adapters.base.cutoff import CutOffAdapter, Overdue
from transload.adapters.base.settings import Duration, Settings
from transload.canonical.errors import Reject, Retry, Stop, TransloadError, Unknown
from transload.canonical.findings import Finding

BEGINNING = 500
"""How many characters of a refusal's body a finding shows."""


class HttpTimeouts(Settings):
    """How long to wait for the other side."""

    connect: Duration = Field(default=timedelta(seconds=10), description="For the connection to come about.")
    read: Duration = Field(default=timedelta(seconds=60), description="For each next part of the answer.")
    total: Duration = Field(
        default=timedelta(minutes=10), gt=timedelta(), description="For the whole call, however steadily it goes on."
    )


class Tls(Settings):
    """Certificates, the other side's and ours."""

    verify: bool = Field(default=True, description="Whether the server's certificate must be valid.")
    ca: Path | None = Field(default=None, description="PEM file of the authorities to trust instead of the usual ones.")
    certificate: Path | None = Field(default=None, description="PEM file of our own certificate (mutual TLS).")
    key: Path | None = Field(default=None, description="PEM file of its private key, if not in the same file.")


class HttpConnection(Settings):
    """What every connection over HTTP takes."""

    timeouts: HttpTimeouts = Field(default_factory=HttpTimeouts, description="Time-outs.")
    tls: Tls = Field(default_factory=Tls, description="Certificates.")
    headers: dict[str, str] = Field(default_factory=dict, description="Headers to send with every request.")
    proxy: str | None = Field(default=None, description="Address of a proxy; environment variables are not looked at.")
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
    """

    method: str
    address: str
    status: int
    headers: Mapping[str, str]
    content: bytes
    whole: bool = True

    @property
    def call(self) -> str:
        """Method and address, for people."""
        return f"{self.method} {self.address}"

    @property
    def beginning(self) -> str | None:
        """The body's first characters, for a finding; None when it is empty."""
        text = self.content[: 4 * BEGINNING].decode("utf-8", "replace").strip()
        return text[:BEGINNING] or None


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
        session.mount(scheme, CutOffAdapter())
    session.auth = auth or NoLogin()
    tls = settings.tls
    session.verify = str(tls.ca) if tls.verify and tls.ca else tls.verify
    if tls.certificate:
        session.cert = (str(tls.certificate), str(tls.key)) if tls.key else str(tls.certificate)
    if settings.proxy:
        session.proxies = {"http": settings.proxy, "https": settings.proxy}
    session.headers["User-Agent"] = "transload"
    session.headers.update(settings.headers)
    return session


def exchange(
    session: requests.Session,
    method: str,
    url: str,
    *,
    settings: HttpConnection,
    repeatable: bool,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> Reply:
    """Send one request and read its answer, whatever its status.

    ``repeatable`` says that a second request has no second effect; then a lost answer is
    worth a `Retry`, else it is `Unknown`.  Raises `Retry`, `Unknown`, `Stop`.
    """
    timeouts = (settings.timeouts.connect.total_seconds(), settings.timeouts.read.total_seconds())
    address = shown(url)
    total = settings.timeouts.total.total_seconds()
    try:
        with (
            _within(session, url, total),
            session.request(
                method,
                url,
                data=body,
                headers=dict(headers or {}),
                timeout=timeouts,
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
            )
    except Overdue as error:
        message = f"{method} {address} was sent, and not answered in full within {total:g} seconds"
        raise lost(message, repeatable=repeatable) from error
    except (requests.RequestException, urllib3.exceptions.HTTPError, http.client.HTTPException, OSError) as error:
        raise translate(error, f"{method} {address}", repeatable=repeatable) from error
    except ValueError:  # its own words would show the header, which may be a secret
        raise Stop(f"{method} {address} cannot be sent: {_NO_HEADER}", hint=_HEADER_HINT) from None


def _within(session: requests.Session, url: str, seconds: float) -> AbstractContextManager[None]:
    adapter = session.get_adapter(url)
    return adapter.within(seconds) if isinstance(adapter, CutOffAdapter) else nullcontext()


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


# Translation, in one place.

NOT_SENT: tuple[type[BaseException], ...] = (
    requests.ConnectTimeout,
    requests.exceptions.ProxyError,
    urllib3.exceptions.NewConnectionError,
    urllib3.exceptions.ConnectTimeoutError,
    urllib3.exceptions.ProxyError,
    urllib3.exceptions.EmptyPoolError,
    urllib3.exceptions.FullPoolError,
    urllib3.exceptions.ClosedPoolError,
)
"""Raised before a byte of the request left: nothing arrived."""
MISCONFIGURED: tuple[type[BaseException], ...] = (
    requests.exceptions.InvalidURL,
    requests.exceptions.MissingSchema,
    requests.exceptions.InvalidSchema,
    requests.exceptions.InvalidHeader,
    requests.exceptions.InvalidProxyURL,
    requests.exceptions.URLRequired,
    requests.exceptions.TooManyRedirects,
    urllib3.exceptions.LocationValueError,
    urllib3.exceptions.URLSchemeUnknown,
    urllib3.exceptions.ProxySchemeUnknown,
    urllib3.exceptions.ProxySchemeUnsupported,
    ssl.SSLCertVerificationError,
    FileNotFoundError,
    PermissionError,
)
"""Something in the settings is wrong, or the other side's certificate is."""
LOST: tuple[type[BaseException], ...] = (
    requests.ReadTimeout,
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
    requests.exceptions.StreamConsumedError,
    requests.exceptions.RetryError,
    requests.exceptions.UnrewindableBodyError,
    requests.exceptions.InvalidJSONError,
    requests.HTTPError,
    urllib3.exceptions.TimeoutError,
    urllib3.exceptions.ProtocolError,
    urllib3.exceptions.PoolError,
    urllib3.exceptions.DecodeError,
    urllib3.exceptions.SSLError,
    urllib3.exceptions.ResponseError,
    urllib3.exceptions.HeaderParsingError,
    urllib3.exceptions.UnrewindableBodyError,
    urllib3.exceptions.IncompleteRead,
    urllib3.exceptions.InvalidChunkLength,
    urllib3.exceptions.InvalidHeader,
    urllib3.exceptions.BodyNotHttplibCompatible,
    urllib3.exceptions.TimeoutStateError,
    http.client.HTTPException,
    ConnectionError,
    TimeoutError,
)
"""Raised while or after the request was sent: it may have arrived."""


_NO_HEADER = "a header or the address holds a character that HTTP cannot carry"
_HEADER_HINT = "look at the headers and the login: a secret's file may have a blank line at its end"


def translate(error: BaseException, call: str, *, repeatable: bool) -> TransloadError:
    """Our error for what requests, urllib3, ssl or the socket raised during ``call``.

    What is in none of the tables counts as lost, which is never wrong about a copy too many.
    """
    chain = list(_causes(error))
    deepest = chain[-1]
    reason = _words(deepest)
    if any(isinstance(cause, requests.exceptions.InvalidHeader) for cause in chain):  # its words show the header
        return Stop(f"{call} is not possible: {_NO_HEADER}", hint=_HEADER_HINT)
    if any(isinstance(cause, NOT_SENT) for cause in chain):
        return Retry(f"{call} could not connect: {reason}", hint="nothing was sent; it is tried again later")
    if any(isinstance(cause, MISCONFIGURED) for cause in chain) or _missing_bundle(error):
        return Stop(f"{call} is not possible: {reason}", hint=_stop_hint(chain))
    if any(isinstance(cause, ssl.SSLError) and not _cut_off(cause) for cause in chain):
        return Stop(f"{call} cannot agree on TLS: {reason}", hint="compare the address, its port and its TLS versions")
    return lost(f"{call} was sent, and its answer was lost: {reason}", repeatable=repeatable)


def lost(message: str, *, repeatable: bool, findings: tuple[Finding, ...] = ()) -> TransloadError:
    """`Retry` when the request is ``repeatable``, else `Unknown`."""
    if repeatable:
        return Retry(message, hint="a repetition has no second effect there, so it is tried again", findings=findings)
    return Unknown(message, hint="look at the other side whether it arrived", findings=findings)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what lies beneath it: causes, contexts, and the reasons that urllib3 packs into arguments."""
    known: set[int] = set()
    pending: list[BaseException | None] = [error]
    while pending:
        found = pending.pop()
        if found is None or id(found) in known:
            continue
        known.add(id(found))
        yield found
        packed = [item for item in (*found.args, getattr(found, "reason", None)) if isinstance(item, BaseException)]
        pending += [found.__context__, found.__cause__, *packed]


def _cut_off(error: BaseException) -> bool:
    return isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError, TimeoutError))


def _missing_bundle(error: BaseException) -> bool:
    """Requests reports a certificate file that does not exist as a plain OSError, before it connects."""
    return type(error) is OSError


def _words(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return "time is up"
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return " ".join(text.split()) or type(error).__name__


def _stop_hint(chain: list[BaseException]) -> str:
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in chain):
        return "the server's certificate is not trusted; name its authority under tls: ca:"
    return "correct the connection's settings"


# Statuses.

_STOPPING = {401: "the login is refused", 403: "the login may not do this", 407: "the proxy wants a login"}
_STOPPING |= {405: "this address does not take the method", 406: "it has no answer in the wanted content type"}
_STOPPING |= {415: "it does not take the content type", 501: "it does not know the method"}
_STOPPING |= {505: "it does not speak this version of HTTP"}


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
        return Retry(found.message, wait=retry_after(reply, settings), findings=[found])
    if status in _STOPPING:
        return Stop(found.message, hint=found.hint, findings=[found])
    if status < 400:
        target = reply.headers.get("location")
        hint = f"it names {shown(target)}; correct the address" if target else "correct the address"
        moved = Finding(code=found.code, message=found.message, hint=hint)
        return Stop(found.message, hint=hint, findings=[moved])
    if status >= 500 or status == 408:
        return lost(found.message, repeatable=repeatable, findings=(found,))
    return Reject(found.message, findings=[found])


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
        now = _date(reply.headers.get("date", "")) or datetime.now(UTC)
        seconds = max(0.0, (then - now).total_seconds())
    return min(seconds, settings.longest_wait.total_seconds())


def _date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
