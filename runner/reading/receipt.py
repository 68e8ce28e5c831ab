"""The work on one receipt: it is read, its messages are committed in portions, then its end and what follows."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from transload.adapters.base.format import Encoded
from transload.canonical.errors import Reject, Retry, Stop, TransloadError
from transload.canonical.findings import Finding, errors_of
from transload.runner.ledger import Damaged, LedgerError, State
from transload.runner.ledger.drafts import Closing
from transload.runner.ledger.portions import Parsed
from transload.runner.ledger.receipts import Receipt
from transload.runner.ledger.references import Ref
from transload.runner.lines.lines import Line
from transload.runner.logs import about, get_logger
from transload.runner.reading.batching import batches
from transload.runner.reading.drafting import Origin, acknowledgements
from transload.runner.reading.grouping import MOST_MESSAGES, Group, Timed
from transload.runner.reading.originals import originals
from transload.runner.reading.reading import Reader
from transload.runner.reading.unwrapping import Unwrapping

if TYPE_CHECKING:
    from transload.runner.reading.processing import Processing

MOST_HELD = 10_000
"""How many encoded documents that wait for their batch are kept in memory; others are encoded again."""
_log = get_logger("processing")


class ReceiptWork:
    """The work on one receipt, as a part of the turn that ``processing`` has at its line."""

    def __init__(self, processing: "Processing", line: Line, receipt: Receipt, epoch: int, group: Group) -> None:
        self.processing = processing
        self.line = line
        self.receipt = receipt
        self.epoch = epoch
        self.group = group
        again = originals(processing.ledger, receipt)
        self.origin = Origin(receipt=receipt, now=processing.now, again=again)
        known = processing.earlier(receipt, group).verdict
        self.reader = Reader(line=line, known=known, carriers=processing.carrier)
        self.batch: list[Parsed] = []
        self.began = self.origin.now
        self.position = receipt.position
        self.found_any = receipt.position > 0
        self.bodies: dict[tuple[int, str], Encoded | None] = {}
        self.closing: Closing | None = None
        self.committed = False

    def work(self) -> None:
        """Deal with the receipt, whatever is wrong with it: nothing of one may hold up those behind it."""
        began = self.receipt.begun - 1
        if began >= self.line.workspace.retry.attempts:
            self._give_up(_interrupted(began, self.receipt))
            return
        with self._whatever_is_wrong():
            try:
                if self._is_wrapped():
                    self._unwrap()
                else:
                    self._read()
            finally:
                self.origin.wrappings.close()

    @property
    def portion(self) -> Timed:
        """What was read and is not committed."""
        return Timed(
            receipt=self.receipt,
            parsed=self.batch,
            position=self.position,
            closing=self.closing,
            begins=self._begins(),
            began=self.began,
            now=self.origin.now,
        )

    def alone(self) -> None:
        """Commit what was read to its end, without the others that it waited with."""
        with about(receipt=str(Ref("receipt", self.receipt.id))), self._whatever_is_wrong():
            self._end()

    @contextmanager
    def _whatever_is_wrong(self) -> Iterator[None]:
        try:
            yield
        except Damaged as error:
            self._give_up(_damaged(error))
        except TransloadError:
            raise
        except Exception as error:  # noqa: BLE001  # it would come up again at each further attempt
            _log.exception("unexpected error")
            self._give_up(fault_of(error))

    def _is_wrapped(self) -> bool:
        """Whether filters must unwrap it; what gave documents itself was read without any, and is read so again."""
        return bool(self.line.route.filters) and not self.receipt.unpacked and not self.origin.again

    def _unwrap(self) -> None:
        """Make receipts of what is in it, which are read next; what a filter refuses is quarantined as it arrived."""
        unwrapping = Unwrapping(ledger=self.processing.ledger, line=self.line, receipt=self.receipt, origin=self.origin)
        try:
            self.group.commit()  # those before it come first
            parts = unwrapping.work(self.processing.payload(self.receipt), self.epoch)
        except Reject as error:
            findings = (*unwrapping.findings, *error.findings)
            self._stage(Closing(state=State.QUARANTINED, findings=findings))
        else:
            self.processing.unwrapped(self.line, self.receipt, parts, unwrapping.findings, self.began)

    def _read(self) -> None:
        """Read, stage in batches, and close the receipt."""
        payload = self.processing.payload(self.receipt)
        findings: tuple[Finding, ...] = ()
        failed: TransloadError | None = None
        try:
            reading, messages = self.reader.messages(payload, self.origin)
            findings = tuple(reading.findings)
            for number, message in messages:
                self.found_any = True
                if number <= self.receipt.position or not self._wanted(number):
                    continue
                self.batch += self.reader.parse(number, message, payload, self.origin)
                self.position = number
                if len(self.batch) >= MOST_MESSAGES and not any(item.shares for item in self.batch):
                    self._stage()
        except LedgerError:
            raise
        except (Retry, Stop):
            if self.batch:
                self._stage()
            raise
        except TransloadError as error:
            failed = error
        self._close(payload, findings, failed)

    def _give_up(self, why: Finding) -> None:
        """Close the receipt as it stands; its bytes are kept, and a person can have it read again."""
        self.batch, self.position = [], self.receipt.position
        incomplete = self.line.acknowledging is not None
        self._stage(Closing(state=State.QUARANTINED, findings=(why,), incomplete=incomplete))

    def _wanted(self, number: int) -> bool:
        return self.receipt.again is None or number in self.receipt.again

    def _stage(self, closing: Closing | None = None) -> None:
        self.group.commit()  # those before it come first
        self.closing = closing
        (staged,) = self.processing.stage(self.line, self.epoch, [self.portion])
        for item, document in zip(self.batch, staged.documents, strict=True):
            for draft in item.drafts:
                if draft.gathered is not None and len(self.bodies) < MOST_HELD:
                    self.bodies[document, draft.target] = draft.gathered.body
        self.batch, self.began, self.committed = [], self.processing.now, True

    def _close(self, payload: bytes, findings: tuple[Finding, ...], failed: TransloadError | None) -> None:
        state = State.PARSED
        if failed is not None:
            state, findings = State.QUARANTINED, (*findings, *failed.findings)
        elif not self.found_any:
            state = State.QUARANTINED
            if not errors_of(findings):
                findings = (*findings, _empty(self.origin.file))
        elif all(item.state is State.DUPLICATE for item in self.batch) and self._only_duplicates_before():
            state = State.DUPLICATE
        make = None if state is State.DUPLICATE else acknowledgements(self.line, payload, self.origin)
        self.closing = Closing(
            state=state,
            findings=findings,
            acknowledge=make,
            batches=batches(self.line, self.origin),
            bodies=self.bodies,
        )
        if self._may_wait():
            self.group.add(self)
        else:
            self._end()

    def _only_duplicates_before(self) -> bool:
        """Whether nothing but duplicates was committed of the receipt so far."""
        return self._begins() or self.processing.only_duplicates(self.receipt)

    def _begins(self) -> bool:
        """Whether nothing of the receipt was ever committed."""
        return not (self.receipt.generation or self.receipt.position or self.committed)

    def _may_wait(self) -> bool:
        """Whether it is a small receipt like most, of which nothing has been committed."""
        assert self.closing is not None
        special = self.closing.batches or self.origin.wrappings.are_filtering or any(item.shares for item in self.batch)
        return self._begins() and not special

    def _end(self) -> None:
        """Commit the receipt's end; where its acknowledgements cannot be made, without them: the documents can."""
        closing = self.closing
        assert closing is not None
        try:
            self._stage(closing)
        except (LedgerError, Retry):
            raise
        except TransloadError as error:
            findings = (*closing.findings, *error.findings)
            self._stage(replace(closing, findings=findings, acknowledge=None, incomplete=True))


def _interrupted(times: int, receipt: Receipt) -> Finding:
    return Finding(
        code="E-INTERRUPTED",
        message=f"the process ended {times} times while this was read, after message {receipt.position}",
        hint="look at its bytes; when the cause is mended, have it read again with `transload replay`",
    )


def _damaged(error: Damaged) -> Finding:
    hint = f"{error.hint}; then have it read with `transload replay`"
    return Finding(code=error.code, message=error.message, hint=hint)


def fault_of(error: Exception, what: str = "reading") -> Finding:
    """A fault of ours, as a finding; ``what`` failed."""
    message = f"{what} failed unexpectedly: {type(error).__name__}: {error}"
    hint = "this is a fault in the program; report it with the log, then have it read again with `transload replay`"
    return Finding(code="E-INTERNAL", message=message, hint=hint)


def _empty(file: str) -> Finding:
    message = f"no message was found in {file}"
    return Finding(code="E-EMPTY", message=message, hint="look at it with `transload inspect`")
