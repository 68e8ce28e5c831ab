"""``transload serve``: the daemon."""

import sys

from transload.runner.cli.guard import guarded
from transload.runner.cli.options import HERE, AsJson, Environment, WorkspaceFolder
from transload.runner.cli.run import checked
from transload.runner.cli.screen import say_findings
from transload.runner.engine import Engine, configure_logging
from transload.runner.ledger import Ledger
from transload.runner.workspace import load_workspace


@guarded
def serve(workspace: WorkspaceFolder = HERE, environment: Environment = None, as_json: AsJson = False) -> None:
    """Run as a service: fire the schedules, deliver what is due, until told to stop.

    The log goes to standard error, one event a line; with --json, and whenever standard
    error is no terminal, as JSON. SIGTERM or Ctrl-C lets the calls under way end and be
    recorded; a second one ends at once, which the ledger survives as it does a crash.
    One service works on a ledger at a time.

    \b
    Examples:
      transload serve
      transload serve --workspace /srv/transload --environment production --json
    """
    loaded = checked(load_workspace(workspace, environment=environment))
    if not as_json:
        say_findings(loaded.findings, to_error=True)
    configure_logging("json" if as_json or not sys.stderr.isatty() else "console", mask=loaded.hidden.mask)
    with Ledger(loaded.store) as ledger:
        Engine(loaded, ledger).serve()
