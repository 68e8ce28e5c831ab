"""``transload test``: the tests that stand beside the mappings."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer

from transload.canonical.errors import ConfigurationError
from transload.canonical.findings import Finding
from transload.mappings import Mapping
from transload.mappings.testing import TestResult, no_sample, run_tests
from transload.runner.cli import exits
from transload.runner.cli.covered import Covered
from transload.runner.cli.given import Given, loaded
from transload.runner.cli.guard import guarded
from transload.runner.cli.options import HERE, AsJson, Environment, WorkspaceFolder
from transload.runner.cli.screen import counted, say, say_findings, say_json
from transload.runner.cli.updates import Updating


@guarded
def mapping_tests(
    paths: Annotated[
        list[Path] | None, typer.Argument(metavar="PATH", help="Workspace folders or mapping files.")
    ] = None,
    coverage: Annotated[
        bool, typer.Option("--coverage", help="Show which parts of the mappings no test touches.")
    ] = False,
    at_least: Annotated[
        float | None,
        typer.Option(
            "--at-least", metavar="PERCENT", min=0, max=100, help="Fail a mapping of which the tests touch less."
        ),
    ] = None,
    update: Annotated[
        bool, typer.Option("--update", help="Show what the tests would expect if all is right now, and write it.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="With --update: write without asking.")] = False,
    from_document: Annotated[
        str | None,
        typer.Option("--from-document", metavar="ID", help="Make a masked test of this document in the ledger."),
    ] = None,
    workspace: WorkspaceFolder = HERE,
    environment: Environment = None,
    as_json: AsJson = False,
) -> None:
    """Run the tests of mappings: those under tests: in the file, and in NAME.test.yaml beside it.

    A test reads a sample and compares the documents, or expects certain faults, or writes
    a document and looks at the message. A failure names the line of its case. A mapping
    without a test fails.

    With --update the expected documents are made anew from what the mappings give now,
    after a look at the differences. A message with errors never becomes a document.

    With --from-document the message of a processed document becomes a test of its mapping,
    with names, addresses, numbers and prices masked.

    Without a PATH it is about the workspace: this folder, or the one that --workspace names.

    \b
    Examples:
      transload test
      transload test mappings/acme/orders.yaml
      transload test --coverage --at-least 80
      transload test --update mappings/acme/orders.yaml
      transload test --from-document d12
      transload test --json | jq '.tests[] | select(.ok | not)'
    """
    if yes and not update:
        raise typer.BadParameter("it belongs to --update", param_hint="--yes")
    if from_document is not None:
        if update or coverage or at_least is not None or len(paths or ()) > 1:
            raise typer.BadParameter("it stands alone, with one workspace", param_hint="--from-document")
        from transload.runner.cli.masked import make_test  # here, since it brings the ledger with it

        make_test(from_document, (paths or [workspace])[0], environment, as_json=as_json)
        return
    given = Given.of(paths or [workspace])
    if not given.mappings and not given.findings:
        raise ConfigurationError("there are no mappings here, so there is nothing to test")
    if update:
        updating = Updating(yes=yes, as_json=as_json)
        for file in given.mappings:
            updating.bring_up_to_date(file)
        say_findings(given.findings)
        if updating.finish() or given.findings:
            raise typer.Exit(exits.ERRORS)
        return
    ran = _Ran(findings=list(given.findings), covered=Covered(at_least) if coverage or at_least is not None else None)
    for file in given.mappings:
        ran.take(file, tell=not as_json)
    ran.tell(len(given.mappings), as_json=as_json)


@dataclass(kw_only=True)
class _Ran:
    """The results so far."""

    findings: list[Finding]
    covered: Covered | None
    done: list[tuple[Path, TestResult]] = field(default_factory=list)

    def take(self, file: Path, *, tell: bool) -> None:
        """Run the tests of one mapping."""
        try:
            mapping = loaded(file)
            results = run_tests(mapping)
        except ConfigurationError as error:
            self.findings += error.findings
            return
        if not results:
            self.findings.append(no_sample(mapping))
        self.done += [(file, result) for result in results]
        if tell:
            for result in results:
                say(f"{'ok    ' if result.ok else 'FAILED'} {file}:{result.at.line} {result.name}")
                say_findings(result.findings)
        self._cover(mapping, file)

    def _cover(self, mapping: Mapping, file: Path) -> None:
        if self.covered is not None:
            self.covered.take(mapping, file)

    def tell(self, mappings: int, *, as_json: bool) -> None:
        """Tell the results, and exit with 1 when one is bad."""
        failed = sum(not result.ok for _, result in self.done)
        findings = [*self.findings, *(self.covered.too_little if self.covered else ())]
        if as_json:
            told: dict[str, Any] = {
                "passed": len(self.done) - failed,
                "failed": failed,
                "tests": [_as_dict(file, result) for file, result in self.done],
                "findings": [finding.as_dict() for finding in findings],
            }
            say_json({**told, "coverage": self.covered.as_list()} if self.covered else told)
        else:
            if self.covered:
                self.covered.tell()
            say_findings(findings)
            say(f"{counted(mappings, 'mapping')}, {counted(len(self.done), 'test')}: {failed or 'none'} failed")
        if failed or findings:
            raise typer.Exit(exits.ERRORS)


def _as_dict(file: Path, result: TestResult) -> dict[str, Any]:
    return {
        "mapping": str(file),
        "name": result.name,
        "line": result.at.line,
        "ok": result.ok,
        "findings": [finding.as_dict() for finding in result.findings],
    }
