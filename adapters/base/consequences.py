"""What a broken HTTP call means for the document: the one place that knows requests' and urllib3's errors."""

import http.client
import re
import ssl
from collections.abc import Iterator

import requests
import urllib3.exceptions

from transload.canonical.errors import Retry, Stop, TransloadError, Unknown
from transload.canonical.findings import Finding

_QUERY = re.compile(r"\?[^\s'\")]+")
"""A query in a library's words: a key may stand in it."""

_TUNNEL_REFUSED = re.compile(r"Tunnel connection failed: (?:401|403|405|407)\b")

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


NO_HEADER = "a header or the address holds a character that HTTP cannot carry"
HEADER_HINT = "look at the headers and the login: a secret's file may have a blank line at its end"


def translate(error: BaseException, call: str, *, repeatable: bool) -> TransloadError:
    """Our error for what requests, urllib3, ssl or the socket raised during ``call``.

    What is in none of the tables counts as lost, which is never wrong about a copy too many.
    """
    chain = list(_causes(error))
    deepest = chain[-1]
    reason = _words(deepest)
    if any(isinstance(cause, requests.exceptions.InvalidHeader) for cause in chain):  # its words show the header
        return Stop(f"{call} is not possible: {NO_HEADER}", hint=HEADER_HINT)
    if _TUNNEL_REFUSED.match(reason):
        hint = "correct proxy: and proxy_login:, or ask those who run it"
        return Stop(f"{call} is not possible, the proxy refuses: {reason}", hint=hint)
    if any(isinstance(cause, NOT_SENT) for cause in chain):
        return Retry(f"{call} could not connect: {reason}", hint="nothing was sent; it is tried again later")
    if any(isinstance(cause, MISCONFIGURED) for cause in chain) or _missing_bundle(error):
        return Stop(f"{call} is not possible: {reason}", hint=_stop_hint(chain))
    if any(isinstance(cause, ssl.SSLError) and not _cut_off(cause) for cause in chain):
        return Stop(f"{call} cannot agree on TLS: {reason}", hint=_tls_hint(chain))
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
    return _QUERY.sub("?...", " ".join(text.split())) or type(error).__name__


_CERTIFICATE_HINTS = {
    "has expired": "the partner must renew its certificate",
    "not yet valid": "is our clock right? else the partner must correct its certificate",
    "mismatch": "the certificate is for another name: correct the address, or tell the partner",
    "pinned": "ask the partner whether it has a new certificate; if so, add its fingerprint under tls: pins:",
}
_ALERTS = (
    "CERTIFICATE_REQUIRED",
    "BAD_CERTIFICATE",
    "UNKNOWN_CA",
    "CERTIFICATE_EXPIRED",
    "CERTIFICATE_UNKNOWN",
    "CERTIFICATE_REVOKED",
    "UNSUPPORTED_CERTIFICATE",
    "ACCESS_DENIED",
    "HANDSHAKE_FAILURE",
)


def _tls_hint(chain: list[BaseException]) -> str:
    if any(alert in str(getattr(cause, "reason", "")) for cause in chain for alert in _ALERTS):
        return "the server wants a certificate of ours, or another one: tls: certificate: and key:"
    return "compare the address, its port and its TLS versions"


def _stop_hint(chain: list[BaseException]) -> str:
    certificate = next((cause for cause in chain if isinstance(cause, ssl.SSLCertVerificationError)), None)
    if certificate is not None:
        for words, hint in _CERTIFICATE_HINTS.items():
            if words in str(certificate):
                return hint
        return "the server's certificate is not trusted; name its authority under tls: ca:"
    return "correct the connection's settings"
