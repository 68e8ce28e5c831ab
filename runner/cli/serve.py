"""``transload serve``: the daemon."""

import signal
import sys
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal

import typer

from transload.canonical.errors import ConfigurationError
from transload.runner.cli.guard import guarded
from transload.runner.cli.options import HERE, AsJson, Environment, WorkspaceFolder
from transload.runner.cli.run import checked
from transload.runner.cli.screen import say_findings
from transload.runner.engine import Engine
from transload.runner.ledger import Ledger
from transload.runner.logs import configure_logging
from transload.runner.processes.supervisor import Supervisor
from transload.runner.workspace import Workspace, load_workspace


@guarded
def serve(
    workspace: WorkspaceFolder = HERE,
    workers: Annotated[
        int, typer.Option(min=1, max=64, help="Processes that share the work; more than one with PostgreSQL only.")
    ] = 1,
    threads: Annotated[int, typer.Option(min=1, max=64, help="Routes and lanes that a process works on at once.")] = 4,
    environment: Environment = None,
    as_json: AsJson = False,
    member: Annotated[int, typer.Option(hidden=True)] = 0,
) -> None:
    """Run as a service: fire the schedules, deliver what is due, until told to stop.

    The log goes to standard error, one event a line; with --json, and whenever standard
    error is no terminal, as JSON. SIGTERM or Ctrl-C lets the calls under way end and be
    recorded; a second one ends at once, which the ledger survives as it does a crash.
    SIGHUP loads the workspace anew; where that has errors, the one before stays in force.

    On a ledger in a SQLite file one service works at a time. On PostgreSQL any number does,
    on this machine (--workers) and on others: each does what is due and nobody does yet, and
    takes over what one leaves that ends.

    \b
    Examples:
      transload serve
      transload serve --workspace /srv/transload --environment production --json
      transload serve --workers 2
    """
    masks: deque[Callable[[str], str]] = deque(maxlen=2)
    masking: deque[bool] = deque(maxlen=2)

    def load() -> Workspace:
        found = checked(load_workspace(workspace, environment=environment))
        masks.append(found.hidden.mask)
        masking.append(bool(found.mask))
        return found

    def masked(text: str) -> str:
        for mask in masks:  # of the workspace in force, and of one that is being loaded
            text = mask(text)
        return text

    early: list[int] = []
    signal.signal(signal.SIGHUP, lambda number, _: early.append(number))
    loaded = load()
    if not as_json and not member:
        say_findings(loaded.findings, to_error=True)
    form: Literal["json", "console"] = "json" if as_json or not sys.stderr.isatty() else "console"
    configure_logging(form, mask=masked, quotes=lambda: not any(masking))
    if workers > 1:
        _check_shared(loaded)
        raise typer.Exit(_crew(workspace, workers, threads, environment, as_json=as_json))
    with Ledger(loaded.store) as ledger:
        engine = Engine(
            loaded,
            ledger,
            workers=threads,
            reload=load,
            number=max(0, member - 1),
            supervisor=Supervisor.of_environment(),
        )
        signal.signal(signal.SIGHUP, lambda *_: engine.renew())  # until the service itself listens
        if early:
            engine.renew()
        if member:
            from transload.runner.processes.crew import end_with_parent

            end_with_parent(engine.stop)
        engine.serve()


def _check_shared(workspace: Workspace) -> None:
    """Raises `ConfigurationError` where several processes cannot work on the ledger."""
    if workspace.store.address().get_backend_name() == "sqlite":
        raise ConfigurationError(
            f"one process at a time works on the ledger {workspace.store.shown}, which is a SQLite file",
            hint="leave --workers out (--threads lets it do more at once), or keep the ledger in PostgreSQL:"
            " store: postgresql://...",
        )


def _crew(folder: Path, workers: int, threads: int, environment: str | None, *, as_json: bool) -> int:
    from transload.runner.processes.crew import Crew

    command = [sys.executable, "-m", "transload.runner.cli", "serve", "--workspace", str(folder)]
    command += ["--threads", str(threads)]
    command += ["--environment", environment] if environment else []
    command += ["--json"] if as_json else []
    return Crew(
        lambda number: [*command, "--member", str(number)], workers, supervisor=Supervisor.of_environment()
    ).run()
