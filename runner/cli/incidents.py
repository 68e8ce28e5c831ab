"""``transload incidents`` and ``transload expectations``: what is wrong, and what is awaited."""

import re
from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from transload.canonical.errors import ConfigurationError
from transload.runner.cli.guard import guarded
from transload.runner.cli.ledger import opened, user
from transload.runner.cli.options import HERE, AsJson, Environment, WorkspaceFolder
from transload.runner.cli.screen import counted, say, say_json, say_table
from transload.runner.ledger import Ledger
from transload.runner.ledger.incidents import Incident
from transload.runner.workspace import load_workspace

_FORM = re.compile(r"i(\d{1,18})", re.IGNORECASE)
_LETTERS = {"quarantined": "d", "quarantined receipt": "r"}
_MOST_MEMBERS = 100


@guarded
def incidents(
    references: Annotated[
        list[str] | None, typer.Argument(metavar="ID", help="Incidents (i1) to show, acknowledge or close.")
    ] = None,
    acknowledge: Annotated[
        bool, typer.Option("--acknowledge", help="Somebody looks after them: they are not told again.")
    ] = False,
    close: Annotated[bool, typer.Option("--close", help="They are dealt with.")] = False,
    note: Annotated[str | None, typer.Option("--note", metavar="TEXT", help="Why, for the record.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Closed ones too, the newest first.")] = False,
    partner: Annotated[
        str | None, typer.Option("--partner", metavar="NAME", help="Only those of this partner.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, help="At most so many.")] = 100,
    workspace: WorkspaceFolder = HERE,
    environment: Environment = None,
    as_json: AsJson = False,
) -> None:
    """List what is wrong and waits for somebody; show, acknowledge or close incidents.

    An incident is opened by what did not come in time, by gaps and silence, by what is dead,
    unknown, rejected or quarantined, by connections and lanes that do not work. It is closed
    when what was missing comes, or by a person. docs/runbook.md says what to do about each.

    \b
    Examples:
      transload incidents
      transload incidents i12
      transload incidents i12 --acknowledge --note "they mend it by noon"
      transload incidents i12 i13 --close --note "sent by mail instead"
    """
    numbers = [_number(text) for text in references or ()]
    if acknowledge and close:
        raise typer.BadParameter("say one of them: --acknowledge or --close", param_hint="--close")
    if (acknowledge or close or note is not None) and not numbers:
        raise typer.BadParameter("name the incidents, such as i12", param_hint="ID")
    if note is not None and not (acknowledge or close):
        raise typer.BadParameter("a note goes with --acknowledge or --close", param_hint="--note")
    with opened(workspace, environment) as ledger:
        for number in numbers:
            if acknowledge:
                ledger.incidents.acknowledge(number, datetime.now(UTC), by=user(), note=note)
            elif close:
                ledger.incidents.close(number, datetime.now(UTC), by=user(), note=note)
        if numbers:
            _show(ledger, numbers, as_json=as_json)
            return
        found = ledger.incidents.waiting(closed=everything, partner=partner, limit=limit)
        unsent = ledger.alarms.unsent()
    if as_json:
        say_json({"incidents": [one.as_dict() for one in found], "unsent_alarms": unsent})
        return
    _tell(found)
    if unsent:
        last = unsent[0]
        say(
            f"{counted(len(unsent), 'alarm')} could not be sent, the last one to {last['channel']}: {last['error']}",
            to_error=True,
        )


@guarded
def expectations(workspace: WorkspaceFolder = HERE, environment: Environment = None, as_json: AsJson = False) -> None:
    """Show what is awaited by when: arrivals, acknowledgements, control numbers, silence.

    \b
    Examples:
      transload expectations
      transload expectations --json
    """
    from transload.runner.expectations.awaiting import awaited

    loaded = load_workspace(workspace, environment=environment)
    with opened(workspace, environment) as ledger:
        found = list(awaited(loaded, ledger, datetime.now(UTC)))
    if as_json:
        say_json(found)
        return
    if not found:
        say("nothing is expected; expect: of a receive route says what is, docs/expectations.md tells how")
        return
    rows = [
        [
            entry["route"],
            entry["kind"],
            entry["state"] + "".join(f" {one['ref']}" for one in entry["incidents"]),
            _local(entry["due"], loaded.timezone) if entry["due"] else "",
            entry["what"],
        ]
        for entry in found
    ]
    say_table(["ROUTE", "EXPECTS", "STATE", "DUE", "WHAT"], rows)


def _tell(found: list[Incident]) -> None:
    if not found:
        say("no incidents")
        return
    rows = [
        [
            one.ref,
            one.severity,
            one.source,
            f"{one.opened_at:%Y-%m-%d %H:%M}",
            _state(one),
            one.title,
        ]
        for one in found
    ]
    say_table(["ID", "SEVERITY", "KIND", "SINCE (UTC)", "STATE", "WHAT"], rows)


def _state(one: Incident) -> str:
    if one.closed_at is not None:
        return f"closed by {one.closed_by}" if one.closed_by else "over"
    return f"seen by {one.acknowledged_by}" if one.acknowledged_at is not None else "open"


def _show(ledger: Ledger, numbers: list[int], *, as_json: bool) -> None:
    shown = []
    for number in numbers:
        one = ledger.incidents.get(number)
        letter = _LETTERS.get(one.source, "s")
        members = [f"{letter}{member}" for member in ledger.incidents.members(number, _MOST_MEMBERS)]
        shown.append({**one.as_dict(), "members": members})
        if as_json:
            continue
        say(f"{one.ref} {one.severity} {one.source}: {one.title}")
        say(f"  since {one.opened_at:%Y-%m-%d %H:%M} UTC, {_state(one)}")
        if one.note:
            say(f"  note: {one.note}")
        if one.is_open:
            say(f"  {one.hint}")
        if members:
            more = ", ..." if len(members) == _MOST_MEMBERS else ""
            say(f"  it is about {', '.join(members)}{more}")
    if as_json:
        say_json(shown)


def _number(text: str) -> int:
    match = _FORM.fullmatch(text.strip())
    if match is None:
        raise ConfigurationError(
            f"{text!r} is no incident", hint="they are named i1, i2, ...; transload incidents lists them"
        )
    return int(match[1])


def _local(text: str, timezone: ZoneInfo) -> str:
    return f"{datetime.fromisoformat(text).astimezone(timezone):%Y-%m-%d %H:%M %Z}"
