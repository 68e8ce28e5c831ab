"""How much of the mappings their tests touch, told for ``test --coverage`` and ``check --coverage``."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from transload.canonical.findings import Finding
from transload.canonical.places import MappingPlace
from transload.mappings import Mapping
from transload.mappings.testing.coverage import Coverage, Direction, coverage
from transload.runner.cli.screen import say, say_findings


class Covered:
    """The coverage of several mappings; below ``at_least`` percent one of them is a finding."""

    def __init__(self, at_least: float | None = None) -> None:
        self._at_least = at_least
        self._found: list[tuple[Path, Mapping, Coverage]] = []

    def take(self, mapping: Mapping, file: Path) -> None:
        """Measure a mapping."""
        self._found.append((file, mapping, coverage(mapping)))

    @property
    def too_little(self) -> Iterator[Finding]:
        """``T-COVERAGE`` for each mapping of which the tests touch too little."""
        for file, _, found in self._found:
            if self._at_least is not None and found.percent < self._at_least:
                yield Finding(
                    code="T-COVERAGE",
                    message=f"the tests touch {found.percent:.1f} % of this mapping, and at least {self._at_least:g} %"
                    " are asked for",
                    hint="transload test --coverage lists what no test touches",
                    mapping=MappingPlace(file=str(file), line=1, column=1),
                )

    def tell(self) -> None:
        """Print what no test touches, in the order of the files, and the percentage of each mapping."""
        for file, _, found in self._found:
            say_findings(found.findings())
            ways = ", ".join(f"{_percent(found, direction):.1f} % {direction}" for direction in Direction)
            touched = len(found.parts) - len(found.untouched)
            say(f"{file}: the tests touch {touched} of {len(found.parts)} parts, {found.percent:.1f} % ({ways})")

    def as_list(self) -> list[dict[str, Any]]:
        """The same for programs."""
        return [
            {
                "mapping": str(file),
                "percent": round(found.percent, 1),
                "parts": len(found.parts),
                "untouched": [
                    {"kind": part.kind, "name": part.name, "direction": str(part.direction), **part.at.as_dict()}
                    for part in found.untouched
                ],
            }
            for file, _, found in self._found
        ]


def _percent(found: Coverage, direction: Direction) -> float:
    parts = [part for part in found.parts if part.direction is direction]
    left = [part for part in found.untouched if part.direction is direction]
    return 100 * (1 - len(left) / len(parts)) if parts else 100.0
