"""Picking up, the same for local folders and for an SFTP server."""

import os
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from transload.adapters.base import Reject, Stop

Poll = Callable[..., dict[str, bytes]]
MEGABYTE = 1024 * 1024


def put(side: Any, name: str, content: bytes = b"x", *, age: int = 0) -> Path:
    path: Path = side.root / "out" / name
    path.write_bytes(content)
    os.utime(path, (1_700_000_000 - age, 1_700_000_000 - age))
    return path


def test_a_file_is_given_out_once_and_archived(side: Any, memory: Any, poll: Poll) -> None:
    put(side, "a.edi", b"UNB")
    source = side.source(afterwards={"move": "out/done"})
    assert poll(source, memory) == {"a.edi": b"UNB"}
    assert side.names("out") == []
    assert side.names("out/done") == ["a.edi"]
    assert poll(side.source(afterwards={"move": "out/done"}), memory) == {}


def test_oldest_first_then_by_name(side: Any, memory: Any, poll: Poll) -> None:
    for name, age in (("c", 0), ("a", 0), ("b", 60)):
        put(side, name, age=age)
    assert list(poll(side.source(), memory)) == ["b", "a", "c"]


def test_only_wanted_files_are_taken(side: Any, memory: Any, poll: Poll) -> None:
    for name in ("a.edi", "b.EDI", "c.x12", "d.txt", ".hidden.edi", "e.edi.tmp", "f.part", "g.filepart", "h.writing"):
        put(side, name)
    put(side, "zero.edi", b"")
    (side.root / "out" / "folder.edi").mkdir()
    (side.root / "out" / "link.edi").symlink_to(side.root / "out" / "a.edi")
    assert set(poll(side.source(pattern=["*.edi", "*.x12"]), memory)) == {"a.edi", "c.x12"}
    assert set(poll(side.source(pattern="zero*", empty="take"), memory)) == {"zero.edi"}
    assert set(poll(side.source(pattern="*.tmp", ignore=[]), memory)) == {"e.edi.tmp"}


def test_a_file_waits_until_two_polls_found_it_the_same(side: Any, memory: Any, poll: Poll) -> None:
    options = {"stable": "2 polls", "afterwards": "delete"}
    put(side, "a", b"12")
    assert poll(side.source(**options), memory) == {}
    put(side, "a", b"1234")
    assert poll(side.source(**options), memory) == {}
    assert side.names("out") == ["a"]
    assert poll(side.source(**options), memory) == {"a": b"1234"}
    assert side.names("out") == []
    assert poll(side.source(**options), memory) == {}
    assert memory == {}, "nothing is remembered of files that are gone"


def test_a_file_waits_for_its_quiet_time(side: Any, memory: Any, poll: Poll) -> None:
    put(side, "a", age=3600)
    assert poll(side.source(stable="1h"), memory) == {}, "the partner's clock proves nothing"
    assert poll(side.source(stable="1h"), memory) == {}
    time.sleep(0.02)
    assert poll(side.source(stable="10ms"), memory) == {"a": b"x"}


def test_a_kept_file_is_taken_again_only_when_it_changes(side: Any, memory: Any, poll: Poll) -> None:
    put(side, "a", b"1")
    assert poll(side.source(afterwards="keep"), memory) == {"a": b"1"}
    assert poll(side.source(afterwards="keep"), memory) == {}
    put(side, "a", b"2", age=-5)
    assert poll(side.source(afterwards="keep"), memory) == {"a": b"2"}
    assert side.names("out") == ["a"]


@pytest.mark.parametrize("afterwards", ["keep", "delete", {"move": "out/done"}], ids=["keep", "delete", "move"])
def test_a_crash_between_commit_and_settle_repeats_nothing(side: Any, memory: Any, poll: Poll, afterwards: Any) -> None:
    put(side, "a", b"1")
    assert poll(side.source(afterwards=afterwards), memory, settle=False) == {"a": b"1"}
    assert side.names("out") == ["a"], "nothing happens to a file before its content is committed"
    assert poll(side.source(afterwards=afterwards), memory) == {}
    assert side.names("out") == (["a"] if afterwards == "keep" else [])


def test_what_was_not_committed_comes_again(side: Any, memory: Any, poll: Poll) -> None:
    put(side, "a", b"1")
    source = side.source(afterwards="delete")
    with source:
        assert next(source.receive(memory)).content == b"1"
    assert poll(side.source(afterwards="delete"), memory) == {"a": b"1"}


def test_settling_twice_and_after_another_runner_does_no_harm(side: Any, memory: Any) -> None:
    put(side, "a", b"1")
    with side.source(afterwards={"move": "out/done"}) as one, side.source(afterwards={"move": "out/done"}) as two:
        first, second = next(one.receive(memory)), next(two.receive(memory))
        assert first.key == second.key
        first.settle()
        first.settle()
        second.settle()
    assert side.names("out/done") == ["a"]


def test_a_new_file_under_the_old_name_is_not_archived_unread(side: Any, memory: Any, poll: Poll) -> None:
    put(side, "a", b"old")
    with side.source(afterwards="delete") as source:
        for inbound in source.receive(memory):
            memory.commit(inbound)
            put(side, "a", b"newer")
            inbound.settle()
    assert poll(side.source(afterwards="delete"), memory) == {"a": b"newer"}


def test_an_archive_never_overwrites(side: Any, memory: Any, poll: Poll) -> None:
    for content in (b"1", b"2", b"3", b"2"):
        put(side, "a.edi", content, age=int(content))
        memory.arrived.clear()
        assert poll(side.source(afterwards={"move": "out/done"}), memory) == {"a.edi": content}
    kept = sorted((side.root / "out/done").iterdir())
    assert sorted(path.read_bytes() for path in kept) == [b"1", b"2", b"2", b"3"]
    assert [path.name for path in kept] == ["a.edi", "a~4e074085.edi", "a~d4735e3a-2.edi", "a~d4735e3a.edi"]


def test_names_are_data(side: Any, memory: Any, poll: Poll) -> None:
    names = ["Ä ö.edi", "a;b$(c).edi", "-rf", "x\ny.edi", "back\\slash.edi", "[1].edi", "%2e%2e", "latin-\udce9.edi"]
    for name in names:
        put(side, name, name.encode("utf-8", "surrogateescape"))
    with pytest.raises(Reject, match="2 files in out have problems") as caught:
        poll(side.source(afterwards={"move": "out/done"}), memory)
    assert sorted(finding.message for finding in caught.value.findings) == [
        r"out/back\\slash.edi is not taken: its name cannot be used, as it has a slash",
        r"out/x\ny.edi is not taken: its name cannot be used, as it has a control character",
    ]
    found = {key.partition("|")[0].rpartition("/")[2]: key.rpartition("|")[2] for key in memory.arrived}
    assert set(found) == {"Ä ö.edi", "a;b$(c).edi", "-rf", "[1].edi", "%2e%2e", r"latin-\udce9.edi"}
    assert found[r"latin-\udce9.edi"] == sha256(b"latin-\xe9.edi").hexdigest()
    assert set(side.names("out")) == {"x\ny.edi", "back\\slash.edi"}
    for key in memory.arrived:
        key.encode()


def test_at_most_so_many_files_in_one_pass(side: Any, memory: Any, poll: Poll) -> None:
    for name in "abcde":
        put(side, name)
    options = {"afterwards": "keep", "at_most": 2}
    assert [list(poll(side.source(**options), memory)) for _ in range(4)] == [["a", "b"], ["c", "d"], ["e"], []]


@pytest.mark.parametrize("size", [MEGABYTE - 1, MEGABYTE, MEGABYTE + 1, 8 * MEGABYTE + 1])
def test_large_files_arrive_whole(side: Any, memory: Any, size: int) -> None:
    content = os.urandom(4096) * (size // 4096 + 1)
    put(side, "a", content[:size])
    with side.source() as source:
        [inbound] = source.receive(memory)
    if size > 8 * MEGABYTE:
        assert isinstance(inbound.content, Path)
        assert inbound.content.read_bytes() == content[:size]
        inbound.content.unlink()
    else:
        assert inbound.content == content[:size]
    assert inbound.metadata["size"] == str(size)


def test_a_large_file_that_was_seen_leaves_no_temporary_file(
    side: Any, memory: Any, poll: Poll, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = tmp_path / "spool"
    spool.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(spool))
    put(side, "a", b"x" * (8 * MEGABYTE + 1))
    poll(side.source(afterwards="delete"), memory, settle=False)
    assert poll(side.source(afterwards="delete"), memory) == {}
    assert list(spool.iterdir()) == []


def test_a_missing_folder_stops(side: Any, memory: Any) -> None:
    with side.source(folder="nowhere") as source, pytest.raises(Stop, match="there is no folder nowhere") as caught:
        list(source.receive(memory))
    assert caught.value.hint == "correct folder, or have the partner make it"


def test_an_archive_that_cannot_be_made_is_a_finding_about_each_file(side: Any, memory: Any, poll: Poll) -> None:
    put(side, "a")
    put(side, "b")
    poll(side.source(), memory, settle=False)
    source = side.source(afterwards={"move": "no/such/parent"})
    with source, pytest.raises(Reject) as caught:
        list(source.receive(memory))
    assert [finding.place.file for finding in caught.value.findings if finding.place] == ["out/a", "out/b"]
    assert str(caught.value.findings[0]).startswith(
        "error E-FILE out/a is safe with us but cannot be archived: No such file or directory\n"
    )
    assert side.names("out") == ["a", "b"]


def test_probe_says_what_is_missing(side: Any) -> None:
    with side.source() as source:
        found = source.probe()
    assert found.ok
    assert found.summary.endswith(", folder out")
    with side.source(afterwards={"move": "out/done"}) as source:
        assert source.probe().ok, "the first file makes it"
    with side.source(afterwards={"move": "archive/done"}) as source:
        found = source.probe()
    assert found.ok is False
    assert found.summary == "there is no folder archive"
    assert [str(finding) for finding in found.findings if finding.is_error] == [
        "error E-FILE there is no folder archive\n"
        "    source   archive\n"
        "    hint     correct the name, or have the partner make it"
    ]


CLAIMING = {"claim": {"into": "claimed"}, "afterwards": {"move": "done"}}


def test_a_claimed_file_lies_in_our_folder_until_it_is_committed(side: Any, memory: Any) -> None:
    put(side, "a.edi", b"UNB")
    with side.source(**CLAIMING) as source:
        arriving = source.receive(memory)
        inbound = next(arriving)
        assert (inbound.content, inbound.origin, side.names("out")) == (b"UNB", "out/a.edi", [])
        assert side.names("claimed") == ["1700000000000000000-3~a.edi"]
        memory.commit(inbound)
        inbound.settle()
        assert list(arriving) == []
    assert (side.names("claimed"), side.names("done")) == ([], ["a.edi"])


@pytest.mark.parametrize("committed", [False, True])
def test_what_was_claimed_before_a_crash_is_found_again(side: Any, memory: Any, poll: Poll, *, committed: bool) -> None:
    put(side, "a.edi", b"UNB")
    with side.source(**CLAIMING) as source:
        inbound = next(source.receive(memory))
        if committed:
            memory.commit(inbound)
    put(side, "b.edi", b"UNA", age=60)
    found = poll(side.source(**CLAIMING, stable="2 polls"), memory)
    assert found == ({} if committed else {"a.edi": b"UNB"}), "its name tells what it was; the new file must wait"
    assert (side.names("claimed"), side.names("done"), side.names("out")) == ([], ["a.edi"], ["b.edi"])
    assert poll(side.source(**CLAIMING, stable="2 polls"), memory) == {"b.edi": b"UNA"}


def test_a_claimed_file_that_still_changes_is_put_back(side: Any, memory: Any, poll: Poll) -> None:
    put(side, "a.edi", b"UNB")
    with side.source(**CLAIMING) as source:
        next(source.receive(memory))
    (claimed,) = (side.root / "claimed").iterdir()
    claimed.write_bytes(b"UNB+UNOC")  # its sender has it open still
    assert poll(side.source(**CLAIMING, stable="2 polls"), memory) == {}
    assert (side.names("claimed"), side.names("out")) == ([], ["a.edi"])
    assert poll(side.source(**CLAIMING, stable="2 polls"), memory) == {}
    assert poll(side.source(**CLAIMING, stable="2 polls"), memory) == {"a.edi": b"UNB+UNOC"}


def test_two_readers_with_claims_take_each_file_once(side: Any, memory: Any) -> None:
    for number in range(20):
        put(side, f"{number}.edi", str(number).encode(), age=number)
    other = type(memory)()
    found = []
    with side.source(**CLAIMING) as one, side.source(claim={"into": "theirs"}, afterwards="delete") as two:
        streams = [(one.receive(memory), memory), (two.receive(other), other)]
        while streams:
            for stream in list(streams):
                inbound = next(stream[0], None)
                if inbound is None:
                    streams.remove(stream)
                    continue
                found.append(inbound.content)
                stream[1].commit(inbound)
                inbound.settle()
    assert sorted(found) == sorted(str(number).encode() for number in range(20))


def test_a_file_is_complete_when_its_marker_is_there(side: Any, memory: Any, poll: Poll) -> None:
    options = {"stable": {"marker": "*.done"}, "afterwards": "delete"}
    put(side, "a.edi", b"1")
    put(side, "b.edi", b"2")
    put(side, "b.edi.done", b"")
    assert poll(side.source(**options), memory) == {"b.edi": b"2"}
    assert side.names("out") == ["a.edi"]
    put(side, "a.edi.done", b"")
    assert poll(side.source(**options, empty="take"), memory) == {"a.edi": b"1"}
    assert side.names("out") == []


def test_a_marker_may_have_the_name_without_its_extension(side: Any, memory: Any, poll: Poll) -> None:
    options = {"stable": {"marker": "*.ok", "of": "stem"}, "afterwards": {"move": "out/done"}}
    put(side, "a.edi", b"1")
    put(side, "a.ok", b"")
    put(side, "b.ok", b"left over")
    assert poll(side.source(**options), memory) == {"a.edi": b"1"}
    assert (side.names("out"), side.names("out/done")) == ([], ["a.edi"])


def test_markers_of_kept_files_stay(side: Any, memory: Any, poll: Poll) -> None:
    options = {"stable": {"marker": "*.done"}, "afterwards": "keep"}
    put(side, "a.edi", b"1")
    put(side, "a.edi.done", b"")
    put(side, "x.edi.done", b"")
    assert poll(side.source(**options), memory) == {"a.edi": b"1"}
    assert poll(side.source(**options), memory) == {}
    assert side.names("out") == ["a.edi", "a.edi.done", "x.edi.done"]


def test_a_claim_needs_an_end(side: Any) -> None:
    with pytest.raises(ValueError, match=r"claim needs afterwards: delete or \{move: folder\}"):
        side.source(claim={"into": "claimed"})
