"""``transload demo``: the whole of it on one machine."""

from pathlib import Path
from typing import Annotated

import typer

from transload.canonical.errors import ConfigurationError
from transload.runner.cli.guard import guarded
from transload.runner.cli.options import AsJson


@guarded
def demo(
    folder: Annotated[
        Path | None, typer.Option("--keep", metavar="DIR", help="Play in this new folder instead of a temporary one.")
    ] = None,
    stay: Annotated[
        bool, typer.Option("--stay", help="Keep the partners up until Ctrl-C, to go on with run and serve.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Start partners on this machine, move orders between them, and show what happened.

    An SFTP server, a REST API and a SOAP service are started on free ports of the
    loopback interface. Needs the extra: pip install 'transload[demo]'.

    \b
    Example:
      transload demo --folder demo --stay
    """
    try:
        from transload.runner.demo import run_demo
    except ImportError as error:
        raise ConfigurationError(
            f"the demo's partners cannot be started: {error}", hint="install them with: pip install 'transload[demo]'"
        ) from error
    raise typer.Exit(run_demo(folder, as_json=as_json, stay=stay))
