"""The application: all commands in the order in which a newcomer meets them.

A command's module is imported when the command is wanted, since some of them need
much (the ledger, the mapping compiler) and most calls need one.
"""

from collections.abc import Iterable
from importlib import import_module
from importlib.metadata import version
from typing import Annotated

import typer

COMMANDS = {
    "init": "init:init",
    "check": "check:check",
    "test": "mapping_tests:mapping_tests",
    "convert": "convert:convert",
    "inspect": "inspect:inspect",
    "acknowledge": "acknowledge:acknowledge",
    "reconcile": "reconcile:reconcile",
    "run": "run:run",
    "serve": "serve:serve",
    "documents": "documents:documents",
    "show": "show:show",
    "replay": "replay:replay",
    "resolve": "replay:resolve",
    "adapters": "adapters:adapters",
    "demo": "demo:demo",
}
"""The commands: ``module:function`` below `transload.runner.cli`."""


def application(names: Iterable[str] = tuple(COMMANDS)) -> typer.Typer:
    """The command line with the commands called ``names``."""
    app = typer.Typer(
        name="transload",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )
    app.callback()(transload)
    for name in names:
        module, _, function = COMMANDS[name].partition(":")
        app.command(name)(getattr(import_module(f"transload.runner.cli.{module}"), function))
    return app


def _tell_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"transload {version('transload')}")
        raise typer.Exit


def transload(
    _version: Annotated[
        bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="Print the version, and end.")
    ] = False,
) -> None:
    """Move business documents between partners.

    Adapters turn what partners send into documents by two-way mapping files; a durable
    runner moves the documents on, with retries, acknowledgements and a full trace.

    \b
    Exit codes: 0 done, 1 errors, 2 wrong command line,
                3 something is being retried (run), 130 interrupted.
    """
