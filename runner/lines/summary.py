"""What a pass did, counted, and the exit code that follows from it."""

import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from transload.canonical.errors import TransloadError
from transload.canonical.findings import Finding
from transload.runner.ledger import ACTIVE, State
from transload.runner.ledger.incidents import Incident
from transload.runner.lines.observer import Observer
from transload.runner.masking.veil import Veil

_BAD = (State.DEAD, State.REJECTED, State.UNKNOWN, State.QUARANTINED)


@dataclass(frozen=True, kw_only=True)
class Summary:
    """The counts of one pass.

    ``received`` counts new receipts, ``repeated`` those that were there already;
    ``receipts``, ``documents`` and ``deliveries`` are by the state that this pass brought
    them to; ``waiting`` counts the unfinished deliveries in its lanes afterwards.
    ``findings`` are in the order of happening; ``failed`` counts routes and connections
    that could not be used and acknowledgements that could not be made, ``postponed`` what may work later.
    ``incidents`` are those that were opened or closed when the pass ended.
    """

    received: int = 0
    repeated: int = 0
    receipts: Mapping[State, int] = field(default_factory=dict)
    documents: Mapping[State, int] = field(default_factory=dict)
    deliveries: Mapping[State, int] = field(default_factory=dict)
    waiting: Mapping[State, int] = field(default_factory=dict)
    failed: int = 0
    postponed: int = 0
    findings: tuple[Finding, ...] = ()
    incidents: tuple[Incident, ...] = ()

    @property
    def exit_code(self) -> int:
        """0: all is final and good; 1: something is dead, quarantined, unknown or unusable; 3: something waits."""
        touched = (self.receipts, self.documents, self.deliveries)
        if self.failed or any(counts.get(state) for counts in touched for state in _BAD):
            return 1
        if self.waiting.get(State.UNKNOWN):
            return 1
        retrying = any(self.waiting.get(state) for state in ACTIVE) or self.deliveries.get(State.RETRY_AT)
        return 3 if self.postponed or retrying else 0

    def as_dict(self) -> dict[str, Any]:
        """The summary as JSON values."""

        def by_name(counts: Mapping[State, int]) -> dict[str, int]:
            return {state.value: counts[state] for state in sorted(counts) if counts[state]}

        return {
            "received": self.received,
            "repeated": self.repeated,
            "receipts": by_name(self.receipts),
            "documents": by_name(self.documents),
            "deliveries": by_name(self.deliveries),
            "waiting": by_name(self.waiting),
            "failed": self.failed,
            "postponed": self.postponed,
            "findings": [finding.as_dict() for finding in self.findings],
            "incidents": [incident.as_dict() for incident in self.incidents],
            "exit_code": self.exit_code,
        }


class Tally:
    """Counts what several threads do during a pass; ``observer`` hears of the same, and of what it is about.

    Findings are told as ``veil`` lets them be seen.
    """

    def __init__(self, most_findings: int = 1000, observer: Observer | None = None, veil: Veil | None = None) -> None:
        self.observer = observer or Observer()
        self.veil = veil or Veil()
        self.told: tuple[Incident, ...] = ()
        self._lock = threading.Lock()
        self._most = most_findings
        self._received = self._repeated = self._failed = self._postponed = self._left_out = 0
        self._receipts: Counter[State] = Counter()
        self._documents: Counter[State] = Counter()
        self._deliveries: dict[int, State] = {}
        self._findings: list[Finding] = []

    def arrived(self, *, new: bool) -> None:
        """Count an arrival."""
        with self._lock:
            self._received += new
            self._repeated += not new

    def read(
        self,
        receipt: State | None,
        documents: Iterable[State],
        findings: Iterable[Finding] = (),
        *,
        failed: bool = False,
    ) -> None:
        """Count documents made of a receipt, and the receipt itself when it is finished.

        ``failed``: something that it called for, such as an acknowledgement, could not be made.
        """
        with self._lock:
            self._failed += failed
            if receipt is not None:
                self._receipts[receipt] += 1
            self._documents.update(documents)
            self._note(self.veil.findings(findings))

    def delivered(self, delivery: int, state: State, findings: Iterable[Finding] = ()) -> None:
        """Note the state that a delivery has come to; ``findings`` as they may be seen."""
        with self._lock:
            self._deliveries[delivery] = state
            self._note(findings)

    def failure(self, error: TransloadError, *, later: bool = False) -> None:
        """Count a route or connection that could not be used; ``later``: it may work then.

        One that was tried again in the same pass, with the same outcome, counts once.
        """
        with self._lock:
            found = self.veil.findings(error.findings)
            if found and all(finding in self._findings for finding in found):
                return
            self._postponed += later
            self._failed += not later
            self._note(found)

    def note(self, findings: Iterable[Finding]) -> None:
        """Add findings that count nowhere else."""
        with self._lock:
            self._note(finding for finding in self.veil.findings(findings) if finding not in self._findings)

    def said(self, error: TransloadError) -> str:
        """What an error says, for the log."""
        return self.veil.finding(error.findings[0]).message if self.veil.fields else error.message

    def _note(self, findings: Iterable[Finding]) -> None:
        for finding in findings:
            if len(self._findings) < self._most:
                self._findings.append(finding)
            else:
                self._left_out += 1

    def summary(self, waiting: Mapping[State, int]) -> Summary:
        """The counts so far."""
        with self._lock:
            findings = list(self._findings)
            if self._left_out:
                text = f"{self._left_out} more findings are in the ledger and not repeated here"
                findings.append(Finding(code="R-MORE", severity=findings[0].severity, message=text))
            return Summary(
                received=self._received,
                repeated=self._repeated,
                receipts=dict(self._receipts),
                documents=dict(self._documents),
                deliveries=dict(Counter(self._deliveries.values())),
                waiting=dict(waiting),
                failed=self._failed,
                postponed=self._postponed,
                findings=tuple(findings),
                incidents=self.told,
            )
