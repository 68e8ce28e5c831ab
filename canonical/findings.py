"""A finding: one fault or remark about a file, a document or a configuration, in one shape everywhere."""

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Self

from transload.canonical.places import MappingPlace, Place


class Severity(StrEnum):
    """How bad a finding is.  Only ``ERROR`` stops a document and makes a command exit with 1."""

    ERROR = "error"
    WARNING = "warning"
    REMARK = "remark"


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """What is wrong, where, and what to do.

    ``code`` is stable and names the kind of fault (``E-COUNT``, ``M-KEY``, ...).
    ``message`` is one sentence without a full stop; ``hint`` says what to do.
    ``value`` is the offending text as it was found.  ``place`` is on the wire, the
    first one of those where it was found so many ``times``,
    ``mapping`` in the mapping or configuration file, ``field`` in the canonical
    document (``lines[3].quantity``).  ``ack`` holds the codes with which an
    acknowledgement reports this finding, by the number of the data element that
    carries them: EDIFACT ``0085``; X12 ``716`` (group), ``718`` (set), ``720``
    (segment), ``723`` (element).
    """

    code: str
    message: str
    severity: Severity = Severity.ERROR
    hint: str | None = None
    value: str | None = None
    place: Place | None = None
    mapping: MappingPlace | None = None
    field: str | None = None
    ack: Mapping[str, str] = dataclasses.field(default_factory=dict)
    times: int = 1

    @property
    def is_error(self) -> bool:
        """Whether this finding stops what it speaks of."""
        return self.severity is Severity.ERROR

    def within(self, outer: Place | None) -> Self:
        """This finding with the parts of its place that it does not know taken from ``outer``."""
        if outer is None:
            return self
        return replace(self, place=self.place.within(outer) if self.place else outer)

    def as_dict(self) -> dict[str, Any]:
        """The shape of a finding in JSON; absent parts are left out."""
        known: dict[str, Any] = {"code": self.code, "severity": self.severity.value, "message": self.message}
        if self.hint is not None:
            known["hint"] = self.hint
        if self.value is not None:
            known["value"] = self.value
        if self.place is not None:
            known["place"] = self.place.as_dict()
        if self.mapping is not None:
            known["mapping"] = self.mapping.as_dict()
        if self.field is not None:
            known["field"] = self.field
        if self.ack:
            known["ack"] = dict(self.ack)
        if self.times > 1:
            known["times"] = self.times
        return known

    def line(self) -> str:
        """The finding in one line, ``file:line:column: severity CODE message``, as compilers print it."""
        if self.mapping:
            where = f"{self.mapping.file}:{self.mapping.line}:{self.mapping.column}: "
        elif self.place:
            where = f"{self.place}: "
        else:
            where = ""
        often = f", {self.times} times" if self.times > 1 else ""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{where}{self.severity} {self.code} {self.message}{often}{hint}"

    def __str__(self) -> str:
        rows = [f"{self.severity} {self.code} {self.message}"]
        rows += [
            f"    {name:<8} {value}"
            for name, value in (
                ("value", None if self.value is None else repr(self.value)),
                ("source", self.place),
                ("times", self.times if self.times > 1 else None),
                ("mapping", self.mapping),
                ("field", self.field),
                ("hint", self.hint),
            )
            if value is not None
        ]
        return "\n".join(rows)


def errors_of(findings: Iterable[Finding]) -> list[Finding]:
    """The findings that are errors, in their order."""
    return [finding for finding in findings if finding.is_error]


def folded(findings: Iterable[Finding]) -> list[Finding]:
    """Findings of which those that stop nothing, and differ in their places alone, are one: the first, with its number.

    A message of 5,000 lines says the same 5,000 times where its mapping leaves something of each line aside.  Errors
    stay apart, since each of them is to be mended, and acknowledged at its place.
    """
    kept: dict[object, Finding] = {}
    times: dict[object, int] = {}
    for number, one in enumerate(findings):
        # the place of a node is one object, and hashing what is in it would take longer than all the rest
        alike = one.message, one.hint, one.code, one.severity, one.value, id(one.mapping), one.field
        key = number if one.is_error else alike
        kept.setdefault(key, one)
        times[key] = times.get(key, 0) + one.times
    return [one if one.times == times[key] else replace(one, times=times[key]) for key, one in kept.items()]
