"""``transload check``: whether what a user wrote is right."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from transload.canonical.errors import ConfigurationError
from transload.canonical.findings import Finding, errors_of
from transload.mappings.laws import FAST, QUICK, THOROUGH
from transload.runner.cli import exits
from transload.runner.cli.covered import Covered
from transload.runner.cli.given import Given, loaded
from transload.runner.cli.guard import guarded
from transload.runner.cli.judgement import judge, say_counterexample, say_explanation
from transload.runner.cli.options import HERE, AsJson, Environment
from transload.runner.cli.screen import counted, say, say_findings, say_json, summary


@guarded
def check(
    paths: Annotated[
        list[Path] | None, typer.Argument(metavar="PATH", help="Workspace folders or mapping files.")
    ] = None,
    coverage: Annotated[
        bool, typer.Option("--coverage", help="Show which parts of the mappings no test touches.")
    ] = False,
    effective: Annotated[
        bool,
        typer.Option(
            "--effective", help="Print the settings in force: what is written, inherited or a default; no secrets."
        ),
    ] = False,
    environment: Environment = None,
    as_json: AsJson = False,
    quick: Annotated[bool, typer.Option("--quick", help="Try less, for each time a file is saved.")] = False,
    thorough: Annotated[
        bool, typer.Option("--thorough", help="Try 1,000 documents for each mapping, before it goes into use.")
    ] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Also tell what is lost, and which equivalences were met.")
    ] = False,
    documents: Annotated[
        int | None, typer.Option("--documents", min=1, help="How many documents are made for each mapping.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", help="Other documents; without it the same file gives the same ones.")
    ] = None,
    history: Annotated[
        bool,
        typer.Option("--history", help="Also warn of what changed files would change of what arrived: see impact."),
    ] = False,
    last: Annotated[
        int, typer.Option("--last", metavar="N", min=1, help="With --history: the newest N receipts of each route.")
    ] = 200,
) -> None:
    """Check a workspace, its partners' files and its mappings, and list everything that is wrong.

    Nothing is connected to and no secret is looked up, so this runs anywhere. Each
    finding has its file, line and column. What is still open in a first mapping (see
    transload new) is listed in the order of the file. Without a path the current folder is checked.
    A workspace is checked as it is in one environment: run it once for each.

    A mapping must also keep the laws of two-way mappings. Documents are made for it,
    written, read and written again; its tests are run, and each value of its samples is
    changed to see what follows. What breaks a law is shown as small as it could be made.

    \b
    Examples:
      transload check
      transload check --environment production
      transload check --effective --environment production
      transload check mappings/acme/orders.yaml
      transload check mappings/acme/orders.yaml --quick
      transload check mappings/acme/orders.yaml --thorough --explain
      transload check --history --last 1000
      transload check --json | jq '.findings[].message'
    """
    if quick and thorough:
        raise typer.BadParameter("--quick and --thorough exclude each other")
    effort = replace(QUICK if quick else THOROUGH if thorough else FAST, seed=seed)
    effort = replace(effort, documents=documents) if documents is not None else effort
    given = Given.of(paths or [HERE])
    if effective:
        from transload.runner.cli.effective import tell_effective  # here, as in `_workspace`

        tell_effective(given.workspaces, environment, as_json=as_json)
        return
    findings = list(given.findings)
    for folder in given.workspaces:
        _extend(findings, _workspace(folder, environment))
    checked = [judge(file, effort) for file in given.mappings]
    for one in checked:
        _extend(findings, one.findings)
    _extend(findings, _impacts(given, environment, last if history else 0))
    errors = len(errors_of(findings))
    covered = _covered(given.mappings) if coverage else None
    if as_json:
        laws = [{"mapping": str(one.file), **one.outcome.as_dict()} for one in checked if one.outcome is not None]
        told = {"errors": errors, "findings": [finding.as_dict() for finding in findings], "laws": laws}
        say_json({**told, "coverage": covered.as_list()} if covered else told)
    else:
        if covered:
            covered.tell()
        shown = {id(c.finding): c for one in checked if one.outcome for c in one.outcome.counterexamples}
        for finding in findings:
            say_findings([finding], of_files=True)
            if id(finding) in shown:
                say_counterexample(shown[id(finding)])
        for one in checked:
            if explain and one.outcome is not None:
                say_explanation(one.file, one.outcome)
        parts = [counted(len(given.workspaces), "workspace")] if given.workspaces else []
        say(f"{' and '.join([*parts, counted(len(given.mappings), 'mapping')])} checked: {summary(findings)}")
    if errors:
        raise typer.Exit(exits.ERRORS)


def _workspace(folder: Path, environment: str | None) -> Sequence[Finding]:
    # here: it brings the ledger with it, and a mapping alone is checked each time that its file is saved
    from transload.runner.workspace import load_workspace
    from transload.runner.workspace.agreement import check_routes

    try:
        workspace = load_workspace(folder, environment=environment)
    except ConfigurationError as error:
        return error.findings
    return [*workspace.findings, *check_routes(workspace)]


def _impacts(given: Given, environment: str | None, last: int) -> list[Finding]:
    """What the changed files would change of the ``last`` receipts of each route."""
    if not last:
        return []
    from transload.runner.cli.history import warnings_of  # here, as in `_workspace`

    return list(warnings_of(given.workspaces, given.mappings, environment, last))


def _covered(files: Sequence[Path]) -> Covered:
    """The coverage of the mappings that load."""
    covered = Covered()
    for file in files:
        try:
            covered.take(loaded(file), file)
        except ConfigurationError:
            continue  # told with the findings
    return covered


def _extend(findings: list[Finding], more: Sequence[Finding]) -> None:
    """Add what is not there yet: a mapping that two routes use, or an entry of several cases, is wrong only once."""
    known = {(finding.line(), str(finding)) for finding in findings}
    for finding in more:
        told = finding.line(), str(finding)
        if told not in known:
            known.add(told)
            findings.append(finding)
