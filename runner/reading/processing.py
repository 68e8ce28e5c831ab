"""The lane of reading and mapping: each receipt's messages become documents and staged deliveries."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime

from sqlalchemy import func, select

from transload.adapters.base.acknowledgement import Reference
from transload.canonical.errors import Retry, Stop, TransloadError
from transload.canonical.findings import Finding, errors_of
from transload.runner.dispatch.baton import Baton
from transload.runner.ledger import Ledger, LedgerError, State
from transload.runner.ledger.drafts import Batch
from transload.runner.ledger.portions import Staged
from transload.runner.ledger.receipts import Receipt
from transload.runner.ledger.reconciled import Carrier
from transload.runner.ledger.references import Ref
from transload.runner.ledger.schema import documents
from transload.runner.lines.lines import Line, Writer
from transload.runner.lines.standing import Look, standing
from transload.runner.lines.summary import Tally
from transload.runner.logs import about, get_logger
from transload.runner.reading.batching import departing, given_up
from transload.runner.reading.duplicates import Earlier
from transload.runner.reading.grouping import Group, Timed
from transload.runner.reading.receipt import ReceiptWork, fault_of

SLICE_SECONDS = 2.0
"""After so long, at the end of a receipt, another lane may have the worker."""
LOOK_SECONDS = 1.0
"""How often is looked for batches of a line that has none any more."""
AHEAD = 20
"""So many due receipts are looked up at once."""
_log = get_logger("processing")


class Processing:
    """Works off the receipts of a line; ``staged`` hears of lanes that have new work."""

    def __init__(
        self,
        ledger: Ledger,
        tally: Tally,
        baton: Baton,
        *,
        clock: Callable[[], datetime],
        stopping: Callable[[], bool],
        staged: Callable[[Iterable[str]], None],
    ) -> None:
        self._ledger = ledger
        self._tally = tally
        self._baton = baton
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
            # filters wait for other programs and services
            with self._ledger.database.asking_often(), self._baton.held(wanted=not line.route.filters):
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
        due = self._ledger.departures.lanes_due(now)
        for writer in line.writers if due else ():
            if writer.outlet.lane in due:
                self._leave(line, epoch, writer, now)

    def _leave(self, line: Line, epoch: int, writer: Writer, now: datetime) -> None:
        """Write the batches of a target that are due, one after the other, as far as it can be done now."""
        target = writer.outlet.target
        try:
            with departing(writer, now) as batch:
                while not self._stopping() and batch.lane in self._ledger.departures.lanes_due(now):
                    self._write(line, epoch, batch, now)
        except LedgerError:
            raise
        except TransloadError as error:  # of other targets more can be written, and what arrives can be read
            _log.warning("a batch waits", target=target, error=self._tally.said(error))
            self._tally.failure(error, later=isinstance(error, Retry))
        except Exception as error:  # noqa: BLE001  # nor does a fault of ours hold them up
            _log.exception("a batch waits: unexpected error", target=target)
            self._tally.failure(TransloadError("a batch waits", findings=[fault_of(error, "writing a batch")]))

    def _write(self, line: Line, epoch: int, batch: Batch, now: datetime) -> None:
        """Write the next batch that is due, or give it up where that was begun too often; raises what it raises."""
        departures = self._ledger.departures
        begun = departures.begin(batch.lane) - 1
        if begun >= line.workspace.retry.attempts:
            batch = given_up(batch, begun)
        try:
            staged = departures.depart(batch, now, lane=line.lane, epoch=epoch)
        except TransloadError:
            with suppress(LedgerError):  # the first error tells more
                departures.spare(batch.lane)
            raise
        for delivery, state in zip(staged.deliveries, staged.delivery_states, strict=True):
            if state is not State.STAGED:
                self._tally.delivered(delivery, state, self._tally.veil.findings(staged.findings))
            _log.info("batched", delivery=str(Ref("delivery", delivery)), target=batch.target, state=state.value)
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
                    ReceiptWork(self, line, receipt, epoch, group).work()
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
        self._baton.offer()
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
        return self._ledger.arrivals.content(receipt)


def _named(documents: Sequence[int]) -> str | None:
    """Documents of one transaction as a log names them: ``d7``, or the first and the last of them."""
    names = [str(Ref("document", number)) for number in documents]
    return "..".join(dict.fromkeys((names[0], names[-1]))) if names else None
