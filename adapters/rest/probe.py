"""Looking at a REST connection, moving nothing: TLS, login, clock, paging, and what to write about them."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from urllib.parse import urlencode

from transload.adapters.base import Finding, Probe
from transload.adapters.base.appearance import clocks, own, unverified, wire
from transload.adapters.base.http import Reply, refusal
from transload.adapters.base.media import foreign
from transload.adapters.base.probing import remark
from transload.adapters.rest.client import Client
from transload.adapters.rest.pages import first_step
from transload.adapters.rest.settings import RestConnection, RestSource
from transload.adapters.rest.sighting import seen_paging
from transload.canonical.errors import TransloadError

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
        found += own(connection, clock())
        if said := client.log_in():
            found.append(remark("P-LOGIN", said))
        reply = client.call(
            "GET",
            _address(connection, source),
            judge=lambda reply: _judge(reply, connection),
            repeatable=True,
            headers=_headers(source),
        )
    except TransloadError as error:
        seen = unverified(error, connection, connection.base_url, clock())
        return Probe(ok=False, summary=error.message, findings=(*error.findings, *found, *seen))
    found += wire(reply, connection, clock())
    found += clocks(reply, clock())
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


def _login(reply: Reply, connection: RestConnection) -> Iterator[Finding]:
    given = connection.auth.given
    name = given[0] if given else "no login"
    if reply.status < 300:
        yield remark("P-LOGIN", f"{name}: the server answers with {reply.status}")
        return
    message = f"{name}: it cannot be told whether the server takes it, since it answers with {reply.status}"
    yield remark("P-LOGIN", message, "name a path that may be read under probe: of the connection")
