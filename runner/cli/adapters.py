"""``transload adapters``: what is installed, and what it takes."""

from collections.abc import Iterator
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from transload.adapters.base import Adapter, Settings, adapter, adapter_names
from transload.adapters.base.registry import ABILITIES, origin
from transload.canonical.errors import ConfigurationError
from transload.runner.cli.authoring import new_adapter
from transload.runner.cli.guard import guarded
from transload.runner.cli.options import AsJson
from transload.runner.cli.screen import say, say_json, say_table
from transload.runner.workspace.examples import example_of, written_example
from transload.runner.workspace.shapes import schema_of
from transload.runner.workspace.tables import settings_of

_NOT_ADAPTERS = ("-h", "--help")


class _Adapters(TyperGroup):
    """A first word that is no command is the name of an adapter to show."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Take ``transload adapters sftp`` for ``transload adapters show sftp``."""
        shows = not args or (args[0] not in self.commands and args[0] not in _NOT_ADAPTERS)
        return list(super().parse_args(ctx, ["show", *args] if shows else args))


adapters = typer.Typer(
    cls=_Adapters,
    rich_markup_mode=None,
    help="""List the installed adapters, show what one of them takes, or make one of your own.

    A name that is none of the commands below is shown: adapters sftp is adapters show sftp.

    \b
    Examples:
      transload adapters
      transload adapters sftp
      transload adapters sftp --json
      transload adapters new acme-api
    """,
)
adapters.command("new")(new_adapter)


@adapters.command("show")
@guarded
def show_adapters(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="Show the settings of this adapter.")] = None,
    schema: Annotated[bool, typer.Option("--schema", help="Only the JSON Schemas of its settings, by part.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the installed adapters, or show what one of them takes.

    A source fetches what a partner offers, an endpoint is called by one, a target hands documents over, a format
    reads and writes messages, a filter stands between transport and format. With a name, every setting is
    shown with its type, default and meaning, and an example; with --json also, the JSON Schemas of its settings.

    \b
    Examples:
      transload adapters
      transload adapters sftp
      transload adapters sftp --json
      transload adapters gzip --schema
    """
    if schema and name is None:
        raise typer.BadParameter("whose? name an adapter", param_hint="--schema")
    if name is None:
        _list(as_json)
    elif schema:
        say_json({part: schema_of(kind) for part, kind in _parts(adapter(name))})
    elif as_json:
        parts = dict(_parts(adapter(name)))
        settings = {part: schema_of(kind) for part, kind in parts.items()}
        say_json({**_entry(name), "settings": settings, "examples": {p: example_of(kind) for p, kind in parts.items()}})
    else:
        _show(name, adapter(name))


def _list(as_json: bool) -> None:
    entries = [_entry(name) for name in adapter_names()]
    if as_json:
        say_json(entries)
        return
    rows = [
        [entry["name"], ", ".join(entry["abilities"]), entry["summary"] or entry["fault"], entry["origin"]]
        for entry in entries
    ]
    say_table(["NAME", "ABILITIES", "SUMMARY", "FROM"], rows)


def _entry(name: str) -> dict[str, Any]:
    """What a list says about an adapter; one that cannot be loaded stays in the list, with the fault."""
    entry: dict[str, Any] = {"name": name, "abilities": [], "summary": "", "origin": ""}
    try:
        found = adapter(name)
        return {**entry, "abilities": list(found.abilities), "summary": found.summary, "origin": origin(name)}
    except ConfigurationError as error:
        return {**entry, "fault": error.message}


def _parts(found: Adapter) -> Iterator[tuple[str, type[Settings]]]:
    """The settings classes of an adapter, under the names that `_WHERE` explains."""
    if found.source or found.target or found.endpoint:
        yield "connection", found.connection
    for part in ABILITIES:
        ability = getattr(found, part)
        if ability is not None:
            yield part, ability.Options


_WHERE = {
    "connection": "connections: NAME: {adapter: %s, ...}",
    "source": "receive: NAME: from: {connection: NAME, ...}",
    "endpoint": "receive: NAME: from: {connection: NAME, ...}; the partner calls",
    "target": "send: NAME: to: {connection: NAME, ...}",
    "format": "receive: NAME: format: {type: %s, ...}",
    "filter": "connections: NAME: filters: [{type: %s, ...}], or in from: and to: of a route",
}


def _show(name: str, found: Adapter) -> None:
    say(f"{name}: {found.summary}")
    say(f"from {origin(name)}")
    for part, kind in _parts(found):
        where = _WHERE[part]
        say()
        say(f"{part}, written under {where % name if '%' in where else where}", style="bold")
        rows = list(settings_of(kind))
        if rows:
            say_table(["SETTING", "TYPE", "DEFAULT", "MEANING"], rows)
        else:
            say("nothing to set")
        say(f"example: {written_example(part, name, example_of(kind))}")
