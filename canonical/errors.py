"""Errors by consequence: what the caller does about one is its class.

Every error carries findings, so that its reader learns what happened, where, and
what to do; no library's own exception travels further than its adapter.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Self

from transload.canonical.findings import Finding
from transload.canonical.places import MappingPlace


class TransloadError(Exception):
    """Base of all our errors.

    ``findings`` says in detail what is wrong; without any, one is made of
    ``message`` and ``hint`` under the class's own ``code``.
    """

    code = "E-FAILED"

    def __init__(self, message: str, *, hint: str | None = None, findings: Sequence[Finding] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.findings = tuple(findings) or (Finding(code=self.code, message=message, hint=hint),)

    def at(self, mapping: MappingPlace) -> Self:
        """Fill in where the cause is configured, in findings that do not say it yet; gives the error itself."""
        self.findings = tuple(
            finding if finding.mapping else replace(finding, mapping=mapping) for finding in self.findings
        )
        return self


class ConfigurationError(TransloadError):
    """A workspace, mapping or setting is wrong: nothing runs until a person mends it."""

    code = "E-CONFIG"


class Retry(TransloadError):
    """It may work later.  ``wait`` is the least number of seconds to wait, where the other side named one."""

    code = "E-RETRY"

    def __init__(
        self, message: str, *, wait: float | None = None, hint: str | None = None, findings: Sequence[Finding] = ()
    ) -> None:
        super().__init__(message, hint=hint, findings=findings)
        self.wait = wait


class Reject(TransloadError):
    """This document or file is wrong and stays wrong; its neighbours go on."""

    code = "E-REJECT"


class Stop(TransloadError):
    """The connection is wrong (login, host key, certificate, address): trying again makes it worse."""

    code = "E-STOP"


class Unknown(TransloadError):
    """It was sent, and the answer was lost: only the other side knows whether it arrived."""

    code = "E-UNKNOWN"
