"""What every filter must refuse, and what it must not be led to by a payload, a name or a value."""

import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

from transload.adapters.base.filter import Filter, Payload
from transload.adapters.base.settings import template_fields
from transload.adapters.contract.common import measured, picked
from transload.adapters.contract.harness import STRANGE, NotPossible
from transload.adapters.contract.judging import Breach, failure, hold, judge, only_ours, shown
from transload.adapters.contract.mutations import changed, cut_off, hostile, mutated
from transload.adapters.contract.unwrapping import alone, payloads, refusal, text_of, works, wrapped
from transload.adapters.contract.wrapping import FilterHarness
from transload.canonical.errors import Reject, Stop, TransloadError
from transload.canonical.findings import Finding

_OTHERS = (b"", b" ", b"\r\n", b"\x00" * 10, b"\xff\xfe", b"%PDF-1.7", b"<html></html>", bytes(range(256)))


class RefusalCases:
    """The cases of `FilterContract` that are about bad payloads."""

    def test_a_payload_that_was_cut_off_is_refused(self, harness: FilterHarness) -> None:
        """Wherever a payload ends too early: ``Reject`` with the byte, or all that was in it.

        A filter that has no check sum to look at may give the beginning of the content.
        """
        content = text_of(harness)
        payload = wrapped(harness, content)
        with closing(harness.filter()) as one:
            for at, torn in cut_off(payload, harness.most):
                during = f"unwrapping the first {at} of {len(payload)} bytes"
                found, error = refusal(harness, one, torn, during=during, placed=True)
                hold(
                    error or not harness.guards or found == [content],  # what is missing may be filling
                    f"{during} gave {', '.join(map(shown, found)) or 'nothing'}",
                    do="look whether the payload's end is there before anything is given out",
                )
                hold(
                    error or content.startswith(b"".join(found)),
                    f"{during} gave {', '.join(map(shown, found))}, which did not stand there",
                    do="give nothing that is not in the payload",
                )

    def test_a_payload_that_was_changed_is_refused_or_reads_the_same(self, harness: FilterHarness) -> None:
        """Another byte anywhere: ``Reject`` with the byte of the fault, or the same contents; never others."""
        payload = wrapped(harness, text_of(harness))
        tried = {"a payload": payload, **{name: one for name, (one, _) in _samples(harness)}}
        with closing(harness.filter()) as one:
            for name, good in tried.items():
                with works(f"unwrapping {name}"):
                    expected = [found.content for found in payloads(harness, one, good)]
                for at, bad in changed(good, harness.most, seed=len(good)):
                    during = f"unwrapping {name} with byte {at} changed"
                    remarks: list[Finding] = []
                    found, error = refusal(harness, one, bad, during=during, placed=True, remarks=remarks)
                    hold(
                        error or not harness.guards or found == expected or remarks,
                        f"{during} gave {', '.join(map(shown, found)) or 'nothing'}, and no remark",
                        do="compare the check sum or signature before anything is given out; say what is left out",
                    )

    def test_what_is_no_such_payload_is_refused(self, harness: FilterHarness) -> None:
        """No bytes, bytes of another kind, broken ones: ``Reject`` with a hint, and no other exception."""
        payload = wrapped(harness, text_of(harness))
        with closing(harness.filter()) as one:
            for what, bad in harness.broken().items():
                found, error = refusal(harness, one, bad, during=f"unwrapping a payload with {what}")
                hold(error, f"a payload with {what} gave {', '.join(map(shown, found))}", do="raise Reject")
            for bad in _OTHERS[: harness.most]:
                found, error = refusal(harness, one, bad, during=f"unwrapping {bad!r}")
                hold(
                    error or not harness.guards,
                    f"{bad!r} is no such payload, and gave {', '.join(map(shown, found)) or 'nothing'}",
                    do="raise Reject with a finding that says what it is not",
                )
            for number, bad in enumerate(mutated(payload, min(harness.most, 150), seed=len(payload))):
                refusal(harness, one, bad, during=f"unwrapping fault {number}, {shown(bad)}")

    def test_hostile_bytes_cost_little(self, harness: FilterHarness) -> None:
        """Payloads made to cost much take time and memory in proportion to their size."""
        every = list(hostile(wrapped(harness, text_of(harness)), harness.hostile_size))
        with closing(harness.filter()) as one:
            for number in picked(len(every), harness.most):
                name, bad = every[number - 1]
                start = time.process_time()
                refusal(harness, one, bad, during=f"unwrapping {name}")
                took = time.process_time() - start
                hold(
                    took < harness.seconds,
                    f"{name}, {len(bad)} bytes: unwrapping took {took:.1f} s",
                    do="look at each byte a fixed number of times",
                )
            for number in picked(len(every), min(harness.most, 40)):
                name, bad = every[number - 1]
                with measured() as peak:
                    refusal(harness, one, bad, during=f"unwrapping {name}")
                hold(
                    peak[0] < harness.memory * len(bad) + 2_000_000,
                    f"{name}, {len(bad)} bytes: unwrapping took {peak[0]} bytes of memory",
                    do="believe no size that a payload claims; count what really comes out",
                )

    def test_a_bomb_is_refused_in_time(self, harness: FilterHarness) -> None:
        """A small payload with much in it is a ``Reject`` once the options' limit is reached, whatever it claims."""
        bombs = harness.bombs(60 * harness.limit)
        hold(bombs, "the harness has no bomb in bombs()", do="give one at least, or leave bombs out")
        for name, payload in bombs.items():
            given = 0
            error: TransloadError | None = None
            with closing(harness.limited()) as one, measured() as peak:
                try:
                    with only_ours(f"unwrapping {name}"):
                        for found in one.unwrap(Payload(content=payload, name="bomb"), lambda finding: None):
                            given += len(found.content)
                except TransloadError as caught:
                    error = caught
            hold(
                error is not None and given <= harness.limit,
                f"{name}: {given} bytes were given out, and {harness.limit} are allowed",
                do="count what comes out, all entries together, and raise Reject: transload.adapters.base.bounds",
            )
            if error is not None:
                judge(error, harness, during=f"unwrapping {name}", allowed=(Reject,))
            hold(
                peak[0] < harness.copies * harness.limit + len(payload) + 3_000_000,
                f"{name}: {peak[0]} bytes of memory were taken, and {harness.limit} are allowed",
                do="unpack piece by piece, and count each piece before the next: transload.adapters.base.bounds",
            )

    def test_names_in_a_payload_are_data(self, harness: FilterHarness) -> None:
        """Names in it with blanks, line breaks, slashes, ``..``: they lead nowhere, and hide no other content."""
        tried = 0
        for number, name in enumerate(STRANGE):
            contents = [b"content %d\n" % number, b"the other content\n"]
            try:
                payload = harness.packed([(name, contents[0]), ("other.dat", contents[1])])
            except NotPossible:
                continue
            tried += 1
            with alone(f"unwrapping an entry {name[:80]!a}"), closing(harness.filter()) as one:
                found, error = refusal(harness, one, payload, during=f"unwrapping an entry {name[:80]!a}")
            hold(
                error or found == contents,
                f"with an entry {name[:80]!a} came {', '.join(map(shown, found)) or 'nothing'}",
                do="take a name for what it is called and nothing else; keep two entries of one name",
            )
        if not tried:
            harness.packed([("a.dat", b"a")])  # says why
            raise Breach("no strange name can stand in such a payload", do="let packed() take what the form can hold")

    def test_strange_values_in_templates_lead_nowhere(self, harness: FilterHarness) -> None:
        """Template fields filled with slashes, line breaks, nothing at all: ``Reject``, or the content comes back."""
        fields = template_fields(type(harness.filter()).Options)
        if not fields:
            raise NotPossible("no option of this filter is a template")
        content = text_of(harness)
        for field in fields:
            for value in ("", " ", "folder/", *STRANGE, "y" * 70_000):
                during = f"wrapping with {field} filled as {value[:80]!a}"
                with alone(during), closing(harness.filter()) as one:
                    error = failure(lambda: _round(harness, one, content, field, value), harness, during=during)  # noqa: B023
                hold(
                    error is None or isinstance(error, Reject),
                    f"{during} raised {type(error).__name__}",
                    do="values come from documents: raise Reject with a finding",
                )

    def test_what_cannot_be_wrapped_is_refused(self, harness: FilterHarness) -> None:
        """A content that cannot be wrapped is a ``Reject`` with a finding; nothing is cut or replaced."""
        contents = harness.unwrappable()
        hold(contents, "the harness has nothing in unwrappable()", do="give one at least, or leave it out")
        with closing(harness.filter()) as one:
            for what, content in contents.items():
                during = f"wrapping a content with {what}"
                error = failure(lambda: one.wrap(content, harness.filled()), harness, during=during)  # noqa: B023
                hold(
                    isinstance(error, Reject),
                    f"{during} raised {type(error).__name__ if error else 'nothing'}",
                    do="raise Reject with a finding; never cut, never replace",
                )

    def test_a_wrong_key_stops_the_connection(self, harness: FilterHarness) -> None:
        """A key or password that is wrong for every payload is ``Stop``, whichever way it is used; it is not shown."""
        payload, content = wrapped(harness, text_of(harness)), text_of(harness)
        strangers = harness.strangers()
        hold(strangers, "the harness has no filter in strangers()", do="give one at least, or leave strangers out")
        for what, one in strangers.items():
            with closing(one):
                raised = [
                    failure(lambda: one.wrap(content, harness.filled()), harness, during=f"wrap with {what}"),  # noqa: B023
                    failure(lambda: payloads(harness, one, payload), harness, during=f"unwrap with {what}"),  # noqa: B023
                ]
            wrong = [error for error in raised if error is not None and not isinstance(error, Stop)]
            hold(
                not wrong and any(raised),
                f"a filter with {what} raised {type(wrong[0]).__name__ if wrong else 'nothing'}",
                do="raise Stop: the payload is not wrong, and trying again does not help",
            )


def _samples(harness: FilterHarness) -> Iterator[tuple[str, tuple[bytes, Any]]]:
    try:
        yield from harness.samples().items()
    except NotPossible:
        return


def _round(harness: FilterHarness, one: Filter[Any], content: bytes, field: str, value: str) -> None:
    payload = one.wrap(content, {**harness.filled(), field: value})
    found = [found.content for found in payloads(harness, one, payload)]
    hold(
        found == [content],
        f"with {field} filled as {value[:80]!a}, a content was wrapped and unwraps as"
        f" {', '.join(map(shown, found)) or 'nothing'}",
        do="look at what a template was filled with before it is used, and raise Reject",
    )
