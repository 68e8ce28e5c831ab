"""Wrapped adapters fail at the step that the script says, and at no other."""

from pathlib import Path
from typing import Any

import pytest

from transload.adapters.base import Answer, Inbound, Landing, Memory, Outbound, Probe, Retry, Settings, Source, Target
from transload.adapters.base.folders import Denied
from transload.adapters.contract import Ledger, Notes, run_pass
from transload.adapters.faulty import Crash, Fault, FaultySource, FaultyStore, FaultyTarget, Script
from transload.adapters.files.local import LocalStore

LOST = Retry("lost", hint="wait")


class Two(Source[Settings, Settings]):
    """Gives two items, one of them as a file."""

    def __init__(self, folder: Path) -> None:
        super().__init__(Settings(), Settings())
        self.file = folder / "second"
        self.settled: list[str] = []
        self.closed = 0

    def receive(self, memory: Memory) -> Any:
        self.file.write_bytes(b"second")
        for name, content in (("1", b"first"), ("2", self.file)):
            yield Inbound(key=name, content=content, origin=name, settle=lambda name=name: self.settled.append(name))  # type: ignore[misc]

    def probe(self) -> Probe:
        return Probe(ok=True, summary="two")

    def close(self) -> None:
        self.closed += 1


class Box(Target[Settings, Settings]):
    """Keeps what it gets."""

    idempotent = True

    def __init__(self) -> None:
        super().__init__(Settings(), Settings())
        self.got: list[bytes] = []

    def deliver(self, outbound: Outbound) -> Answer:
        self.got.append(outbound.content)
        return Answer(summary="kept")

    def verify(self, outbound: Outbound) -> Landing:
        return Landing.LANDED if outbound.content in self.got else Landing.NOT_LANDED


OUTBOUND = Outbound(key="1", content=b"content")


def test_without_faults_a_source_is_as_it_was(tmp_path: Path) -> None:
    script, inner, ledger = Script(), Two(tmp_path), Ledger()
    assert len(run_pass(FaultySource(inner, script), ledger).new) == 2
    assert [one.content for one in ledger.receipts.values()] == [b"first", b"second"]
    assert script.steps == ["receive", "item", "settle", "item", "settle"]
    assert (inner.settled, inner.closed) == (["1", "2"], 1)
    assert FaultySource(inner, script).probe().summary == "two"


@pytest.mark.parametrize(
    ("step", "new", "settled"), [(1, 0, []), (2, 0, []), (3, 2, ["2"]), (4, 1, ["1"]), (5, 2, ["1"])]
)
def test_an_error_comes_at_its_step(tmp_path: Path, step: int, new: int, settled: list[str]) -> None:
    inner, ledger = Two(tmp_path), Ledger()
    done = run_pass(FaultySource(inner, Script({step: Fault(error=LOST)})), ledger)
    assert (done.errors, len(done.new), inner.settled) == ([LOST], new, settled)


def test_items_are_torn_and_repeated(tmp_path: Path) -> None:
    script = Script({2: Fault(keep=2, repeat=True), 5: Fault(keep=3), 6: Fault(repeat=True)})
    inner, ledger = Two(tmp_path), Ledger()
    done = run_pass(FaultySource(inner, script), ledger)
    assert [one.content for one in ledger.receipts.values()] == [b"fi", b"sec"]
    assert (len(done.new), inner.settled) == (2, ["1", "1", "2", "2"])


def test_a_file_that_is_repeated_is_there_twice(tmp_path: Path) -> None:
    inner = Two(tmp_path)
    items = list(FaultySource(inner, Script({3: Fault(repeat=True)})).receive(Notes(Ledger())))
    assert [item.key for item in items] == ["1", "2", "2"]
    files = [item.content for item in items[1:] if isinstance(item.content, Path)]
    assert [file.read_bytes() for file in files] == [b"second"] * 2
    assert files[0] != files[1]
    files[1].unlink()


def test_an_answer_is_lost_after_the_delivery() -> None:
    inner, naps = Box(), []  # type: ignore[var-annotated]
    script = Script(
        {1: Fault(error=LOST), 2: Fault(error=LOST, afterwards=True), 3: Fault(repeat=True, delay=2), 4: Fault(keep=3)},
        sleep=naps.append,
    )
    target = FaultyTarget(inner, script)
    assert target.idempotent
    with pytest.raises(Retry):
        target.deliver(OUTBOUND)
    assert target._inner.verify(OUTBOUND) is Landing.NOT_LANDED
    with pytest.raises(Retry):
        target.deliver(OUTBOUND)
    assert inner.got == [b"content"]
    target.deliver(OUTBOUND)
    target.deliver(OUTBOUND)
    assert (inner.got, naps) == ([b"content"] * 3 + [b"con"], [2])
    script.plan(Fault(error=Crash()))
    with pytest.raises(Crash):
        target.verify(OUTBOUND)
    assert target.probe().ok is None
    assert script.steps == ["deliver"] * 4 + ["verify", "probe"]


def test_a_store_fails_at_its_operations(tmp_path: Path) -> None:
    script, called = Script(), []  # type: ignore[var-annotated]
    store = FaultyStore(LocalStore(tmp_path), script)
    store.make_folder("in")
    store.write("in/a", b"content")
    assert [entry.name for entry in store.list("in")] == ["a"]
    assert (store.has_folder("in"), store.describe()) == (True, str(tmp_path))
    script.plan(Fault(keep=3, repeat=True), ahead=2)
    assert list(store.read("in/a", 7)) == [b"con", b"con"]
    script.plan(Fault(repeat=True))
    assert len(store.list("in")) == 2
    script.plan(Fault(error=Denied("in/a", "no")))
    with pytest.raises(Denied):
        store.move("in/a", "in/b")
    script.plan(Fault(error=LOST, afterwards=True, action=lambda: called.append(1)))
    with pytest.raises(Retry):
        store.move("in/a", "in/b")
    assert (called, (tmp_path / "in/b").read_bytes()) == ([1], b"content")
    script.plan(Fault(error=LOST), ahead=2)
    with pytest.raises(Retry):
        store.write("in/c", b"content")
    assert (tmp_path / "in/c").read_bytes() == b"con"
    script.plan(Fault(keep=5), ahead=2)
    store.write("in/c", b"content")
    assert (tmp_path / "in/c").read_bytes() == b"conte"
    store.remove("in/c")
    assert store.look("in/c") is None


def test_a_cut_comes_before_or_after_a_step_and_lasts() -> None:
    for step, got, happened in ((1, 0, True), (2, 1, True), (3, 1, True), (4, 2, True), (5, 2, False)):
        inner, script = Box(), Script()
        target = FaultyTarget(inner, script)
        with script.cutting(step) as cut:
            for _ in range(2):
                try:
                    target.deliver(OUTBOUND)
                except Retry:
                    break
            if cut.happened:
                with pytest.raises(Retry, match="the connection was lost at verify"):
                    target.verify(OUTBOUND)
        assert (len(inner.got), cut.happened) == (got, happened), step
        target.deliver(OUTBOUND)
