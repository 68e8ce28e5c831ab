"""Offering items to a source and polling it until they have arrived: what the cases of sources are made of."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from transload.adapters.contract.common import state_of
from transload.adapters.contract.harness import NotPossible, SourceHarness
from transload.adapters.contract.judging import OURS, Breach, hold, judge
from transload.adapters.contract.ledger import Ledger, Pass, run_pass
from transload.adapters.faulty.script import Cut
from transload.canonical.errors import Reject, Retry, TransloadError

ABOUT_KEYS = (
    "build the key of what the partner knows the item by (its original path, size, time, hash, number); never of our"
    " own clock, a counter, or a name that we gave it"
)
"""What to do about keys that change, or that two items share."""
_SHARES = (0.5, 0.7, 0.85, 0.35, 0.95, 0.6, 0.8, 0.25)
"""Where huge items are cut, as shares of their exchanges, which are of all sizes."""


def offer(harness: SourceHarness, name: str, content: bytes | None = None) -> str:
    """Offer one item; the SHA-256 of what must arrive."""
    given = harness.content(harness.number()) if content is None else content
    changed = harness.offer(name, given)
    return sha256(given if changed is None else changed).hexdigest()


def offer_all(harness: SourceHarness, prefix: str = "item-") -> list[str]:
    """Offer as many items as the partner can hold; the SHA-256 of each."""
    return [offer(harness, f"{prefix}{number}") for number in range(1, harness.at_once + 1)]


def warm(harness: SourceHarness, ledger: Ledger) -> None:
    """Poll until what is offered is ready at the next poll."""
    for _ in range(harness.polls - 1):
        clean(run_pass(harness.source(), ledger), harness)


def work(harness: SourceHarness, ledger: Ledger) -> None:
    """Work off all that is ready, as new processes would, without errors."""
    for _ in range(harness.polls + 1):
        clean(run_pass(harness.source(), ledger), harness)


@dataclass(frozen=True, kw_only=True)
class BrokenOff:
    """A huge item that broke off when ``carried`` bytes had come: its ``name``, and the SHA-256 of all offered.

    Its own is the last one.
    """

    name: str
    offered: Sequence[str]
    carried: int


def broken_off(harness: SourceHarness, ledger: Ledger, name: str, whole: Cut) -> BrokenOff:
    """Offer huge items, of which all take about what ``whole`` took, until one breaks off well behind its beginning.

    How many exchanges one takes varies, so a cut may come when all of it has arrived: then it did not break off.
    """
    offered: list[str] = []
    for number, share in enumerate(_SHARES):
        named = f"{name}-{number}"
        offered.append(offer(harness, named, harness.large(harness.number(), harness.huge)))
        warm(harness, ledger)
        with harness.interrupting(max(1, int(whole.steps * share))) as cut:
            done = run_pass(harness.source(), ledger)
        judge_all(done, harness, (Retry, Reject))
        begun = cut.happened and cut.carried >= whole.carried / 4
        if begun and offered[-1] not in ledger.contents():
            return BrokenOff(name=named, offered=offered, carried=cut.carried)
        work(harness, ledger)
    raise Breach(
        f"a huge item takes {whole.steps} exchanges, and could not be cut in the middle",
        do="let interrupting() break the connection at the exchange with that number, counted from 1",
    )


def clean(done: Pass, harness: SourceHarness) -> Pass:
    """That the pass had no error."""
    for error in done.errors:
        judge(error, harness, during="a pass over a partner who works")
        raise Breach(
            f"a pass over a partner who works ended with {type(error).__name__}: {error}",
            do="raise an error only for what is wrong",
        ) from error
    return done


def judge_all(done: Pass, harness: SourceHarness, allowed: Sequence[type[TransloadError]] = OURS) -> None:
    """That each error of the pass is one of those ``allowed``, and a good one."""
    for error in done.errors:
        judge(error, harness, during="receive", allowed=allowed)


def arrived(ledger: Ledger, expected: Iterable[str], *, when: str = "") -> None:
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
    hold(not twice, f"{when}{twice.total()} items arrived twice, under different keys", do=ABOUT_KEYS)


def settled_alike(harness: SourceHarness, usual: str, other: str, do: str) -> None:
    """That the item ``known-item`` lies where ``usual-item`` lies, which was settled in the usual way."""
    state = state_of(harness)
    if state is None:
        return
    found = [
        sorted(name.replace(f"{item}-item", "*") for name, held in state.items() if sha256(held).hexdigest() == digest)
        for item, digest in (("usual", usual), ("known", other))
    ]
    hold(found[0] == found[1], f"a settled item is at {found[0]}, and this one at {found[1]}", do=do)


def needs_several(harness: SourceHarness) -> None:
    """Skip the case where the partner cannot offer several items at the same time."""
    if harness.at_once < 2:
        raise NotPossible("this partner offers one item at a time")


def needs_replacing(harness: SourceHarness) -> None:
    """Skip the case where a name cannot get another content."""
    if not harness.replaces:
        raise NotPossible("a name of this partner stands for one content for ever")
