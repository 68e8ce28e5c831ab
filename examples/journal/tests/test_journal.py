"""Journals keep to Transload's contract, and to what is special about them."""

import json
import os
import tracemalloc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import timedelta
from fcntl import LOCK_EX, flock
from pathlib import Path

import pytest
from transload.adapters.base import Landing, Outbound, Reject, Retry, Stop
from transload.adapters.contract import (
    Harness,
    Ledger,
    Notes,
    NotPossible,
    SourceContract,
    SourceHarness,
    TargetContract,
    TargetHarness,
    run_pass,
)

from transload_journal import ADAPTER
from transload_journal.settings import Appending, Journals, Reading
from transload_journal.source import JournalSource
from transload_journal.target import JournalTarget

OUT = Appending(file="out.jsonl")


class OnDisk(Harness):
    """What both harnesses share: the partner is a folder."""

    adapter = ADAPTER

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()

    def content(self, number: int) -> bytes:
        return b'{"number": %d}' % number

    def state(self) -> Mapping[str, bytes]:
        return {path.name: path.read_bytes() for path in self.folder.iterdir()}

    @contextmanager
    def down(self) -> Iterator[None]:
        away = self.folder.rename(self.folder.with_name("away"))
        try:
            yield
        finally:
            away.rename(self.folder)


class Written(OnDisk, SourceHarness):
    """Somebody else appends lines, to a journal for each name."""

    def source(self) -> JournalSource:
        return JournalSource(Journals(folder=self.folder), Reading())

    def offer(self, name: str, content: bytes) -> None:
        path = self.folder / f"{name}.jsonl"
        if "/" in name or "\0" in name or len(os.fsencode(name)) > 200:
            raise NotPossible("no file can have this name")
        with path.open("ab") as file:
            file.write(content + b"\n")


class Read(OnDisk, TargetHarness):
    """Somebody else reads the lines that are complete."""

    def target(self) -> JournalTarget:
        return JournalTarget(Journals(folder=self.folder), Appending(file="out.jsonl"))

    def arrived(self) -> Sequence[bytes]:
        lines = [line for path in sorted(self.folder.iterdir()) for line in path.read_bytes().splitlines(keepends=True)]
        return [json.loads(line)["content"].encode() for line in lines if line.endswith(b"\n")]

    def outbound(self, number: int, *, content: bytes | None = None, name: str | None = None) -> Outbound:
        given = self.content(number) if content is None else content
        return Outbound(key=f"delivery-{number}", content=given, metadata={"file": name or "out.jsonl"})


class TestSource(SourceContract):
    """Every case of the contract."""

    @pytest.fixture
    def harness(self, tmp_path: Path) -> Written:
        return Written(tmp_path / "journals")


class TestTarget(TargetContract):
    """Every case of the contract."""

    @pytest.fixture
    def harness(self, tmp_path: Path) -> Read:
        return Read(tmp_path / "journals")


def test_a_line_that_is_still_being_written_waits(tmp_path: Path) -> None:
    harness, ledger = Written(tmp_path / "journals"), Ledger()
    journal = harness.folder / "a.jsonl"
    journal.write_bytes(b'{"a": 1}\n{"b"')
    assert [one.content for one in run_pass(harness.source(), ledger).new] == [b'{"a": 1}']
    with journal.open("ab") as file:
        file.write(b": 2}\n")
    assert [one.content for one in run_pass(harness.source(), ledger).new] == [b'{"b": 2}']


def test_a_line_that_is_too_long_waits_and_hides_no_other_journal(tmp_path: Path) -> None:
    harness, ledger = Written(tmp_path / "journals"), Ledger()
    (harness.folder / "a.jsonl").write_bytes(b"x" * 1_000_000 + b"\n" + b"y" * 1_000_001 + b"\nz\n")
    harness.offer("b", b"1")
    for expected in ([1_000_000, 1], []):
        done = run_pass(harness.source(), ledger)
        assert [one.size for one in done.new] == expected
        assert [type(error) for error in done.errors] == [Reject]


def test_a_journal_that_was_cut_stops_its_connection(tmp_path: Path) -> None:
    harness, ledger = Written(tmp_path / "journals"), Ledger()
    harness.offer("a", b"1")
    run_pass(harness.source(), ledger)
    (harness.folder / "a.jsonl").write_bytes(b"")
    assert [type(error) for error in run_pass(harness.source(), ledger).errors] == [Stop]


@pytest.mark.parametrize("kept", range(1, 40))
def test_half_a_line_that_a_crash_left_is_taken_away(tmp_path: Path, kept: int) -> None:
    harness = Read(tmp_path / "journals")
    first, second = harness.outbound(1), harness.outbound(2)
    with closing(harness.target()) as target:
        target.deliver(first)
        journal = harness.folder / "out.jsonl"
        whole = journal.read_bytes()
        journal.write_bytes(whole + whole.replace(b"delivery-1", b"delivery-2")[:kept])
        assert target.verify(second) is Landing.NOT_LANDED
        target.deliver(second)
    assert harness.arrived() == [first.content, second.content]


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    harness = Read(tmp_path / "journals")
    (tmp_path / "elsewhere").write_bytes(b"")
    (harness.folder / "out.jsonl").symlink_to(tmp_path / "elsewhere")
    for attempt in (harness.target().deliver, harness.target().verify):
        with pytest.raises(Stop, match="is a link"):
            attempt(harness.outbound(1))
    assert (tmp_path / "elsewhere").read_bytes() == b""


def test_a_writer_who_does_not_end_is_not_waited_for(tmp_path: Path) -> None:
    harness = Read(tmp_path / "journals")
    journal = harness.folder / "out.jsonl"
    with (
        journal.open("wb") as held,
        closing(JournalTarget(Journals(folder=harness.folder, patience=timedelta(seconds=0.05)), OUT)) as one,
    ):
        flock(held, LOCK_EX)
        with pytest.raises(Retry, match="is being written"):
            one.deliver(harness.outbound(1))
    assert journal.read_bytes() == b""


def test_a_line_that_is_longer_than_any_of_ours_is_not_held(tmp_path: Path) -> None:
    harness = Read(tmp_path / "journals")
    first = harness.outbound(1)
    (harness.folder / "out.jsonl").write_bytes(b"x" * 20_000_000 + b"\n")
    tracemalloc.start()
    with closing(harness.target()) as target:
        assert target.verify(first) is Landing.NOT_LANDED
        target.deliver(first)
        assert target.verify(first) is Landing.LANDED
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()


def test_a_folder_that_cannot_be_looked_at_is_an_error_of_ours(tmp_path: Path) -> None:
    nowhere = Journals(folder=tmp_path / ("x" * 300))
    with pytest.raises(Retry, match="File name too long"):
        list(JournalSource(nowhere, Reading()).receive(Notes(Ledger())))
    target = JournalTarget(nowhere, OUT)
    outbound = Outbound(key="1", content=b"", metadata={"file": "out.jsonl"})
    for attempt in (target.deliver, target.verify):
        with pytest.raises(Retry, match="File name too long"):
            attempt(outbound)
    assert target.probe().ok is False
