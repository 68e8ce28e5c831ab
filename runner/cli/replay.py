"""``transload replay`` and ``transload resolve``: what a person decides about work that is done or stuck."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from transload.canonical.errors import ConfigurationError
from transload.runner.cli.guard import guarded
from transload.runner.cli.ledger import opened, user
from transload.runner.cli.options import HERE, AsJson, Environment, WorkspaceFolder
from transload.runner.cli.screen import say, say_json
from transload.runner.ledger import Ledger
from transload.runner.ledger.references import Ref, parse_ref


@guarded
def replay(
    references: Annotated[
        list[str], typer.Argument(metavar="ID", help="Deliveries (s1), documents (d1) or receipts (r1).")
    ],
    workspace: WorkspaceFolder = HERE,
    environment: Environment = None,
    as_json: AsJson = False,
) -> None:
    """Do again what was done: send the same bytes once more, or read what arrived with the mappings of now.

    \b
    s1  a delivery: the same bytes are sent again, with a key of its own
    d1  a document: its message is mapped again, and what comes of it is delivered
    r1  a receipt:  all its quarantined messages are mapped again

    The work is queued: a running service takes it up, or the next `transload run` does.
    What is made anew is linked to what was before; the old stays as it is.

    \b
    Examples:
      transload replay s12 s13
      transload replay r7 && transload run
    """
    done = []
    with opened(workspace, environment) as ledger:
        refs = [_ref(text) for text in references]
        for ref in dict.fromkeys(refs):
            done.append(_again(ledger, ref))
            if not as_json:
                say(done[-1]["what"])
    if as_json:
        say_json(done)


@guarded
def resolve(
    references: Annotated[list[str], typer.Argument(metavar="ID", help="Deliveries that are UNKNOWN (s1).")],
    landed: Annotated[
        bool | None,
        typer.Option(
            "--landed/--send-again", help="It did arrive and counts as sent, or it did not and is sent again."
        ),
    ] = None,
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
        for ref in dict.fromkeys(_ref(text) for text in references):
            if ref.kind != "delivery":
                raise ConfigurationError(
                    f"{ref} is a {ref.kind}, not a delivery", hint="deliveries are named s1, s2, ..."
                )
            ledger.actions.resolve(ref.id, datetime.now(UTC), landed=landed, by=user())
            what = f"{ref} counts as sent" if landed else f"{ref} will be sent again"
            done.append({"ref": str(ref), "landed": landed, "what": what})
            if not as_json:
                say(what)
    if as_json:
        say_json(done)


def _again(ledger: Ledger, ref: Ref) -> dict[str, str]:
    now = datetime.now(UTC)
    if ref.kind == "delivery":
        new = Ref("delivery", ledger.actions.redeliver(ref.id, now, by=user()))
        return {"ref": str(ref), "new": str(new), "what": f"{ref} will be sent again as {new}"}
    receipt = Ref("receipt", ledger.actions.remap(ref, now, by=user()))
    return {"ref": str(ref), "new": str(receipt), "what": f"{ref} will be mapped again from {receipt}"}


def _ref(text: str) -> Ref:
    ref = parse_ref(text)
    if ref is None:
        raise ConfigurationError(f"{text!r} is no ID", hint="IDs are r1, d1 and s1; transload documents lists them")
    return ref
