"""``transload check --history``: what the changed files would change, as warnings."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

from transload.canonical.errors import ConfigurationError, TransloadError
from transload.canonical.findings import Finding, Severity
from transload.canonical.places import MappingPlace
from transload.runner.cli.given import workspace_of
from transload.runner.cli.ledger import opened
from transload.runner.cli.screen import counted
from transload.runner.impact import Asked, Impact, impact_of
from transload.runner.ledger import Ledger, LedgerError
from transload.runner.workspace import Workspace, load_workspace
from transload.runner.workspace.agreement import check_routes

_TOLD = 5


def warnings_of(
    workspaces: Sequence[Path], mappings: Sequence[Path], environment: str | None, last: int
) -> Iterator[Finding]:
    """A warning ``W-IMPACT`` for each route whose changed files would change what comes out.

    ``mappings`` outside of ``workspaces`` leave the routes of their workspace that they concern.  Nothing where there
    is no ledger yet, and where a workspace has errors, which are told elsewhere.
    """
    for folder in workspaces:
        yield from _of_workspace(folder, environment, last, ())
    inside = [folder.resolve() for folder in workspaces]
    for file in mappings:
        home = workspace_of(file)
        if home is not None and home.resolve() not in inside:
            yield from _of_workspace(home, environment, last, (str(file.resolve()),))


def _of_workspace(folder: Path, environment: str | None, last: int, files: Sequence[str]) -> Iterator[Finding]:
    with suppress(ConfigurationError):
        workspace = load_workspace(folder, environment=environment)
        if not any(finding.is_error for finding in check_routes(workspace)):
            yield from _of_routes(workspace, environment, last, files)


def _of_routes(workspace: Workspace, environment: str | None, last: int, files: Sequence[str]) -> Iterator[Finding]:
    with ExitStack() as stack:
        try:
            ledger = stack.enter_context(opened(workspace.folder, environment))
        except LedgerError:
            return  # nothing has run yet
        for route in workspace.receive_routes:
            asked = Asked(routes=(route,), files=files, only_changed=True, last=last)
            yield from _of_route(workspace, ledger, asked)


def _of_route(workspace: Workspace, ledger: Ledger, asked: Asked) -> Iterator[Finding]:
    try:
        found = impact_of(workspace, ledger, asked)
    except ConfigurationError:
        return  # the file concerns another route
    except LedgerError:
        raise
    except TransloadError as error:  # a database cannot be asked now
        yield _warning(asked.routes[0], f"what it would change is not known: {error.message}", None)
        return
    if found.differs:
        changed = next((version.file for version in found.versions if version.changed), None)
        yield _warning(asked.routes[0], _told(found), changed)


def _told(found: Impact) -> str:
    """The result in a sentence: how many of how many, and where."""
    groups = [f"{group.what.value} {group.name}".strip() + f" ({group.documents})" for group in found.groups]
    more = f" and {len(groups) - _TOLD} more" if len(groups) > _TOLD else ""
    of = counted(found.messages, "message")
    return f"{found.differs} of the last {of} would come out differently: {', '.join(groups[:_TOLD])}{more}"


def _warning(route: str, message: str, file: str | None) -> Finding:
    return Finding(
        code="W-IMPACT",
        severity=Severity.WARNING,
        message=f"{route}: {message}",
        hint=f"see: transload impact --route {route}",
        mapping=MappingPlace(file=file, line=1, column=1) if file is not None else None,
    )
