"""Looking whether a REST connection works, moving nothing."""

from transload.adapters.base import Probe
from transload.adapters.base.http import Reply, refusal
from transload.adapters.rest.client import Client
from transload.adapters.rest.settings import RestConnection
from transload.canonical.errors import TransloadError


def probe(client: Client, connection: RestConnection) -> Probe:
    """Ask with GET for the connection's ``probe`` path: any answer is good but a redirection, a refused login or 5xx.

    With OAuth 2.0 it gets a token first, so that the login is tried too.
    """
    path = connection.probe and f"/{connection.probe.lstrip('/')}"

    def judge(reply: Reply) -> TransloadError | None:
        if reply.status < 300 or (reply.status < 500 and reply.status not in (401, 403, 407) and reply.status >= 400):
            return None
        return refusal(reply, connection, repeatable=True)

    try:
        reply = client.call("GET", connection.base_url + path, judge=judge, repeatable=True)
    except TransloadError as error:
        return Probe(ok=False, summary=error.message, findings=error.findings)
    return Probe(ok=True, summary=f"{reply.status} from {reply.call}")
