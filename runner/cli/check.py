"""``transload check``: whether what a user wrote is right."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from transload.canonical.errors import ConfigurationError
from transload.canonical.findings import Finding, errors_of
from transload.mappings import load_mapping
from transload.mappings.drafting.openings import open_points
from transload.runner.cli import exits
from transload.runner.cli.covered import Covered
from transload.runner.cli.given import Given, guides_for
from transload.runner.cli.guard import guarded
from transload.runner.cli.options import HERE, AsJson, Environment
from transload.runner.cli.screen import counted, say, say_findings, say_json, summary
from transload.runner.workspace import load_workspace
from transload.runner.workspace.agreement import check_routes


@guarded
def check(
    paths: Annotated[
        list[Path] | None, typer.Argument(metavar="PATH", help="Workspace folders or mapping files.")
    ] = None,
    coverage: Annotated[
        bool, typer.Option("--coverage", help="Show which parts of the mappings no test touches.")
    ] = False,
    environment: Environment = None,
    as_json: AsJson = False,
) -> None:
    """Check a workspace, its partners' files and its mappings, and list everything that is wrong.

    Nothing is connected to and no secret is looked up, so this runs anywhere. Each
    finding has its file, line and column. What is still open in a first mapping (see
    transload new) is listed in the order of the file. Without a path the current folder is checked.
    A workspace is checked as it is in one environment: run it once for each.

    \b
    Examples:
      transload check
      transload check --environment production
      transload check mappings/acme/orders.yaml
      transload check --json | jq '.findings[].message'
    """
    given = Given.of(paths or [HERE])
    findings = list(given.findings)
    for folder in given.workspaces:
        _extend(findings, _workspace(folder, environment))
    for file in given.mappings:
        _extend(findings, _mapping(file))
    errors = len(errors_of(findings))
    covered = _covered(given.mappings) if coverage else None
    if as_json:
        told = {"errors": errors, "findings": [finding.as_dict() for finding in findings]}
        say_json({**told, "coverage": covered.as_list()} if covered else told)
    else:
        if covered:
            covered.tell()
        say_findings(findings, of_files=True)
        parts = [counted(len(given.workspaces), "workspace")] if given.workspaces else []
        say(f"{' and '.join([*parts, counted(len(given.mappings), 'mapping')])} checked: {summary(findings)}")
    if errors:
        raise typer.Exit(exits.ERRORS)


def _workspace(folder: Path, environment: str | None) -> Sequence[Finding]:
    try:
        workspace = load_workspace(folder, environment=environment)
    except ConfigurationError as error:
        return error.findings
    return [*workspace.findings, *check_routes(workspace)]


def _mapping(file: Path) -> Sequence[Finding]:
    try:
        mapping = load_mapping(file, guides=guides_for(file))
    except ConfigurationError as error:
        return [*error.findings, *open_points(file)]
    found = [*mapping.meaning.remarks, *open_points(file)]
    return sorted(found, key=lambda one: (one.mapping.file, one.mapping.line) if one.mapping else ("", 0))


def _covered(files: Sequence[Path]) -> Covered:
    """The coverage of the mappings that load."""
    covered = Covered()
    for file in files:
        try:
            covered.take(load_mapping(file, guides=guides_for(file)), file)
        except ConfigurationError:
            continue  # told with the findings
    return covered


def _extend(findings: list[Finding], more: Sequence[Finding]) -> None:
    """Add what is not there yet: a mapping that two routes use is wrong only once."""
    known = {(finding.line(), str(finding)) for finding in findings}
    findings += [finding for finding in more if (finding.line(), str(finding)) not in known]
