"""``transload statement``: what went between us and a partner in a period."""

import sys
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

import typer

from transload.runner.cli.guard import guarded
from transload.runner.cli.ledger import moment, opened
from transload.runner.cli.options import HERE, Environment, Reason, Unmasked, WorkspaceFolder
from transload.runner.cli.screen import say, visible
from transload.runner.cli.unmasked import view
from transload.runner.statement.gathering import gather
from transload.runner.statement.writing import as_html, as_json, as_text
from transload.runner.workspace import load_mask, load_timezone


@guarded
def statement(
    partner: Annotated[str, typer.Argument(metavar="PARTNER", help="The partner, by its name in the workspace.")],
    begin: Annotated[
        str | None,
        typer.Option("--from", metavar="WHEN", help="First moment: 2026-03-01, or 7d for 7d ago; by default 30d."),
    ] = None,
    end: Annotated[str | None, typer.Option("--to", metavar="WHEN", help="Up to then; by default now.")] = None,
    form: Annotated[
        Literal["text", "json", "html"], typer.Option("--format", help="How it is written.", show_default=True)
    ] = "text",
    rows: Annotated[
        bool, typer.Option("--list", help="Each message and delivery too, with its control and business numbers.")
    ] = False,
    unmasked: Unmasked = False,
    reason: Reason = None,
    workspace: WorkspaceFolder = HERE,
    environment: Environment = None,
) -> None:
    """Write what went between us and a partner: received, sent, acknowledged, rejected, overdue, gaps.

    Days are those of the workspace's time zone; a period ends before the day that --to names.
    Counts are by route and type of document, and by what has become of each until now.

    \b
    Examples:
      transload statement acme
      transload statement acme --from 2026-03-01 --to 2026-04-01 --list
      transload statement acme --from 7d --format html > acme.html
    """
    zone = load_timezone(workspace, environment=environment)
    now = datetime.now(UTC)
    first = moment(begin, "--from", zone) or now - timedelta(days=30)
    last = moment(end, "--to", zone) or now
    if first >= last:
        raise typer.BadParameter("the period ends before it begins", param_hint="--to")
    with opened(workspace, environment) as ledger:
        fields = load_mask(workspace, environment=environment)
        veil = view(ledger, "statement", fields, unmasked=unmasked, reason=reason).veil(())
        found = gather(ledger, partner, first, last, veil.fields)
        if form == "json":
            pieces = as_json(found, rows=rows)
        elif form == "html":
            pieces = as_html(found, zone, rows=rows)
        else:
            pieces = (visible(piece) for piece in as_text(found, zone, rows=rows))
        for piece in pieces:
            sys.stdout.write(piece)
    if not found.received and not found.sent and form == "text":
        say("nothing went between us; is it the partner's name in the workspace?", to_error=True)
