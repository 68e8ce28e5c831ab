"""``transload numbers``: the control numbers that we send, and where they go on after a change of systems."""

import csv
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from transload.adapters.edi.writing.numbers import greatest, wrapped
from transload.canonical.errors import ConfigurationError
from transload.runner.cli.guard import guarded
from transload.runner.cli.ledger import opened, user
from transload.runner.cli.options import HERE, AsJson, Environment, Reason, WorkspaceFolder
from transload.runner.cli.run import checked
from transload.runner.cli.screen import say, say_json, say_table
from transload.runner.ledger import Ledger
from transload.runner.ledger.repeating import Who
from transload.runner.ledger.series import Set
from transload.runner.workspace import Workspace, load_workspace
from transload.runner.workspace.identities import identity_of

numbers = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="""Show and set the control numbers that we send.

    Each sender, receiver and level has a series: edifact/US:14/THEM:14/interchange, for example. At a
    cut-over the numbers go on where the old system stopped, as partners refuse those that they know.

    \b
    Examples:
      transload numbers list
      transload numbers set acme interchange 4711
      transload numbers import last-numbers.csv
    """,
)
Backwards = Annotated[
    bool, typer.Option("--although-backwards", help="Also below a number that was used: it would be used again.")
]


@numbers.command("list")
@guarded
def list_numbers(
    part: Annotated[str, typer.Argument(metavar="TEXT", help="Only series with this in their name.")] = "",
    workspace: WorkspaceFolder = HERE,
    environment: Environment = None,
    as_json: AsJson = False,
) -> None:
    """List the series with the last number that was used and the next one.

    \b
    Examples:
      transload numbers list
      transload numbers list edifact --json
    """
    with opened(workspace, environment) as ledger:
        found = ledger.series.all(part)
    if as_json:
        say_json([{"series": series, "last": last, "next": following(series, last)} for series, last in found])
        return
    if not found:
        say("no number was used yet")
        return
    say_table(["SERIES", "LAST", "NEXT"], [[name, str(last), str(following(name, last))] for name, last in found])


@numbers.command("set")
@guarded
def set_number(
    which: Annotated[
        str, typer.Argument(metavar="PARTNER|SERIES", help="A partner whom we send EDI, or a series by its name.")
    ],
    last: Annotated[
        list[str],
        typer.Argument(metavar="[LEVEL] LAST", help="interchange or group for a partner; the last number used."),
    ],
    standard: Annotated[
        str | None, typer.Option("--standard", metavar="NAME", help="edifact, x12 or tradacoms, if he gets several.")
    ] = None,
    although_backwards: Backwards = False,
    reason: Reason = None,
    workspace: WorkspaceFolder = HERE,
    environment: Environment = None,
    as_json: AsJson = False,
) -> None:
    """Let a series go on after LAST, the last number that was used. The next one is LAST + 1.

    It refuses to go back behind a number that was used here. After the greatest number that
    the standard allows comes 1.

    \b
    Examples:
      transload numbers set acme interchange 4711 --reason "cut-over from the old system"
      transload numbers set x12/ZZ.US:ZZ/THEM:ZZ/group 88
    """
    level, number = (last[0], last[1]) if len(last) == 2 else ("", last[0])
    if len(last) > 2:
        raise typer.BadParameter("a level and a number", param_hint="LAST")
    loaded = checked(load_workspace(workspace, environment=environment))
    series = _series(loaded, which, level, standard) if level else which
    wanted = [(series, _number(number))]
    _set(loaded, wanted, Who(by=user(), reason=reason), backwards=although_backwards, as_json=as_json)


@numbers.command("import")
@guarded
def import_numbers(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV with the columns series and last.")],
    although_backwards: Backwards = False,
    reason: Reason = None,
    workspace: WorkspaceFolder = HERE,
    environment: Environment = None,
    as_json: AsJson = False,
) -> None:
    """Let many series go on after the numbers in FILE, all of them or none.

    In place of a series three columns may name one: partner, level, and standard where a
    partner gets several.

    \b
    Examples:
      transload numbers import last-numbers.csv --reason "cut-over"
    """
    loaded = checked(load_workspace(workspace, environment=environment))
    wanted = _rows(loaded, file)
    _set(loaded, wanted, Who(by=user(), reason=reason), backwards=although_backwards, as_json=as_json)


def following(series: str, last: int) -> int:
    """The number that comes after ``last``: 1 after the greatest that its standard allows."""
    return wrapped(series.partition("/")[0], last + 1)


def _set(loaded: Workspace, wanted: list[tuple[str, int]], who: Who, *, backwards: bool, as_json: bool) -> None:
    for series, last in wanted:
        most = greatest(series.partition("/")[0])
        if most is not None and last > most:
            raise ConfigurationError(f"{last} is more than {series} can have", hint=f"the greatest is {most}")
    with Ledger(loaded.store) as ledger:
        ledger.belong(loaded.environment)
        done: list[Set] = ledger.series.set(wanted, datetime.now(UTC), who=who, backwards=backwards)
    if as_json:
        say_json([{**one.as_dict(), "next": following(one.series, one.last)} for one in done])
        return
    for one in done:
        was = "new" if one.before is None else f"was at {one.before}"
        say(f"{one.series}: the next is {following(one.series, one.last)} ({was})")


def _series(workspace: Workspace, partner: str, level: str, standard: str | None) -> str:
    """The series of what we send a partner.  Raises `ConfigurationError` where he gets no such thing."""
    from transload.adapters.edi.writing.numbers import named

    if partner not in workspace.partners:
        raise ConfigurationError(f"there is no partner {partner!r}", hint=f"there are: {', '.join(workspace.partners)}")
    if level not in ("interchange", "group"):
        raise ConfigurationError(f"{level!r} is no level of control numbers", hint="say interchange or group")
    found = workspace.partners[partner]
    sent = {
        kind
        for route in found.send.values()
        if route.mapping_reference is not None and greatest(kind := route.mapping.format_type) is not None
    }
    for received in found.receive.values():
        if received.acknowledge is not None:
            sent |= {received.mappings[0].format_type} if received.mappings else set()
    sent = {kind for kind in sent if greatest(kind) is not None}
    if standard is not None:
        sent &= {standard}
    if len(sent) != 1:
        what = f"gets {', '.join(sorted(sent))}" if sent else f"gets no {standard or 'EDI'} from us"
        raise ConfigurationError(f"{partner} {what}", hint="say which with --standard, or name the series itself")
    (only,) = sent
    return named(only, identity_of(workspace.identities, only), found.identity(only), level)


def _rows(workspace: Workspace, file: Path) -> list[tuple[str, int]]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.DictReader(stream))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ConfigurationError(f"{file} cannot be read: {error}") from error
    found: list[tuple[str, int]] = []
    for line, row in enumerate(rows, start=2):
        try:
            series = (row.get("series") or "").strip()
            if not series:
                level = (row.get("level") or "interchange").strip()
                series = _series(workspace, (row.get("partner") or "").strip(), level, row.get("standard") or None)
            found.append((series, _number((row.get("last") or "").strip())))
        except ConfigurationError as error:
            raise ConfigurationError(f"{file}, line {line}: {error.message}", hint=error.hint) from error
    if not found:
        raise ConfigurationError(f"{file} holds no number", hint="the first line names the columns: series,last")
    return found


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise ConfigurationError(f"{text!r} is no control number", hint="give the last one that was used, in digits")
    return int(text)
