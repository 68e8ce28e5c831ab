"""Options that several commands share, declared once."""

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
HERE = Path()
