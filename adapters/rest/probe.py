"""Looking at a REST connection, moving nothing: TLS, login, clock, paging, and what to write about them."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlencode, urlsplit

from transload.adapters.base import Finding, Probe, Severity
from transload.adapters.base.http import Reply, refusal
from transload.adapters.base.media import foreign
from transload.adapters.base.tls import Peer, look_at, own_certificate
from transload.adapters.rest.client import Client
from transload.adapters.rest.pages import first_step
from transload.adapters.rest.settings import RestConnection, RestSource
from transload.adapters.rest.sighting import seen_paging
from transload.canonical.errors import TransloadError

_SOON = timedelta(days=21)
_SKEW = timedelta(seconds=30)
Clock = Callable[[], datetime]


def probe(
    client: Client,
    connection: RestConnection,
    source: RestSource | None = None,
    *,
    clock: Clock = lambda: datetime.now(UTC),
) -> Probe:
    """Ask with GET for the connection's ``probe`` path, or for the first page of ``source``.

    Any answer is good but a redirection, a refused login or 5xx.  With OAuth 2.0 it gets a token
    first, so that the login is tried too.  The findings are remarks (``P-...``), warnings about
    what will fail soon, and errors about what fails now.
    """
    found: list[Finding] = []
    try:
        found += _own(connection, clock())
        if said := client.log_in():
            found.append(_remark("P-LOGIN", said))
        reply = client.call(
            "GET",
            _address(connection, source),
            judge=lambda reply: _judge(reply, connection),
            repeatable=True,
            headers=_headers(source),
        )
    except TransloadError as error:
        seen = _unverified(connection, clock()) if _untrusted(error) else []
        return Probe(ok=False, summary=error.message, findings=(*error.findings, *found, *seen))
    found += _wire(reply, connection, clock())
    found += _clock_of(reply, clock())
    found += _login(reply, connection)
    if source is not None and reply.status == 200:
        other = foreign(reply, source.accept)
        found += [other] if other else seen_paging(reply, source)
    ok = not any(finding.is_error for finding in found)
    return Probe(ok=ok, summary=f"{reply.status} from {reply.call}", findings=tuple(found))


def _address(connection: RestConnection, source: RestSource | None) -> str:
    if connection.probe or source is None or source.method != "GET":
        path = connection.probe and f"/{connection.probe.lstrip('/')}"
        return connection.base_url + path
    query = {**source.query, **first_step(source.pages)}
    return connection.base_url + source.path + (f"?{urlencode(query)}" if query else "")


def _headers(source: RestSource | None) -> dict[str, str]:
    return {"Accept": source.accept, **source.headers} if source is not None else {}


def _judge(reply: Reply, connection: RestConnection) -> TransloadError | None:
    if reply.status < 300 or (reply.status < 500 and reply.status not in (401, 403, 407) and reply.status >= 400):
        return None
    return refusal(reply, connection, repeatable=True)


def _wire(reply: Reply, connection: RestConnection, now: datetime) -> Iterator[Finding]:
    if reply.peer is None:
        message = "the connection is not encrypted: all that is sent can be read on the way"
        yield _warning("P-PLAIN", message, "ask the partner for an https:// address")
        return
    yield _remark("P-TLS", f"{reply.peer.version} with {reply.peer.cipher}")
    yield from _certificate(reply.peer, now)
    if not connection.tls.pins:
        pin = reply.peer.key_fingerprint
        yield _remark("P-PIN", "the server is known by its authority alone", f"to pin its key: tls: {{pins: [{pin}]}}")


def _certificate(peer: Peer, now: datetime) -> Iterator[Finding]:
    name = peer.parsed.subject.rfc4514_string() or "no name"
    left = peer.until - now
    message = f"the server's certificate ({name}) ends at {peer.until:%Y-%m-%d %H:%M} UTC, in {max(left.days, 0)} days"
    if left < _SOON:
        yield _warning("P-CERTIFICATE", message, "tell the partner to renew it; with pins, add the new one beforehand")
    else:
        yield _remark("P-CERTIFICATE", message)


def _own(connection: RestConnection, now: datetime) -> Iterator[Finding]:
    certificate = own_certificate(connection.tls)
    if certificate is None:
        return
    until = certificate.not_valid_after_utc
    message = f"our own certificate ({certificate.subject.rfc4514_string()}) ends at {until:%Y-%m-%d %H:%M} UTC"
    if until - now < _SOON:
        yield _warning("P-OWN", message, "renew it, and give the new one to the partner beforehand")
    else:
        yield _remark("P-OWN", message)


def _clock_of(reply: Reply, now: datetime) -> Iterator[Finding]:
    try:
        theirs = parsedate_to_datetime(reply.headers.get("date", ""))
        skew = (theirs if theirs.tzinfo else theirs.replace(tzinfo=UTC)) - now
    except (ValueError, OverflowError):
        yield _remark("P-CLOCK", "the server does not say what time it is")
        return
    seconds = round(abs(skew).total_seconds())
    words = "ahead of ours" if skew > timedelta() else "behind ours"
    if abs(skew) > _SKEW:
        hint = "correct the clock that is wrong: signatures, tokens and since depend on it"
        yield _warning("P-CLOCK", f"the server's clock is {seconds} seconds {words}", hint)
    else:
        yield _remark(
            "P-CLOCK", "both clocks agree" if seconds < 2 else f"the server's clock is {seconds} seconds {words}"
        )


def _login(reply: Reply, connection: RestConnection) -> Iterator[Finding]:
    given = connection.auth.given
    name = given[0] if given else "no login"
    if reply.status < 300:
        yield _remark("P-LOGIN", f"{name}: the server answers with {reply.status}")
        return
    message = f"{name}: it cannot be told whether the server takes it, since it answers with {reply.status}"
    yield _remark("P-LOGIN", message, "name a path that may be read under probe: of the connection")


def _untrusted(error: TransloadError) -> bool:
    return "certificate" in error.message


def _unverified(connection: RestConnection, now: datetime) -> Iterator[Finding]:
    """What the server shows that was not trusted: the partner may say that it is theirs."""
    parts = urlsplit(connection.base_url)
    if parts.scheme != "https" or connection.proxy is not None:
        return
    seconds = connection.timeouts.connect.total_seconds()
    peer = look_at(str(parts.hostname), parts.port or 443, seconds=seconds)
    if peer is None:
        return
    try:
        issuer = peer.parsed.issuer.rfc4514_string()
        yield from _certificate(peer, now)
        pin = peer.key_fingerprint
    except ValueError:  # it cannot be taken apart
        return
    message = f"it was issued by {issuer}; its public key has the SHA-256 fingerprint {pin}"
    hint = (
        "compare it with what the partner tells you by another way; then write tls: {ca: FILE}, or tls: {pins: [...]}"
    )
    yield _remark("P-PIN", message, hint)


def _remark(code: str, message: str, hint: str | None = None) -> Finding:
    return Finding(code=code, message=message, hint=hint, severity=Severity.REMARK)


def _warning(code: str, message: str, hint: str) -> Finding:
    return Finding(code=code, message=message, hint=hint, severity=Severity.WARNING)
