"""Journals keep to Transload's contract, and to what is special about them."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from transload.adapters.base import Landing, Outbound, Reject, Stop
from transload.adapters.contract import (
    Harness,
    Ledger,
    NotPossible,
    SourceContract,
    SourceHarness,
    TargetContract,
    TargetHarness,
)
from transload.adapters.contract.ledger import run_pass

from transload_journal import ADAPTER
from transload_journal.settings import Appending, Journals, Reading
from transload_journal.source import JournalSource
from transload_journal.target import JournalTarget


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
        yield
        away.rename(self.folder)


class Written(OnDisk, SourceHarness):
    """Somebody else appends lines, to a journal for each name."""

    def source(self) -> JournalSource:
        return JournalSource(Journals(folder=self.folder), Reading())

    def offer(self, name: str, content: bytes) -> None:
        path = self.folder / f"{name}.jsonl"
        if "/" in name or "\0" in name or len(name.encode()) > 200:
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
    with pytest.raises(Exception, match="cannot be used now"):
        harness.target().deliver(harness.outbound(1))
    assert (tmp_path / "elsewhere").read_bytes() == b""
