"""``transload resolve``: what a person decides about deliveries whose answer was lost."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from transload.canonical.errors import ConfigurationError
from transload.runner.cli.guard import guarded
from transload.runner.cli.ledger import opened, user
from transload.runner.cli.options import HERE, AsJson, Environment, Reason, WorkspaceFolder
from transload.runner.cli.replay import named
from transload.runner.cli.screen import say, say_json


@guarded
def resolve(
    references: Annotated[list[str], typer.Argument(metavar="ID", help="Deliveries that are UNKNOWN (s1).")],
    landed: Annotated[
        bool | None,
        typer.Option(
            "--landed/--send-again", help="It did arrive and counts as sent, or it did not and is sent again."
        ),
    ] = None,
    reason: Reason = None,
    workspace: WorkspaceFolder = HERE,
    environment: Environment = None,
    as_json: AsJson = False,
) -> None:
    """Decide about deliveries whose answer was lost, after asking the other side.

    \b
    Examples:
      transload resolve s12 --landed
      transload resolve s13 --send-again
    """
    if landed is None:
        raise typer.BadParameter("say which: --landed or --send-again", param_hint="--landed")
    done = []
    with opened(workspace, environment) as ledger:
        for ref in dict.fromkeys(named(text) for text in references):
            if ref.kind != "delivery":
                raise ConfigurationError(
                    f"{ref} is a {ref.kind}, not a delivery", hint="deliveries are named s1, s2, ..."
                )
            ledger.actions.resolve(ref.id, datetime.now(UTC), landed=landed, by=user(), reason=reason)
            what = f"{ref} counts as sent" if landed else f"{ref} will be sent again"
            done.append({"ref": str(ref), "landed": landed, "what": what})
            if not as_json:
                say(what)
    if as_json:
        say_json(done)
