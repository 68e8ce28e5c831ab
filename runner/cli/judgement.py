"""Mapping files judged by their tests and the laws, and what was found shown."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from transload.canonical.errors import ConfigurationError
from transload.canonical.findings import Finding
from transload.mappings.drafting.openings import open_points
from transload.mappings.laws import Counterexample, Effort, Outcome, check_laws
from transload.mappings.testing import run_tests
from transload.runner.cli.given import loaded
from transload.runner.cli.screen import counted, say

_LONGEST = 2000
"""So many characters of a wire or document are shown."""


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A mapping file with what was found; no outcome of laws where it cannot be loaded."""

    file: Path
    outcome: Outcome | None = None
    findings: list[Finding] = field(default_factory=list)


def judge(file: Path, effort: Effort) -> Judged:
    """Load a mapping, run its tests, and try the laws."""
    opened = open_points(file)
    try:
        mapping = loaded(file)
        static = _in_order([*mapping.meaning.remarks, *opened])
        if mapping.meaning.draft:  # what is not finished carries nothing yet
            return Judged(file=file, findings=static)
        tested = [finding for result in run_tests(mapping) for finding in result.findings]
    except ConfigurationError as error:
        return Judged(file=file, findings=[*error.findings, *opened])
    outcome = check_laws(mapping, effort, guides=mapping.guides)
    return Judged(file=file, outcome=outcome, findings=[*static, *tested, *outcome.findings])


def _in_order(findings: Sequence[Finding]) -> list[Finding]:
    """As they stand in the file."""
    return sorted(findings, key=lambda one: (one.mapping.file, one.mapping.line) if one.mapping else ("", 0))


def say_counterexample(one: Counterexample) -> None:
    """Print what breaks a law, below its finding."""
    say(f"    law      {one.law}")
    for difference in one.differences[:5]:
        say(f"    differs  {difference}")
    if one.document is not None:
        say(f"    document {_cut(json.dumps(one.document, ensure_ascii=False))}")
    for number, line in enumerate(_cut(one.wire).replace("\r", "").rstrip("\n").split("\n") if one.wire else []):
        say(f"    {'wire' if number == 0 else '':<8} {line}")


def say_explanation(file: Path, outcome: Outcome) -> None:
    """Print what was found out besides what is wrong."""
    tried = f"{counted(outcome.documents, 'document')} made, {counted(outcome.mutations, 'value')} of samples changed"
    say(f"{file}: {tried}")
    rows: list[tuple[str, Any]] = [
        (
            "equivalences met",
            [f"{name}: {example}" for name, example in sorted(outcome.quotients.items(), key=_number)],
        ),
        ("lost", [", ".join(outcome.lost)] if outcome.lost else []),
        ("left out of large samples", [f"{name}: {count} parts like others" for name, count in outcome.left.items()]),
        ("narrower than the field", [f"{name} {words}" for name, words in outcome.narrowed.items()]),
    ]
    for title, lines in rows:
        say(f"  {title}: {'' if lines else 'none'}".rstrip())
        for line in lines:
            say(f"    {_cut(line)}")


def _number(pair: tuple[str, str]) -> int:
    """The number of an equivalence: Q2 before Q10."""
    return int(pair[0].partition(" ")[0].removeprefix("Q"))


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} ... ({len(text) - _LONGEST} characters more)"
