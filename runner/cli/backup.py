"""``transload ledger backup`` and ``restore``."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from transload.canonical.findings import Finding, Severity
from transload.runner.cli import exits
from transload.runner.cli.guard import guarded
from transload.runner.cli.ledger import opened, show_ledger, user
from transload.runner.cli.options import HERE, AsJson, Environment, WorkspaceFolder
from transload.runner.cli.screen import counted, say, say_findings, say_json
from transload.runner.ledger.backup.manifest import Manifest, check_backup
from transload.runner.ledger.backup.settling import Settled, held_since
from transload.runner.ledger.backup.settling import accept as accept_restore

SKIP = 1000
"""How many control numbers of each series a restore leaves out where nobody says how many."""

ledger = typer.Typer(
    invoke_without_command=True,
    rich_markup_mode=None,
    help="""Show where the ledger is kept, the version of its tables, and how much it holds; back it up and restore it.

    An older ledger is brought up to this version of Transload whenever it is opened, also by
    this command; while a process works with it, that is refused.

    \b
    Examples:
      transload ledger
      transload ledger --environment production --json
      transload ledger backup /backups/2026-11-26
    """,
)


@ledger.callback()
@guarded
def overview(
    context: typer.Context, workspace: WorkspaceFolder = HERE, environment: Environment = None, as_json: AsJson = False
) -> None:
    """Show the ledger, where no other command is given."""
    if context.invoked_subcommand is None:
        show_ledger(workspace, environment, as_json=as_json)
        return
    for name in ("workspace", "environment", "as_json"):
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            option = "--json" if name == "as_json" else f"--{name}"
            raise typer.BadParameter(f"write it behind {context.invoked_subcommand}", param_hint=option)


@ledger.command("backup")
@guarded
def backup(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where the backup is or goes: a new or empty folder.")],
    verify: Annotated[bool, typer.Option("--verify", help="Look whether the backup in DIR is whole.")] = False,
    workspace: WorkspaceFolder = HERE,
    environment: Environment = None,
    as_json: AsJson = False,
) -> None:
    """Back the ledger up into a folder while the service goes on, or look whether a backup is whole.

    The folder holds the database as of one moment, the large payloads that lie outside of it,
    the digests of all files, and a manifest. It has its name only once it is whole. What is
    encrypted in the ledger is encrypted in it; keys and other secrets are not in it.
    For PostgreSQL the program pg_dump is needed, not older than the server.

    \b
    Examples:
      transload ledger backup /backups/2026-11-26
      transload ledger backup --verify /backups/2026-11-26
    """
    if verify:
        manifest = check_backup(folder)
        said = "is whole"
    else:
        from transload.runner.ledger.backup.making import make_backup

        with opened(workspace, environment) as found:
            manifest = make_backup(found, folder, datetime.now(UTC))
        said = "is made"
    if as_json:
        say_json({"folder": str(folder), **manifest.as_dict()})
    else:
        rows = ", ".join(
            counted(manifest.counts.get(name, 0), name[:-1] if name != "deliveries" else "delivery", name)
            for name in ("receipts", "documents", "deliveries")
        )
        say(f"the backup {folder} {said}: {manifest.ledger} as of {manifest.made_at}")
        say(f"{rows}; {counted(manifest.payloads, 'payload')} in files; {manifest.size} bytes")
        say_findings(_lacking(manifest), to_error=True)
    if manifest.lacking and not verify:
        raise typer.Exit(exits.ERRORS)


def _lacking(manifest: Manifest) -> list[Finding]:
    hint = "put it back into the ledger from an older backup, or let the partner send it again"
    return [
        Finding(
            code="E-LEDGER",
            severity=Severity.ERROR,
            message=f"the payload {digest} was missing or damaged in the ledger when the backup was made",
            hint=hint,
        )
        for digest in manifest.lacking
    ]


@ledger.command("restore")
@guarded
def restore(
    folder: Annotated[Path | None, typer.Argument(metavar="DIR", help="The folder of a backup.")] = None,
    accept: Annotated[
        bool, typer.Option("--accept", help="Let a restored ledger work; its lanes stay held until they are released.")
    ] = False,
    skip: Annotated[
        int,
        typer.Option(
            "--skip-numbers", metavar="COUNT", min=0, help="Control numbers left out in each series: those sent since."
        ),
    ] = SKIP,
    workspace: WorkspaceFolder = HERE,
    environment: Environment = None,
    as_json: AsJson = False,
) -> None:
    """Restore a backup to where the workspace keeps its ledger, where none is yet.

    A restored ledger does not know what happened since its backup. So it does nothing by
    itself: nothing is fetched or sent before --accept, all lanes are held until each is
    released, and what waits in them is asked of its target first. What the target cannot
    tell is UNKNOWN, and a person decides. Control numbers go on COUNT further on.

    \b
    Examples:
      transload ledger restore /backups/2026-11-26
      transload ledger restore --accept
    """
    if accept == (folder is not None):
        raise typer.BadParameter("name the folder of a backup, or say --accept", param_hint="DIR")
    if folder is None:
        with opened(workspace, environment) as found:
            found.database.write(lambda connection: accept_restore(connection, datetime.now(UTC), by=user()))
            with found.read() as connection:
                held = held_since(connection)
        if as_json:
            say_json({"accepted": True, "held": held})
            return
        say(f"accepted; {counted(len(held), 'lane')} held:")
        for lane in held:
            say(f"  {lane}")
        say("now fetch (transload run), look at what waits in each lane, and let one after the other go on:")
        say("transload resume lane NAME")
        return
    from transload.runner.cli.run import checked
    from transload.runner.ledger.backup.restoring import restore_backup
    from transload.runner.lines.lines import Line, lines_of
    from transload.runner.workspace import load_workspace

    loaded = checked(load_workspace(workspace, environment=environment))

    def sending(line: Line) -> list[str]:
        own = {f"{line.route.ref}/acknowledge": line.acknowledging, f"{line.route.ref}/reply": line.replying}
        return [lane for lane in line.lanes if own.get(lane, line) is not None]

    routes = {lane for line in lines_of(loaded).values() for lane in sending(line)}
    manifest, settled = restore_backup(folder, loaded.store, routes, datetime.now(UTC), by=user(), skip=skip)
    if as_json:
        say_json(_facts(folder, manifest, settled))
        return
    _tell(folder, manifest, settled)


def _facts(folder: Path, manifest: Manifest, settled: Settled) -> Mapping[str, Any]:
    numbers = {name: {"backup": old, "now": new} for name, (old, new) in settled.numbers.items()}
    facts = {"held": settled.held, "doubtful": settled.doubtful, "numbers": numbers}
    return {"folder": str(folder), **manifest.as_dict(), **facts}


def _tell(folder: Path, manifest: Manifest, settled: Settled) -> None:
    say(f"restored from {folder}: {manifest.ledger} as of {manifest.made_at}")
    say_findings(_lacking(manifest), to_error=True)
    say()
    say("What happened after that moment this ledger does not know:")
    say("- what was sent: all lanes are held, and what waits in them is asked of its target before it is sent;")
    for lane, count in settled.doubtful.items():
        say(f"    {lane}: {counted(count, 'delivery', 'deliveries')} may have been sent")
    say("- what was fetched and then deleted or moved at a partner: fetch it from their archive, or ask for it again;")
    say("- what was fetched and left there: it is fetched again, and waits in the held lanes;")
    say("- what was acknowledged to a partner: they will not send it again by themselves;")
    say("- which control numbers were used. The next one of each series is:")
    for series, (old, new) in settled.numbers.items():
        say(f"    {series}: {new + 1} (after {old} in the backup)")
    say("  More than that sent since? Restore again, with a larger --skip-numbers.")
    say()
    say("Nothing is fetched or sent before you say: transload ledger restore --accept")
