"""``transload erase`` and ``transload tidy``: letting go of payloads, on request and since their time is over."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from transload.canonical.errors import ConfigurationError
from transload.runner.cli import exits
from transload.runner.cli.guard import guarded
from transload.runner.cli.ledger import moment, opened, user
from transload.runner.cli.options import HERE, AsJson, Environment, WorkspaceFolder
from transload.runner.cli.screen import counted, say, say_findings, say_json
from transload.runner.ledger import Erased, Ledger
from transload.runner.ledger.erasing import Erasure
from transload.runner.ledger.references import Ref
from transload.runner.ledger.repeating import NotPossible
from transload.runner.workspace import load_workspace

_MOST = 100_000
Sure = Annotated[bool, typer.Option("--yes", help="Do it; without this it is only shown.")]


@guarded
def erase(
    references: Annotated[
        list[str] | None,
        typer.Argument(metavar="ID", help="r1 (receipt), d1 (document), s1 (delivery), or a document's own number."),
    ] = None,
    partner: Annotated[
        str | None, typer.Option("--partner", metavar="NAME", help="All documents that came from or went to it.")
    ] = None,
    before: Annotated[
        str | None, typer.Option("--before", metavar="TIME", help="With --partner: those from before then.")
    ] = None,
    reason: Annotated[str | None, typer.Option("--reason", metavar="TEXT", help="Why, for the record.")] = None,
    by: Annotated[
        str | None, typer.Option("--by", metavar="NAME", help="Who decided, for the record; by default you.")
    ] = None,
    yes: Sure = False,
    workspace: WorkspaceFolder = HERE,
    environment: Environment = None,
    as_json: AsJson = False,
) -> None:
    """Let go of payloads for good: what arrived, documents, what was sent, answers, values in findings.

    Without --yes it is shown what would go. For a document it is its message with all that was
    made of it; the bytes that it arrived in go too, so that other documents from them stay, but
    cannot be made anew. Names, numbers, states and events stay, with who erased it, when and
    why; `transload audit verify` still holds. What is under way or in an open incident is refused.

    Backups, and what partners have, are not reached.

    \b
    Examples:
      transload erase PO-1001
      transload erase d12 --reason "request of 3 March" --yes
      transload erase --partner acme --before 2024-01-01 --reason "contract ended" --yes
    """
    if bool(references) == (partner is not None):
        raise typer.BadParameter("name what to erase: IDs, or --partner", param_hint="ID")
    if before is not None and partner is None:
        raise typer.BadParameter("it goes with --partner", param_hint="--before")
    if yes and not (reason and reason.strip()):
        raise typer.BadParameter("say why, for the record", param_hint="--reason")
    told: list[dict[str, Any]] = []
    refused = False
    with opened(workspace, environment) as ledger:
        if yes:
            ledger.erasing.complete()  # what an erasure that was broken off has left on disk
        for ref in _named(ledger, references or (), partner, moment(before, "--before")):
            try:
                done = _done(ledger, ref, by or user(), (reason or "").strip()) if yes else ledger.erasing.look(ref)
            except (NotPossible, Erased) as error:
                if partner is not None and isinstance(error, Erased):
                    continue  # it went with one before it
                refused = True
                say_findings(error.findings, to_error=True)
                continue
            told.append({"ref": str(ref), **_facts(done)})
            if not as_json:
                say(_line(str(ref), done, done_now=yes))
    if as_json:
        say_json({"done": yes, "erased": told})
    elif not yes and told:
        say("nothing was erased yet; give --reason and --yes to do it")
    if refused:
        raise typer.Exit(exits.ERRORS)


def _done(ledger: Ledger, ref: Ref, by: str, reason: str) -> Erasure:
    return ledger.erasing.erase(ref, datetime.now(UTC), by=by, reason=reason)


@guarded
def tidy(
    yes: Sure = False,
    workspace: WorkspaceFolder = HERE,
    environment: Environment = None,
    as_json: AsJson = False,
) -> None:
    """Let go of payloads that their routes keep no longer, as `keep_payloads:` says.

    `transload serve` does so by itself each five minutes, and `transload run` when it ends.
    Without --yes it is shown what would go. What is under way, and what an open incident is
    about, is kept until that is over.

    \b
    Examples:
      transload tidy
      transload tidy --yes
    """
    loaded = load_workspace(workspace, environment=environment)
    now = datetime.now(UTC)
    counts: dict[str, dict[str, int]] = {}
    with opened(workspace, environment) as ledger:
        for route, kept in sorted(loaded.keep_payloads.items()):
            found = counts[route] = {"receipts": 0, "documents": 0, "deliveries": 0}
            for one in ledger.erasing.tidy(route, now - kept, now, preview=not yes):
                for name in found:
                    found[name] += len(getattr(one, name))
        if yes:
            ledger.erasing.complete()
    if as_json:
        say_json({"done": yes, "routes": counts})
        return
    if not counts:
        say("all routes keep payloads for good: no keep_payloads: is set")
    for route, found in counts.items():
        parts = f"{counted(found['receipts'], 'receipt')}, {counted(found['documents'], 'document')}"
        say(f"{route}: {parts}, {counted(found['deliveries'], 'delivery', 'deliveries')}")
    if counts and not yes:
        say("nothing was let go of yet; give --yes to do it")


def _named(ledger: Ledger, references: Sequence[str], partner: str | None, before: datetime | None) -> list[Ref]:
    if partner is None:
        return list(dict.fromkeys(ref for text in references for ref in ledger.queries.find(text)))
    rows = ledger.queries.documents(partner=partner, until=before, limit=_MOST)
    found = [Ref("document", row["id"]) for row in rows if "erased" not in row]
    if not found:
        raise ConfigurationError(f"the ledger holds nothing of {partner!r} that could be erased")
    return found


def _facts(done: Erasure) -> dict[str, Any]:
    return {
        "receipts": [str(Ref("receipt", number)) for number in done.receipts],
        "documents": [str(Ref("document", number)) for number in done.documents],
        "deliveries": [str(Ref("delivery", number)) for number in done.deliveries],
        "not_to_be_made_anew": done.bereft,
    }


def _line(ref: str, done: Erasure, *, done_now: bool) -> str:
    facts = _facts(done)
    names = ", ".join([*facts["documents"], *facts["deliveries"]]) or "nothing that was made of it"
    text = f"{ref}: {'erased' if done_now else 'would erase'} {names}, and the bytes of {', '.join(facts['receipts'])}"
    if done.bereft:
        others = counted(done.bereft, "other document")
        text += f"; {others} of {'it' if len(done.receipts) == 1 else 'them'} cannot be made anew then"
    return text
