"""``transload audit``: whether the ledger is as it was written, and a seal to keep outside of it."""

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from transload.canonical.errors import ConfigurationError
from transload.runner.cli import exits
from transload.runner.cli.guard import guarded
from transload.runner.cli.ledger import opened
from transload.runner.cli.options import HERE, AsJson, Environment, WorkspaceFolder
from transload.runner.cli.screen import counted, say, say_findings, say_json
from transload.runner.ledger.seals import Seal

audit = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="""Whether the ledger is as it was written, and seals that show it later.

    \b
    Examples:
      transload audit verify
      transload audit seal --output /mnt/usb/seal.json
      transload audit verify --against /mnt/usb/seal.json
    """,
)
_LARGEST = 10_000
"""Bytes of a file with a seal at most."""
_MOST = 1000
"""Findings that are shown at most; a table that was emptied gives one for each row."""


@audit.command("verify")
@guarded
def verify(
    against: Annotated[
        Path | None, typer.Option("--against", metavar="FILE", help="A seal that was kept outside of the ledger.")
    ] = None,
    no_payloads: Annotated[
        bool, typer.Option("--no-payloads", help="Leave out the bytes of payloads, which takes most of the time.")
    ] = False,
    workspace: WorkspaceFolder = HERE,
    environment: Environment = None,
    as_json: AsJson = False,
) -> None:
    """Look whether any event was changed, removed, inserted or moved, any row or payload changed.

    Each event carries the hash of the one before it in its lane; the last hashes of all lanes are
    sealed together from time to time, into a chain of their own. Somebody who can write the
    database could compute all of them anew. A seal that is kept outside shows that: with
    --against, the history up to it must be the one that it is over.

    A service may go on meanwhile: all is read as it is at one moment. Exit 1 when anything is wrong.

    \b
    Examples:
      transload audit verify
      transload audit verify --against seal.json --json
    """
    seal = _read(against) if against is not None else None
    begun = time.perf_counter()
    number = 0
    with opened(workspace, environment) as ledger:
        look = ledger.audit(payloads=not no_payloads, against=seal)
        for number, finding in enumerate(look.findings(), start=1):
            if number > _MOST:
                continue
            if as_json:
                say_json({"finding": finding.as_dict()}, indent=None)
            else:
                say_findings([finding])
        last = ledger.seals.last()
    seconds = time.perf_counter() - begun
    if as_json:
        sealed = last.as_dict() if last else None
        facts = {**look.counts, "seconds": round(seconds, 3), "findings": number, "last_seal": sealed}
        say_json(facts, indent=None)
    else:
        if number > _MOST:
            say(f"... and {number - _MOST} more")
        rate = round(look.counts["events"] / seconds) if seconds else 0
        say(
            f"{counted(number, 'finding')}: {look.counts['events']} events, {look.counts['rows']} rows and"
            f" {look.counts['payloads']} payloads in {seconds:.1f} s ({rate} events/s)"
        )
        if last is not None:
            say(f"the last seal is {last.number}, of {last.at:%Y-%m-%d %H:%M:%S} UTC")
    if number:
        raise typer.Exit(exits.ERRORS)


@audit.command("seal")
@guarded
def seal(
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write it to this file, too.")
    ] = None,
    workspace: WorkspaceFolder = HERE,
    environment: Environment = None,
    as_json: AsJson = False,
) -> None:
    """Seal what has happened so far, and show the seal, to be kept where nobody who can write the ledger can write.

    A service seals every five minutes, and `transload run` when it ends; this does it now.

    \b
    Examples:
      transload audit seal
      transload audit seal --output /mnt/usb/seal.json
    """
    with opened(workspace, environment) as ledger:
        made = ledger.seals.make(datetime.now(UTC))
    if made is None:
        raise ConfigurationError("nothing has happened in this ledger yet", hint="there is nothing to seal")
    facts = made.as_dict()
    if output is not None:
        try:
            output.write_text(json.dumps(facts) + "\n", encoding="utf-8")
        except OSError as error:
            raise ConfigurationError(f"{output} cannot be written: {error.strerror}") from None
    if as_json:
        say_json(facts, indent=None)
    else:
        say(f"seal {made.number} of {made.at.isoformat()}: {made.hash}")


def _read(file: Path) -> Seal:
    hint = "give what `transload audit seal --output FILE` has written"
    try:
        with file.open("rb") as stream:
            facts = json.loads(stream.read(_LARGEST))
        at = datetime.fromisoformat(facts["at"])
        return Seal(number=int(facts["seal"]), at=at.astimezone(UTC), lanes=0, hash=str(facts["hash"]))
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be read: {error.strerror}", hint=hint) from None
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ConfigurationError(f"{file} is no seal", hint=hint) from None
