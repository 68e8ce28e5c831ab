"""``transload submit``, ``correct`` and ``cancel``: what people bring in, mend and hold back by hand."""

import sys
from datetime import UTC, datetime
from difflib import unified_diff
from pathlib import Path
from typing import Annotated, Any

import typer

from transload.canonical.errors import ConfigurationError
from transload.runner.cli import exits
from transload.runner.cli.guard import guarded
from transload.runner.cli.ledger import opened, user
from transload.runner.cli.options import HERE, AsJson, Environment, Reason, Unmasked, WorkspaceFolder, Yes, agreed
from transload.runner.cli.preview import tell_preview
from transload.runner.cli.replay import bulk_number, named
from transload.runner.cli.run import checked, looked_at
from transload.runner.cli.screen import say, say_findings, say_json
from transload.runner.cli.unmasked import view
from transload.runner.engine import Engine
from transload.runner.ledger import Ledger, Ref
from transload.runner.ledger.repeating import Who
from transload.runner.masking.fields import MASKED
from transload.runner.workspace import load_mask, load_workspace

_LINES = 400
"""How many lines of a difference are shown at most."""


@guarded
def submit(
    route: Annotated[str, typer.Argument(metavar="PARTNER/ROUTE", help="The receive route that it is to arrive on.")],
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Files, or - for standard input.")],
    name: Annotated[
        str | None, typer.Option("--name", metavar="TEXT", help="What it is called, instead of the file's name.")
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Also what was submitted before, byte for byte.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would come of it.")] = False,
    reason: Reason = None,
    workspace: WorkspaceFolder = HERE,
    environment: Environment = None,
    as_json: AsJson = False,
) -> None:
    """Let files arrive as if they had been fetched: each becomes a receipt of the route, and is read at the next pass.

    The ledger keeps who submitted it. The same bytes are taken once on a connection, unless --again is said. Repeats of
    an interchange are found as always; test messages do not get into the production environment.

    \b
    Examples:
      transload submit acme/orders mailed.edi --reason "they sent it by mail" && transload run
      transload submit acme/orders mailed.edi --dry-run
      gpg -d order.gpg | transload submit acme/orders - --name order.edi
    """
    loaded = checked(load_workspace(workspace, environment=environment))
    if name is not None and len(files) > 1:
        raise typer.BadParameter("it is the name of one file", param_hint="--name")
    from transload.runner.engine.byhand import submission

    who, now = Who(by=user(), reason=reason), datetime.now(UTC)
    stamp = now.isoformat() if again else ""
    arrivals = []
    for file in files:
        dash = str(file) == "-"
        if dash and name is None:
            raise typer.BadParameter("standard input has no name: say --name", param_hint="--name")
        content = sys.stdin.buffer.read() if dash else file
        arrivals.append(submission(loaded, route, content, name or file.name, who=who, again=stamp))
    if dry_run:
        with looked_at(loaded.store) as ledger:
            preview = Engine(loaded, ledger).foresee(route, arrivals)
        if as_json:
            say_json(preview)
        else:
            tell_preview(preview)
        raise typer.Exit(exits.ERRORS if preview["errors"] else exits.CLEAN)
    told = []
    with Ledger(loaded.store) as ledger:
        ledger.belong(loaded.environment)
        for arrival in arrivals:
            number, new = ledger.arrivals.add(arrival, now)
            ref = str(Ref("receipt", number))
            told.append({"ref": ref, "name": arrival.origin, "new": new})
            if not as_json:
                was = "was submitted before, as"
                say(f"{arrival.origin} {'is' if new else was} {ref}{'' if new else '; --again takes it once more'}")
    if as_json:
        say_json(told)
    if not all(one["new"] for one in told):
        raise typer.Exit(exits.ERRORS)


@guarded
def correct(
    reference: Annotated[str, typer.Argument(metavar="ID", help="A quarantined document (d1) or receipt (r1).")],
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="The corrected payload, or its wrong messages alone.")
    ] = None,
    export: Annotated[
        Path | None, typer.Option("--export", metavar="FILE", help="Write the bytes as they arrived, to be mended.")
    ] = None,
    yes: Yes = False,
    unmasked: Unmasked = False,
    reason: Reason = None,
    workspace: WorkspaceFolder = HERE,
    environment: Environment = None,
    as_json: AsJson = False,
) -> None:
    """Correct what is quarantined and have it processed: the correction becomes a receipt of its own, linked to it.

    The original's bytes stay as they are, and what was good in it is not made again. The
    correction holds the whole payload, or the corrected messages alone. The difference is
    shown first, and what would still be wrong. No acknowledgement is sent for it.
    Where the workspace masks fields, the bytes are exported and compared with --unmasked only.

    \b
    Examples:
      transload correct d12 --export d12.edi
      transload correct d12 d12.edi --reason "unit code by telephone with Ms Roe"
    """
    ref = named(reference)
    with opened(workspace, environment) as ledger:
        stuck = ledger.reopening.stuck(ref)
        before = ledger.arrivals.payload(stuck.receipt.digest)
        fields = load_mask(workspace, environment=environment)
        seen = view(ledger, "correct", fields, unmasked=unmasked, reason=reason)
        if export is not None:
            seen.whole(ref, "the bytes")
            _written(export, before)
            _told({"ref": str(ref), "file": str(export)}, f"the bytes of {ref} are in {export}", as_json=as_json)
            return
        if file is None:
            raise typer.BadParameter("give the corrected file, or --export", param_hint="FILE")
        from transload.runner.engine.byhand import correction

        loaded = checked(load_workspace(workspace, environment=environment))
        who, now = Who(by=user(), reason=reason), datetime.now(UTC)
        found = correction(loaded, ledger, stuck, _read(file), now, who=who)
        veil = seen.veil([ref])
        whole = bool(veil.fields_of([Ref("receipt", stuck.receipt.id)]))
        difference = _difference(before, _read(file), masked=whole)
        errors = veil.findings(found.errors, veil.values([Ref("receipt", stuck.receipt.id)]))
        facts: dict[str, Any] = {
            "ref": str(ref),
            "messages": found.messages,
            "difference": difference,
            "errors": [finding.as_dict() for finding in errors],
        }
        if not as_json:
            for line in difference:
                say(line, style="red" if line.startswith("-") else "green" if line.startswith("+") else None)
            say_findings(errors)
            if errors:
                say("with these errors it would be quarantined again")
        if not agreed(f"process this in the place of {ref}?", yes=yes, as_json=as_json):
            _told(facts | {"new": None}, "nothing was done; --yes does it", as_json=as_json)
            raise typer.Exit(exits.ERRORS)
        made = Ref("receipt", ledger.reopening.correct(stuck, found.arrival, now, who=who))
    _told(facts | {"new": str(made)}, f"{ref} is corrected by {made}, which is read next", as_json=as_json)


@guarded
def cancel(
    references: Annotated[
        list[str],
        typer.Argument(
            metavar="ID",
            help="Deliveries (s1), documents that wait for a batch (d1), or a replay in bulk (b1) with what it staged.",
        ),
    ],
    reason: Reason = None,
    workspace: WorkspaceFolder = HERE,
    environment: Environment = None,
    as_json: AsJson = False,
) -> None:
    """Let deliveries not be sent, documents leave their batch, or a replay in bulk not go on. Nothing is lost.

    A cancelled delivery is SUPPRESSED, with who did it and why; `transload replay` sends it
    later after all. One that is under way, or that the target has, cannot be cancelled.

    \b
    Examples:
      transload cancel s12 s13 --reason "ordered twice, says Acme"
      transload cancel b3
    """
    told: list[dict[str, Any]] = []
    with opened(workspace, environment) as ledger:
        for text in dict.fromkeys(references):
            bulk = bulk_number(text)
            if bulk is not None:
                left, back = ledger.bulks.cancel(bulk, datetime.now(UTC), who=Who(by=user(), reason=reason))
                what = f"{text} is cancelled: {left} not done, {back} that it had staged taken back"
                told.append({"ref": text, "left": left, "taken_back": back})
            else:
                ref = named(text)
                what, targets = _cancelled(ledger, ref, reason)
                told.append({"ref": str(ref), **({"left_out": targets} if targets else {})})
            if not as_json:
                say(what)
    if as_json:
        say_json(told)


def _cancelled(ledger: Ledger, ref: Ref, reason: str | None) -> tuple[str, list[str]]:
    """Cancel a delivery, or take a document out of its batches; gives what is to be said, and for which targets."""
    now, after = datetime.now(UTC), f"transload replay {ref} sends it after all"
    if ref.kind == "document":
        targets = ledger.actions.leave_out(ref.id, now, by=user(), reason=reason)
        return f"{ref} is taken out of the batch to {', '.join(targets)}; {after}", targets
    if ref.kind != "delivery":
        raise ConfigurationError(f"{ref} is a {ref.kind}, not a delivery", hint="deliveries are s1, s2, ...")
    ledger.actions.cancel(ref.id, now, by=user(), reason=reason)
    return f"{ref} is cancelled; {after}", []


def _told(facts: dict[str, Any], text: str, *, as_json: bool) -> None:
    if as_json:
        say_json(facts)
    else:
        say(text)


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be read: {error.strerror or error}") from error


def _written(file: Path, content: bytes) -> None:
    try:
        with file.open("xb") as stream:
            stream.write(content)
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be written: {error.strerror or error}") from error


def _difference(before: bytes, after: bytes, *, masked: bool) -> list[str]:
    """How two payloads differ by lines; what is EDI in one line by its segments.

    ``masked``: which lines differ, and nothing of what stands in them.
    """
    names = "as it arrived", "corrected"
    found = list(unified_diff(_lines(before), _lines(after), *names, lineterm="", n=0 if masked else 1))
    if masked:
        found = [*found[:2], *(row if row.startswith("@@") else f"{row[0]}{MASKED}" for row in found[2:])]
    return found if len(found) <= _LINES else [*found[:_LINES], f"... {len(found) - _LINES} more lines differ"]


def _lines(content: bytes) -> list[str]:
    text = content.decode("utf-8", "backslashreplace")
    if text.startswith(("UNA", "UNB")):
        end = text[8] if text.startswith("UNA") and len(text) > 8 else "'"
        text = text.replace(end, f"{end}\n")
    elif text.startswith("ISA") and len(text) > 105:
        text = text.replace(text[105], f"{text[105]}\n")
    return [line for line in text.splitlines() if line]
