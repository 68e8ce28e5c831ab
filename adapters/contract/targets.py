"""What every target must keep to."""

import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from typing import Any

from transload.adapters.base.settings import Settings
from transload.adapters.base.transport import Answer, Landing, Outbound, Target
from transload.adapters.contract.common import CommonContract, counted, fell, measured, picked
from transload.adapters.contract.harness import STRANGE, NotPossible, TargetHarness
from transload.adapters.contract.judging import Breach, failure, hold, judge, only_ours
from transload.canonical.errors import Reject, Retry, Stop, TransloadError, Unknown


class TargetContract(CommonContract[TargetHarness]):
    """The cases of a target; derive a ``Test`` class from it, with a fixture ``harness``."""

    def test_a_delivery_arrives_once_and_whole(self, harness: TargetHarness) -> None:
        """When ``deliver`` returns, the partner has the delivery, once and byte for byte; the answer says so."""
        outbound = harness.outbound(harness.number())
        with closing(harness.target()) as target:
            answer = _deliver(target, outbound)
        hold(answer.summary.strip(), "the answer has no summary", do="say in one line what the partner did with it")
        _arrived(harness, [outbound])

    def test_deliveries_arrive_in_order(self, harness: TargetHarness) -> None:
        """Several deliveries of one object all arrive, each once, in their order where the partner knows one."""
        sent = [harness.outbound(harness.number()) for _ in range(3)]
        with closing(harness.target()) as target:
            for outbound in sent:
                _deliver(target, outbound)
        _arrived(harness, sent)

    def test_the_same_key_again_has_no_second_effect(self, harness: TargetHarness) -> None:
        """The same delivery again, also by a new process: no second effect, or ``idempotent`` is False."""
        outbound = harness.outbound(harness.number())
        for _ in range(2):
            with closing(harness.target()) as target:
                _deliver(target, outbound)
                error = _attempt(harness, target, outbound, "a second deliver")
                promised = target.idempotent
            hold(
                error is None or not promised,
                f"a second deliver of an idempotent target raised {type(error).__name__}: {error}",
                do="take what is there already with the same key as delivered, and return an Answer",
            )
            if not promised:
                break
        copies = Counter(harness.arrived())[outbound.content]
        hold(
            copies == 1 or not promised,
            f"an idempotent target delivered {copies} copies of one key",
            do="send the key along, or look before writing; if neither is possible, leave idempotent False",
        )

    def test_verify_tells_the_truth(self, harness: TargetHarness) -> None:
        """``verify`` never says that something landed which did not, nor the other way round, nor raises anything."""
        first, other = (harness.outbound(harness.number()) for _ in range(2))
        with closing(harness.target()) as target:
            _verify(target, first, harness, landed=False, when="before any delivery")
            _deliver(target, first)
            _verify(target, first, harness, landed=True, when="after the delivery")
            _verify(target, other, harness, landed=False, when="after another delivery")
        with closing(harness.target()) as target:
            _verify(target, first, harness, landed=True, when="asked by a new process")

    def test_a_crash_before_the_outcome_is_known_doubles_nothing(self, harness: TargetHarness) -> None:
        """Killed before or after ``deliver``, a new process that asks ``verify`` and sends again makes one copy."""
        for delivered in (False, True):
            outbound = harness.outbound(harness.number())
            with closing(harness.target()) as left:
                if delivered:
                    _deliver(left, outbound)
                _recover(harness, outbound, f"killed {'after' if delivered else 'before'} deliver")

    def test_a_cut_anywhere_has_a_true_outcome(self, harness: TargetHarness) -> None:
        """Whatever exchange is cut: ``Retry`` if nothing arrived, ``Unknown`` if it may have, never a torn copy.

        After it, ``verify`` tells the truth, and sending again makes one copy.
        """
        with harness.cutting(1_000_000) as cut, closing(harness.target()) as target:
            _deliver(target, harness.outbound(harness.number()))
        cuts = []
        for step in picked(counted(cut), harness.most_cuts):
            outbound = harness.outbound(harness.number())
            when = f"a cut at exchange {step}"
            with closing(harness.target()) as target:
                with harness.cutting(step) as cut:
                    error = _attempt(harness, target, outbound, when)
                cuts.append(cut)
                _judge_outcome(harness, target, outbound, error, when)
                _recover(harness, outbound, when)
        fell(cuts)

    def test_the_same_object_goes_on_after_an_error(self, harness: TargetHarness) -> None:
        """After an error the same object delivers again: a lane keeps its target while it works."""
        outbound = harness.outbound(harness.number())
        with closing(harness.target()) as target:
            _deliver(target, harness.outbound(harness.number()))
            with harness.down():
                _attempt(harness, target, outbound, "deliver while nobody is there")
            if _verified(target, outbound) is not Landing.LANDED:
                try:
                    _deliver(target, outbound)
                except Breach as breach:
                    raise Breach(
                        f"after an error, the same object fails: {breach.args[0].splitlines()[0]}",
                        do="after an error that concerns the connection, close it, and open a new one at the next call",
                    ) from breach
        hold(outbound.content in harness.arrived(), "it did not arrive", do="return only when the partner has it")

    def test_a_partner_who_is_not_there_is_retried(self, harness: TargetHarness) -> None:
        """Nobody answers: ``Retry`` (or ``Stop``) with a hint, not ``Unknown``: nothing was sent."""
        outbound = harness.outbound(harness.number())
        with closing(harness.target()) as target, harness.down():
            error = _attempt(harness, target, outbound, "deliver while nobody is there")
        hold(error, "deliver returned although nobody is there", do="return only when the partner has the delivery")
        _judged(error, harness, (Retry, Stop), "deliver while nobody is there")
        _recover(harness, outbound, "nobody was there")

    def test_a_partner_who_keeps_silent_is_given_up(self, harness: TargetHarness) -> None:
        """A partner who takes the connection and answers nothing: ``Retry`` or ``Unknown`` in time."""
        outbound = harness.outbound(harness.number())
        with harness.silent(), closing(harness.target()) as target:
            start = time.monotonic()
            error = _attempt(harness, target, outbound, "deliver to a silent partner")
            took = time.monotonic() - start
        hold(error, "deliver returned although nobody answered", do="return only when the partner has the delivery")
        _judged(error, harness, (Retry, Unknown), "deliver to a silent partner")
        hold(
            took < harness.patience,
            f"a silent partner was waited for {took:.0f} seconds",
            do="set a time-out on connecting, logging in and every answer, and make it a setting",
        )
        _recover(harness, outbound, "the partner was silent")

    def test_a_refused_login_stops_the_connection(self, harness: TargetHarness) -> None:
        """A wrong login is ``Stop``: trying again would lock the account.  No secret is shown."""
        with closing(harness.stranger()) as target:
            outbound = harness.outbound(harness.number())
            error = _attempt(harness, target, outbound, "deliver with a wrong login")
        hold(error, "a wrong login was let in", do="raise Stop when the partner refuses the login")
        _judged(error, harness, (Stop,), "deliver with a wrong login")
        hold(
            outbound.content not in harness.arrived(),
            "it arrived all the same",
            do="raise Stop before anything is sent",
        )

    def test_a_delivery_that_is_refused_hides_no_other(self, harness: TargetHarness) -> None:
        """What the partner refuses for good is a ``Reject`` with a hint; the same object delivers the next one."""
        with closing(harness.target()) as target:
            with harness.refusing(harness.number()) as refused:
                error = _attempt(harness, target, refused, "a delivery that the partner refuses")
            hold(error, "deliver returned although the partner refused it", do="read his answer before you return")
            _judged(error, harness, (Reject,), "a delivery that the partner refuses")
            hold(
                refused.content not in harness.arrived(),
                "the partner has a delivery that was refused",
                do="raise Reject only where nothing came of it",
            )
            outbound = harness.outbound(harness.number())
            _deliver(target, outbound)
        hold(outbound.content in harness.arrived(), "the next one did not arrive", do="go on after a Reject")

    def test_a_huge_delivery_arrives_or_is_refused(self, harness: TargetHarness) -> None:
        """A huge delivery arrives whole, without a second copy of it in memory, or is a ``Reject``."""
        number = harness.number()
        outbound = harness.outbound(number, content=harness.large(number, harness.huge))
        with closing(harness.target()) as target, measured() as peak:
            error = _attempt(harness, target, outbound, "deliver of something huge")
        if error is None:
            _arrived(harness, [outbound])
        else:
            _judged(error, harness, (Reject,), "deliver of something huge")
        hold(
            peak[0] < (2 + harness.copies) * harness.huge,
            f"a delivery of {harness.huge} bytes took {peak[0]} bytes of memory more",
            do="send the content in pieces, and keep no copies of it",
        )

    def test_an_empty_delivery_arrives_or_is_refused(self, harness: TargetHarness) -> None:
        """A delivery of zero bytes arrives empty, or is a ``Reject``; it is never said to be there and is not."""
        before = len(harness.arrived())
        outbound = harness.outbound(harness.number(), content=b"")
        with closing(harness.target()) as target:
            error = _attempt(harness, target, outbound, "deliver of nothing")
        if error is not None:
            _judged(error, harness, (Reject,), "deliver of nothing")
        now = harness.arrived()
        hold(
            len(now) == before + (error is None),
            f"an empty delivery {'was answered' if error is None else 'was refused'}, and the partner has"
            f" {len(now) - before} more",
            do="hand over an empty delivery, or raise Reject",
        )

    def test_strange_names_lead_nowhere(self, harness: TargetHarness) -> None:
        """Names with slashes, ``..``, line breaks or other scripts: it arrives where deliveries do, or ``Reject``."""
        for name in STRANGE:
            outbound = harness.outbound(harness.number(), name=name)
            before = harness.arrived()
            with closing(harness.target()) as target:
                error = _attempt(harness, target, outbound, f"the name {name[:40]!r}")
            if error is not None:
                _judged(error, harness, (Reject,), f"the name {name[:40]!r}")
            new = Counter(harness.arrived()) - Counter(before)
            wanted = Counter([outbound.content] if error is None else [])
            hold(
                new == wanted,
                f"a delivery of the name {name[:40]!r} {'went elsewhere' if error is None else 'was refused and came'}",
                do="check a name before it becomes a path or an address, and raise Reject with the code E-NAME",
            )

    def test_a_name_in_use_is_not_overwritten(self, harness: TargetHarness) -> None:
        """Another delivery of the same name: both are there, or the second is refused; the first is never lost."""
        if harness.replaces:
            raise NotPossible("a second delivery of the same name is meant to replace the first one")
        first, second = (harness.outbound(harness.number(), name="same.edi") for _ in range(2))
        with closing(harness.target()) as target:
            _deliver(target, first)
            error = _attempt(harness, target, second, "a second delivery of the same name")
        now = harness.arrived()
        hold(
            first.content in now,
            "a second delivery of the same name took the place of the first",
            do="look before writing, write to another name and rename without overwriting, or raise Reject",
        )
        hold(
            (error is None) == (second.content in now),
            f"the second delivery {'was answered and is not' if error is None else 'was refused and is'} there",
            do="return only when the partner has the delivery, and raise only when not",
        )

    def test_two_workers_do_not_disturb_each_other(self, harness: TargetHarness) -> None:
        """Two targets of the same connection deliver at the same time: all arrives, each once and whole."""
        sent = [[harness.outbound(harness.number()) for _ in range(3)] for _ in range(2)]

        def work(outbounds: Sequence[Outbound]) -> None:
            with closing(harness.target()) as target:
                for outbound in outbounds:
                    _deliver(target, outbound, tries=5)

        with ThreadPoolExecutor(2) as workers:
            list(workers.map(work, sent))
        _arrived(harness, [outbound for some in sent for outbound in some], ordered=False)

    def _options(self, harness: TargetHarness) -> tuple[type[Settings], ...]:
        return (harness.adapter.target.Options,) if harness.adapter.target else ()

    def _made(self, harness: TargetHarness) -> Target[Any, Any]:
        return harness.target()

    def _prepare(self, harness: TargetHarness) -> None:
        pass

    def _use(self, harness: TargetHarness, one: Target[Any, Any]) -> None:
        one.deliver(harness.outbound(harness.number()))


def _attempt(
    harness: TargetHarness, target: Target[Any, Any], outbound: Outbound, during: str
) -> TransloadError | None:
    """Deliver whatever comes of it; the error, already judged."""
    return failure(lambda: target.deliver(outbound), harness, during=during)


def _deliver(target: Target[Any, Any], outbound: Outbound, *, tries: int = 1) -> Answer:
    """Deliver to a partner who works; `Retry` may come while another worker is there."""
    for left in range(tries, 0, -1):
        try:
            with only_ours("deliver"):
                answer = target.deliver(outbound)
        except TransloadError as error:
            if isinstance(error, Retry) and left > 1:
                continue
            raise Breach(
                f"deliver to a partner who works raised {type(error).__name__}: {error}",
                do="raise an error only for what is wrong",
            ) from error
        else:
            break
    hold(isinstance(answer, Answer), f"deliver returned {type(answer).__name__}", do="return an Answer")
    return answer


def _arrived(harness: TargetHarness, sent: Sequence[Outbound], *, ordered: bool = True) -> None:
    """That exactly what was sent is there, each once."""
    now = list(harness.arrived())
    for outbound in sent:
        copies = now.count(outbound.content)
        hold(
            copies,
            f"the delivery {outbound.key!r} was answered and is not there as it is",
            do="return only when the partner has all bytes: wait for his answer, compare sizes",
        )
        hold(copies == 1, f"the delivery {outbound.key!r} is there {copies} times", do="send it once")
    _nothing_torn(now, sent)
    order = [content for content in now if content in {one.content for one in sent}]
    hold(
        not ordered or order == [one.content for one in sent],
        "deliveries arrived in another order than they were sent",
        do="hand over one delivery after the other",
    )


def _nothing_torn(now: Sequence[bytes], sent: Sequence[Outbound]) -> None:
    """That no beginning of a delivery lies there beside or instead of it."""
    for outbound in sent:
        whole = outbound.content
        torn = [content for content in now if content and content != whole and whole.startswith(content)]
        hold(
            not torn,
            f"the partner sees {len(torn[0]) if torn else 0} of {len(whole)} bytes of a delivery",
            do="write under a temporary name that the partner ignores, and rename when all is there",
        )


def _verified(target: Target[Any, Any], outbound: Outbound) -> Landing:
    try:
        return target.verify(outbound)
    except Exception as error:
        raise Breach(
            f"verify raised {type(error).__name__}: {error}",
            do="return Landing.CANNOT_TELL where the partner has no way to ask; raise Retry only while he is not there",
        ) from error


def _verify(
    target: Target[Any, Any], outbound: Outbound, harness: TargetHarness, *, landed: bool, when: str
) -> Landing:
    said = _verified(target, outbound)
    there = outbound.content in harness.arrived()
    hold(there == landed or not landed, f"{when}, the delivery is not there", do="return only when the partner has it")
    wrong = Landing.NOT_LANDED if there else Landing.LANDED
    hold(
        said is not wrong,
        f"{when}, verify says {said.value!r}, and that is not true",
        do="ask the partner for this very delivery (its key, its name and content); CANNOT_TELL where he cannot say",
    )
    return said


def _judged(
    error: TransloadError | None, harness: TargetHarness, allowed: Sequence[type[TransloadError]], during: str
) -> None:
    if error is not None:
        judge(error, harness, during=during, allowed=allowed)


def _judge_outcome(
    harness: TargetHarness, target: Target[Any, Any], outbound: Outbound, error: TransloadError | None, when: str
) -> None:
    """That what `deliver` said after a cut is true."""
    _judged(error, harness, (Retry, Unknown), when)
    now = harness.arrived()
    _nothing_torn(now, [outbound])
    there = outbound.content in now
    if error is None:
        hold(there, f"{when}: deliver returned and nothing is there", do="wait for the partner's answer")
    if isinstance(error, Retry):
        hold(
            not there or target.idempotent,
            f"{when}: deliver raised Retry ('nothing arrived'), and the delivery is there",
            do="raise Unknown once the partner may have the delivery and a second one would be a second effect",
        )


def _recover(harness: TargetHarness, outbound: Outbound, when: str) -> None:
    """What a runner does about an attempt whose outcome it does not know; one copy must come of it."""
    with closing(harness.target()) as target:
        said = _verify(target, outbound, harness, landed=False, when=f"after {when}")
        if said is Landing.NOT_LANDED or (said is Landing.CANNOT_TELL and target.idempotent):
            with suppress(Reject):  # refused as being there already: one copy all the same
                _deliver_again(target, outbound)
        elif said is Landing.CANNOT_TELL:
            return  # a person decides
    copies = harness.arrived().count(outbound.content)
    hold(
        copies == 1,
        f"{when}, asked and sent again: the partner has {copies} copies",
        do="make a second delivery of the same key have no second effect, or leave idempotent False",
    )


def _deliver_again(target: Target[Any, Any], outbound: Outbound) -> None:
    with only_ours("deliver"):
        try:
            target.deliver(outbound)
        except Reject:
            raise
        except TransloadError as error:
            raise Breach(
                f"sent again, it raised {type(error).__name__}: {error}",
                do="write over what an attempt left behind; take what is there already as delivered",
            ) from error
