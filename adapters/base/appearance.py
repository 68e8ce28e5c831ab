"""What a server looks like over HTTP, for probes: its TLS and certificate, our own certificate, the two clocks."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from transload.adapters.base.http import HttpConnection, Reply, their_time
from transload.adapters.base.probing import SOON, of_certificate, of_tls, remark, warning
from transload.adapters.base.tls import look_at, own_certificate
from transload.canonical.errors import TransloadError
from transload.canonical.findings import Finding

_SKEW = timedelta(seconds=30)


def wire(reply: Reply, connection: HttpConnection, now: datetime) -> Iterator[Finding]:
    """TLS version, the certificate and how long it lasts, and how to pin it."""
    yield from of_tls(reply.peer, connection.tls.pins, now)


def own(connection: HttpConnection, now: datetime) -> Iterator[Finding]:
    """Our own certificate, if one is shown.  Raises `Stop` when it cannot be read."""
    certificate = own_certificate(connection.tls)
    if certificate is None:
        return
    until = certificate.not_valid_after_utc
    message = f"our own certificate ({certificate.subject.rfc4514_string()}) ends at {until:%Y-%m-%d %H:%M} UTC"
    if until - now < SOON:
        yield warning("P-OWN", message, "renew it, and give the new one to the partner beforehand")
    else:
        yield remark("P-OWN", message)


def clocks(reply: Reply, now: datetime) -> Iterator[Finding]:
    """How far the server's clock is from ours."""
    theirs = their_time(reply)
    if theirs is None:
        yield remark("P-CLOCK", "the server does not say what time it is")
        return
    skew = theirs - now
    seconds = round(abs(skew).total_seconds())
    words = "ahead of ours" if skew > timedelta() else "behind ours"
    if abs(skew) > _SKEW:
        hint = "correct the clock that is wrong: signatures, tokens and since depend on it"
        yield warning("P-CLOCK", f"the server's clock is {seconds} seconds {words}", hint)
    else:
        yield remark(
            "P-CLOCK", "both clocks agree" if seconds < 2 else f"the server's clock is {seconds} seconds {words}"
        )


def unverified(error: TransloadError, connection: HttpConnection, url: str, now: datetime) -> Iterator[Finding]:
    """What the server at ``url`` shows where ``error`` says that it is not trusted: it may be the right one."""
    parts = urlsplit(url)
    if "certificate" not in error.message or parts.scheme != "https" or connection.proxy is not None:
        return
    seconds = connection.timeouts.connect.total_seconds()
    peer = look_at(str(parts.hostname), parts.port or 443, seconds=seconds)
    if peer is None:
        return
    try:
        issuer = peer.parsed.issuer.rfc4514_string()
        yield of_certificate(peer, now)
        pin = peer.key_fingerprint
    except ValueError:  # it cannot be taken apart
        return
    message = f"it was issued by {issuer}; its public key has the SHA-256 fingerprint {pin}"
    hint = (
        "compare it with what the partner tells you by another way; then write tls: {ca: FILE}, or tls: {pins: [...]}"
    )
    yield remark("P-PIN", message, hint)
