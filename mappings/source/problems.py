"""Collecting what is wrong with a mapping file, so that all of it is said at once."""

from collections.abc import Iterable
from dataclasses import replace
from difflib import get_close_matches

from transload.canonical.errors import ConfigurationError
from transload.canonical.findings import Finding, Severity
from transload.canonical.places import MappingPlace

MOST = 1000
"""So many errors, and so many other findings, are told of a file at most."""


class Problems:
    """The static findings of one mapping, in the order of the file."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self._known: set[tuple[object, ...]] = set()
        self._errors = 0

    def add(
        self,
        code: str,
        at: MappingPlace,
        message: str,
        *,
        hint: str | None = None,
        field: str | None = None,
        severity: Severity = Severity.ERROR,
    ) -> None:
        """Note a finding once; the same one from another case of a node is not repeated.

        Raises `ConfigurationError` with what there is when `MOST` errors are noted: a file with so many is none.
        """
        finding = Finding(code=code, severity=severity, message=message, hint=hint, mapping=at, field=field)
        same = (code, at, message, hint, field, severity)
        if same in self._known:
            return
        self._known.add(same)
        if len(self.findings) - self._errors >= MOST and not finding.is_error:
            return
        self.findings.append(finding)
        self._errors += finding.is_error
        if self._errors >= MOST:
            self.raise_errors()

    def raise_errors(self) -> None:
        """Raise `ConfigurationError` with all findings when one of them is an error."""
        errors = [finding for finding in self.findings if finding.is_error]
        if not errors:
            return
        ordered = sorted(self.findings, key=_position)
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        first = next(finding for finding in ordered if finding.is_error)
        raise ConfigurationError(f"{first.message}{more}", hint=first.hint, findings=ordered)


def _position(finding: Finding) -> tuple[str, int, int]:
    at = finding.mapping
    return (at.file, at.line, at.column) if at else ("", 0, 0)


def suggest(name: str, known: Iterable[str], otherwise: str | None = None) -> str | None:
    """A hint that names the closest of ``known``, else ``otherwise``."""
    close = get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"did you mean {close[0]!r}?" if close else otherwise


def named(at: MappingPlace, place: str) -> MappingPlace:
    """The same line and column, with the words for what stands there."""
    return replace(at, place=place)
