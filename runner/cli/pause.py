"""``transload pause`` and ``transload resume``: what stands still by a person's word."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, cast

import typer

from transload.canonical.errors import ConfigurationError
from transload.runner.cli.guard import guarded
from transload.runner.cli.ledger import opened, user
from transload.runner.cli.options import HERE, AsJson, Environment, Reason, WorkspaceFolder
from transload.runner.cli.screen import say, say_json, say_table
from transload.runner.ledger import Ledger
from transload.runner.ledger.gathering import GATHERED, gatherings
from transload.runner.ledger.pauses import KINDS, Paused
from transload.runner.workspace import load_workspace
from transload.runner.workspace.suggestions import suggestion

_WHAT = "partner, connection, route or lane."


@guarded
def pause(
    kind: Annotated[str | None, typer.Argument(metavar="KIND", help=_WHAT)] = None,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAME", help="acme, acme/sftp, acme/orders, or a lane's name.")
    ] = None,
    reason: Reason = None,
    lanes: Annotated[bool, typer.Option("--lanes", help="List the lanes and what waits in each.")] = False,
    workspace: WorkspaceFolder = HERE,
    environment: Environment = None,
    as_json: AsJson = False,
) -> None:
    """Let a partner, connection, route or lane stand still until it is resumed; without a name, list what does.

    Nothing is lost: what is to be sent is staged, and waits. A running service notices within
    two seconds; calls that are under way end.

    \b
    partner     nothing is fetched from him, read or sent to him, over any of his routes
    connection  nothing is fetched or sent over it
    route       a receive route neither fetches nor reads; over a send route nothing is sent
    lane        what one route sends to one other waits; in:PARTNER/ROUTE is a route's reading

    A partner who calls us is told to try again later (503), and keeps what he has.

    \b
    Examples:
      transload pause partner acme --reason "they move house"
      transload pause route acme/orders
      transload pause lane acme/orders/erp/sales-orders
      transload pause
    """
    # The first pause may come before the first run: at a cut-over, say.
    with opened(workspace, environment, create=kind is not None) as ledger:
        if lanes:
            _lanes(ledger, as_json=as_json)
            return
        if kind is None:
            _list(ledger, as_json=as_json)
            return
        chosen = _kind(kind)
        if not names:
            raise typer.BadParameter("which one? name it", param_hint="NAME")
        for name in names:
            _known(ledger, workspace, environment, chosen, name)
        told = []
        for name in dict.fromkeys(names):
            new = ledger.pauses.pause(chosen, name, datetime.now(UTC), by=user(), reason=reason)
            told.append({"kind": chosen, "name": name, "new": new})
            if not as_json:
                say(f"the {chosen} {name} {'stands still now' if new else 'stood still already'}")
    if as_json:
        say_json(told)


@guarded
def resume(
    kind: Annotated[str, typer.Argument(metavar="KIND", help=_WHAT)],
    names: Annotated[list[str], typer.Argument(metavar="NAME", help="What is to go on.")],
    reason: Reason = None,
    workspace: WorkspaceFolder = HERE,
    environment: Environment = None,
    as_json: AsJson = False,
) -> None:
    """Let go on what was paused. Where another pause covers it too, that one still holds.

    \b
    Examples:
      transload resume partner acme
      transload resume lane acme/orders/erp/sales-orders --reason "their disk has room again"
    """
    chosen = _kind(kind)
    told = []
    with opened(workspace, environment) as ledger:
        for name in dict.fromkeys(names):
            ledger.pauses.resume(chosen, name, datetime.now(UTC), by=user(), reason=reason)
            told.append({"kind": chosen, "name": name})
            if not as_json:
                say(f"the {chosen} {name} goes on")
    if as_json:
        say_json(told)


def _kind(text: str) -> Paused:
    if text not in KINDS:
        raise typer.BadParameter(f"{text!r} is none; say {', '.join(KINDS)}", param_hint="KIND")
    return cast("Paused", text)


def _known(ledger: Ledger, folder: Path, environment: str | None, kind: Paused, name: str) -> None:
    """Refuse a name that stands for nothing.  What is wrong with the workspace must not keep anybody from pausing."""
    if kind == "lane":
        names = ledger.pauses.lanes()
    else:
        try:
            workspace = load_workspace(folder, environment=environment)
        except ConfigurationError as error:
            say(f"the name is not checked, as the workspace has errors: {error.message}", to_error=True)
            return
        known: Mapping[str, list[str]] = {
            "partner": list(workspace.partners),
            "connection": list(workspace.connections),
            "route": [*workspace.receive_routes, *workspace.send_routes],
        }
        names = known[kind]
    if name not in names:
        raise ConfigurationError(f"there is no {kind} {name!r}", hint=suggestion(name, names, f"there are the {kind}s"))


def _list(ledger: Ledger, *, as_json: bool) -> None:
    found = ledger.pauses.all()
    if as_json:
        say_json([one.as_dict() for one in found])
    elif not found:
        say("nothing is paused")
    else:
        rows = [[one.kind, one.name, f"{one.at:%Y-%m-%d %H:%M}", one.by, one.reason or ""] for one in found]
        say_table(["KIND", "NAME", "SINCE (UTC)", "BY", "WHY"], rows)


def _lanes(ledger: Ledger, *, as_json: bool) -> None:
    waiting = {
        lane: {state.value: count for state, count in sorted(counts.items())}
        for lane, counts in ledger.lanes.waiting().items()
    }
    with ledger.read() as connection:
        batches = gatherings(connection)
    for batch in batches:
        waiting.setdefault(batch.lane, {})[GATHERED] = batch.documents
    held = {one.name for one in ledger.pauses.all() if one.kind == "lane"}
    found = [
        {
            "lane": lane,
            "held": lane in held,
            "waiting": waiting.get(lane, {}),
        }
        for lane in ledger.pauses.lanes()
    ]
    if as_json:
        say_json(found)
        return
    rows = [
        [
            str(one["lane"]),
            "held" if one["held"] else "",
            ", ".join(f"{count} {state}" for state, count in waiting.get(str(one["lane"]), {}).items()),
        ]
        for one in found
    ]
    say_table(["LANE", "", "WAITS"], rows)
