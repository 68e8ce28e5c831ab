"""Writing records: a file document by document, each by itself, so that one that does not fit leaves the others."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from transload.adapters.base import Encoded, Finding, Place, Reject, Writing
from transload.adapters.cobol.framing import framed
from transload.adapters.cobol.options import CobolOptions
from transload.adapters.cobol.records import Fault, RecordType


@dataclass(frozen=True, kw_only=True)
class CobolEnvelope:
    """The records that a message was read from, in their order, with their names."""

    records: tuple[tuple[str, bytes], ...]


_NO_ENVELOPE = CobolEnvelope(records=())


class CobolWriting(Writing):
    """One file, document by document; ``envelope`` is for those that are added without one."""

    def __init__(self, options: CobolOptions, envelope: Any = None) -> None:
        self._options = options
        self._envelope = envelope
        self._number = 0

    def add(self, message: Encoded, envelope: Any = None) -> bytes:
        """See `Writing.add`."""
        before = self._number
        content, findings = self.written(message, envelope or self._envelope)
        if findings:
            self._number = before
            raise refused(findings)
        return content

    def close(self) -> bytes:
        """See `Writing.close`: nothing stands behind the records."""
        return b""

    def written(self, message: Encoded, envelope: Any) -> tuple[bytes, list[Finding]]:
        """The records of a message, and a finding for each value that does not fit its field."""
        kept = envelope if isinstance(envelope, CobolEnvelope) else _NO_ENVELOPE
        parts: list[bytes] = []
        findings: list[Finding] = []
        for record, content, faults in self._records(message.body, kept):
            self._number += 1
            findings += [_misfit(fault, record, self._number) for fault in faults]
            try:
                parts.append(framed(content, record, self._options))
            except ValueError as error:
                place = _place(record, self._number, ())
                findings.append(Finding(code="E-DOMAIN", message=str(error), place=place))
        return b"".join(parts), findings

    def _records(self, body: Any, kept: CobolEnvelope) -> list[tuple[RecordType, bytes, list[Fault]]]:
        flat = list(self._flat(body))
        names = [name for name, _ in kept.records]
        if sorted(names) == sorted(name for name, _ in flat):  # in the order that they came in
            waiting: dict[str, list[Mapping[str, Any]]] = {}
            for name, values in flat:
                waiting.setdefault(name, []).append(values)
            flat = [(name, waiting[name].pop(0)) for name in names]
        originals: dict[str, list[bytes]] = {}
        for name, content in kept.records:
            originals.setdefault(name, []).append(content)
        made = []
        for name, values in flat:
            record = self._options.types[name]
            before = originals.get(name)
            bound = frozenset(self._options.bound[name]) if name in self._options.bound else None
            content, faults = record.write(values, before.pop(0) if before else None, bound)
            made.append((record, content, faults))
        return made

    def _flat(self, body: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """The records in the order of the tree, each before those that belong to it."""
        types = self._options.types
        for name, rows in body.items():
            if name not in types:
                message = f"the copybook has no record {name}"
                raise Reject(message, findings=[Finding(code="E-DOMAIN", message=message)])
            for row in rows:
                inner = {key: value for key, value in row.items() if key in types}
                yield name, {key: value for key, value in row.items() if key not in inner}
                yield from self._flat(inner)


def refused(findings: Sequence[Finding]) -> Reject:
    """What is raised for these findings."""
    more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
    return Reject(f"{findings[0].message}{more}", findings=findings)


def _place(record: RecordType, number: int, path: Sequence[str | int]) -> Place:
    steps = [f"[{step + 1}]" if isinstance(step, int) else f" / {step}" for step in path]
    return Place(path=f"record {number} {record.name}{''.join(steps)}")


def _misfit(fault: Fault, record: RecordType, number: int) -> Finding:
    return Finding(code="E-DOMAIN", message=fault.message, value=fault.value, place=_place(record, number, fault.path))
