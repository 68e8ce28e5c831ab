"""Handing over, the same for local folders and for an SFTP server."""

from collections.abc import Callable
from hashlib import sha256
from typing import Any

import pytest

from transload.adapters.base import Landing, Outbound, Reject, Retry, Stop

Make = Callable[..., Outbound]
MEGABYTE = 1024 * 1024


def test_a_file_is_stored_whole_and_alone(side: Any, outbound: Make) -> None:
    with side.target() as target:
        answer = target.deliver(outbound(b"UNB'"))
    assert answer.summary == "stored as in/order.edi, 4 bytes"
    assert answer.reference == "in/order.edi"
    assert answer.findings == ()
    assert (side.root / "in/order.edi").read_bytes() == b"UNB'"
    assert side.names("in") == ["order.edi"]


@pytest.mark.parametrize("content", [b"", b"x" * (3 * MEGABYTE + 17)], ids=["empty", "large"])
def test_any_size(side: Any, outbound: Make, content: bytes) -> None:
    with side.target() as target:
        target.deliver(outbound(content))
        assert target.verify(outbound(content)) is Landing.LANDED
    assert (side.root / "in/order.edi").read_bytes() == content


def test_the_same_delivery_again_changes_nothing(side: Any, outbound: Make) -> None:
    with side.target() as target:
        target.deliver(outbound())
        before = (side.root / "in/order.edi").stat()
        answer = target.deliver(outbound())
    after = (side.root / "in/order.edi").stat()
    assert answer.summary == "in/order.edi was there already"
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert side.names("in") == ["order.edi"]


def test_another_content_under_the_name_is_refused(side: Any, outbound: Make) -> None:
    (side.root / "in/order.edi").write_bytes(b"older")
    with side.target() as target, pytest.raises(Reject) as caught:
        target.deliver(outbound(b"newer"))
    assert str(caught.value.findings[0]) == (
        "error E-COLLISION a file in/order.edi with other content is there already\n"
        "    source   in/order.edi\n"
        "    hint     give file a name that is unique ({number}), or set collision to suffix or replace"
    )
    assert (side.root / "in/order.edi").read_bytes() == b"older"
    assert side.names("in") == ["order.edi"]


def test_a_suffix_makes_room_and_knows_its_own(side: Any, outbound: Make) -> None:
    with side.target(collision="suffix") as target:
        for key, content in (("1", b"one"), ("2", b"two"), ("2", b"two"), ("3", b"three"), ("1", b"one")):
            target.deliver(outbound(content, key=key))
    assert {name: (side.root / "in" / name).read_bytes() for name in side.names("in")} == {
        "order.edi": b"one",
        "order-2.edi": b"two",
        "order-3.edi": b"three",
    }


def test_replace_puts_the_new_one_in_place(side: Any, outbound: Make) -> None:
    with side.target(collision="replace") as target:
        target.deliver(outbound(b"one"))
        assert target.verify(outbound(b"two")) is Landing.NOT_LANDED
        assert target.deliver(outbound(b"two", key="2")).summary == "stored as in/order.edi, 3 bytes"
        assert target.verify(outbound(b"two")) is Landing.LANDED
    assert (side.root / "in/order.edi").read_bytes() == b"two"
    assert side.names("in") == ["order.edi"]


def test_verify_tells_what_became_of_a_lost_answer(side: Any, outbound: Make) -> None:
    with side.target() as target:
        assert target.verify(outbound()) is Landing.NOT_LANDED
        target.deliver(outbound())
        assert target.verify(outbound()) is Landing.LANDED
        assert target.verify(outbound(b"something else")) is Landing.NOT_LANDED


def test_a_collecting_partner_leaves_it_open_whether_a_file_arrived(side: Any, outbound: Make) -> None:
    with side.target(collected=True) as target:
        assert not target.idempotent
        assert target.verify(outbound()) is Landing.CANNOT_TELL
        target.deliver(outbound())
        assert target.verify(outbound()) is Landing.LANDED
    with side.target() as target:
        assert target.idempotent


def test_a_torn_upload_is_known_and_repaired(side: Any, outbound: Make) -> None:
    options = {"temporary": "upload-*.tmp", "collected": True}
    target = side.target(**options)
    name = f"upload-{sha256(b'delivery-1').hexdigest()[:16]}.tmp"
    (side.root / "in" / name).write_bytes(b"half, and longer than what will be written in the end")
    with target:
        assert target.verify(outbound(b"whole")) is Landing.NOT_LANDED, "an unfinished upload proves it"
        target.deliver(outbound(b"whole"))
    assert side.names("in") == ["order.edi"]
    assert (side.root / "in/order.edi").read_bytes() == b"whole"


def test_the_signal_file_comes_last_and_counts(side: Any, outbound: Make) -> None:
    with side.target(done_file="*.done") as target:
        target.deliver(outbound())
        assert side.names("in") == ["order.edi", "order.edi.done"]
        assert target.verify(outbound()) is Landing.LANDED
        (side.root / "in/order.edi.done").unlink()
        assert target.verify(outbound()) is Landing.NOT_LANDED
        assert target.deliver(outbound()).summary == "in/order.edi was there already"
    assert (side.root / "in/order.edi.done").read_bytes() == b""


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("../out/x", "it has a slash"),
        ("/etc/passwd", "it has a slash"),
        ("a\\b", "it has a slash"),
        ("", "it is empty"),
        ("..", "it names a folder"),
        ("a\nb", "it has a control character"),
        ("ä" * 128, "it is longer than 255 bytes"),
    ],
)
def test_a_name_that_leads_elsewhere_is_refused(side: Any, outbound: Make, name: str, fault: str) -> None:
    with side.target() as target, pytest.raises(Reject, match=fault) as caught:
        target.deliver(outbound(file=name))
    assert caught.value.findings[0].code == "E-NAME"
    assert side.names("in") == []


def test_a_missing_folder_stops(side: Any, outbound: Make) -> None:
    with side.target(folder="nowhere") as target:
        with pytest.raises(Stop) as caught:
            target.deliver(outbound())
        found = target.probe()
    assert caught.value.hint == "correct folder (nowhere), or have the partner make it"
    assert found.ok is False
    assert found.summary == "there is no folder nowhere"


def test_a_folder_in_place_of_the_file_is_no_success(side: Any, outbound: Make) -> None:
    (side.root / "in/order.edi").mkdir()
    with side.target() as target, pytest.raises(Retry, match=r"in/order.edi was taken by somebody else"):
        target.deliver(outbound())
    assert [path.name for path in (side.root / "in").iterdir()] == ["order.edi"]


def test_probe_sees_the_folder(side: Any) -> None:
    with side.target() as target:
        found = target.probe()
    assert found.ok
    assert found.summary.endswith(", folder in")
