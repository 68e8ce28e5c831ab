"""What every source must keep to."""

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any

from transload.adapters.base.settings import Settings
from transload.adapters.base.transport import Source
from transload.adapters.contract.common import CommonContract, counted, fell, measured, picked, same_state, state_of
from transload.adapters.contract.harness import STRANGE, NotPossible, SourceHarness
from transload.adapters.contract.judging import OURS, Breach, hold, judge
from transload.adapters.contract.ledger import Abandoned, Ledger, Notes, Pass, run_pass
from transload.canonical.errors import Reject, Retry, Stop, TransloadError

_KEY = (
    "build the key of what the partner knows the item by (its original path, size, time, hash, number); never of our"
    " own clock, a counter, or a name that we gave it"
)


class SourceContract(CommonContract[SourceHarness]):
    """The cases of a source; derive a ``Test`` class from it, with a fixture ``harness``."""

    def test_everything_offered_arrives_once_and_whole(self, harness: SourceHarness) -> None:
        """Everything that is offered arrives, once and byte for byte, and nothing new comes in later polls."""
        ledger = Ledger()
        expected = _offer_all(harness)
        _work(harness, ledger)
        _arrived(ledger, expected)
        again = _clean(run_pass(harness.source(), ledger), harness)
        hold(not again.new, f"a poll in which nothing was new gave {len(again.new)} items", do=_KEY)
        hold(
            all(one.origin for one in ledger.receipts.values()),
            "an inbound has no origin",
            do="give origin: what a person calls the item, such as its path",
        )

    def test_the_key_stays_the_same_over_polls_and_restarts(self, harness: SourceHarness) -> None:
        """The same item has the same key in every poll of every process, until it is settled."""
        _offer_all(harness)
        first, second = Ledger(), Ledger()
        _warm(harness, first)
        second.notes = dict(first.notes)
        for ledger in (first, second):
            _clean(run_pass(harness.source(), ledger, settle=False), harness)
        hold(first.receipts, "nothing arrived", do="yield what is ready")
        hold(
            first.receipts.keys() == second.receipts.keys(),
            f"the same items have the keys {sorted(first.receipts)} and then {sorted(second.receipts)}",
            do=_KEY,
        )

    def test_new_content_under_a_known_name_is_a_new_item(self, harness: SourceHarness) -> None:
        """What comes later under the same name with other content is another item, with a key of its own."""
        _needs_replacing(harness)
        ledger = Ledger()
        for _ in range(2):
            expected = _offer(harness, "same")
            _work(harness, ledger)
            hold(
                expected in ledger.contents(),
                "other content under a known name did not arrive",
                do="let size, time or hash be part of the key: partners use a name again",
            )

    def test_an_item_that_was_committed_and_not_settled_is_known(self, harness: SourceHarness) -> None:
        """An item that comes again after a crash between commit and settle is the same one, and is settled then."""
        ledger = Ledger()
        usual = _offer(harness, "usual-item")
        _work(harness, ledger)
        interrupted = _offer(harness, "known-item")
        _warm(harness, ledger)
        with closing(Abandoned()) as left:
            run_pass(harness.source(), ledger, abandon=3, left=left)
            _work(harness, ledger)
        _arrived(ledger, [usual, interrupted], when="killed between commit and settle, and started anew, ")
        _settled_alike(
            harness, usual, interrupted, "when memory.seen(key) is true, settle the item, and do not yield it"
        )

    def test_nothing_changes_at_the_partner_before_the_commit(self, harness: SourceHarness) -> None:
        """Receiving changes nothing at the partner: not asking, not reading on, not closing; only ``settle`` does."""
        _offer_all(harness)
        ledger = Ledger()
        _warm(harness, ledger)
        before = harness.state()
        done = _clean(run_pass(harness.source(), ledger, settle=False), harness)
        hold(done.new, "nothing arrived", do="yield what is ready")
        same_state(harness, before, "receiving without settling")

    def test_settling_twice_does_no_harm(self, harness: SourceHarness) -> None:
        """A second ``settle`` of the same item raises nothing and changes nothing."""
        ledger = Ledger()
        usual = _offer(harness, "usual-item")
        _work(harness, ledger)
        twice = _offer(harness, "known-item")
        _warm(harness, ledger)
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
        _work(harness, ledger)
        _arrived(ledger, [usual, twice])
        _settled_alike(harness, usual, twice, "let settle do nothing when it was done before")

    def test_what_replaces_an_item_before_it_is_settled_is_not_lost(self, harness: SourceHarness) -> None:
        """An item that the partner replaces after we read it and before we settle it: the new one arrives too."""
        _needs_replacing(harness)
        _offer(harness, "same")
        ledger = Ledger()
        _warm(harness, ledger)
        notes = Notes(ledger)
        expected = ""
        with closing(harness.source()) as source:
            for inbound in source.receive(notes):
                ledger.commit(inbound, notes)
                expected = expected or _offer(harness, "same", harness.content(harness.number()) * 2)
                try:
                    inbound.settle()
                except Reject as error:
                    judge(error, harness, during="settle")
        ledger.notes = dict(notes.notes)
        _work(harness, ledger)
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
            expected += _offer_all(harness, f"crash{step}-")
            _warm(harness, ledger)
            with closing(Abandoned()) as left:
                abandoned = run_pass(harness.source(), ledger, abandon=step, left=left).abandoned
                _work(harness, ledger)
                _arrived(ledger, expected, when=f"killed after step {step} and started anew, ")

    def test_nothing_torn_is_given_out(self, harness: SourceHarness) -> None:
        """An item that grows, shrinks or changes while it is read is given as it was or as it became, never mixed."""
        ledger = Ledger()
        block = harness.content(harness.number())
        old = block * (200_000 // len(block))
        for kind, new in (("grows", old + block), ("shrinks", old[: len(block) * 3]), ("changes", old[::-1])):
            known = set(ledger.receipts)
            name = f"torn-{kind}"
            good = {_offer(harness, name, old), sha256(new).hexdigest()}
            _warm(harness, ledger)
            with harness.changing(name, new):
                _judge_all(run_pass(harness.source(), ledger), harness)
            _work(harness, ledger)
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
        expected = _offer_all(harness, "count-")
        _warm(harness, ledger)
        with harness.cutting(1_000_000) as cut:
            _clean(run_pass(harness.source(), ledger), harness)
        cuts = []
        for step in picked(counted(cut), harness.most_cuts):
            expected += _offer_all(harness, f"cut{step}-")
            _warm(harness, ledger)
            with harness.cutting(step) as cut:
                _judge_all(run_pass(harness.source(), ledger), harness, (Retry, Reject))
            cuts.append(cut)
            _work(harness, ledger)
            _arrived(ledger, expected, when=f"after a cut at exchange {step}, ")
        fell(cuts)

    def test_a_partner_who_is_not_there_is_retried(self, harness: SourceHarness) -> None:
        """Nobody answers: ``Retry`` (or ``Stop``) with a hint, and once he is there again, all arrives."""
        ledger = Ledger()
        expected = _offer_all(harness)
        with harness.down():
            done = run_pass(harness.source(), ledger)
        hold(done.errors, "no error came although nobody is there", do="raise Retry when the partner is not there")
        _judge_all(done, harness, (Retry, Stop))
        _work(harness, ledger)
        _arrived(ledger, expected)

    def test_a_partner_who_keeps_silent_is_given_up(self, harness: SourceHarness) -> None:
        """A partner who takes the connection and answers nothing: ``Retry`` in time, not a wait without an end."""
        ledger = Ledger()
        expected = _offer_all(harness)
        with harness.silent():
            start = time.monotonic()
            done = run_pass(harness.source(), ledger)
            took = time.monotonic() - start
        hold(done.errors, "no error came although the partner was silent", do="raise Retry when time is up")
        _judge_all(done, harness, (Retry,))
        hold(
            took < harness.patience,
            f"a silent partner was waited for {took:.0f} seconds",
            do="set a time-out on connecting, logging in and every answer, and make it a setting",
        )
        _work(harness, ledger)
        _arrived(ledger, expected)

    def test_a_refused_login_stops_the_connection(self, harness: SourceHarness) -> None:
        """A wrong login is ``Stop``: trying again would lock the account.  No secret is shown."""
        _offer_all(harness)
        done = run_pass(harness.stranger(), Ledger())
        hold(done.errors, "a wrong login was let in", do="raise Stop when the partner refuses the login")
        _judge_all(done, harness, (Stop,))

    def test_a_pass_may_end_after_any_item(self, harness: SourceHarness) -> None:
        """The runner is stopped between two items: what was not given out is untouched and comes in the next pass."""
        _needs_several(harness)
        ledger = Ledger()
        expected = _offer_all(harness)
        _warm(harness, ledger)
        run_pass(harness.source(), ledger, abandon=4)  # closed, not killed: `finally` is reached
        hold(len(ledger.receipts) == 1, "the first item was not given out alone", do="yield items one by one")
        _work(harness, ledger)
        _arrived(ledger, expected, when="after a pass that ended early, ")

    def test_a_huge_item_takes_little_memory(self, harness: SourceHarness) -> None:
        """A huge item comes as a file, or is refused by a limit that the user can set; memory stays small."""
        expected = _offer(harness, "huge", harness.large(harness.number(), harness.huge))
        ledger = Ledger()
        _warm(harness, ledger)
        with measured() as peak:
            done = run_pass(harness.source(), ledger)
        _judge_all(done, harness, (Stop, Reject))
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

    def test_an_empty_item_hides_no_other(self, harness: SourceHarness) -> None:
        """An item of zero bytes is left out or arrives empty, as the settings say; it is no error for the others."""
        ledger = Ledger()
        empty = _offer(harness, "empty", b"")
        full = [_offer(harness, "full")] if harness.at_once > 1 else []
        _work(harness, ledger)
        _arrived(ledger, [*full, *([empty] if empty in ledger.contents() else [])])

    def test_strange_names_are_data(self, harness: SourceHarness) -> None:
        """Names with blanks, line breaks, other scripts, slashes or ``..`` lead nowhere and hide no other item."""
        _needs_several(harness)
        offered = []
        for name in STRANGE:
            try:
                offered.append(_offer(harness, name))
            except NotPossible:
                continue
        if not offered:
            raise NotPossible("this partner can hold no strange name")
        plain = _offer(harness, "plain")
        ledger = Ledger()
        for _ in range(harness.polls + 1):
            _judge_all(run_pass(harness.source(), ledger), harness, (Reject,))
        found = ledger.contents()
        hold(
            found[plain] == 1,
            "an item of a plain name did not arrive beside others of strange names",
            do="treat names from partners as data; raise Reject about single items after all others were yielded",
        )
        hold(found <= Counter([*offered, plain]), "an item of a strange name arrived torn or twice", do=_KEY)

    def test_one_bad_item_hides_no_other(self, harness: SourceHarness) -> None:
        """An item that cannot be fetched is a ``Reject`` after all others were given out."""
        _needs_several(harness)
        _offer(harness, "bad")
        good = _offer(harness, "good")
        ledger = Ledger()
        with harness.spoiled("bad"):
            for _ in range(harness.polls):
                _judge_all(run_pass(harness.source(), ledger), harness, (Reject,))
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
        _offer_all(harness)

    def _use(self, harness: SourceHarness, one: Source[Any, Any]) -> None:
        for inbound in one.receive(Notes(Ledger())):
            if isinstance(inbound.content, Path):
                inbound.content.unlink()


def _offer(harness: SourceHarness, name: str, content: bytes | None = None) -> str:
    """Offer one item; the SHA-256 of what must arrive."""
    given = harness.content(harness.number()) if content is None else content
    changed = harness.offer(name, given)
    return sha256(given if changed is None else changed).hexdigest()


def _offer_all(harness: SourceHarness, prefix: str = "item-") -> list[str]:
    """Offer as many items as the partner can hold; the SHA-256 of each."""
    return [_offer(harness, f"{prefix}{number}") for number in range(1, harness.at_once + 1)]


def _warm(harness: SourceHarness, ledger: Ledger) -> None:
    """Poll until what is offered is ready at the next poll."""
    for _ in range(harness.polls - 1):
        _clean(run_pass(harness.source(), ledger), harness)


def _work(harness: SourceHarness, ledger: Ledger) -> None:
    """Work off all that is ready, as new processes would, without errors."""
    for _ in range(harness.polls + 1):
        _clean(run_pass(harness.source(), ledger), harness)


def _clean(done: Pass, harness: SourceHarness) -> Pass:
    """That the pass had no error."""
    for error in done.errors:
        judge(error, harness, during="a pass over a partner who works")
        raise Breach(
            f"a pass over a partner who works ended with {type(error).__name__}: {error}",
            do="raise an error only for what is wrong",
        ) from error
    return done


def _judge_all(done: Pass, harness: SourceHarness, allowed: Sequence[type[TransloadError]] = OURS) -> None:
    for error in done.errors:
        judge(error, harness, during="receive", allowed=allowed)


def _arrived(ledger: Ledger, expected: Iterable[str], *, when: str = "") -> None:
    """That exactly what was expected was received, each once."""
    wanted, found = Counter(expected), ledger.contents()
    lost, twice = wanted - found, found - wanted
    hold(
        not lost,
        f"{when}{lost.total()} of {wanted.total()} items did not arrive as they are",
        do="give out each item until it was settled; a note or a settle that comes too early loses it",
    )
    strange = [digest for digest in twice if digest not in wanted]
    hold(
        not strange,
        f"{when}{len(strange)} items arrived that were never offered so",
        do="give the bytes as the partner has them, all of them and no others",
    )
    hold(not twice, f"{when}{twice.total()} items arrived twice, under different keys", do=_KEY)


def _settled_alike(harness: SourceHarness, usual: str, other: str, do: str) -> None:
    """That the item ``known-item`` lies where ``usual-item`` lies, which was settled in the usual way."""
    state = state_of(harness)
    if state is None:
        return
    found = [
        sorted(name.replace(f"{item}-item", "*") for name, held in state.items() if sha256(held).hexdigest() == digest)
        for item, digest in (("usual", usual), ("known", other))
    ]
    hold(found[0] == found[1], f"a settled item is at {found[0]}, and this one at {found[1]}", do=do)


def _needs_several(harness: SourceHarness) -> None:
    if harness.at_once < 2:
        raise NotPossible("this partner offers one item at a time")


def _needs_replacing(harness: SourceHarness) -> None:
    if not harness.replaces:
        raise NotPossible("a name of this partner stands for one content for ever")
