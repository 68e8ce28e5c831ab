"""What a server does wrong in the midst of work: drops, stalls, refusals, lies, files that move under our hands."""

import contextlib
import itertools
import os
import socket
import struct
import time
from collections.abc import Callable
from typing import Any

import pytest

from transload.adapters.base import Landing, Outbound, Reject, Retry, Stop, Unknown
from transload.adapters.base.folders import Denied
from transload.adapters.ftp import FtpSource, FtpTarget

MEGABYTE = 1024 * 1024
SHORT = {"connect": "2s", "answer": "400ms", "data": "400ms"}
Poll = Callable[..., dict[str, bytes]]
Make = Callable[..., Outbound]


def source(server: Any, **options: Any) -> FtpSource:
    given = {"folder": "/out", "stable": "none", "afterwards": "delete"} | options
    return FtpSource(server.connection(timeouts=SHORT), FtpSource.Options.model_validate(given))


def target(server: Any, **options: Any) -> FtpTarget:
    given = {"folder": "/in", "file": "order.edi"} | options
    return FtpTarget(server.connection(timeouts=SHORT), FtpTarget.Options.model_validate(given))


def names(server: Any, folder: str) -> list[str]:
    return sorted(path.name for path in (server.root / folder).iterdir())


def say(text: str) -> Callable[[Any, str], bool]:
    """The server's answer to a command that it does not carry out."""

    def act(handler: Any, _: str) -> bool:
        handler.respond(text)
        return True

    return act


def once(action: Callable[[Any, str], bool | None]) -> Callable[[Any, str], bool | None]:
    calls = [0]

    def act(handler: Any, argument: str) -> bool | None:
        calls[0] += 1
        return action(handler, argument) if calls[0] == 1 else None

    return act


def hang_up(handler: Any, _: str) -> bool:
    handler.close()
    return True


def be_silent(*_: Any) -> bool:
    return True


PICKING_UP = ["USER", "PASS", "PWD", "FEAT", "TYPE", "PASV", "MLSD", "MLST", "RETR", "DELE"]


@pytest.mark.parametrize("command", PICKING_UP)
@pytest.mark.parametrize("fault", [hang_up, be_silent, say("421 Service not available, closing.")])
def test_a_fault_at_each_command_of_picking_up_loses_nothing(
    server: Any, memory: Any, poll: Poll, command: str, fault: Any
) -> None:
    (server.root / "out/a").write_bytes(b"content")
    server.faults.commands[command] = once(fault)
    expected = {
        hang_up: r"partner@localhost:\d+ closed the connection|Connection reset by peer|Broken pipe",
        be_silent: r"partner@localhost:\d+ does not answer in time",
    }.get(fault, r"partner@localhost:\d+: 421 Service not available, closing")
    with pytest.raises(Retry, match=expected):
        poll(source(server), memory)
    assert command in server.faults.calls
    # What was committed before the fault came is known, and cleared away.
    assert poll(source(server), memory) == ({} if command == "DELE" else {"a": b"content"})
    assert names(server, "out") == []


HANDING_OVER = ["MLST", "TYPE", "PASV", "STOR", "RNFR"]


@pytest.mark.parametrize("command", HANDING_OVER)
@pytest.mark.parametrize("fault", [hang_up, be_silent])
def test_a_fault_before_the_rename_is_known_to_have_brought_nothing(
    server: Any, outbound: Make, command: str, fault: Any
) -> None:
    server.faults.commands[command] = once(fault)
    with target(server) as one:
        # A lost connection in the rename's first half is asked about too: nobody can say how far it went.
        with pytest.raises(Unknown if command == "RNFR" else Retry):
            one.deliver(outbound())
        assert one.verify(outbound()) is Landing.NOT_LANDED
        one.deliver(outbound())
    assert names(server, "in") == ["order.edi"]


@pytest.mark.parametrize("carried_out", [False, True])
def test_a_drop_while_renaming_is_unknown_until_looked_at(server: Any, outbound: Make, carried_out: bool) -> None:
    def drop(handler: Any, _: str) -> bool:
        if carried_out:
            [part] = (server.root / "in").glob(".*.part")
            part.rename(server.root / "in/order.edi")
        handler.close()
        return True

    server.faults.commands["RNTO"] = once(drop)
    with target(server) as one:
        with pytest.raises(Unknown, match=r"the connection was lost while /in/order.edi got its name"):
            one.deliver(outbound())
        assert one.verify(outbound()) is (Landing.LANDED if carried_out else Landing.NOT_LANDED)
        one.deliver(outbound())
    assert names(server, "in") == ["order.edi"]


def test_a_drop_in_the_middle_of_an_upload(server: Any, outbound: Make) -> None:
    content = b"x" * 3 * MEGABYTE
    got = [0]

    def drop(_: Any) -> None:
        got[0] += 1
        if got[0] == 5:
            server.drop()

    server.faults.on_data = drop
    with target(server) as one:
        with pytest.raises(Retry):
            one.deliver(outbound(content))
        assert one.verify(outbound(content)) is Landing.NOT_LANDED
        one.deliver(outbound(content))
    assert [(path.name, path.stat().st_size) for path in (server.root / "in").iterdir()] == [
        ("order.edi", 3 * MEGABYTE)
    ]


def with_data_channel(handler: Any, act: Callable[[Any], None]) -> None:
    """Call ``act`` with the data channel, as soon as the server has noticed that it is there."""
    if handler.data_channel is None:
        handler.ioloop.call_later(0.005, with_data_channel, handler, act)
    else:
        act(handler.data_channel)


def _sends(handler: Any, data: bytes, then: str | None, *, closes: bool = True) -> None:
    """Answer a RETR or LIST with ``data`` and ``then``."""

    def send(channel: Any) -> None:
        channel.socket.setblocking(True)
        channel.socket.sendall(data)
        if closes:
            channel.close()
        if then:
            handler.respond(then)

    handler.respond("150 Here it comes.")
    with_data_channel(handler, send)


@pytest.mark.parametrize("word", ["226 All sent.", "426 Connection closed; transfer aborted."])
def test_a_file_that_ends_too_early_is_not_taken(server: Any, memory: Any, poll: Poll, word: str) -> None:
    (server.root / "out/a").write_bytes(b"the whole content")

    def part(handler: Any, _: str) -> bool:
        _sends(handler, b"the whole", word)
        return True

    server.faults.commands["RETR"] = once(part)
    if word.startswith("226"):
        assert poll(source(server), memory) == {}
    else:
        with pytest.raises(Retry, match="426 Connection closed"):
            poll(source(server), memory)
    assert poll(source(server), memory) == {"a": b"the whole content"}


def test_a_file_whose_end_does_not_come_is_given_up(server: Any, memory: Any, poll: Poll) -> None:
    (server.root / "out/a").write_bytes(b"content")

    def stall(handler: Any, _: str) -> bool:
        _sends(handler, b"con", None, closes=False)
        return True

    server.faults.commands["RETR"] = once(stall)
    began = time.monotonic()
    with pytest.raises(Retry, match="does not answer in time"):
        poll(source(server), memory)
    assert time.monotonic() - began < 5
    assert poll(source(server), memory) == {"a": b"content"}


@pytest.mark.parametrize("command", ["RETR", "MLSD"])
def test_a_server_that_sends_drop_by_drop_is_given_up(server: Any, memory: Any, poll: Poll, command: str) -> None:
    content = b"content" * 100
    (server.root / "out/a").write_bytes(content)

    def drip(handler: Any, _: str) -> bool:
        def drop(channel: Any) -> None:
            if not channel._closed:
                with contextlib.suppress(OSError):
                    channel.socket.send(b"c")
                    handler.ioloop.call_later(0.05, drop, channel)

        handler.respond("150 Here it comes.")
        with_data_channel(handler, drop)
        return True

    server.faults.commands[command] = once(drip)
    began = time.monotonic()
    with pytest.raises(Retry, match="does not answer in time"):
        poll(source(server), memory)
    assert time.monotonic() - began < 3
    assert poll(source(server), memory) == {"a": content}


def test_a_server_that_lies_about_the_size_hides_no_other_file(
    start: Any, memory: Any, poll: Poll, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = start(tls=False, without=("MLSD", "MLST"))
    for name in "ab":
        (server.root / "out" / name).write_bytes(b"content")

    def lie(handler: Any, path: str) -> bool:
        if path.endswith("/a"):
            handler.respond("213 99999999")
        return path.endswith("/a")

    server.faults.commands["SIZE"] = lie
    assert poll(source(server), memory) == {"b": b"content"}
    server.faults.commands["SIZE"] = lambda handler, path: handler.respond("213 3") or True
    assert poll(source(server), memory) == {}
    del server.faults.commands["SIZE"]
    assert poll(source(server), memory) == {"a": b"content"}


@pytest.mark.parametrize("said", ["213 many", "213 -5", "213 " + "9" * 400, "213"])
def test_a_size_that_is_none_is_looked_for_in_the_list(start: Any, memory: Any, poll: Poll, said: str) -> None:
    server = start(tls=False, without=("MLSD", "MLST"))
    (server.root / "out/a").write_bytes(b"content")
    server.faults.commands["SIZE"] = say(said)
    assert poll(source(server), memory) == {"a": b"content"}


def test_a_file_that_grows_while_it_is_read_waits(server: Any, memory: Any, poll: Poll) -> None:
    file = server.root / "out/a"
    file.write_bytes(b"x" * 100)

    def grow(*_: Any) -> None:
        with file.open("ab") as writer:
            writer.write(b"more" * MEGABYTE)

    server.faults.commands["RETR"] = once(grow)
    (server.root / "out/b").write_bytes(b"good")
    assert poll(source(server), memory) == {"b": b"good"}


def test_a_file_that_vanishes_is_no_error(server: Any, memory: Any, poll: Poll) -> None:
    for name in "ab":
        (server.root / "out" / name).write_bytes(b"x")

    def vanish(_: Any, path: str) -> None:
        if path.endswith("/a"):
            (server.root / "out/a").unlink()

    server.faults.commands["RETR"] = vanish
    assert poll(source(server), memory) == {"b": b"x"}


def test_one_file_that_may_not_be_read_hides_no_other(server: Any, memory: Any) -> None:
    for name in "abc":
        (server.root / "out" / name).write_bytes(name.encode())
    server.faults.commands["RETR"] = lambda handler, path: (
        path.endswith("/b") and say("550 Permission denied.")(handler, path)
    )
    with source(server) as one:
        arriving = one.receive(memory)
        assert [next(arriving).content, next(arriving).content] == [b"a", b"c"]
        with pytest.raises(Reject) as caught:
            next(arriving)
    assert [str(finding) for finding in caught.value.findings] == [
        "error E-DENIED /out/b cannot be read: 550 Permission denied\n"
        "    source   /out/b\n"
        "    hint     ask who keeps the folder for the right to read, rename and delete in it"
    ]


def test_renaming_that_is_forbidden_is_said_for_each_file_and_repeats_nothing(
    server: Any, memory: Any, poll: Poll
) -> None:
    (server.root / "out/a").write_bytes(b"a")
    server.faults.commands["RNTO"] = say("550 Permission denied.")
    options = {"afterwards": {"move": "/out/done"}}
    with source(server, **options) as one:
        for inbound in one.receive(memory):
            memory.commit(inbound)
            with pytest.raises(Reject, match="is safe with us but cannot be archived: 550 Permission denied"):
                inbound.settle()
    del server.faults.commands["RNTO"]
    assert poll(source(server, **options), memory) == {}
    assert names(server, "out/done") == ["a"]


def test_an_archive_that_cannot_be_made_is_no_file_that_somebody_else_took(server: Any, memory: Any) -> None:
    (server.root / "out/a").write_bytes(b"a")
    server.faults.commands["RNTO"] = say("550 No such file or directory.")
    with source(server, afterwards={"move": "/out/done"}) as one:
        for inbound in one.receive(memory):
            with pytest.raises(Reject, match="cannot be archived"):
                inbound.settle()


def test_a_target_that_may_not_rename_stops_and_leaves_nothing(server: Any, outbound: Make) -> None:
    server.faults.commands["RNTO"] = say("553 Permission denied.")
    with target(server) as one, pytest.raises(Stop) as caught:
        one.deliver(outbound())
    assert caught.value.hint == "ask who keeps the folder for the right to create and rename files in it"
    assert names(server, "in") == []


@pytest.mark.parametrize(
    "word", ["552 Quota exceeded.", "452 Insufficient storage space.", "451 Local error.", "450 File busy."]
)
def test_a_full_disk_is_tried_again(server: Any, outbound: Make, word: str) -> None:
    server.faults.commands["STOR"] = once(say(word))
    with target(server) as one:
        with pytest.raises(Retry, match=word[:3]):
            one.deliver(outbound())
        one.deliver(outbound())
    assert names(server, "in") == ["order.edi"]


def test_a_disk_that_becomes_full_says_why_the_data_connection_broke(server: Any, outbound: Make) -> None:
    def full(channel: Any) -> None:
        server.faults.on_data = None
        control = channel.cmd_channel
        channel.close()
        control.respond("552 Quota exceeded.")

    server.faults.on_data = full
    with target(server) as one:
        with pytest.raises(Retry, match="552 Quota exceeded"):
            one.deliver(outbound(b"x" * 20 * MEGABYTE))
        one.deliver(outbound())
    assert names(server, "in") == ["order.edi"]


def test_an_upload_that_is_cut_short_by_the_server_is_counted(server: Any, outbound: Make) -> None:
    def cut(handler: Any, path: str) -> bool:
        (server.root / path.lstrip("/")).write_bytes(b"half")
        handler.respond("150 Go on.")

        def close() -> None:
            if handler.data_channel is not None:
                handler.data_channel.close()
            handler.respond("226 Thanks.")

        handler.ioloop.call_later(0.05, close)
        return True

    server.faults.commands["STOR"] = once(cut)
    with target(server) as one:
        with pytest.raises(Retry, match=r"/in/\.[0-9a-f]{16}\.part holds 4 bytes after 11 bytes were written"):
            one.deliver(outbound())
        one.deliver(outbound())
    assert (server.root / "in/order.edi").read_bytes() == b"UNB+UNOA:2'"


def test_a_name_that_is_taken_at_the_last_moment_is_not_overwritten(start: Any, outbound: Make) -> None:
    server = start(tls=False)

    def refuse(handler: Any, _: str) -> bool:
        (server.root / "in/order.edi").write_bytes(b"faster")
        handler.respond("553 File exists.")
        return True

    server.faults.commands["RNTO"] = once(refuse)
    with target(server) as one:
        with pytest.raises(Retry, match="was taken by somebody else just now"):
            one.deliver(outbound())
        with pytest.raises(Reject, match="with other content is there already"):
            one.deliver(outbound())
    assert (server.root / "in/order.edi").read_bytes() == b"faster"


def test_a_server_that_renames_over_nothing_replaces_all_the_same(server: Any, outbound: Make) -> None:
    (server.root / "in/order.edi").write_bytes(b"older")
    server.faults.commands["RNTO"] = lambda handler, _: (
        say("550 File exists.")(handler, "") if (server.root / "in/order.edi").exists() else None
    )
    with target(server, collision="replace") as one:
        one.deliver(outbound(b"newer"))
    assert (server.root / "in/order.edi").read_bytes() == b"newer"


def test_a_file_that_the_partner_collects_at_once_was_delivered(server: Any, outbound: Make) -> None:
    def collect(handler: Any, _: str) -> bool:
        [part] = (server.root / "in").glob(".*.part")
        part.unlink()
        handler.respond("250 Renamed.")
        return True

    server.faults.commands["RNTO"] = once(collect)
    with target(server) as one:
        assert one.deliver(outbound()).summary == "stored as /in/order.edi, 11 bytes"


def test_a_folder_that_is_listed_in_no_known_form_is_not_taken_for_empty(start: Any, memory: Any, poll: Poll) -> None:
    server = start(tls=False, without=("MLSD", "MLST"))
    (server.root / "out/a").write_bytes(b"content")

    def strange(handler: Any, _: str) -> bool:
        _sends(handler, b"VOLUME UNIT  REFERRED\r\nM 1 2026/11/26\r\n", "226 Sent.")
        return True

    server.faults.commands["LIST"] = once(strange)
    with pytest.raises(Retry, match="its list is in a form that is not known: VOLUME UNIT  REFERRED"):
        poll(source(server), memory)
    assert poll(source(server), memory) == {"a": b"content"}


def test_a_list_that_is_refused_leads_to_no_other_place(start: Any) -> None:
    server = start(tls=False, without=("MLSD", "MLST"))
    (server.root / "out/a").write_bytes(b"content")
    server.faults.commands["LIST"] = once(say("550 Permission denied."))
    store = source(server).open_store()
    with pytest.raises(Denied):
        store.list("out")
    found = store.look("out/a")
    assert found is not None
    assert b"".join(store.read("out/a", found.size)) == b"content"
    store.close()


@pytest.mark.parametrize("without", [("MLSD", "MLST", "SIZE", "MDTM"), ("MLSD", "MLST", "SIZE", "MDTM", "FEAT")])
def test_a_server_that_only_lists_is_asked_for_one_list(start: Any, without: tuple[str, ...]) -> None:
    server = start(tls=False, without=without)
    for number in range(20):
        (server.root / "out" / f"{number}.edi").write_bytes(b"x" * number)
    store = source(server).open_store()
    assert sorted(entry.size for entry in store.list("out")) == list(range(20))
    assert server.faults.calls.count("LIST") == 1
    store.close()


def test_lines_and_names_that_cannot_be_used_hide_no_file(
    start: Any, memory: Any, caplog: pytest.LogCaptureFixture
) -> None:
    server = start(tls=False, without=("MLSD", "MLST", "SIZE", "MDTM"))
    kept = b"-rw-r--r-- 1 u g 5 Jan 01 2026 a.edi\r\n"

    def strange(handler: Any, _: str) -> bool:
        _sends(handler, kept.replace(b"Jan", b"xyz") + kept.replace(b"a.", b"in/a.") + kept, "226 Sent.")
        return True

    server.faults.commands["LIST"] = strange
    store = source(server).open_store()
    assert [(entry.path, entry.name) for entry in store.list("out")] == [
        ("in/a.edi", "in/a.edi"), ("out/a.edi", "a.edi")
    ]  # fmt: skip
    store.close()
    with source(server) as one, pytest.raises(Reject) as caught:
        list(one.receive(memory))
    assert caught.value.findings[0].message == "in/a.edi is not taken: its name cannot be used, as it has a slash"
    assert "1 lines of the list of out are not understood, such as: -rw-r--r-- 1 u g 5 xyz 01 2026 a.edi" in caplog.text


def test_a_file_that_the_server_cannot_read_to_its_end_hides_no_other(server: Any, memory: Any) -> None:
    """The server resets the data connection, and says why: its word is heard once, and the connection goes on."""
    for name in "ab":
        (server.root / "out" / name).write_bytes(b"content")

    def reset(handler: Any, path: str) -> bool:
        if path.endswith("/b"):
            return False

        def send(channel: Any) -> None:
            channel.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            channel.close()
            handler.respond("451 Input/output error.")

        handler.respond("150 Here it comes.")
        with_data_channel(handler, send)
        return True

    server.faults.commands["RETR"] = reset
    with source(server) as one:
        arriving = one.receive(memory)
        assert next(arriving).content == b"content"
        with pytest.raises(Reject) as caught:
            next(arriving)
    assert caught.value.findings[0].message == "/out/a cannot be read: 451 Input/output error"


def test_a_name_that_the_character_set_cannot_say_is_not_sent(start: Any, outbound: Make) -> None:
    server = start(tls=False, encoding="latin-1")
    settings = server.connection(encoding="latin-1")
    options = FtpTarget.Options.model_validate({"folder": "/in", "file": "x"})
    with FtpTarget(settings, options) as one, pytest.raises(Retry, match="a character that iso8859-1 does not have"):
        one.deliver(outbound(file="50€.edi"))


@pytest.mark.parametrize("word", ["450 No files found.", "550 No members found."])
def test_an_empty_folder_by_the_words_of_some_servers(start: Any, memory: Any, poll: Poll, word: str) -> None:
    server = start(tls=False, without=("MLSD", "MLST"))
    server.faults.commands["LIST"] = say(word)
    assert poll(source(server), memory) == {}


def test_a_reading_that_is_given_up_leaves_the_connection_in_order(server: Any) -> None:
    (server.root / "out/a").write_bytes(b"x" * 20 * MEGABYTE)
    store = source(server).open_store()
    pieces = store.read("/out/a", 20 * MEGABYTE)
    assert next(iter(pieces))
    kept = [pieces]  # as a traceback would keep it
    assert [entry.name for entry in store.list("/out")] == ["a"]
    assert store.look("/out/a") is not None
    assert b"".join(store.read("/out/a", 20 * MEGABYTE)) == b"x" * 20 * MEGABYTE
    assert kept
    store.close()


@pytest.mark.parametrize("word", ["550 Failed to open file.", "550 Could not get file size."])
def test_a_refusal_that_says_nothing_is_looked_into(start: Any, memory: Any, word: str) -> None:
    """It may mean that nothing is there, or that it may not be seen: the folder's list tells."""
    server = start(tls=False, without=("MLSD", "MLST"))
    (server.root / "in/order.edi").write_bytes(b"other")
    server.faults.commands["SIZE"] = say(word)
    store = target(server).open_store()
    assert store.look("/in/none") is None
    assert store.look("/in/order.edi") is not None
    store.close()


def test_a_path_that_cannot_be_looked_at_is_not_taken_for_free(server: Any, outbound: Make) -> None:
    server.faults.commands["MLST"] = say("550 Permission denied.")
    with target(server) as one:
        with pytest.raises(Stop, match="550 Permission denied"):
            one.deliver(outbound())
        assert one.verify(outbound()) is Landing.CANNOT_TELL


def test_the_local_end_of_a_large_file_is_no_reason_to_wait(
    server: Any, memory: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where our own disk is full, the pass ends at once, and the connection too."""
    (server.root / "out/a").write_bytes(b"x" * 20 * MEGABYTE)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("transload.adapters.base.folders.partials.Partial.save", full)
    began = time.monotonic()
    with source(server) as one, pytest.raises(Retry, match=r"no file can be written in .*: No space left on device"):
        list(one.receive(memory))
    assert time.monotonic() - began < 4


def drop_at(count: int) -> Callable[[Any], None]:
    """Cut a connection when so many bytes of a file were sent."""

    def act(data: Any) -> None:
        if data.tot_bytes_sent >= count:
            data.cmd_channel.close()

    return act


def begun(server: Any) -> list[str]:
    """Where transfers began: the arguments of REST, "" for one without."""
    calls = list(zip(server.faults.calls, server.faults.arguments, strict=True))
    return [before[1] if before[0] == "REST" else "" for before, call in itertools.pairwise(calls) if call[0] == "RETR"]


@pytest.mark.parametrize("tls", [True, False], ids=["tls", "plain"])
@pytest.mark.parametrize("after", [20_000, 70_000, 3 * MEGABYTE, 9 * MEGABYTE])
def test_a_large_file_is_gone_on_with_after_a_drop(start: Any, memory: Any, poll: Poll, after: int, tls: bool) -> None:
    server = start(tls=tls)
    content = os.urandom(10 * MEGABYTE)
    (server.root / "out/a").write_bytes(content)
    (server.root / "out/b").write_bytes(b"small")
    server.faults.on_sent = drop_at(after)
    with patient(server) as one:
        one.pauses = ()
        with pytest.raises(Retry):
            list(one.receive(memory))
        server.faults.on_sent = None
    assert poll(patient(server), memory) == {"a": content, "b": b"small"}
    first, again, _ = begun(server)
    assert first == ""
    held = int(again or 0) + (64 * 1024 if again else 0)
    assert held <= 10 * MEGABYTE
    assert held >= after - MEGABYTE


def patient(server: Any, **options: Any) -> FtpSource:
    given = {"folder": "/out", "stable": "none", "afterwards": "delete"} | options
    made = FtpSource(server.connection(), FtpSource.Options.model_validate(given))
    made.pauses = (0.01, 0.01, 0.01)
    return made


def test_a_server_that_drops_again_and_again(server: Any, memory: Any, poll: Poll) -> None:
    content = os.urandom(12 * MEGABYTE)
    (server.root / "out/a").write_bytes(content)
    server.faults.on_sent = drop_at(5 * MEGABYTE)
    assert poll(patient(server), memory) == {"a": content}
    assert len(begun(server)) == 3


@pytest.mark.parametrize("say_no", [None, "502 REST not implemented.", "550 REST not allowed.", "200 If you say so."])
def test_a_server_that_begins_nothing_in_the_middle(start: Any, memory: Any, poll: Poll, say_no: str | None) -> None:
    """It does not say REST STREAM, or refuses REST, or takes it for something else: all comes again, and is right."""
    server = start(tls=False, without=("REST",) if say_no is None else ())
    content = os.urandom(10 * MEGABYTE)
    (server.root / "out/a").write_bytes(content)
    server.faults.on_sent = drop_at(5 * MEGABYTE)
    if say_no is not None:
        server.faults.commands["REST"] = say(say_no)
    with patient(server) as one:
        one.pauses = ()
        with pytest.raises(Retry):
            list(one.receive(memory))
    server.faults.on_sent = None
    if say_no == "200 If you say so.":
        with pytest.raises(Retry, match="200 If you say so"):
            poll(patient(server), memory)
        del server.faults.commands["REST"]
    assert poll(patient(server), memory) == {"a": content}
    assert ("REST" in server.faults.calls) == (say_no is not None)


def test_a_server_that_promises_to_begin_in_the_middle_and_does_not(server: Any, memory: Any, poll: Poll) -> None:
    content = os.urandom(10 * MEGABYTE)
    (server.root / "out/a").write_bytes(content)
    server.faults.on_sent = drop_at(5 * MEGABYTE)
    server.faults.commands["REST"] = say("350 I will.")
    with patient(server) as one:
        one.pauses = ()
        with pytest.raises(Retry):
            list(one.receive(memory))
    server.faults.on_sent = None
    assert poll(patient(server), memory) == {"a": content}
    assert [begin != "" for begin in begun(server)] == [False, True, False]
