"""Checking the blocks that belong to an adapter, and the secrets in them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from transload.adapters.base.positioned import Entries, Scalar
from transload.adapters.base.registry import Adapter, adapter_names
from transload.adapters.base.registry import adapter as find_adapter
from transload.canonical.errors import ConfigurationError
from transload.canonical.findings import Severity
from transload.runner.workspace.examine import examine_open
from transload.runner.workspace.report import Report
from transload.runner.workspace.secrets import Secrets, has_reference
from transload.runner.workspace.shapes import Shape, scalars

_VERBS = {
    "source": "receive",
    "target": "send",
    "format": "read or write messages",
    "filter": "stand between transport and format",
}
_LOGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^/\s:@]*:[^/\s@]+@", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Adapted:
    """Checks blocks against the settings classes of adapters; ``secrets`` knows which references are allowed."""

    secrets: Secrets

    def find(self, name: Scalar, report: Report, *abilities: str) -> Adapter | None:
        """The adapter called ``name``, which must have one of ``abilities`` where any is named; None with a finding."""
        try:
            found = find_adapter(name.text)
        except ConfigurationError as error:
            report.add("C-ADAPTER", error.message, name, hint=error.hint)
            return None
        if abilities and not any(getattr(found, ability) for ability in abilities):
            able = [other for other in adapter_names() if any(self._has(other, ability) for ability in abilities)]
            verb = _VERBS[abilities[0]]
            hint = f"adapters that can: {', '.join(able)}"
            report.add("C-ADAPTER", f"the adapter {name.text!r} cannot {verb}", name, hint=hint)
            return None
        return found

    def values(
        self, node: Entries, kind: type[BaseModel], report: Report, what: str, also: Sequence[str] = ()
    ) -> dict[str, Any] | None:
        """The values of a block for ``kind``, references not resolved; None when something is wrong with it."""
        before = len(report.findings)
        values = examine_open(node, kind, report, what, also)
        for scalar, shape in scalars(node, Shape.of(kind)):
            self._scalar(scalar, shape, report)
        wrong = any(finding.severity is Severity.ERROR for finding in report.findings[before:])
        return None if wrong else values

    def _scalar(self, scalar: Scalar, shape: Shape, report: Report) -> None:
        fault = self.secrets.fault(scalar.text)
        if fault:
            report.add("C-SECRET", fault[0], scalar, hint=fault[1])
        elif has_reference(scalar.text) or not scalar.text:
            return
        elif shape.is_secret:
            hint = "put it into an environment variable or a file, and write ${env:NAME} or ${file:PATH}"
            report.add("C-LITERAL", "a secret stands here in plain text", scalar, hint=hint)
        elif _LOGIN.search(scalar.text):
            hint = "leave user and password out of the address; the adapter has settings for them"
            report.add("C-LITERAL", "a password stands in this address", scalar, hint=hint)

    @staticmethod
    def _has(name: str, ability: str) -> bool:
        try:
            return getattr(find_adapter(name), ability) is not None
        except ConfigurationError:
            return False
