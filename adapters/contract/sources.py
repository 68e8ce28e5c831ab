"""What every source must keep to."""

import time
from collections import Counter
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any

from transload.adapters.base.settings import Settings
from transload.adapters.base.transport import Source
from transload.adapters.contract.common import CommonContract, counted, fell, measured, picked, same_state
from transload.adapters.contract.harness import STRANGE, NotPossible, SourceHarness
from transload.adapters.contract.judging import Breach, hold, judge
from transload.adapters.contract.ledger import Abandoned, Ledger, Notes, run_pass
from transload.adapters.contract.polling import (
    ABOUT_KEYS,
    arrived,
    broken_off,
    clean,
    judge_all,
    needs_replacing,
    needs_several,
    offer,
    offer_all,
    settled_alike,
    warm,
    work,
)
from transload.canonical.errors import Reject, Retry, Stop


class SourceContract(CommonContract[SourceHarness]):
    """The cases of a source; derive a ``Test`` class from it, with a fixture ``harness``."""

    def test_everything_offered_arrives_once_and_whole(self, harness: SourceHarness) -> None:
        """Everything that is offered arrives, once and byte for byte, and nothing new comes in later polls."""
        ledger = Ledger()
        expected = offer_all(harness)
        work(harness, ledger)
        arrived(ledger, expected)
        again = clean(run_pass(harness.source(), ledger), harness)
        hold(not again.new, f"a poll in which nothing was new gave {len(again.new)} items", do=ABOUT_KEYS)
        hold(
            all(one.origin for one in ledger.receipts.values()),
            "an inbound has no origin",
            do="give origin: what a person calls the item, such as its path",
        )

    def test_the_key_stays_the_same_over_polls_and_restarts(self, harness: SourceHarness) -> None:
        """The same item has the same key in every poll of every process, until it is settled."""
        offer_all(harness)
        first, second = Ledger(), Ledger()
        warm(harness, first)
        second.notes = dict(first.notes)
        for ledger in (first, second):
            clean(run_pass(harness.source(), ledger, settle=False), harness)
        hold(first.receipts, "nothing arrived", do="yield what is ready")
        hold(
            first.receipts.keys() == second.receipts.keys(),
            f"the same items have the keys {sorted(first.receipts)} and then {sorted(second.receipts)}",
            do=ABOUT_KEYS,
        )

    def test_new_content_under_a_known_name_is_a_new_item(self, harness: SourceHarness) -> None:
        """What comes later under the same name with other content is another item, with a key of its own."""
        needs_replacing(harness)
        ledger = Ledger()
        for _ in range(2):
            expected = offer(harness, "same")
            work(harness, ledger)
            hold(
                expected in ledger.contents(),
                "other content under a known name did not arrive",
                do="let size, time or hash be part of the key: partners use a name again",
            )

    def test_an_item_that_was_committed_and_not_settled_is_known(self, harness: SourceHarness) -> None:
        """An item that comes again after a crash between commit and settle is the same one, and is settled then."""
        ledger = Ledger()
        usual = offer(harness, "usual-item")
        work(harness, ledger)
        interrupted = offer(harness, "known-item")
        warm(harness, ledger)
        with closing(Abandoned()) as left:
            run_pass(harness.source(), ledger, abandon=3, left=left)
            work(harness, ledger)
        arrived(ledger, [usual, interrupted], when="killed between commit and settle, and started anew, ")
        settled_alike(
            harness, usual, interrupted, "when memory.seen(key) is true, settle the item, and do not yield it"
        )

    def test_nothing_changes_at_the_partner_before_the_commit(self, harness: SourceHarness) -> None:
        """Receiving changes nothing at the partner: not asking, not reading on, not closing; only ``settle`` does."""
        offer_all(harness)
        ledger = Ledger()
        warm(harness, ledger)
        before = harness.state()
        done = clean(run_pass(harness.source(), ledger, settle=False), harness)
        hold(done.new, "nothing arrived", do="yield what is ready")
        same_state(harness, before, "receiving without settling")

    def test_settling_twice_does_no_harm(self, harness: SourceHarness) -> None:
        """A second ``settle`` of the same item raises nothing and changes nothing."""
        ledger = Ledger()
        usual = offer(harness, "usual-item")
        work(harness, ledger)
        twice = offer(harness, "known-item")
        warm(harness, ledger)
        notes = Notes(ledger)
        with closing(harness.source()) as source:
            for inbound in source.receive(notes):
                ledger.commit(inbound, notes)
                inbound.settle()
                try:
                    inbound.settle()
                except Exception as error:
                    raise Breach(
                        f"a second settle raised {type(error).__name__}: {error}",
                        do="let settle look first: what is gone was settled before, by us or by another process",
                    ) from error
        ledger.notes = dict(notes.notes)
        work(harness, ledger)
        arrived(ledger, [usual, twice])
        settled_alike(harness, usual, twice, "let settle do nothing when it was done before")

    def test_items_that_are_settled_together_are_settled_as_usual(self, harness: SourceHarness) -> None:
        """Where ``settles_together`` says so: items are settled after all were given out, while the source is open."""
        with closing(harness.source()) as source:
            if not source.settles_together:
                raise NotPossible("no item waits for others: settles_together is False")
        ledger = Ledger()
        usual = offer(harness, "usual-item")
        work(harness, ledger)
        others = [*offer_all(harness), offer(harness, "known-item")]
        warm(harness, ledger)
        notes = Notes(ledger)
        with closing(harness.source()) as source:
            items = list(source.receive(notes))
            for inbound in items:
                ledger.commit(inbound, notes)
            for inbound in items:
                inbound.settle()
        ledger.notes = dict(notes.notes)
        do = "settle an item after the end of receive too, or let settles_together be False"
        settled_alike(harness, usual, others[-1], do)  # before a later pass, which settles what it knows
        work(harness, ledger)
        arrived(ledger, [usual, *others])

    def test_what_replaces_an_item_before_it_is_settled_is_not_lost(self, harness: SourceHarness) -> None:
        """An item that the partner replaces after we read it and before we settle it: the new one arrives too."""
        needs_replacing(harness)
        offer(harness, "same")
        ledger = Ledger()
        warm(harness, ledger)
        notes = Notes(ledger)
        expected = ""
        with closing(harness.source()) as source:
            for inbound in source.receive(notes):
                ledger.commit(inbound, notes)
                expected = expected or offer(harness, "same", harness.content(harness.number()) * 2)
                try:
                    inbound.settle()
                except Reject as error:
                    judge(error, harness, during="settle")
        ledger.notes = dict(notes.notes)
        work(harness, ledger)
        hold(
            expected in ledger.contents(),
            "the partner replaced an item between commit and settle, and the new one was cleared away unread",
            do="let settle look whether the item is still the one that was read (size, time, ETag), and else leave it",
        )

    def test_a_crash_between_any_two_steps_loses_nothing_and_doubles_nothing(self, harness: SourceHarness) -> None:
        """Killed after any step (asked, received, committed, settled, ...), a new process gets all, each once."""
        ledger = Ledger()
        expected: list[str] = []
        abandoned, step = True, 0
        while abandoned:
            step += 1
            expected += offer_all(harness, f"crash{step}-")
            warm(harness, ledger)
            with closing(Abandoned()) as left:
                abandoned = run_pass(harness.source(), ledger, abandon=step, left=left).abandoned
                work(harness, ledger)
                arrived(ledger, expected, when=f"killed after step {step} and started anew, ")

    def test_nothing_torn_is_given_out(self, harness: SourceHarness) -> None:
        """An item that grows, shrinks or changes while it is read is given as it was or as it became, never mixed."""
        ledger = Ledger()
        block = harness.content(harness.number())
        old = block * (200_000 // len(block))
        for kind, new in (("grows", old + block), ("shrinks", old[: len(block) * 3]), ("changes", old[::-1])):
            known = set(ledger.receipts)
            name = f"torn-{kind}"
            good = {offer(harness, name, old), sha256(new).hexdigest()}
            warm(harness, ledger)
            with harness.changing(name, new):
                judge_all(run_pass(harness.source(), ledger), harness)
            work(harness, ledger)
            torn = [one for key, one in ledger.receipts.items() if key not in known and one.digest not in good]
            hold(
                not torn,
                f"an item that {kind} while it is read was given out with {torn[0].size if torn else 0} bytes; it had"
                f" {len(old)}, and then {len(new)}",
                do="compare size and time before and after reading, and count the bytes; leave what differs for the"
                " next poll",
            )
            hold(
                sha256(new).hexdigest() in ledger.contents(),
                f"an item that {kind} while it is read never arrived as it became",
                do="leave an item that changes for the next poll; settle only what was given out",
            )

    def test_a_cut_anywhere_loses_nothing_and_doubles_nothing(self, harness: SourceHarness) -> None:
        """Whatever exchange the connection is cut at: an error of ours, nothing torn, and all arrives later, once."""
        ledger = Ledger()
        expected = offer_all(harness, "count-")
        warm(harness, ledger)
        with harness.cutting(1_000_000) as cut:
            clean(run_pass(harness.source(), ledger), harness)
        cuts = []
        for step in picked(counted(cut), harness.most_cuts):
            expected += offer_all(harness, f"cut{step}-")
            warm(harness, ledger)
            with harness.cutting(step) as cut:
                judge_all(run_pass(harness.source(), ledger), harness, (Retry, Reject))
            cuts.append(cut)
            work(harness, ledger)
            arrived(ledger, expected, when=f"after a cut at exchange {step}, ")
        fell(cuts)

    def test_a_partner_who_is_not_there_is_retried(self, harness: SourceHarness) -> None:
        """Nobody answers: ``Retry`` (or ``Stop``) with a hint, and once he is there again, all arrives."""
        ledger = Ledger()
        expected = offer_all(harness)
        with harness.down():
            done = run_pass(harness.source(), ledger)
        hold(done.errors, "no error came although nobody is there", do="raise Retry when the partner is not there")
        judge_all(done, harness, (Retry, Stop))
        work(harness, ledger)
        arrived(ledger, expected)

    def test_a_partner_who_keeps_silent_is_given_up(self, harness: SourceHarness) -> None:
        """A partner who takes the connection and answers nothing: ``Retry`` in time, not a wait without an end."""
        ledger = Ledger()
        expected = offer_all(harness)
        with harness.silent():
            start = time.monotonic()
            done = run_pass(harness.source(), ledger)
            took = time.monotonic() - start
        hold(done.errors, "no error came although the partner was silent", do="raise Retry when time is up")
        judge_all(done, harness, (Retry,))
        hold(
            took < harness.patience,
            f"a silent partner was waited for {took:.0f} seconds",
            do="set a time-out on connecting, logging in and every answer, and make it a setting",
        )
        work(harness, ledger)
        arrived(ledger, expected)

    def test_a_refused_login_stops_the_connection(self, harness: SourceHarness) -> None:
        """A wrong login is ``Stop``: trying again would lock the account.  No secret is shown."""
        offer_all(harness)
        done = run_pass(harness.stranger(), Ledger())
        hold(done.errors, "a wrong login was let in", do="raise Stop when the partner refuses the login")
        judge_all(done, harness, (Stop,))

    def test_a_pass_may_end_after_any_item(self, harness: SourceHarness) -> None:
        """The runner is stopped between two items: what was not given out is untouched and comes in the next pass."""
        needs_several(harness)
        ledger = Ledger()
        expected = offer_all(harness)
        warm(harness, ledger)
        run_pass(harness.source(), ledger, abandon=4)  # closed, not killed: `finally` is reached
        hold(len(ledger.receipts) == 1, "the first item was not given out alone", do="yield items one by one")
        work(harness, ledger)
        arrived(ledger, expected, when="after a pass that ended early, ")

    def test_a_huge_item_takes_little_memory(self, harness: SourceHarness) -> None:
        """A huge item comes as a file, under the memory's cover, or is refused by a limit that the user can set.

        Memory stays small.
        """
        expected = offer(harness, "huge", harness.large(harness.number(), harness.huge))
        ledger = Ledger(covered=True)
        warm(harness, ledger)
        with measured() as peak:
            done = run_pass(harness.source(), ledger)
        judge_all(done, harness, (Stop, Reject))
        hold(
            done.errors or expected in ledger.contents(),
            "a huge item did not arrive as it is, and no error says why",
            do="yield it as a Path, or raise Stop or Reject naming the setting that limits the size",
        )
        hold(
            peak[0] < 2 * harness.huge // 3 + harness.copies * harness.huge,
            f"an item of {harness.huge} bytes took {peak[0]} bytes of memory",
            do="write what is large into a temporary file piece by piece, and give its Path as content",
        )

    def test_a_huge_item_that_broke_off_is_gone_on_with(self, harness: SourceHarness) -> None:
        """After a cut in the middle of a huge item only what is missing is fetched, and only if it is what it was."""
        if not harness.resumes:
            raise NotPossible("this source fetches a huge item anew when it broke off")
        ledger = Ledger()
        expected = [offer(harness, "whole", harness.large(harness.number(), harness.huge))]
        warm(harness, ledger)
        with harness.interrupting(1_000_000) as whole:
            clean(run_pass(harness.source(), ledger), harness)
        arrived(ledger, expected)
        counted(whole)
        broken = broken_off(harness, ledger, "same", whole)
        expected += broken.offered
        with harness.interrupting(1_000_000) as rest:
            clean(run_pass(harness.source(), ledger), harness)
        work(harness, ledger)
        arrived(ledger, expected, when="after a huge item broke off, ")
        hold(
            rest.carried < whole.carried - broken.carried / 4,
            f"a huge item takes {whole.carried} bytes of the line; it broke off after {broken.carried}, and after that"
            f" took {rest.carried} more",
            do="keep what was fetched in memory.folder, and ask for the rest; or set the harness's resumes to False",
        )
        if not harness.replaces:
            return
        broken = broken_off(harness, ledger, "other", whole)
        expected += broken.offered[:-1]
        expected.append(offer(harness, broken.name, harness.large(harness.number(), harness.huge)))
        work(harness, ledger)
        arrived(ledger, expected, when="after a huge item broke off and another one took its place, ")

    def test_an_empty_item_hides_no_other(self, harness: SourceHarness) -> None:
        """An item of zero bytes is left out or arrives empty, as the settings say; it is no error for the others."""
        ledger = Ledger()
        empty = offer(harness, "empty", b"")
        full = [offer(harness, "full")] if harness.at_once > 1 else []
        work(harness, ledger)
        arrived(ledger, [*full, *([empty] if empty in ledger.contents() else [])])

    def test_strange_names_are_data(self, harness: SourceHarness) -> None:
        """Names with blanks, line breaks, other scripts, slashes or ``..`` lead nowhere and hide no other item."""
        needs_several(harness)
        offered = []
        for name in STRANGE:
            try:
                offered.append(offer(harness, name))
            except NotPossible:
                continue
        if not offered:
            raise NotPossible("this partner can hold no strange name")
        plain = offer(harness, "plain")
        ledger = Ledger()
        refused = _refused(harness, ledger, harness.polls + 1)
        found = ledger.contents()
        hold(
            refused or not Counter(offered) - found,
            "an item of a strange name was left out without a word",
            do="raise a Reject that names it, after all others were yielded",
        )
        hold(
            found[plain] == 1,
            "an item of a plain name did not arrive beside others of strange names",
            do="treat names from partners as data; raise Reject about single items after all others were yielded",
        )
        hold(found <= Counter([*offered, plain]), "an item of a strange name arrived torn or twice", do=ABOUT_KEYS)

    def test_one_bad_item_hides_no_other(self, harness: SourceHarness) -> None:
        """An item that cannot be fetched is a ``Reject`` after all others were given out."""
        needs_several(harness)
        offer(harness, "bad")
        good = offer(harness, "good")
        ledger = Ledger()
        with harness.spoiled("bad"):
            refused = _refused(harness, ledger, harness.polls)
        hold(
            refused,
            "an item that cannot be fetched was left out without a word",
            do="raise a Reject that names it, after all others were yielded",
        )
        hold(
            ledger.contents()[good] == 1,
            "an item did not arrive because another one cannot be fetched",
            do="collect what is wrong with single items, and raise one Reject when all others were yielded",
        )

    def _options(self, harness: SourceHarness) -> tuple[type[Settings], ...]:
        return (harness.adapter.source.Options,) if harness.adapter.source else ()

    def _made(self, harness: SourceHarness) -> Source[Any, Any]:
        return harness.source()

    def _prepare(self, harness: SourceHarness) -> None:
        offer_all(harness)

    def _use(self, harness: SourceHarness, one: Source[Any, Any]) -> None:
        for inbound in one.receive(Notes(Ledger())):
            if isinstance(inbound.content, Path):
                inbound.content.unlink()


def _refused(harness: SourceHarness, ledger: Ledger, passes: int) -> bool:
    """Whether one of some passes, which may refuse single items, does so."""
    refused = False
    for _ in range(passes):
        done = run_pass(harness.source(), ledger)
        judge_all(done, harness, (Reject,))
        refused = refused or bool(done.errors)
    return refused
