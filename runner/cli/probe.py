"""``transload probe``: look at a connection before documents travel over it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

import typer

from transload.adapters.base import Probe, Source, Target
from transload.adapters.base.registry import adapter
from transload.canonical.errors import ConfigurationError, TransloadError
from transload.canonical.findings import Finding
from transload.runner.cli import exits
from transload.runner.cli.guard import guarded
from transload.runner.cli.options import HERE, AsJson, Environment, WorkspaceFolder
from transload.runner.cli.screen import say, say_findings, say_json
from transload.runner.workspace import load_workspace
from transload.runner.workspace.connection import Connection
from transload.runner.workspace.model import Workspace

_Opened = Source[Any, Any] | Target[Any, Any]


@guarded
def probe(
    connection: Annotated[str, typer.Argument(metavar="PARTNER/CONNECTION", help="The connection to look at.")],
    write: Annotated[
        bool,
        typer.Option(
            "--write", help="Also do with something of ours what is done with documents, and remove it again."
        ),
    ] = False,
    workspace: WorkspaceFolder = HERE,
    environment: Environment = None,
    as_json: AsJson = False,
) -> None:
    """Look at a connection: reach it, log in, and tell what the partner's system can do and what to write about it.

    It is looked at once for each route that uses it, as that route would use it. No document
    is moved and nothing is written, unless --write says so.

    \b
    The exit code is 0 when all is well, and 1 when something does not work.

    \b
    Examples:
      transload probe acme/mailbox
      transload probe acme/mailbox --write
      transload probe erp/api --environment test --json
    """
    loaded = load_workspace(workspace, environment=environment)
    found = [(use.name, use.look(write=write)) for use in _uses(loaded, loaded.connection(connection))]
    if as_json:
        say_json([_as_dict(name, seen) for name, seen in found])
    else:
        _tell(found)
    if any(seen.ok is False for _, seen in found):
        raise typer.Exit(exits.ERRORS)


@dataclass(frozen=True)
class _Use:
    """One way in which a connection is used: what it is called, and what opens it."""

    name: str
    open: Callable[[], _Opened]

    def look(self, *, write: bool) -> Probe:
        """What a look at it finds, trying it with ``write`` where its adapter knows how."""
        try:
            with self.open() as opened:
                tried = opened.rehearse() if write else None
                return tried if tried is not None and tried.ok is not None else opened.probe()
        except TransloadError as error:
            return Probe(ok=False, summary=error.message, findings=error.findings)


def _uses(workspace: Workspace, connection: Connection) -> Iterator[_Use]:
    """The routes that use the connection; itself with defaults where none does.

    Raises `ConfigurationError` where there is nothing to look at.
    """
    if connection.is_called:
        assert workspace.listening is not None  # checked when the workspace was loaded
        where = f"{workspace.listening.host}:{workspace.listening.port}"
        raise ConfigurationError(
            f"the partner calls us over {connection.ref}: there is nothing to look at from here",
            hint=f"start transload serve, which listens on {where}, and have the partner call it",
        )
    uses = [
        _Use(route.ref, route.source) for route in workspace.receive_routes.values() if route.connection is connection
    ]
    uses += [
        _Use(route.ref, route.target) for route in workspace.send_routes.values() if route.connection is connection
    ]
    uses += [
        _Use(f"{route.ref}, acknowledgements", route.acknowledge.target)
        for route in workspace.receive_routes.values()
        if route.acknowledge is not None and route.acknowledge.connection is connection
    ]
    yield from uses or [_Use("no route", _with_defaults(connection))]


def _with_defaults(connection: Connection) -> Callable[[], _Opened]:
    """What opens a connection that needs to be told nothing."""
    declared = adapter(connection.adapter)
    for kind, opened in ((declared.source, connection.source), (declared.target, connection.target)):
        if kind is not None and not any(known.is_required() for known in kind.Options.model_fields.values()):
            return partial(opened, {})
    raise ConfigurationError(
        f"no route uses {connection.ref}, and without one there is nothing to look at",
        hint="write a route that uses it, and probe it before the first document",
    )


def _tell(found: list[tuple[str, Probe]]) -> None:
    told: list[Finding] = []
    for name, seen in found:
        state = {True: "works", False: "does not work", None: "cannot be looked at"}[seen.ok]
        say(f"{name} {state}: {seen.summary}")
        news = [finding for finding in seen.findings if finding not in told]
        say_findings(news)
        told += news


def _as_dict(name: str, seen: Probe) -> dict[str, Any]:
    findings = [finding.as_dict() for finding in seen.findings]
    return {"use": name, "ok": seen.ok, "summary": seen.summary, "findings": findings}
