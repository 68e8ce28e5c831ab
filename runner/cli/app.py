"""The application: all commands in the order in which a newcomer meets them.

A command's module is imported when the command is wanted, since some of them need
much (the ledger, the mapping compiler) and most calls need one.
"""

import ast
from collections.abc import Iterable
from importlib import import_module
from inspect import cleandoc
from pathlib import Path
from typing import Annotated

import typer

from transload.runner.cli.plain import PlainCommand, PlainGroup

COMMANDS = {
    "init": "init:init",
    "new": "new:new",
    "check": "check:check",
    "test": "mapping_tests:mapping_tests",
    "convert": "convert:convert",
    "inspect": "inspect:inspect",
    "why": "why:why",
    "schema": "schema:schema",
    "diff": "diff:diff",
    "sample": "sample:sample",
    "acknowledge": "acknowledge:acknowledge",
    "reconcile": "reconcile:reconcile",
    "probe": "probe:probe",
    "run": "run:run",
    "serve": "serve:serve",
    "metrics": "metrics:metrics",
    "rekey": "rekey:rekey",
    "tidy": "erase:tidy",
    "erase": "erase:erase",
    "documents": "documents:documents",
    "find": "find:find",
    "show": "show:show",
    "failures": "find:failures",
    "impact": "impact:impact",
    "replay": "replay:replay",
    "resolve": "resolve:resolve",
    "correct": "submit:correct",
    "submit": "submit:submit",
    "cancel": "submit:cancel",
    "pause": "pause:pause",
    "resume": "pause:resume",
    "incidents": "incidents:incidents",
    "expectations": "incidents:expectations",
    "statement": "statement:statement",
    "demo": "demo:demo",
    "numbers": "numbers:numbers",
    "ledger": "backup:ledger",
    "audit": "audit:audit",
    "adapters": "adapters:adapters",
    "guide": "guide:guide",
    "soap": "soap:soap",
}
"""The commands: ``module:function`` below `transload.runner.cli`; a Typer in place of a function groups several."""


PLAIN = frozenset({"inspect"})
"""Those that are called often on small files, and so must be quick: see `PlainCommand`."""


def application(names: Iterable[str] = tuple(COMMANDS)) -> typer.Typer:
    """The command line with the commands called ``names``."""
    app = typer.Typer(
        name="transload",
        cls=PlainGroup,
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )
    app.callback()(transload)
    for name in names:
        module, _, function = COMMANDS[name].partition(":")
        found = getattr(import_module(f"transload.runner.cli.{module}"), function)
        if isinstance(found, typer.Typer):
            app.add_typer(found, name=name)
        else:
            app.command(name, cls=PlainCommand if name in PLAIN else None)(found)
    return app


def overview() -> typer.Typer:
    """The command line as its own help shows it: the commands by names and docstrings, with nothing imported for them.

    It is enough where no command is called.
    """
    app = application(())
    for name, where in COMMANDS.items():
        app.command(name, help=_docstring(where))(_told)
    return app


def _told() -> None:
    """Stand for a command that is not called."""


def _docstring(where: str) -> str:
    """What ``module:function`` says of itself in the source: its docstring, or the help of a Typer."""
    module, _, name = where.partition(":")
    tree = ast.parse(Path(__file__).with_name(f"{module}.py").read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return ast.get_docstring(node) or ""
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and ast.unparse(node.targets[0]) == name:
            texts = [word.value for word in node.value.keywords if word.arg == "help"]
            return cleandoc(ast.literal_eval(texts[0])) if texts else ""
    return ""


def _tell_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

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
                3 something is being retried (run),
                4 something would differ (impact), 130 interrupted.
    """
