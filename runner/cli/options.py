"""Options that several commands share, declared once, and the question before something is done."""

import sys
from pathlib import Path
from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Environment = Annotated[
    str | None,
    typer.Option(
        "--environment", "-e", metavar="NAME", help="Environment, instead of the one that transload.yaml names."
    ),
]
WorkspaceFolder = Annotated[
    Path, typer.Option("--workspace", "-w", metavar="DIR", help="The workspace's folder.", envvar="TRANSLOAD_WORKSPACE")
]
Reason = Annotated[str | None, typer.Option("--reason", metavar="TEXT", help="Why, for the record.")]
Unmasked = Annotated[
    bool, typer.Option("--unmasked", help="Show the real values of masked fields; with --reason, and an event.")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do it without asking.")]
HERE = Path()


def agreed(question: str, *, yes: bool, as_json: bool) -> bool:
    """Whether it is to be done: by ``--yes``, else a person at a terminal is asked; nobody there means no."""
    if yes:
        return True
    if as_json or not sys.stdin.isatty():
        return False
    return typer.confirm(question, default=False)
