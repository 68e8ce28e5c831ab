"""The lane of reading and mapping: each receipt's messages become documents and staged deliveries."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime

from sqlalchemy import func, select

from transload.adapters.base.acknowledgement import Reference
from transload.adapters.base.format import Encoded
from transload.canonical.errors import Reject, Retry, Stop, TransloadError
from transload.canonical.findings import Finding, errors_of
from transload.runner.engine.batching import batches, departing
from transload.runner.engine.drafting import Origin, acknowledgements
from transload.runner.engine.duplicates import Earlier
from transload.runner.engine.grouping import MOST_MESSAGES, Group, Timed
from transload.runner.engine.lines import Line
from transload.runner.engine.originals import originals
from transload.runner.engine.reading import Reader
from transload.runner.engine.standing import Look, standing
from transload.runner.engine.summary import Tally
from transload.runner.engine.unwrapping import Unwrapping
from transload.runner.ledger import Damaged, Ledger, LedgerError, State
from transload.runner.ledger.drafts import Closing
from transload.runner.ledger.portions import Parsed, Staged
from transload.runner.ledger.receipts import Receipt
from transload.runner.ledger.reconciled import Carrier
from transload.runner.ledger.references import Ref
from transload.runner.ledger.schema import documents
from transload.runner.logs import about, get_logger

SLICE_SECONDS = 2.0
"""After so long, at the end of a receipt, another lane may have the worker."""
LOOK_SECONDS = 1.0
"""How often is looked for batches of a line that has none any more."""
AHEAD = 20
"""So many due receipts are looked up at once."""
MOST_HELD = 10_000
"""How many encoded documents that wait for their batch are kept in memory; others are encoded again."""
_log = get_logger("processing")


class Processing:
    """Works off the receipts of a line; ``staged`` hears of lanes that have new work."""

    def __init__(
        self,
        ledger: Ledger,
        tally: Tally,
        *,
        clock: Callable[[], datetime],
        stopping: Callable[[], bool],
        staged: Callable[[Iterable[str]], None],
    ) -> None:
        self._ledger = ledger
        self._tally = tally
        self._clock = clock
        self._stopping = stopping
        self._staged = staged
        self._looked: dict[str, float] = {}

    def drain(self, line: Line) -> float | None:
        """Deal with the receipts of the line, for a while; gives 0 when there may be more, so that others have a turn.

        Raises `LedgerError` when nothing can be written; what was not committed is due
        again, from the message after the last one that was.
        """
        look = Look(lambda: self._ledger.pauses.of_reading(line.route.ref))
        paused = look()
        epoch = None if paused else self._ledger.lanes.take(line.lane, self._clock(), reading=line.route.ref)
        if epoch is None:
            self._tally.note([standing(paused)] if paused else [])
            return None
        with about(route=line.route.ref, partner=line.partner.name):
            return self._work_off(line, epoch, look)

    def _work_off(self, line: Line, epoch: int, look: Look) -> float | None:
        try:
            self._depart(line, epoch)
            after = self._read_all(line, epoch, look)
            if after is None:
                self._depart(line, epoch)
            return after
        except (Retry, Stop) as error:  # something that mappings look up cannot be had; the receipt stays due
            _log.warning("reading waits", error=self._tally.said(error))
            self._ledger.arrivals.spare(line.route.ref)
            self._tally.failure(error, later=isinstance(error, Retry))
        except LedgerError:
            with suppress(LedgerError):  # the first error tells more
                self._ledger.arrivals.spare(line.route.ref)
            raise
        return None

    def _depart(self, line: Line, epoch: int) -> None:
        """Write what has been gathered for the line's targets and is due; what cannot be written now stays due.

        Where no route gathers any more, what is left of an earlier setting is looked for now and then.
        """
        moment = time.monotonic()
        if not line.gathers and moment - self._looked.get(line.lane, -LOOK_SECONDS) < LOOK_SECONDS:
            return
        self._looked[line.lane] = moment
        now = self._clock()
        due = self._ledger.staging.lanes_due(now)
        for writer in line.writers if due and not self._stopping() else ():
            target = writer.outlet.target
            if writer.outlet.lane not in due:
                continue
            try:
                with departing(writer, now) as batch:
                    staged = self._ledger.staging.depart(batch, now, lane=line.lane, epoch=epoch)
            except LedgerError:
                raise
            except TransloadError as error:  # of other targets more can be written, and what arrives can be read
                _log.warning("a batch waits", target=target, error=self._tally.said(error))
                self._tally.failure(error, later=isinstance(error, Retry))
                continue
            except Exception as error:  # noqa: BLE001  # nor does a fault of ours hold them up
                _log.exception("a batch waits: unexpected error", target=target)
                self._tally.failure(TransloadError("a batch waits", findings=[_fault(error, "writing a batch")]))
                continue
            for delivery, state in zip(staged.deliveries, staged.delivery_states, strict=True):
                if state is not State.STAGED:
                    self._tally.delivered(delivery, state, self._tally.veil.findings(staged.findings))
                _log.info("batched", delivery=str(Ref("delivery", delivery)), target=target, state=state.value)
            self._staged(staged.lanes)

    def _read_all(self, line: Line, epoch: int, look: Look) -> float | None:
        end = time.monotonic() + SLICE_SECONDS
        group = Group(lambda portions: self.stage(line, epoch, portions))
        receipts = self._due(line.route.ref, group)
        try:
            while not self._stopping() and not look():
                receipt = next(receipts, None)
                if receipt is None:
                    return None
                if time.monotonic() > end:
                    return 0
                if receipt.begun > 1:  # it, or one that was read with it, may have ended the process
                    group.most = 1
                with about(receipt=str(Ref("receipt", receipt.id))):
                    _Reading(self, line, receipt, epoch, group).work()
        finally:
            group.commit()
        return None

    def _due(self, route: str, group: Group) -> Iterator[Receipt]:
        """The receipts to deal with, in their order, and those that became due meanwhile after them."""
        after = 0
        while True:
            found = self._ledger.arrivals.due(route, after=after, most=AHEAD)
            yield from found
            if len(found) == AHEAD:
                after = found[-1].id
            elif found or after:
                group.commit()  # so that what was read is not due any more
                after = 0
            else:
                return

    def stage(self, line: Line, epoch: int, portions: Sequence[Timed]) -> list[Staged]:
        """Commit portions together, count them, and wake the lanes they feed."""
        made: list[Staged] = self._ledger.staging.stage(portions, portions[-1].now, lane=line.lane, epoch=epoch)
        for portion, staged in zip(portions, made, strict=True):
            with about(receipt=str(Ref("receipt", portion.receipt.id))):
                self._tell(line, portion, staged)
        self._staged({lane for staged in made for lane in staged.lanes})
        return made

    def _tell(self, line: Line, portion: Timed, staged: Staged) -> None:
        closing = portion.closing
        found = (*staged.findings, *(closing.findings if closing else ()))
        incomplete = closing is not None and closing.incomplete
        self._tally.read(closing.state if closing else None, staged.states, found, failed=incomplete)
        for delivery, state in zip(staged.deliveries, staged.delivery_states, strict=True):
            if state is not State.STAGED:
                self._tally.delivered(delivery, state)
        for delivery, state in staged.answered:
            self._tally.delivered(delivery, state)
        self._tally.observer.staged(
            line, portion.receipt, portion.parsed, staged, portion.began, self._clock(), closing
        )
        if closing:
            _log.info(
                "read",
                documents=_named(staged.documents),
                state=closing.state.value,
                messages=portion.position,
                errors=len(errors_of(found)),
            )

    def unwrapped(
        self, line: Line, receipt: Receipt, parts: int, findings: tuple[Finding, ...], began: datetime
    ) -> None:
        """Count a receipt of which ``parts`` receipts were made."""
        self._tally.read(State.UNPACKED, (), findings)
        self._tally.observer.unpacked(line, receipt, began, self._clock())
        _log.info("unpacked", parts=parts)

    def earlier(self, receipt: Receipt, group: Group) -> Earlier:
        """What was received before ``receipt``, what waits in ``group`` for its commit included."""
        return Earlier(self._ledger, receipt, settle=group.settle)

    def carrier(self, reference: Reference) -> Carrier | None:
        """The delivery of ours that carries a control number."""
        return self._ledger.reconciled.carrier(reference)

    def only_duplicates(self, receipt: Receipt) -> bool:
        """Whether nothing but duplicates was committed of a receipt so far."""
        query = (
            select(func.count())
            .select_from(documents)
            .where(documents.c.receipt_id == receipt.id, documents.c.state != State.DUPLICATE.value)
        )
        with self._ledger.read() as connection:
            return connection.scalar(query) == 0

    @property
    def ledger(self) -> Ledger:
        """The ledger that it writes."""
        return self._ledger

    @property
    def now(self) -> datetime:
        """The clock's time."""
        return self._clock()

    def payload(self, receipt: Receipt) -> bytes:
        """The receipt's bytes."""
        return self._ledger.arrivals.payload(receipt.digest)


class _Reading:
    """The work on one receipt."""

    def __init__(self, processing: Processing, line: Line, receipt: Receipt, epoch: int, group: Group) -> None:
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
            self._give_up(_fault(error))

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


def _named(documents: Sequence[int]) -> str | None:
    """Documents of one transaction as a log names them: ``d7``, or the first and the last of them."""
    names = [str(Ref("document", number)) for number in documents]
    return "..".join(dict.fromkeys((names[0], names[-1]))) if names else None


def _interrupted(times: int, receipt: Receipt) -> Finding:
    return Finding(
        code="E-INTERRUPTED",
        message=f"the process ended {times} times while this was read, after message {receipt.position}",
        hint="look at its bytes; when the cause is mended, have it read again with `transload replay`",
    )


def _damaged(error: Damaged) -> Finding:
    hint = f"{error.hint}; then have it read with `transload replay`"
    return Finding(code=error.code, message=error.message, hint=hint)


def _fault(error: Exception, what: str = "reading") -> Finding:
    message = f"{what} failed unexpectedly: {type(error).__name__}: {error}"
    hint = "this is a fault in the program; report it with the log, then have it read again with `transload replay`"
    return Finding(code="E-INTERNAL", message=message, hint=hint)


def _empty(file: str) -> Finding:
    message = f"no message was found in {file}"
    return Finding(code="E-EMPTY", message=message, hint="look at it with `transload inspect`")
