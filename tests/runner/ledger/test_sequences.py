"""Sequences that hold: nothing leaves before its turn, whatever targets, partners and people do."""

from dataclasses import dataclass, field
from itertools import count as numbers

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from tests.runner.ledger.samples import NOW, arrival

from transload.adapters.base.acknowledgement import Verdict
from transload.runner.ledger import Ledger, State
from transload.runner.ledger.attempts import Outcome
from transload.runner.ledger.drafts import Closing, Draft, Frozen
from transload.runner.ledger.portions import Parsed, Portion
from transload.runner.ledger.reconciled import PartnerVerdict
from transload.runner.ledger.schema import deliveries
from transload.runner.templates import once

_fresh = numbers(1)
OPEN = (State.STAGED, State.RETRY_AT)
FAILED = (State.DEAD, State.REJECTED)
STEPS = ("stage", "stage", "sent", "sent", "dead", "retry", "unknown", "accept", "reject", "replay", "remap", "cancel")


@dataclass
class Slot:
    """A place in a sequence, with the delivery that has it now."""

    delivery: int
    document: int
    state: State = State.STAGED
    holds: bool = True

    @property
    def blocks(self):
        return self.state in (*OPEN, State.UNKNOWN) or (self.holds and self.state in FAILED)


@dataclass
class Model:
    """What should be: for each key the places in their order."""

    ledger: Ledger
    name: str = field(default_factory=lambda: f"a/n{next(_fresh)}")
    keys: dict[str, list[Slot]] = field(default_factory=lambda: {"x": [], "y": []})

    @property
    def lane(self):
        return f"{self.name}/erp"

    def due(self):
        """What may leave now: the first of each key that is not done, where it is not stuck."""
        first = (next((slot for slot in slots if slot.blocks), None) for slots in self.keys.values())
        return {slot.delivery for slot in first if slot is not None and slot.state in OPEN}

    def stage(self, item):
        """Stage what one message gives; gives the delivery and the document, if there are."""
        number = next(_fresh)
        in_lane = f"in:{self.name}"
        self.ledger.arrivals.add(arrival(f"k{number}", route=self.name, lane=in_lane), NOW)
        epoch = self.ledger.lanes.take(in_lane, NOW)
        receipt = self.ledger.arrivals.due(self.name)[0]
        portion = Portion(receipt=receipt, parsed=[item], position=1, closing=Closing(state=State.PARSED))
        return self.ledger.staging.stage([portion], NOW, lane=in_lane, epoch=epoch)[0]

    def drafted(self, key, replaces=None):
        frozen = Frozen(content=b"x")
        draft = Draft(
            lane=self.lane,
            target=self.lane,
            connection="c",
            key=once(lambda: f"k{next(_fresh)}"),
            freeze=lambda numbers: frozen,
            order_key=key,
            holds=True,
        )
        staged = self.stage(parsed(drafts=(draft,), replaces=replaces))
        return staged.deliveries[0], staged.documents[0]

    def do(self, step, key, which):
        slots = self.keys[key]
        if step == "stage":
            delivery, document = self.drafted(key)
            slots.append(Slot(delivery, document))
            return
        if step in ("sent", "dead", "retry", "unknown"):
            self.attempt(
                {"sent": State.SENT, "dead": State.DEAD, "retry": State.RETRY_AT}.get(step, State.UNKNOWN), which
            )
            return
        if not slots:
            return
        slot = slots[which % len(slots)]
        if step in ("accept", "reject"):
            verdict, state = (Verdict.ACCEPTED, State.ACKED) if step == "accept" else (Verdict.REJECTED, State.REJECTED)
            if slot.state in (State.SENT, State.UNKNOWN, State.DEAD):
                self.stage(parsed(verdicts=(PartnerVerdict(delivery=slot.delivery, kind="997", verdict=verdict),)))
                slot.state = state
        elif step == "replay" and slot.state not in OPEN:
            new = self.ledger.actions.redeliver(slot.delivery, NOW)
            self.replaced(slots, slot, new, slot.document)
        elif step == "remap" and slot.state in FAILED and slot.holds:
            new, document = self.drafted(key, replaces=slot.document)
            self.replaced(slots, slot, new, document)
        elif step == "cancel" and (slot.state in (*OPEN, State.UNKNOWN) or slot.blocks or slot.state is State.DEAD):
            self.ledger.actions.cancel(slot.delivery, NOW)
            slot.state = State.SUPPRESSED

    def replaced(self, slots, slot, new, document):
        held = slot.blocks
        if slot.state is State.UNKNOWN:
            slot.state = State.SUPPRESSED
        fresh = Slot(new, document, holds=slot.holds)
        slots.insert(slots.index(slot) + 1, fresh) if held else slots.append(fresh)
        slot.holds = slot.holds and not held

    def attempt(self, state, most):
        epoch = self.ledger.lanes.take(self.lane, NOW)
        found = self.ledger.lanes.due(self.lane, epoch, NOW, most=most + 1, hold=True)
        announced = self.ledger.lanes.announce(self.lane, epoch, found, NOW)
        assert {item.id for item in announced} <= self.due()
        outcomes = [Outcome(delivery=item, state=state, said="x", ended_at=NOW) for item in announced]
        if outcomes:
            self.ledger.lanes.conclude(self.lane, epoch, outcomes, NOW)
        sent = {item.id for item in announced}
        for slots in self.keys.values():
            for slot in slots:
                if slot.delivery in sent:
                    slot.state = state

    def check(self):
        """What the ledger would send next is what should be; also when nobody has marked what waits."""
        found = self.ledger.lanes.due(self.lane, 10**6, NOW, most=100, hold=True)
        assert {item.id for item in found} == self.due()
        epoch = self.ledger.lanes.take(self.lane, NOW)
        found = self.ledger.lanes.due(self.lane, epoch, NOW, most=100, hold=True)
        assert {item.id for item in found} == self.due()
        behind = dict(self.rows(deliveries.c.id, deliveries.c.behind))
        for slots in self.keys.values():
            stuck: set[int] = set()
            for slot in slots:
                marked = behind[slot.delivery]
                assert marked in stuck if stuck and slot.state in OPEN else marked == 0
                if slot.blocks and slot.state not in OPEN:
                    stuck.add(slot.delivery)

    def rows(self, *columns):
        with self.ledger.read() as connection:
            return [tuple(row) for row in connection.execute(select(*columns).where(deliveries.c.lane == self.lane))]


def parsed(**more):
    return Parsed(message=1, ordinal=1, state=State.MAPPED, partner="a", wire_digest="0" * 64, **more)


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(steps=st.lists(st.tuples(st.sampled_from(STEPS), st.sampled_from("xy"), st.integers(0, 3)), max_size=20))
def test_nothing_leaves_before_its_turn_and_all_leaves_in_its_turn(ledger, steps):
    model = Model(ledger)
    for _ in range(3):
        model.do("stage", "x", 0)
    for step in steps:
        model.do(*step)
        model.check()
    assert ledger.verify() == []
