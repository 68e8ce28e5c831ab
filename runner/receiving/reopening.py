"""Reading again what could not be read when a partner brought it: he was told so then, hence a person must decide."""

from dataclasses import replace
from datetime import datetime

from transload.canonical.errors import Reject
from transload.runner.ledger import Ledger
from transload.runner.ledger.receipts import Receipt
from transload.runner.ledger.references import Ref
from transload.runner.ledger.repeating import NotPossible
from transload.runner.lines.guarding import guarded
from transload.runner.lines.lines import Line
from transload.runner.receiving.arriving import arrival_of
from transload.runner.workspace.model import Workspace


def reopen(
    workspace: Workspace,
    ledger: Ledger,
    receipt: Receipt,
    now: datetime,
    *,
    by: str,
    sure: bool,
    reason: str | None = None,
) -> int | None:
    """Open a receipt that was refused at the door with the settings of now; gives the id of the receipt made of it.

    None where it was not refused there.  Raises `NotPossible` where it cannot be opened still, came again since, or
    nobody is ``sure`` that it will not; `Stop` where a secret cannot be had.
    """
    route = workspace.receive_routes.get(receipt.route)
    if route is None or not route.is_called:
        return None
    ref = Ref("receipt", receipt.id)
    endpoint = route.endpoint()
    content = ledger.arrivals.payload(receipt.digest)
    try:
        inbound = guarded(
            f"the endpoint {route.ref}", lambda: endpoint.reopen(content, receipt.metadata, receipt.received_at)
        )
    except Reject as error:
        raise NotPossible(f"{ref} cannot be read still: {error.message}", hint=error.hint) from error
    if inbound is None:
        return None
    if not sure:
        raise NotPossible(
            f"{ref} can be read now, but its sender was told that it was not taken, and may have sent it anew",
            hint=f"ask him; if he has not and will not: transload replay {ref} --although-refused",
        )
    arrival = arrival_of(Line(workspace=workspace, route=route), replace(inbound, reply=None))
    return ledger.reopening.reopen(receipt, arrival, now, by=by, reason=reason)
