"""The options of a search, shared by the commands that look for something and those that do it again."""

from typing import Annotated

import typer

from transload.runner.cli.ledger import moment
from transload.runner.ledger import State
from transload.runner.ledger.searching import Criteria

_LONGEST = 200
Number = Annotated[
    str | None, typer.Option("--number", metavar="TEXT", help="A document's number, or that of the order it is about.")
]
Control = Annotated[
    str | None, typer.Option("--control", metavar="TEXT", help="A control number: interchange, group or message.")
]
Partner = Annotated[str | None, typer.Option("--partner", metavar="NAME", help="From or to this partner.")]
Route = Annotated[str | None, typer.Option("--route", metavar="PARTNER/ROUTE", help="Over this route.")]
States = Annotated[
    list[str] | None, typer.Option("--state", metavar="STATE", help="In this state (repeatable), such as DEAD.")
]
Kind = Annotated[
    str | None, typer.Option("--kind", metavar="TEXT", help="This document (order/1) or message type (ORDERS).")
]
Since = Annotated[
    str | None, typer.Option("--since", metavar="WHEN", help="From then on: 2026-01-14, or 2h for 2h ago.")
]
Until = Annotated[str | None, typer.Option("--until", metavar="WHEN", help="Before then.")]
FileName = Annotated[
    str | None, typer.Option("--file", metavar="NAME", help="Arrived under this name; a * at its end is anything.")
]
Fingerprint = Annotated[
    str | None, typer.Option("--fingerprint", metavar="F", help="Failed in this way; see transload failures.")
]
Text = Annotated[str | None, typer.Option("--text", metavar="TEXT", help="With these words in what was found wrong.")]


def criteria(
    *,
    number: str | None,
    control: str | None,
    partner: str | None,
    route: str | None,
    state: list[str] | None,
    kind: str | None,
    since: str | None,
    until: str | None,
    file: str | None,
    fingerprint: str | None,
    text: str | None,
    before: int | None = None,
) -> Criteria:
    """What the options say; raises `typer.BadParameter` for what is no state or moment."""
    if text is not None and not 0 < len(text) <= _LONGEST:
        raise typer.BadParameter(f"give 1 to {_LONGEST} characters", param_hint="--text")
    return Criteria(
        number=number,
        control=control,
        partner=partner,
        route=route,
        states=tuple(_state(one) for one in state or ()),
        kind=kind,
        since=moment(since, "--since"),
        until=moment(until, "--until"),
        file=file,
        fingerprint=fingerprint,
        text=text,
        before=before,
    )


def _state(text: str) -> State:
    try:
        return State(text.upper())
    except ValueError:
        names = ", ".join(State)
        raise typer.BadParameter(f"{text!r} is no state; states are {names}", param_hint="--state") from None
