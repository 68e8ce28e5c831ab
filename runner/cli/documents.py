"""``transload documents``: what went through."""

from typing import Annotated

import typer

from transload.runner.cli.guard import guarded
from transload.runner.cli.ledger import moment, opened
from transload.runner.cli.options import HERE, AsJson, Environment, Reason, Unmasked, WorkspaceFolder
from transload.runner.cli.screen import say, say_json, say_table
from transload.runner.cli.unmasked import view
from transload.runner.ledger import State
from transload.runner.workspace import load_mask

_HEADS = ["ID", "STATE", "PARTNER", "DOCUMENT", "NUMBER", "MESSAGE", "INTERCHANGE", "CREATED", "ERROR"]


@guarded
def documents(
    workspace: WorkspaceFolder = HERE,
    partner: Annotated[
        str | None, typer.Option("--partner", metavar="NAME", help="Only from or to this partner.")
    ] = None,
    state: Annotated[
        str | None, typer.Option("--state", metavar="STATE", help="Only in this state, such as SENT or QUARANTINED.")
    ] = None,
    number: Annotated[
        str | None,
        typer.Option("--number", metavar="TEXT", help="Only with this number, or this reference in its envelope."),
    ] = None,
    kind: Annotated[
        str | None, typer.Option("--kind", metavar="TEXT", help="Only this document (order/1) or message (ORDERS).")
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", metavar="WHEN", help="Only from then on: 2026-01-14, or 2h for 2h ago.")
    ] = None,
    until: Annotated[str | None, typer.Option("--until", metavar="WHEN", help="Only before then.")] = None,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, help="At most so many, the newest.")] = 100,
    unmasked: Unmasked = False,
    reason: Reason = None,
    environment: Environment = None,
    as_json: AsJson = False,
) -> None:
    """List the documents in the ledger, newest first, and the messages that gave none.

    \b
    Examples:
      transload documents
      transload documents --state QUARANTINED --since 1d
      transload documents --number PO-1001 --json
    """
    chosen = _state(state)
    begin, end = moment(since, "--since"), moment(until, "--until")
    with opened(workspace, environment) as ledger:
        fields = load_mask(workspace, environment=environment)
        seen = view(ledger, "documents", fields, unmasked=unmasked, reason=reason)
        found = ledger.queries.documents(
            partner=partner, state=chosen, number=number, kind=kind, since=begin, until=end, limit=limit
        )
        found = seen.rows(found)
    if as_json:
        say_json(found)
        return
    if not found:
        say("no documents")
        return
    rows = [
        [
            row["ref"],
            row["state"],
            row["partner"],
            row["document"] or "",
            row["number"] or "",
            " ".join(part for part in (row["kind"], row["reference"]) if part),
            row["interchange"],
            row["created_at"][:19].replace("T", " "),
            next((finding["message"] for finding in row["findings"] if finding["severity"] == "error"), ""),
        ]
        for row in found
    ]
    say_table(_HEADS, rows)


def _state(text: str | None) -> State | None:
    if text is None:
        return None
    try:
        return State(text.upper())
    except ValueError:
        names = ", ".join(State)
        raise typer.BadParameter(f"{text!r} is no state; states are {names}", param_hint="--state") from None
