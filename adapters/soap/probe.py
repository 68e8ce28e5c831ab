"""Looking at a SOAP connection, moving nothing: the WSDL and its drift, TLS, clocks, and what to write about them."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from transload.adapters.base import Finding, Probe, Severity
from transload.adapters.base.appearance import clocks, own, unverified, wire
from transload.adapters.base.http import Reply, refusal
from transload.adapters.base.probing import remark, warning
from transload.adapters.soap.bundles.bundle import altered, read_manifest
from transload.adapters.soap.bundles.comparing import compare
from transload.adapters.soap.settings import SoapConnection
from transload.adapters.soap.wsdl import Operation, find_operation, is_internal
from transload.canonical.errors import Retry, TransloadError

if TYPE_CHECKING:
    from transload.adapters.soap.client import Client, Clock


def probe(client: "Client", connection: SoapConnection, operations: Sequence[str], *, clock: "Clock") -> Probe:
    """Look for ``operations`` in the WSDL, ask the service's address with GET, and compare the WSDL with its source.

    Anything below 500 is a good answer but a refused login, a redirection, and 404.
    """
    found: list[Finding] = []
    address = ""
    try:
        known = [find_operation(connection, name) for name in operations]
        address = known[0].address
        found += _address(known[0], connection)
        found += own(connection, clock())
        reply = client.look(address)
        found += wire(reply, connection, clock())
        found += clocks(reply, clock())
        if reply.status >= 500 or reply.status in (401, 403, 404, 407) or 300 <= reply.status < 400:
            raise refusal(reply, connection, repeatable=True)
        found += _login(connection, reply)
    except TransloadError as error:
        seen = unverified(error, connection, address, clock()) if address else []
        return Probe(ok=False, summary=error.message, findings=(*error.findings, *found, *seen))
    found += _drift(connection)
    ok = not any(finding.is_error for finding in found)
    names = ", ".join(operations)
    summary = f"the WSDL has {names}, and {reply.address} answers ({reply.status})"
    return Probe(ok=ok, summary=summary, findings=tuple(found))


def _address(operation: Operation, connection: SoapConnection) -> Iterator[Finding]:
    version = "1.2" if operation.is_12 else "1.1"
    yield remark("P-SOAP", f"SOAP {version} with the action {operation.action!r}, at {operation.address}")
    if connection.endpoint is None and is_internal(operation.address):
        message = f"the address in the WSDL, {operation.address}, is probably an internal one of the partner's"
        yield warning("P-ENDPOINT", message, "ask the partner for the outer one, and write it: endpoint: https://...")
    if operation.addressing_action is not None and connection.addressing is None:
        yield remark("P-ADDRESSING", "the WSDL wants WS-Addressing, whose headers are sent")


def _login(connection: SoapConnection, reply: Reply) -> Iterator[Finding]:
    ways = [
        "basic authentication" if connection.login else "",
        "a user token in the header" if connection.security.username_token else "",
        "a signature" if connection.security.sign else "",
        "our certificate" if connection.tls.certificate else "",
    ]
    named = " and ".join(way for way in ways if way) or "no login"
    message = f"{named}: only a call would tell whether the service takes it (GET is answered with {reply.status})"
    yield remark("P-LOGIN", message)


def _drift(connection: SoapConnection) -> Iterator[Finding]:
    folder = connection.wsdl.parent
    try:
        manifest = read_manifest(folder)
        if manifest is None:
            message = f"nobody knows where {connection.wsdl.name} is from: there is no bundle.json beside it"
            yield remark("P-BUNDLE", message, f"fetch it: transload soap bundle URL --into {folder.name}")
            return
        for name in altered(folder, manifest):
            message = f"{name} is not as it was fetched at {manifest.fetched}"
            yield warning("P-BUNDLE", message, "if you mended it, mend it again after fetching it anew")
        compared = compare(folder, connection)
    except Retry as error:
        yield warning("P-DRIFT", f"the WSDL could not be compared: {error.message}", "try again later")
        return
    except TransloadError as error:
        hint = error.hint or "look at the address in bundle.json"
        yield warning("P-DRIFT", f"the WSDL could not be compared: {error.message}", hint)
        return
    breaking = any(change.breaking for change in compared.changes)
    yield Finding(
        code="P-DRIFT",
        severity=Severity.WARNING if breaking else Severity.REMARK,
        message=compared.verdict,
        hint="transload soap drift shows each change" if compared.changes else None,
    )
    yield from (change.finding() for change in compared.changes[:10])
