"""What was met, counted: the closing summary, and whether there were errors."""

from collections import Counter
from collections.abc import Iterator, Sequence

from transload.canonical.findings import Finding, Severity
from transload.runner.cli.screen import counted
from transload.runner.cli.xray.lines import HEAD, STYLES, Line, fold, line

_MOST_TYPES = 30


class Tally:
    """Counts interchanges by standard, messages by type and findings by code."""

    def __init__(self) -> None:
        self.standards: Counter[str] = Counter()
        self.types: Counter[str] = Counter()
        self.segments = 0
        self.findings: dict[Severity, Counter[str]] = {severity: Counter() for severity in Severity}

    @property
    def errors(self) -> int:
        """How many errors there were."""
        return self.findings[Severity.ERROR].total()

    def add(self, findings: Sequence[Finding]) -> None:
        """Count findings."""
        for finding in findings:
            self.findings[finding.severity][finding.code] += 1

    def lines(self, name: str, width: int | None) -> Iterator[Line]:
        """The summary; its last line is the verdict."""
        yield line()
        yield line("summary", HEAD)
        for kind, number in self.types.most_common(_MOST_TYPES):
            yield from fold(f"{counted(number, 'message')} {kind}", width, indent=2)
        if len(self.types) > _MOST_TYPES:
            rest = self.types.total() - sum(number for _, number in self.types.most_common(_MOST_TYPES))
            yield line(f"  {counted(rest, 'message')} of {len(self.types) - _MOST_TYPES} more types")
        for severity, codes in self.findings.items():
            if codes:
                listed = ", ".join(f"{code} {number}" if number > 1 else code for code, number in sorted(codes.items()))
                yield from fold(
                    f"{counted(codes.total(), severity.value)}: {listed}", width, indent=2, style=STYLES[severity]
                )
        standards = ", ".join(
            f"{counted(number, 'interchange')} {standard.upper()}" for standard, number in self.standards.items()
        )
        text = (
            f"{name}: {standards or 'no interchanges'}, {counted(self.types.total(), 'message')},"
            f" {counted(self.errors, 'error')}"
        )
        yield from fold(text, width, style="bold red" if self.errors else "bold green")
