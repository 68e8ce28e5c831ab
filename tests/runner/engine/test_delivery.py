"""Delivery: each error has its consequence, an order is kept where it is asked for, and no doubt is left unresolved."""

from datetime import timedelta

import pytest
from tests.runner.ledger.samples import NOW

from transload.adapters.base import Answer
from transload.runner.expectations.watch import Watch
from transload.runner.ledger import LedgerError, Ref, State
from transload.runner.ledger.arrivals import Arrivals
from transload.runner.ledger.lanes import Lanes
from transload.runner.workspace.model import RetryPolicy


@pytest.fixture
def run(hands):
    """Runs one pass of a house on a ledger of its own opening."""

    def one_pass(house, **options):
        with house.ledger() as ledger:
            return house.engine(ledger, clock=hands, **options).run_pass()

    return one_pass


def deliveries(house):
    with house.ledger() as ledger:
        return ledger.queries.deliveries()


def outcomes(house, delivery=1):
    with house.ledger() as ledger:
        (found,) = ledger.queries.journey(Ref("delivery", delivery))["deliveries"]
    return [attempt["outcome"] for attempt in found["attempts"]]


def test_a_retry_waits_and_then_succeeds(make_house, hands, script, run):
    house = make_house(target_act=script("before landing", ["retry", "retry"]))
    house.put_orders("a.txt", "1")
    assert run(house).exit_code == 3
    assert run(house).deliveries == {}  # not due yet
    hands.turn(seconds=11)
    assert run(house).exit_code == 3
    hands.turn(seconds=21)
    assert run(house).exit_code == 0
    assert house.landed() == ["1"]
    assert outcomes(house) == ["retry", "retry", "sent"]


def test_a_retry_honours_the_wait_that_was_asked_for(make_house, hands, script, run):
    house = make_house(target_act=script("before landing", ["retry after 300"]))
    house.put_orders("a.txt", "1")
    run(house)
    hands.turn(seconds=299)
    assert run(house).exit_code == 3
    hands.turn(seconds=1)
    assert run(house).exit_code == 0


def test_attempts_used_up_make_it_dead_with_a_fingerprint(make_house, hands, script, run):
    house = make_house(target_act=script("before landing", ["retry"] * 9))
    house.put_orders("a.txt", "1")
    for _ in range(3):
        summary = run(house)
        hands.turn(minutes=2)
    assert summary.exit_code == 1
    assert summary.deliveries == {State.DEAD: 1}
    (row,) = deliveries(house)
    assert [finding["code"] for finding in row["findings"]] == ["E-RETRY", "E-GIVEN-UP"]
    assert len(row["fingerprint"]) == 12
    assert run(house).exit_code == 0


def test_time_used_up_makes_it_dead(make_house, hands, script, run):
    policy = RetryPolicy(attempts=99, give_up_after=timedelta(seconds=5), first=timedelta(seconds=1))
    house = make_house(target_act=script("before landing", ["retry after 300"]), retry=policy)
    house.put_orders("a.txt", "1")
    assert run(house).deliveries == {State.DEAD: 1}


def test_a_refusal_is_dead_at_once_and_the_next_goes_on(make_house, script, run):
    house = make_house(target_act=script("before landing", ["reject"]))
    house.put_orders("a.txt", "1", "2")
    summary = run(house)
    assert house.landed() == ["2"]
    assert summary.deliveries == {State.DEAD: 1, State.SENT: 1}
    assert [finding.message for finding in summary.findings] == ["order 'X' of line 17 refused"]


def test_failures_of_one_kind_are_one_cluster(make_house, script, run):
    house = make_house(target_act=script("before landing", ["reject", "reject"]))
    house.put_orders("a.txt", "1", "2", "3")
    run(house)
    with house.ledger() as ledger:
        (cluster,) = ledger.failures.clusters()
    assert (cluster.count, str(cluster.example)) == (2, "s2")


def test_a_wrong_connection_stops_the_lane_and_costs_no_attempt(make_house, hands, script, run):
    act = script("before landing", ["stop"])
    house = make_house(target_act=act)
    house.put_orders("a.txt", "1", "2")
    summary = run(house)
    assert summary.exit_code == 1
    assert [finding.code for finding in summary.findings] == ["E-STOP"]
    with house.ledger() as ledger:
        (breaker,) = ledger.queries.counts()["breakers"]
        assert breaker["connection"] == "erp/box"
        assert [row["failures"] for row in ledger.queries.deliveries()] == [0, 0]
    calls = len(act.seen)
    assert run(house).exit_code == 3  # it waits; nothing is tried
    assert len(act.seen) == calls
    hands.turn(seconds=61)
    assert run(house).exit_code == 0
    assert house.landed() == ["1", "2"]
    with house.ledger() as ledger:
        assert ledger.queries.counts()["breakers"] == []


def test_a_breaker_opens_for_longer_each_time(make_house, hands, script, run):
    house = make_house(target_act=script("before landing", ["stop", "stop"]))
    house.put_orders("a.txt", "1")
    run(house)
    hands.turn(seconds=61)
    assert run(house).exit_code == 1
    hands.turn(seconds=61)
    assert run(house).exit_code == 3
    hands.turn(seconds=60)
    assert run(house).exit_code == 0


def test_a_change_of_the_partner_file_closes_the_breaker(make_house, script, run):
    house = make_house(target_act=script("before landing", ["stop"]))
    house.put_orders("a.txt", "1")
    run(house)
    house.partner_file.write_text("partner: acme\n# the password is mended\n")
    assert run(house).exit_code == 0


def test_a_source_that_was_stopped_is_left_alone_for_a_while(make_house, hands, script, run):
    act = script("receive", ["stop"])
    house = make_house(source_act=act)
    assert run(house).exit_code == 1
    again = run(house)
    assert [finding.code for finding in again.findings] == ["W-BREAKER"]
    assert (again.exit_code, act.seen.count("receive")) == (1, 1)
    hands.turn(seconds=61)
    assert run(house).exit_code == 0


@pytest.mark.parametrize("step", ["unknown", "fault"])
def test_a_lost_answer_is_looked_after_at_once(make_house, script, run, step):
    house = make_house(target_act=script("after landing", [step]))
    house.put_orders("a.txt", "1")
    assert run(house).deliveries == {State.SENT: 1}
    assert outcomes(house) == ["verified"]
    assert house.landed() == ["1"]


def test_what_did_not_land_is_sent_again_later(make_house, hands, script, run):
    house = make_house(target_act=script("before landing", ["unknown"]))
    house.put_orders("a.txt", "1")
    assert run(house).exit_code == 3
    hands.turn(minutes=1)
    assert run(house).exit_code == 0
    assert house.landed() == ["1"]


def test_what_nobody_can_tell_waits_for_a_person(make_house, hands, script, run):
    house = make_house(target_act=script("after landing", ["unknown"]), can_tell=False)
    house.put_orders("a.txt", "1", "2")
    summary = run(house)
    assert summary.exit_code == 1
    assert summary.deliveries == {State.UNKNOWN: 1, State.SENT: 1}
    hands.turn(days=1)
    assert run(house).exit_code == 1
    assert house.landed() == ["1", "2"]


def test_what_nobody_can_tell_is_sent_again_to_an_idempotent_target(make_house, hands, script, run):
    house = make_house(target_act=script("after landing", ["unknown"]), can_tell=False, idempotent=True)
    house.put_orders("a.txt", "1")
    assert run(house).exit_code == 3
    hands.turn(minutes=1)
    assert run(house).exit_code == 0
    assert house.landed() == ["1"]


def test_a_failing_lane_rests_before_every_delivery_has_failed(make_house, hands, script, run):
    act = script("before landing", ["retry"] * 3)
    house = make_house(target_act=act, idempotent=True)
    house.put_orders("a.txt", *map(str, range(20)))
    run(house)
    assert act.seen.count("before landing") == 3
    hands.turn(minutes=1)
    assert run(house).exit_code == 0
    assert sorted(house.landed(), key=int) == [str(number) for number in range(20)]


def test_without_order_by_a_failed_one_is_overtaken(make_house, hands, script, run):
    house = make_house(target_act=script("before landing", ["retry"]))
    house.put_orders("a.txt", "1", "2")
    run(house)
    assert house.landed() == ["2"]


def test_with_order_by_later_ones_of_the_same_key_wait(make_house, hands, script, run):
    house = make_house(target_act=script("before landing", ["retry"]), order_by=("buyer.name",))
    house.put("a.txt", "H|acme|us|1", "M|1|1|ACME", "M|2|2|ACME", "M|3|3|OTHER", "T|3")
    run(house)
    assert house.landed() == ["3"]
    hands.turn(minutes=1)
    run(house)
    assert house.landed() == ["3", "1", "2"]


def test_what_is_unknown_holds_its_key_until_a_person_decides(make_house, hands, script, run):
    house = make_house(target_act=script("after landing", ["unknown"]), can_tell=False, order_by=("buyer.name",))
    house.put_orders("a.txt", "1", "2")
    run(house)
    assert house.landed() == ["1"]
    with house.ledger() as ledger:
        ledger.actions.resolve(1, hands.now, landed=True)
    assert run(house).exit_code == 0
    assert house.landed() == ["1", "2"]


@pytest.fixture
def sizes(monkeypatch):
    """How many deliveries were announced at once, each time."""
    seen = []
    announce = Lanes.announce

    def counted(self, lane, epoch, chunk, now):
        seen.append(len(chunk))
        return announce(self, lane, epoch, chunk, now)

    monkeypatch.setattr(Lanes, "announce", counted)
    return seen


def test_chunks_grow_with_quick_calls_to_an_idempotent_target(make_house, run, sizes):
    house = make_house(idempotent=True)
    house.put_orders("a.txt", *map(str, range(60)))
    run(house)
    assert sizes[0] == 1
    assert max(sizes) > 4
    assert len(house.landed()) == 60


def test_a_target_that_is_not_idempotent_gets_one_announced_at_a_time(make_house, run, sizes):
    house = make_house()
    house.put_orders("a.txt", *map(str, range(9)))
    run(house)
    assert sizes == [1] * 9


def test_an_outcome_that_cannot_be_recorded_is_found_out_at_the_next_pass(make_house, hands, run, monkeypatch):
    def full(self, lane, epoch, outcomes, now, answers):
        raise LedgerError("the ledger failed: database or disk is full")

    house = make_house()
    house.put_orders("a.txt", "1")
    with monkeypatch.context() as patch:
        patch.setattr(Lanes, "conclude", full)
        with pytest.raises(LedgerError):
            run(house)
    assert house.landed() == ["1"]
    assert run(house).deliveries == {State.SENT: 1}
    assert house.landed() == ["1"]
    assert outcomes(house) == ["interrupted", "verified"]


def test_a_delivery_in_whose_midst_the_process_always_ends_is_given_up(make_house, house_module, run, monkeypatch):
    def ended(self, lane, epoch, outcomes, now, answers):
        raise LedgerError("the process ended here")

    house = make_house()
    house.put_orders("a.txt", "1", "2")
    for _ in range(3):
        with monkeypatch.context() as patch:
            patch.setattr(house_module.BoxTarget, "deliver", lambda self, outbound: Answer(summary="never told"))
            patch.setattr(Lanes, "conclude", ended)
            with pytest.raises(LedgerError):
                run(house)
    summary = run(house)
    assert summary.deliveries == {State.DEAD: 1, State.SENT: 1}
    assert [finding.code for finding in summary.findings] == ["E-INTERRUPTED", "E-GIVEN-UP"]
    assert house.landed() == ["2"]
    assert outcomes(house) == ["interrupted", "interrupted", "interrupted", "given up"]


@pytest.mark.parametrize("step", ["retry", "fault", "unknown"])
def test_when_the_target_cannot_be_asked_the_question_stays_open(make_house, hands, script, run, step):
    house = make_house(target_act=script("after landing", ["unknown"]))
    house.put_orders("a.txt", "1")
    verify = script("verify", [step])
    landing = house.target_act
    house.target_act = lambda moment: (landing(moment), verify(moment))
    assert run(house).exit_code == 3
    (row,) = deliveries(house)
    assert (row["state"], row["unsure"]) == ("RETRY_AT", True)
    hands.turn(minutes=1)
    assert run(house).exit_code == 0
    assert house.landed() == ["1"]
    assert outcomes(house) == ["unknown", "verified"]


def test_a_connection_that_stops_while_it_is_asked_leaves_the_question_open(make_house, hands, script, run):
    house = make_house(target_act=script("after landing", ["unknown"]))
    house.put_orders("a.txt", "1")
    verify = script("verify", ["stop"])
    landing = house.target_act
    house.target_act = lambda moment: (landing(moment), verify(moment))
    assert run(house).exit_code == 1
    hands.turn(minutes=2)
    assert run(house).exit_code == 0
    assert house.landed() == ["1"]


def test_a_plug_in_that_returns_no_answer_has_sent_it(make_house, house_module, run, monkeypatch):
    monkeypatch.setattr(house_module.BoxTarget, "deliver", lambda self, outbound: None)
    house = make_house()
    house.put_orders("a.txt", "1")
    summary = run(house)
    assert summary.deliveries == {State.SENT: 1}
    assert [finding.code for finding in summary.findings] == ["W-ANSWER"]
    assert summary.exit_code == 0


def test_nothing_is_settled_when_the_ledger_cannot_be_written(make_house, run, monkeypatch):
    def full(self, *arguments, **more):
        raise LedgerError("the ledger failed: database or disk is full")

    house = make_house()
    house.put_orders("a.txt", "1")
    with monkeypatch.context() as patch:
        patch.setattr(Arrivals, "add_all", full)
        with pytest.raises(LedgerError):
            run(house)
    assert house.offered == ["a.txt"]
    assert run(house).exit_code == 0


@pytest.mark.parametrize("fault", ["retry", "stop", "retry after 300"])
def test_what_a_clock_that_was_years_ahead_has_put_off_goes_on(make_house, hands, script, fault):
    house = make_house(idempotent=True, target_act=script(at="before landing", steps=[fault] * 3))
    right = hands()
    hands.turn(days=1500)
    house.put_orders("a.txt", "1", "2", "3", "4")
    with house.ledger() as ledger:
        house.engine(ledger, clock=hands).run_pass()
        assert house.landed() == []
        hands.now = right
        for _ in range(3):
            hands.turn(minutes=10)
            house.engine(ledger, clock=hands).run_pass()
        assert ledger.breakers.list() == []
    assert sorted(house.landed()) == ["1", "2", "3", "4"]


def test_what_is_cancelled_just_before_it_is_sent_is_not_sent(make_house, hands, run, monkeypatch):
    house = make_house(idempotent=True)
    house.put_orders("a.txt", "1", "2")
    announce = Lanes.announce

    def late(self, lane, epoch, chunk, now):
        if chunk[0].id == 1:
            with house.ledger() as other:  # a person's command, in a process of its own
                other.actions.cancel(1, now, by="ann", reason="ordered twice")
        return announce(self, lane, epoch, chunk, now)

    monkeypatch.setattr(Lanes, "announce", late)
    run(house)
    with house.ledger() as ledger:
        assert {row["ref"]: row["state"] for row in ledger.queries.deliveries()} == {"s1": "SUPPRESSED", "s2": "SENT"}
        assert [row["state"] for row in ledger.queries.documents()] == ["SENT", "SUPPRESSED"]
        assert house.landed() == ["2"]
        ledger.actions.redeliver(1, hands())
    run(house)
    assert house.landed() == ["2", "1"]


def test_a_failed_one_of_a_sequence_that_holds_is_sent_again_before_those_behind_it(make_house, hands, script, run):
    house = make_house(target_act=script("before landing", ["reject"]), order_by=("buyer.name",), holds=True)
    house.put("a.txt", "H|acme|us|1", "M|1|1|A", "M|2|2|A", "M|3|3|A", "M|4|4|B", "T|4")
    run(house)
    assert house.landed() == ["4"]
    with house.ledger() as ledger:
        behind = {row["ref"]: row["waits_behind"] for row in ledger.queries.deliveries()}
        assert behind == {"s1": None, "s2": "s1", "s3": "s1", "s4": None}
        assert ledger.queries.journey(Ref("delivery", 1))["deliveries"][0]["holds_back"] == 2
        assert [cluster.holds_back for cluster in ledger.failures.clusters()] == [2]
        assert [lane for lane in ledger.lanes.ready(hands()) if "sales" in lane] == []
        Watch(house.workspace(), ledger, clock=hands).look()
        (incident,) = [one for one in ledger.incidents.waiting() if one.source == "held"]
        assert incident.title == "2 deliveries wait on erp/sales-orders behind s1 of their sequence, which is DEAD"
        assert incident.hint == (
            "transload replay s1 sends it first; transload cancel s1 lets the others go without it"
        )
        assert ledger.actions.redeliver(1, hands()) == 5
        hands.turn(seconds=30)
        Watch(house.workspace(), ledger, clock=hands).look()
        assert [one for one in ledger.incidents.waiting() if one.source == "held"] == []
    run(house)
    assert house.landed() == ["4", "1", "2", "3"]


def test_a_failed_one_of_a_sequence_that_holds_is_let_go_by_cancelling_it(make_house, script, run):
    house = make_house(order_by=("buyer.name",), holds=True)
    house.put_orders("a.txt", "NOT-ENCODABLE", "2", "3")
    run(house)
    assert house.landed() == []
    with house.ledger() as ledger:
        ledger.actions.cancel(1, NOW, by="ann", reason="they order by phone")
    run(house)
    assert house.landed() == ["2", "3"]
