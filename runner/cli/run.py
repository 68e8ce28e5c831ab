"""``transload run``: one pass of a workspace's routes."""

import gc
import logging
import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Annotated

import typer

from transload.canonical.errors import ConfigurationError
from transload.canonical.findings import errors_of
from transload.runner.cli import exits
from transload.runner.cli.guard import guarded
from transload.runner.cli.options import HERE, AsJson, Environment, WorkspaceFolder
from transload.runner.cli.preview import tell_preview
from transload.runner.cli.screen import say, say_findings, say_json
from transload.runner.engine import Engine, Summary
from transload.runner.ledger import Ledger, NoLedger, State, Store
from transload.runner.processes.signals import a_second_ends, handling
from transload.runner.workspace import Workspace, load_workspace
from transload.runner.workspace.agreement import check_routes


@guarded
def run(
    routes: Annotated[
        list[str] | None, typer.Argument(metavar="PARTNER/ROUTE", help="Routes to run; all without any.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would be received and sent; nothing changes anywhere.")
    ] = False,
    threads: Annotated[int, typer.Option(min=1, max=64, help="Routes and lanes that are worked on at once.")] = 4,
    workspace: WorkspaceFolder = HERE,
    environment: Environment = None,
    as_json: AsJson = False,
) -> None:
    """Run the routes once: receive what is there, process it, deliver what is due, and end.

    Schedules are not waited for. Whatever was left unfinished before, by an error or a
    crash, is taken up again. Nothing is sent twice that the target can tell apart.

    \b
    The exit code is 0 when everything that was touched is final and good, 3 when
    something will be tried again, 1 when something needs a person.

    \b
    Examples:
      transload run
      transload run acme/orders --environment test
      transload run --dry-run
      transload run erp/orders           (deliver only what waits for this send route)
      transload run --json | jq .deliveries
    """
    loaded = checked(load_workspace(workspace, environment=environment))
    if not as_json:
        say_findings(loaded.findings, to_error=True)
    if dry_run:
        with looked_at(loaded.store) as ledger:
            preview = Engine(loaded, ledger).preview(routes or None)
        if as_json:
            say_json(preview)
        else:
            tell_preview(preview)
        raise typer.Exit(exits.ERRORS if preview["errors"] else exits.CLEAN)
    with Ledger(loaded.store) as ledger, _told_interruption(), _adapters_heard(not as_json):
        summary = Engine(loaded, ledger, workers=threads).run_pass(routes or None)
    if as_json:
        say_json(summary.as_dict())
    else:
        _tell(summary)
    raise typer.Exit(summary.exit_code)


def checked(workspace: Workspace) -> Workspace:
    """The workspace, its mappings compiled.  Raises `ConfigurationError` with all that is wrong with them."""
    errors = errors_of(check_routes(workspace))
    if errors:
        raise ConfigurationError("the workspace's mappings have errors", findings=errors)
    gc.freeze()  # what is loaded by now stays: going through it at each collection takes a third of all reading time
    return workspace


class _Aloud(logging.Handler):
    """Says what adapters note, such as why a file is not taken yet."""

    def emit(self, record: logging.LogRecord) -> None:
        say(record.getMessage(), to_error=True)


@contextmanager
def _adapters_heard(heard: bool) -> Iterator[None]:
    logger, handler = logging.getLogger("transload.adapters"), _Aloud()
    level = logger.level
    if heard:
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)


@contextmanager
def _told_interruption() -> Iterator[None]:
    """Inside, the first Ctrl-C or SIGTERM waits for the calls under way, since their outcome matters.

    A second one ends at once; the ledger survives that as it does a crash.
    """
    told = False

    def interrupted(number: int, frame: FrameType | None) -> None:
        nonlocal told
        if told:  # `a_second_ends` does
            return
        told = True
        say("waiting for the calls under way; Ctrl-C again ends at once", to_error=True)
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handlers = {signal.SIGINT: interrupted, signal.SIGTERM: interrupted}
    with handling(handlers), a_second_ends(lambda _: exits.INTERRUPTED, words=b"interrupted\n"):
        yield


@contextmanager
def looked_at(store: Store) -> Iterator[Ledger]:
    """The ledger; where there is none yet, an empty one that is thrown away, so that a dry run leaves nothing."""
    with ExitStack() as kept:
        try:
            ledger = Ledger(store).open(create=False)
        except NoLedger:
            folder = kept.enter_context(TemporaryDirectory(prefix="transload-"))
            ledger = Ledger(replace(store, url=f"sqlite:///{folder}/ledger.db", blobs=None)).open()
        kept.callback(ledger.close)
        yield ledger


def _tell(summary: Summary) -> None:
    say_findings(summary.findings)
    say(f"received {summary.received} new, {summary.repeated} known already")
    for what, counts in (
        ("receipts", summary.receipts),
        ("documents", summary.documents),
        ("deliveries", summary.deliveries),
        ("waiting", summary.waiting),
    ):
        parts = [f"{counts[state]} {state.value}" for state in State if counts.get(state)]
        if parts:
            say(f"{what}: {', '.join(parts)}")
    for incident in summary.incidents:
        what = f"incident {incident.ref}" if incident.is_open else f"over, {incident.ref}"
        say(f"{what}: {incident.title}", style="bold red" if incident.is_open else None)
    if summary.failed:
        say(f"{summary.failed} routes or connections could not be used", style="bold red")
