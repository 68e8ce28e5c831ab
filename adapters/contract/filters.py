"""What every filter must keep to."""

import gc
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

from transload.adapters.base.filter import Filter, Payload
from transload.adapters.contract.common import measured
from transload.adapters.contract.described import mute_settings
from transload.adapters.contract.harness import NotPossible
from transload.adapters.contract.judging import Breach, as_text, failure, hold, judge, only_ours, see_no_secret, shown
from transload.adapters.contract.refusals import RefusalCases
from transload.adapters.contract.unwrapping import contents_of, payloads, refusal, text_of, works, wrapped
from transload.adapters.contract.wrapping import FilterHarness
from transload.canonical.errors import Reject, Retry, Stop, TransloadError

_MEDIA_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+")
_ENTRIES, _ENTRY = 60, 100_000
_WORKERS = 4
_APART = 2.1
"""Seconds after which a clock in the payload shows another time: that of zip goes on by two."""


class FilterContract(RefusalCases):
    """The cases of a filter; derive a ``Test`` class from it, with a fixture ``harness``."""

    def test_options_are_described(self, harness: FilterHarness) -> None:
        """Every option has a description; one that must be given and is free text or a number has an example."""
        kind = type(harness.filter()).Options
        mute = list(mute_settings(kind))
        hold(not mute, f"{kind.__name__}: {'; '.join(mute)}", do="Field(description=..., examples=[...])")

    def test_the_media_type_is_one(self, harness: FilterHarness) -> None:
        """``content_type`` is a media type, or None where wrapping does not change it."""
        given = harness.filter().content_type
        hold(
            given is None or _MEDIA_TYPE.fullmatch(given),
            f"content_type is {given!r}",
            do="write it as application/gzip, or leave it out",
        )

    def test_making_one_opens_nothing(self, harness: FilterHarness) -> None:
        """A constructor opens nothing: it succeeds without what the filter needs; using it is ``Stop`` or ``Retry``."""
        payload = wrapped(harness, text_of(harness))
        with harness.away():
            try:
                with only_ours("the constructor"):
                    one = harness.filter()
            except TransloadError as error:
                raise Breach(
                    f"the constructor raised {type(error).__name__}: {error}",
                    do="open what is needed at the first use, in wrap and unwrap",
                ) from error
            with closing(one):
                found = [
                    failure(lambda: one.wrap(text_of(harness), harness.filled()), harness, during="wrap without it"),
                    failure(lambda: payloads(harness, one, payload), harness, during="unwrap without it"),
                ]
        raised = [error for error in found if error is not None]
        hold(
            raised and all(isinstance(error, Stop | Retry) for error in raised),
            f"without what it needs, the filter raised {[type(error).__name__ for error in raised] or 'nothing'}",
            do="raise Stop with a hint: no payload is wrong, and none must be refused for it",
        )
        contents_of(harness, payload)

    def test_what_was_wrapped_unwraps_the_same(self, harness: FilterHarness) -> None:
        """``unwrap(wrap(x))`` is x, byte for byte and once, also by a filter that another process made."""
        text_of(harness)  # there is one at least
        for name, content in harness.contents().items():
            payload = wrapped(harness, content)
            found = contents_of(harness, payload)
            hold(
                found == [content],
                f"{name} is {shown(content)}, was wrapped as {shown(payload)}, and unwraps as"
                f" {', '.join(map(shown, found)) or 'nothing'}",
                do="let unwrap undo what wrap does, and nothing else",
            )
        self._wrapped_again(harness, payload)

    @staticmethod
    def _wrapped_again(harness: FilterHarness, payload: bytes) -> None:
        """A payload is a content too: wrapped once more, it is unwrapped once."""
        with closing(harness.filter()) as one:
            try:
                with only_ours("wrap"):
                    twice = one.wrap(payload, harness.filled())
            except Reject as error:
                judge(error, harness, during="wrapping a payload once more")
                return
        hold(
            contents_of(harness, twice) == [payload],
            "a payload that was wrapped once more was not unwrapped once",
            do="take off one wrapping; filters that are written twice work twice",
        )

    def test_an_empty_content_comes_back_or_is_refused(self, harness: FilterHarness) -> None:
        """No bytes are wrapped and come back as no bytes, or are a ``Reject``; they are never lost."""
        with closing(harness.filter()) as one:
            try:
                with only_ours("wrap"):
                    payload = one.wrap(b"", harness.filled())
            except Reject as error:
                judge(error, harness, during="wrapping nothing")
                return
            found = [one.content for one in payloads(harness, one, payload)]
        hold(
            found == [b""],
            f"nothing was wrapped as {shown(payload)}, and unwraps as {', '.join(map(shown, found)) or 'no payload'}",
            do="give one payload without bytes, or raise Reject",
        )

    def test_what_partners_pack_is_unwrapped(self, harness: FilterHarness) -> None:
        """What other programs made is unwrapped whole: every content in it, in its order, and no others."""
        samples = harness.samples()
        hold(samples, "the harness has no sample in samples()", do="give one at least, or leave samples out")
        for name, (payload, contents) in samples.items():
            found = contents_of(harness, payload)
            hold(
                found == list(contents),
                f"{name} holds {len(contents)} contents, and unwraps as {', '.join(map(shown, found)) or 'nothing'}",
                do="give each content that stands in a payload, in its order",
            )

    def test_wrapping_again_gives_the_same(self, harness: FilterHarness) -> None:
        """Where it is stated, the same content is wrapped to the same bytes at any time by any process."""
        if not harness.repeatable:
            raise NotPossible("this filter does not state that it wraps to the same bytes each time")
        first = wrapped(harness, text_of(harness))
        time.sleep(_APART)
        hold(
            wrapped(harness, text_of(harness)) == first,
            "the same content was wrapped to other bytes a moment later",
            do="put no time, no chance and no counter into it, or do not state it",
        )

    def test_a_huge_content_takes_little_memory(self, harness: FilterHarness) -> None:
        """A huge content is wrapped and unwrapped whole, with few copies of it in memory."""
        content = harness.large(harness.huge)
        most = int(harness.copies * len(content)) + 2_000_000
        with closing(harness.filter()) as one:
            for what in ("wrapping", "unwrapping"):
                with measured() as peak, works(what):
                    if what == "wrapping":
                        payload = one.wrap(content, harness.filled())
                    else:
                        [found] = payloads(harness, one, payload)
                hold(
                    peak[0] < most,
                    f"{what} {len(content)} bytes took {peak[0]} bytes of memory",
                    do="work piece by piece, and hold no copies",
                )
        hold(found.content == content, "a huge content unwraps as another", do="read and write all of it")

    def test_several_payloads_come_one_after_the_other(self, harness: FilterHarness) -> None:
        """What holds several contents gives each before it unpacks the next: they are never in memory together."""
        entries = [(f"{number}.dat", b"1" * (_ENTRY + number)) for number in range(_ENTRIES)]
        payload = harness.packed(entries)
        order = []
        with closing(harness.filter()) as one, measured() as peak, works("unwrapping several contents"):
            for found in one.unwrap(Payload(content=payload, name="several"), lambda finding: None):
                order.append(len(found.content) - _ENTRY)
                del found
        hold(
            order == list(range(_ENTRIES)),
            f"{_ENTRIES} contents came in the order {order}",
            do="give each content, in the payload's order",
        )
        hold(
            peak[0] < _ENTRIES * _ENTRY / 2 + 2 * len(payload),
            f"{_ENTRIES} contents of {_ENTRY} bytes took {peak[0]} bytes of memory",
            do="yield each payload as soon as it is unpacked, and keep none",
        )

    def test_what_was_known_before_is_kept(self, harness: FilterHarness) -> None:
        """A payload keeps the facts that it came with; its name is text, whatever it was called."""
        payload = wrapped(harness, text_of(harness))
        for name in ("contract.dat", ".gz", "two words.zip", "Köln 订单 {number}.pgp", "..", "x" * 5000):
            with closing(harness.filter()) as one, works(f"unwrapping what is called {name[:80]!r}"):
                [found] = payloads(harness, one, payload, name=name, metadata={"before": "1", "sender": "acme"})
            hold(
                {"before", "sender"} <= {*found.metadata},
                f"a payload that came with 'before' and 'sender' has {sorted(found.metadata)}",
                do="add to the metadata that were given: transload.adapters.base.filter.one does",
            )

    def test_the_same_object_goes_on_after_a_refusal(self, harness: FilterHarness) -> None:
        """One object wraps and unwraps many payloads, one after the other, also when some are refused or given up."""
        payload, content = wrapped(harness, text_of(harness)), text_of(harness)
        with closing(harness.filter()) as one:
            for bad in (payload[: len(payload) // 2], b"", payload[::-1]):
                refusal(harness, one, bad, during="unwrapping a broken payload")
                with works("a good payload after a broken one"):
                    next(one.unwrap(Payload(content=payload, name="given up"), lambda finding: None))
                    found = [one.content for one in payloads(harness, one, payload)]
                    again = [found.content for found in payloads(harness, one, one.wrap(content, harness.filled()))]
                hold(
                    found == again == [content],
                    f"after a refusal, the same object gives {', '.join(map(shown, found + again)) or 'nothing'}",
                    do="keep nothing of a payload in the object",
                )

    def test_close_gives_everything_back(self, harness: FilterHarness) -> None:
        """``close`` comes before any use, twice, after an error, within a payload: nothing is raised or left open."""
        payload, content = wrapped(harness, text_of(harness)), text_of(harness)
        before = sorted(harness.traces())
        kept = []
        for when in ("before any use", "after use", "after a refusal", "within a payload"):
            one = harness.filter()
            kept.append(one)
            going = one.unwrap(Payload(content=payload, name="given up"), lambda finding: None)
            if when == "after use":
                with works("wrapping a content that can be wrapped"):
                    one.wrap(content, harness.filled())
            elif when == "after a refusal":
                refusal(harness, one, payload[::-1], during="unwrapping a broken payload")
            elif when == "within a payload":
                with works("unwrapping a good payload"):
                    next(going)
            _close(one, going, when)
            gc.collect()
            left = [trace for trace in sorted(harness.traces()) if trace not in before]
            hold(
                not left,
                f"closed {when}, the filter left open: {', '.join(left[:5])}",
                do="give back in close what was opened: files, folders, programs",
            )

    def test_several_work_at_a_time(self, harness: FilterHarness) -> None:
        """Filters of the same options in several threads, each its own, also made in another: none disturbs another."""
        size = len(text_of(harness))
        filters = [harness.filter() for _ in range(_WORKERS)]

        def work(number: int) -> bool:
            one, content = filters[number], harness.large(size + number)
            return all(
                [found.content for found in payloads(harness, one, one.wrap(content, harness.filled()))] == [content]
                for _ in range(3)
            )

        try:
            with ThreadPoolExecutor(_WORKERS) as workers, works("one of several at a time"):
                good = all(workers.map(work, range(_WORKERS)))
        finally:
            for one in filters:
                one.close()
        hold(good, "a filter gave what another was working on", do="keep nothing outside of the object")

    def test_no_secret_is_seen(self, harness: FilterHarness) -> None:
        """Neither ``repr`` nor the options as text nor a refusal shows a password, token or key."""
        if not harness.secrets:
            raise NotPossible("the harness has no secrets")
        with closing(harness.filter()) as one:
            for text in as_text(one, one.options):
                see_no_secret(text, harness, "the filter as text")
            refusal(harness, one, wrapped(harness, text_of(harness))[::-1], during="unwrapping a broken payload")


def _close(one: Filter[Any], going: Iterator[Payload], when: str) -> None:
    try:
        one.close()
        one.close()
        getattr(going, "close", lambda: None)()
    except Exception as error:
        raise Breach(
            f"close {when} raised {type(error).__name__}: {error}",
            do="let close look whether something is open, forget it first, and swallow what closing it raises",
        ) from error
