"""``transload replay`` and ``transload resolve``: what a person decides about work that is done or stuck."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from transload.canonical.errors import ConfigurationError
from transload.runner.cli.guard import guarded
from transload.runner.cli.ledger import opened, user
from transload.runner.cli.options import HERE, AsJson, Environment, WorkspaceFolder
from transload.runner.cli.screen import say, say_json
from transload.runner.engine.reopening import reopen
from transload.runner.ledger import Ledger
from transload.runner.ledger.references import Ref, parse_ref
from transload.runner.workspace import load_workspace


@guarded
def replay(
    references: Annotated[
        list[str], typer.Argument(metavar="ID", help="Deliveries (s1), documents (d1) or receipts (r1).")
    ],
    although_refused: Annotated[
        bool,
        typer.Option(
            "--although-refused", help="Also what its sender was told is not taken: he will not send it again."
        ),
    ] = False,
    workspace: WorkspaceFolder = HERE,
    environment: Environment = None,
    as_json: AsJson = False,
) -> None:
    """Do again what was done: send the same bytes once more, or read what arrived with the mappings of now.

    \b
    s1  a delivery: the same bytes are sent again, with a key of its own
    d1  a document: its message is mapped again, and what comes of it is delivered
    r1  a receipt:  all its quarantined messages are mapped again

    A message that a partner brought and that could not be decrypted or verified is opened with
    the certificates of now. Its sender was told that it was not taken, so he may have sent it
    again: it is only done with --although-refused, and he is told nothing more.

    The work is queued: a running service takes it up, or the next `transload run` does.
    What is made anew is linked to what was before; the old stays as it is.

    \b
    Examples:
      transload replay s12 s13
      transload replay r7 && transload run
      transload replay r9 --although-refused
    """
    done = []
    folder = workspace, environment
    with opened(workspace, environment) as ledger:
        refs = [_ref(text) for text in references]
        for ref in dict.fromkeys(refs):
            done.append(_reopened(ledger, ref, folder, sure=although_refused) or _again(ledger, ref))
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


def _reopened(ledger: Ledger, ref: Ref, folder: tuple[Path, str | None], *, sure: bool) -> dict[str, str] | None:
    """A receipt that was refused when it came, opened; None for anything else."""
    refused = ledger.reopening.candidate(ref.id) if ref.kind == "receipt" else None
    if refused is None:
        return None
    workspace = load_workspace(folder[0], environment=folder[1])
    made = reopen(workspace, ledger, refused, datetime.now(UTC), by=user(), sure=sure)
    if made is None:
        return None
    new = Ref("receipt", made)
    return {"ref": str(ref), "new": str(new), "what": f"{ref} was opened, and will be read as {new}"}


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
