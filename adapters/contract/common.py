"""What sources and targets must both keep to."""

import tracemalloc
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Generic, TypeVar

from transload.adapters.base.settings import Settings
from transload.adapters.base.transport import Probe, Source, Target
from transload.adapters.contract.described import mute_settings
from transload.adapters.contract.harness import Harness, NotPossible
from transload.adapters.contract.judging import Breach, as_text, failure, hold, only_ours, see_no_secret
from transload.adapters.faulty.script import Cut
from transload.canonical.errors import TransloadError

H = TypeVar("H", bound=Harness)


class CommonContract(ABC, Generic[H]):
    """The cases that `SourceContract` and `TargetContract` share."""

    def test_settings_are_described(self, harness: H) -> None:
        """Every setting has a description; one that must be given and is free text or a number has an example."""
        for kind in (harness.adapter.connection, *self._options(harness)):
            mute = list(mute_settings(kind))
            hold(
                not mute,
                f"{kind.__name__}: {'; '.join(mute)}",
                do="Field(description=..., examples=[...]): the command line and the editor show both",
            )

    def test_making_one_opens_nothing(self, harness: H) -> None:
        """A constructor connects to nobody: it succeeds while the partner is not there."""
        with harness.down(), only_ours("the constructor"):
            try:
                self._made(harness).close()
            except TransloadError as error:
                raise Breach(
                    f"the constructor raised {type(error).__name__}: {error}",
                    do="connect at the first use, in receive, deliver, verify or probe",
                ) from error

    def test_close_is_safe(self, harness: H) -> None:
        """``close`` may be called before any use, twice, and after an error; it raises nothing."""
        self._close(self._made(harness), "before any use")
        self._prepare(harness)
        one = self._made(harness)
        with only_ours("its use"):
            self._use(harness, one)
        self._close(one, "after use")
        one = self._made(harness)
        try:
            with harness.down():
                failure(lambda: self._use(harness, one), harness, during="its use while nobody is there")
        except NotPossible:
            pass
        self._close(one, "after an error")

    def test_a_probe_changes_nothing(self, harness: H) -> None:
        """A probe says whether the connection works, and leaves the partner as he was."""
        self._prepare(harness)
        before = state_of(harness)
        found = self._probe(self._made(harness))
        hold(
            found.ok is not False,
            f"the probe of a connection that works says: {found.summary}",
            do="return Probe(ok=True, ...), or ok=None where it cannot tell",
        )
        hold(found.summary.strip(), "the probe has no summary", do="say in one line what was found")
        see_no_secret(f"{found}", harness, "the probe")
        if before is None:
            raise NotPossible("the harness has no state(): whether the probe changed anything is not known")
        same_state(harness, before, "a probe")

    def test_a_probe_of_nobody_is_an_answer(self, harness: H) -> None:
        """When the partner is not there, the probe says so; it raises nothing."""
        with harness.down():
            found = self._probe(self._made(harness))
        hold(
            found.ok is not True,
            f"nobody is there, and the probe says: {found.summary}",
            do="connect in the probe, or return ok=None",
        )
        see_no_secret(f"{found}", harness, "the probe")

    def test_no_secret_is_seen(self, harness: H) -> None:
        """Neither ``repr`` nor the settings as text nor an error shows a password, token or key."""
        if not harness.secrets:
            raise NotPossible("the harness has no secrets")
        one = self._made(harness)
        for text in as_text(one, one.connection, one.options):
            see_no_secret(text, harness, "the connection as text")
        with harness.down():
            failure(lambda: self._use(harness, one), harness, during="its use while nobody is there")
        one.close()

    @staticmethod
    def _close(one: Source[Any, Any] | Target[Any, Any], when: str) -> None:
        try:
            one.close()
            one.close()
        except Exception as error:
            raise Breach(
                f"close {when} raised {type(error).__name__}: {error}",
                do="let close look whether something is open, forget it first, and swallow what closing it raises",
            ) from error

    @staticmethod
    def _probe(one: Source[Any, Any] | Target[Any, Any]) -> Probe:
        try:
            return one.probe()
        except Exception as error:
            raise Breach(
                f"the probe raised {type(error).__name__}: {error}",
                do="catch your own errors in probe, and return Probe(ok=False, summary=..., findings=error.findings)",
            ) from error
        finally:
            one.close()

    @abstractmethod
    def _options(self, harness: H) -> tuple[type[Settings], ...]:
        """The settings classes beside the connection's."""

    @abstractmethod
    def _made(self, harness: H) -> Source[Any, Any] | Target[Any, Any]:
        """A new source or target."""

    @abstractmethod
    def _prepare(self, harness: H) -> None:
        """Whatever `_use` needs at the partner."""

    @abstractmethod
    def _use(self, harness: H, one: Any) -> None:
        """Use it as a runner does, once."""


def picked(steps: int, most: int) -> list[int]:
    """At most ``most`` of the numbers 1 to ``steps``, evenly spread, the first and, where there are two, the last."""
    if steps <= most:
        return list(range(1, steps + 1))
    return sorted({1 + round(index * (steps - 1) / max(1, most - 1)) for index in range(most)})


def counted(cut: Cut) -> int:
    """The exchanges of a pass or delivery in which nothing was cut.  Raises `Breach` when there was none."""
    hold(
        cut.steps,
        "the adapter did its work, and no exchange was seen that could be cut",
        do="let the adapter of the harness connect through the wire, or count its operations in cutting()",
    )
    return cut.steps


def fell(cuts: Sequence[Cut]) -> None:
    """That at least one of the planned cuts came to pass."""
    hold(
        any(cut.happened for cut in cuts),
        f"{len(cuts)} cuts were planned, and none came to pass",
        do="let cutting() break the connection at the exchange with that number, counted from 1",
    )


def state_of(harness: Harness) -> Mapping[str, bytes] | None:
    """What the partner holds; None where the harness cannot tell."""
    try:
        return dict(harness.state())
    except NotPossible:
        return None


def same_state(harness: Harness, before: Mapping[str, bytes], after: str) -> None:
    """That the partner holds what he held ``before``."""
    now = harness.state()
    names = sorted(name for name in {*before, *now} if before.get(name) != now.get(name))
    hold(
        not names,
        f"{after} changed at the partner: {', '.join(map(repr, names[:5]))}",
        do="do nothing at the partner there: a source clears away in settle only, a target writes in deliver only",
    )


@contextmanager
def measured() -> Iterator[list[int]]:
    """Measures: after the context, the list holds the most bytes of memory that were taken in it."""
    peak = [0]
    tracemalloc.start()
    try:
        yield peak
    finally:
        peak[0] = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
