"""What probes tell with, findings whose codes begin with ``P-``; and what every adapter tells of TLS."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from transload.adapters.base.tls import Peer
from transload.canonical.findings import Finding, Severity

SOON = timedelta(days=21)
"""So long before a certificate ends it is told as a warning."""


def remark(code: str, message: str, hint: str | None = None) -> Finding:
    """A finding that tells what is there; ``hint`` says what to write into the partner's file about it."""
    return Finding(code=code, message=message, hint=hint, severity=Severity.REMARK)


def warning(code: str, message: str, hint: str) -> Finding:
    """A finding about what will fail soon, or may."""
    return Finding(code=code, message=message, hint=hint, severity=Severity.WARNING)


def trouble(code: str, message: str, hint: str | None = None) -> Finding:
    """A finding about what fails now."""
    return Finding(code=code, message=message, hint=hint)


def of_tls(peer: Peer | None, pins: Sequence[str], now: datetime | None = None) -> Iterator[Finding]:
    """TLS version and cipher, the certificate, how long it lasts, how to pin it; ``peer`` is None without TLS."""
    if peer is None:
        message = "the connection is not encrypted: login and content can be read on the way"
        yield warning("P-PLAIN", message, "ask the partner for TLS")
        return
    yield remark("P-TLS", f"{peer.version} with {peer.cipher}")
    try:
        yield of_certificate(peer, now or datetime.now(UTC))
        if not pins:
            pin = f"to pin its key: tls: {{pins: [{peer.key_fingerprint}]}}"
            yield remark("P-PIN", "the server is known by its authority alone", pin)
    except ValueError:  # it was trusted, and yet cannot be taken apart
        yield warning("P-CERTIFICATE", "the server's certificate cannot be read", "ask the partner for another one")


def of_certificate(peer: Peer, now: datetime) -> Finding:
    """How long the server's certificate lasts.  Raises `ValueError` where it cannot be taken apart."""
    name = peer.parsed.subject.rfc4514_string() or "no name"
    left = peer.until - now
    message = f"the server's certificate ({name}) ends at {peer.until:%Y-%m-%d %H:%M} UTC, in {max(left.days, 0)} days"
    if left < SOON:
        return warning("P-CERTIFICATE", message, "tell the partner to renew it; with pins, add the new one beforehand")
    return remark("P-CERTIFICATE", message)
