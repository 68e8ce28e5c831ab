"""The findings that a case expects: under ``fails`` and ``warns``."""

import json
from collections.abc import Sequence

from transload.canonical.findings import Finding, Severity
from transload.mappings.source.nodes import Rows, Source, Table, Text, plain_value
from transload.mappings.source.problems import suggest
from transload.mappings.testing.cases import Failure

WIRE = ("line", "segment", "tag", "element", "component", "path")
"""What an expected finding may say of its place on the wire; see `Place`."""
PARTS = ("code", "place", "field", "value", *WIRE)
"""What an expected finding may say: ``place`` is the mapping's, such as ``QTY 6060``."""


def expect_failures(fails: Source | None, findings: Sequence[Finding]) -> None:
    """Every finding that ``fails`` lists is there, and every error is listed.  Raises `Failure`."""
    wanted = _listed(fails, "fails", needed=True)
    left = _take(wanted, list(findings))
    errors = [finding for finding in left if finding.is_error]
    if errors:
        count = "an error" if len(errors) == 1 else f"{len(errors)} errors"
        raise Failure(f"{count} that the case does not expect", details=errors)


def expect_warnings(warns: Source | None, findings: Sequence[Finding]) -> None:
    """Where ``warns`` stands, the warnings are exactly those that it lists.  Raises `Failure`."""
    if warns is None:
        return
    left = _take(
        _listed(warns, "warns", needed=False), [found for found in findings if found.severity is Severity.WARNING]
    )
    if left:
        count = "a warning" if len(left) == 1 else f"{len(left)} warnings"
        raise Failure(f"{count} that the case does not expect", at=warns.at, details=left)


def _listed(node: Source | None, key: str, *, needed: bool) -> list[Table]:
    if node is None:
        return []
    items = list(node.values) if isinstance(node, Rows) else None
    if items is None or (needed and not items):
        raise Failure(f"{key}: is a list of findings, such as {{code: E-VALUE, place: QTY 6060}}", at=node.at)
    return [_expected(item) for item in items]


def _expected(item: Source) -> Table:
    if not isinstance(item, Table) or not item.pairs:
        raise Failure("a finding is a table, such as {code: E-VALUE, place: QTY 6060}", at=item.at)
    for key, value in item:
        if key.text not in PARTS:
            hint = suggest(key.text, PARTS, f"it has {', '.join(PARTS)}")
            raise Failure(f"a finding has no {key.text!r}: {hint}", at=key.at)
        if not isinstance(value, Text):
            raise Failure(f"{key.text}: takes a text", at=value.at)
    return item


def _take(wanted: Sequence[Table], left: list[Finding]) -> list[Finding]:
    """The findings of ``left`` without one for each that is wanted."""
    for item in wanted:
        match = next((finding for finding in left if _fits(item, finding)), None)
        if match is None:
            shown = json.dumps(plain_value(item), ensure_ascii=False)
            near = [finding for finding in left if finding.is_error or _is(item, "code", finding.code)]
            raise Failure(f"there is no finding {shown}", at=item.at, details=near)
        left.remove(match)
    return left


def _fits(item: Table, finding: Finding) -> bool:
    place = finding.place
    parts = {
        "code": finding.code,
        "place": finding.mapping.place if finding.mapping else None,
        "field": _dotted(finding.field or ""),
        "value": finding.value,
        **{name: None if place is None else getattr(place, name) for name in WIRE},
    }
    return all(_is(item, name, part) for name, part in parts.items())


def _is(item: Table, name: str, part: object) -> bool:
    """Whether the item does not name this part, or names this very one."""
    said = item.get(name)
    if not isinstance(said, Text):
        return True
    return part is not None and (_dotted(said.text) if name == "field" else said.text) == str(part)


def _dotted(field: str) -> str:
    return field.replace("[", ".").replace("]", "")
