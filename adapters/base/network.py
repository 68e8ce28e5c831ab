"""Reaching another machine: what a host name may look like, and what the errors of sockets and TLS mean.

For adapters that speak a protocol of their own over a socket.
"""

import socket
import ssl
from typing import Annotated

from pydantic import AfterValidator, Field

from transload.canonical.errors import Retry, Stop
from transload.canonical.findings import Finding


def _host(value: str) -> str:
    try:
        value.encode("idna")  # as the sockets do, which raise an error of no use: an empty or too long part
    except UnicodeError:
        fits = False
    else:
        fits = value.isprintable() and not any(sign in value for sign in " /@")
    if not fits:
        raise ValueError(f"{value!r} is no host name; write it like mail.example.com, without protocol and user")
    return value


Host = Annotated[str, AfterValidator(_host), Field(min_length=1)]
"""The name or the address of a machine."""


def fault_of_login(text: str) -> str | None:
    """Why ``text`` cannot be sent as a name, password or token in a line of a protocol, or None; it is not shown."""
    if any(sign in text for sign in "\r\n\0"):
        return "has a line break in it; a secret's file may have a blank line at its end"
    return None


def later(message: str) -> Retry:
    """Something that passes by itself, as a rule."""
    return Retry(message, hint="it is tried again later; if it goes on, ask the partner whether the server is up")


def translation(error: Exception, peer: str, *, connecting: bool = False) -> Retry | Stop:
    """What an error of a socket or of TLS means; ``peer`` is what a person calls the other side.

    ``connecting`` says that nothing has been agreed yet: a refusal of TLS then is a
    matter of settings, and later on a broken connection.
    """
    if isinstance(error, ssl.SSLCertVerificationError):
        return _of_certificate(error, peer)
    if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
        return later(f"{peer} closed the connection")
    if isinstance(error, ssl.SSLError) and not isinstance(error, TimeoutError):
        if not connecting:
            return later(f"{peer}: {words(error)}")
        return Stop(
            f"{peer} and we cannot agree on TLS: {words(error)}",
            hint="compare port and security; TLS 1.2 is the oldest version that is spoken",
        )
    if isinstance(error, socket.gaierror):
        said = error.strerror or str(error)
        if error.errno == socket.EAI_NONAME:
            return Stop(f"{peer}: there is no host of this name ({said})", hint="correct host, or the name server")
        return later(f"{peer}: the host's address cannot be found now ({said})")
    if isinstance(error, TimeoutError):
        return later(f"{peer} does not answer in time")
    if isinstance(error, EOFError):
        return later(f"{peer} closed the connection")
    return later(f"{peer}: {words(error)}")


def _of_certificate(error: ssl.SSLCertVerificationError, peer: str) -> Stop:
    said = getattr(error, "verify_message", "") or words(error)
    message = f"{peer} shows a certificate that is not trusted: {said.rstrip('.')}"
    hint = "ask the partner which certificate is right; then name its authority under tls: ca:, or it under tls: pins:"
    return Stop(message, hint=hint, findings=[Finding(code="E-CERTIFICATE", message=message, hint=hint)])


def words(error: Exception) -> str:
    """What ``error`` says, for the end of a sentence."""
    said = getattr(error, "reason", None) if isinstance(error, ssl.SSLError) else None
    said = said or (error.strerror if isinstance(error, OSError) else None)
    last = error.args[-1] if error.args else ""  # some classes print all that they were given
    return (said or (last if isinstance(last, str) else "") or str(error)).rstrip(".") or type(error).__name__
