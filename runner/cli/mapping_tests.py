"""``transload test``: the tests that stand beside the mappings."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from transload.canonical.errors import ConfigurationError
from transload.canonical.findings import Finding
from transload.canonical.places import MappingPlace
from transload.mappings.testing import TestResult, run_tests
from transload.runner.cli import exits
from transload.runner.cli.given import Given, loaded
from transload.runner.cli.guard import guarded
from transload.runner.cli.options import HERE, AsJson
from transload.runner.cli.screen import counted, say, say_findings, say_json


@guarded
def mapping_tests(
    paths: Annotated[
        list[Path] | None, typer.Argument(metavar="PATH", help="Workspace folders or mapping files.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run the tests of mappings: those under tests: in the file, and in NAME.test.yaml beside it.

    A test reads a sample and compares the documents, or expects certain faults, or writes
    a document and looks at the message. A failure names the line of its case. A mapping
    without a test fails.

    \b
    Examples:
      transload test
      transload test mappings/acme/orders.yaml
      transload test --json | jq '.tests[] | select(.ok | not)'
    """
    given = Given.of(paths or [HERE])
    findings = list(given.findings)
    if not given.mappings and not findings:
        raise ConfigurationError("there are no mappings here, so there is nothing to test")
    done: list[tuple[Path, TestResult]] = []
    for file in given.mappings:
        try:
            results = run_tests(loaded(file))
        except ConfigurationError as error:
            findings += error.findings
            continue
        findings += _none(file) if not results else ()
        done += [(file, result) for result in results]
        if not as_json:
            _tell(file, results)
    failed = sum(not result.ok for _, result in done)
    if as_json:
        tests = [
            {
                "mapping": str(file),
                "name": result.name,
                "line": result.at.line,
                "ok": result.ok,
                "findings": [finding.as_dict() for finding in result.findings],
            }
            for file, result in done
        ]
        told = [finding.as_dict() for finding in findings]
        say_json({"passed": len(done) - failed, "failed": failed, "tests": tests, "findings": told})
    else:
        say_findings(findings)
        say(f"{counted(len(given.mappings), 'mapping')}, {counted(len(done), 'test')}: {failed or 'none'} failed")
    if failed or findings:
        raise typer.Exit(exits.ERRORS)


def _tell(file: Path, results: list[TestResult]) -> None:
    for result in results:
        say(f"{'ok    ' if result.ok else 'FAILED'} {file}:{result.at.line} {result.name}")
        say_findings(result.findings)


def _none(file: Path) -> Iterator[Finding]:
    yield Finding(
        code="T-NONE",
        message="this mapping has no test",
        hint="add one under tests: {name: ..., wire: SAMPLE, canonical: EXPECTED.json}",
        mapping=MappingPlace(file=str(file), line=1, column=1),
    )
