"""Letting go of payloads: nothing of them stays, nothing that others have goes, and the chain holds."""

import os
import threading
import time
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import select
from tests.runner.ledger.samples import NOW, arrival, tamper
from tests.runner.ledger.test_encryption import CANARY, CANONICAL, everything

from transload.canonical.findings import Finding
from transload.runner.ledger import Blobs, Erased, Ledger, NotFound, Ref, State
from transload.runner.ledger.actions import NotPossible
from transload.runner.ledger.attempts import Outcome
from transload.runner.ledger.blobs import ERASED, ERASING, SMALL
from transload.runner.ledger.drafts import Closing, Draft, Frozen
from transload.runner.ledger.portions import Parsed, Portion
from transload.runner.ledger.schema import blobs, contents, receipts
from transload.runner.ledger.shelves import HALF, UNTOUCHED, FolderShelf

LATER = NOW + timedelta(days=40)
BODY = f"{CANARY} body"
RAW = f"{CANARY} raw".encode()


@pytest.fixture
def store(store, tmp_path):
    return replace(store, blobs=Blobs(place=str(tmp_path / "var/shelf")))


def parsed(number, body=BODY):
    empty = dict.fromkeys(("kind", "version", "sender", "receiver", "interchange", "reference"), "")
    draft = Draft(
        lane="a/b/x/y",
        target="x/y",
        connection="x/c",
        key=lambda: f"key {number} {sha256(body.encode()).hexdigest()}",
        freeze=lambda numbers: Frozen(content=f"{body} {number}".encode(), content_type="text/plain", metadata={}),
        artifacts=(),
        product="p",
    )
    return Parsed(
        message=number,
        ordinal=1,
        state=State.STAGED,
        partner="a",
        wire_digest="0" * 64,
        **empty,
        document="order/1",
        number=f"PO-{number}",
        canonical=CANONICAL,
        residue={"segment": f"{CANARY} residue"},
        digest=sha256(CANONICAL.encode()).hexdigest(),
        passed=(State.PARSED, State.MAPPED),
        findings=(Finding(code="X", message=f"{CANARY} finding", value=CANARY),),
        drafts=(draft,),
    )


def fill(ledger, content=RAW, *, send=True, key="k1", evidence=True):
    """A receipt of two messages, whose documents are sent and answered."""
    kept = {"mime": f"{CANARY} kept".encode()} if evidence else {}
    number, _ = ledger.arrivals.add(arrival(key, content, evidence=kept), NOW)
    epoch = ledger.lanes.take("in:a/b", NOW)
    receipt = ledger.arrivals.get(number)
    closing = Closing(state=State.PARSED)
    two = [parsed(1, f"{BODY} {key}"), parsed(2, f"{BODY} {key}")]
    ledger.staging.stage(
        [Portion(receipt=receipt, parsed=two, position=2, closing=closing)], NOW, lane="in:a/b", epoch=epoch
    )
    if send:
        epoch = ledger.lanes.take("a/b/x/y", NOW)
        due = ledger.lanes.due("a/b/x/y", epoch, NOW, most=10)
        ledger.lanes.announce("a/b/x/y", epoch, due, NOW)
        answer = {"answer": {"text": CANARY}, "answer_content": f"{CANARY} answer".encode()}
        outcomes = [Outcome(delivery=item, state=State.SENT, said="sent", ended_at=NOW, **answer) for item in due]
        ledger.lanes.conclude("a/b/x/y", epoch, outcomes, NOW)
    return number


@pytest.mark.parametrize("times", [1, SMALL])
def test_nothing_of_a_receipt_that_is_erased_stays(store, tmp_path, times):
    with Ledger(store) as ledger:
        fill(ledger, f"{CANARY} raw ".encode() * times)
        assert ledger.verify() == []
        assert ledger.erasing.look(Ref("receipt", 1)).documents == (1, 2)
        assert CANARY.encode() in everything(ledger, tmp_path)
        done = ledger.erasing.erase(Ref("receipt", 1), NOW, by="anna", reason="asked for")
        assert (done.receipts, done.documents, done.deliveries, done.bereft) == ((1,), (1, 2), (1, 2), 0)
        assert CANARY.encode() not in everything(ledger, tmp_path)
        assert ledger.verify() == []
        for ref in (Ref("receipt", 1), Ref("document", 2), Ref("delivery", 1)):
            with pytest.raises(Erased, match=f"{ref} was erased on 2026-03-02 by anna: asked for"):
                ledger.queries.payload(ref)
        for name, ref in (("mime", Ref("receipt", 1)),):
            with pytest.raises(Erased):
                ledger.queries.evidence(ref, name)
        with pytest.raises(Erased):
            ledger.actions.redeliver(1, NOW)
        with pytest.raises(Erased):
            ledger.actions.remap(Ref("document", 1), NOW)
        with pytest.raises(Erased):
            ledger.erasing.erase(Ref("receipt", 1), NOW, by="anna", reason="again")
        journey = ledger.queries.journey(Ref("document", 1))
        assert journey["documents"][0]["erased"] == {"at": "2026-03-02T08:00:00Z", "by": "anna", "reason": "asked for"}
        assert journey["documents"][0]["findings"] == [{"code": "X", "severity": "error", "message": "erased"}]
        assert journey["events"][-1]["what"] == "ERASED"
        assert ledger.erasing.due("a/b", LATER) == []


def test_half_a_payload_that_a_process_left_which_died_goes_too(store, tmp_path, monkeypatch):
    replaced = Path.replace
    monkeypatch.setattr(Path, "replace", lambda half, whole: os._exit(3))
    if (child := os.fork()) == 0:
        with suppress(BaseException):
            FolderShelf(tmp_path / "var/shelf").put(RAW * SMALL)
        os._exit(4)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 3
    monkeypatch.setattr(Path, "replace", replaced)
    with Ledger(store) as ledger:
        [half] = (tmp_path / "var/shelf").glob(f"{HALF}*")
        ledger.erasing.complete()
        assert half.exists()  # somebody may be writing it
        os.utime(half, (time.time() - UNTOUCHED - 1,) * 2)
        ledger.erasing.complete()
        assert CANARY.encode() not in everything(ledger, tmp_path)
        assert not half.exists()


def test_a_document_takes_only_its_own_with_it(ledger):
    fill(ledger)
    done = ledger.erasing.erase(Ref("document", 1), NOW, by="anna", reason="asked for")
    assert (done.receipts, done.documents, done.deliveries, done.bereft) == ((1,), (1,), (1,), 1)
    assert ledger.queries.payload(Ref("document", 2)) == CANONICAL.encode()
    assert ledger.queries.payload(Ref("delivery", 2)) == f"{BODY} k1 2".encode()
    assert ledger.actions.redeliver(2, NOW) == 3
    assert ledger.verify() == []
    assert [event["what"] for event in ledger.queries.journey(Ref("document", 2))["events"]].count("ERASED") == 1
    with pytest.raises(NotPossible, match="s3 is under way"):
        ledger.erasing.erase(Ref("receipt", 1), NOW, by="anna", reason="the rest")


def test_what_is_under_way_is_left_alone(ledger):
    fill(ledger, send=False)
    for ref in (Ref("receipt", 1), Ref("document", 1), Ref("delivery", 1)):
        with pytest.raises(NotPossible, match=r"s\d is under way"):
            ledger.erasing.erase(ref, NOW, by="anna", reason="asked for")
    assert list(ledger.erasing.tidy("a/b", LATER, LATER)) == []
    assert ledger.queries.payload(Ref("receipt", 1)) == f"{CANARY} raw".encode()
    with pytest.raises(NotFound):
        ledger.erasing.look(Ref("document", 77))


def test_a_payload_that_others_have_stays_until_the_last(ledger):
    content = b"shared " * SMALL
    fill(ledger, content)
    fill(ledger, content, key="k2", evidence=False)
    digest = sha256(content).hexdigest()
    ledger.erasing.erase(Ref("receipt", 1), NOW, by="anna", reason="asked for")
    assert ledger.arrivals.payload(digest) == content
    assert ledger.verify() == []
    ledger.erasing.erase(Ref("receipt", 2), NOW, by="anna", reason="asked for")
    with pytest.raises(Erased):
        ledger.arrivals.payload(digest)
    assert ledger.verify() == []


def test_a_route_lets_go_of_what_is_old_enough(ledger):
    fill(ledger)
    ledger.arrivals.add(arrival("new", b"new"), LATER)
    before = NOW + timedelta(days=30)
    assert [one.receipts for one in ledger.erasing.tidy("a/b", before, LATER, preview=True)] == [(1,)]
    assert ledger.queries.payload(Ref("receipt", 1))
    assert [one.receipts for one in ledger.erasing.tidy("a/b", before, LATER)] == [(1,)]
    with pytest.raises(Erased, match="by retention: kept until 2026-04-01"):
        ledger.queries.payload(Ref("receipt", 1))
    assert list(ledger.erasing.tidy("a/b", before, LATER)) == []
    assert ledger.queries.payload(Ref("receipt", 2)) == b"new"


@pytest.mark.parametrize("size", [10, SMALL * 2])
def test_what_was_erased_can_arrive_again(ledger, size):
    content = b"x" * size
    fill(ledger, content)
    ledger.erasing.erase(Ref("receipt", 1), NOW, by="anna", reason="asked for")
    ledger.arrivals.add(arrival("again", content), NOW)
    assert ledger.queries.payload(Ref("receipt", 2)) == content
    with pytest.raises(Erased):
        ledger.queries.payload(Ref("receipt", 1))
    assert ledger.verify() == []


@pytest.fixture
def marked(store, monkeypatch):
    """A ledger that was killed after it marked a large payload and before it removed the file."""
    content = b"large " * SMALL
    with Ledger(store) as ledger:
        fill(ledger, content)
        monkeypatch.setattr(ledger.erasing, "sweep", lambda: 0)
        ledger.erasing.erase(Ref("receipt", 1), NOW, by="anna", reason="asked for")
    with Ledger(store) as ledger:
        yield ledger, content, sha256(content).hexdigest()


def encoding(ledger, digest):
    with ledger.read() as connection:
        return connection.scalar(select(blobs.c.encoding).where(blobs.c.digest == digest))


def test_a_crash_before_the_file_is_removed_is_made_good(marked):
    ledger, _, digest = marked
    assert encoding(ledger, digest) == ERASING
    assert ledger.verify() == []
    assert ledger.erasing.sweep() == 1
    assert encoding(ledger, digest) == ERASED
    assert not ledger.database.shelf._path(digest).exists()
    assert ledger.erasing.sweep() == 0


def test_a_payload_that_arrives_while_its_file_is_being_removed_is_there(marked):
    """Put on the shelf before the file is removed, and committed afterwards."""
    ledger, content, digest = marked
    blob = ledger.store.prepare(content)
    assert ledger.erasing.sweep() == 1
    assert not ledger.database.shelf._path(digest).exists()
    ledger.database.write(lambda connection: ledger.store.insert(connection, blob))
    assert ledger.database.shelf.get(digest) == content
    assert encoding(ledger, digest) == "file"


def test_a_payload_that_arrives_and_is_erased_at_the_same_time_is_there_for_who_has_it(store):
    """Whoever comes first: after all, each receipt that is not erased has its bytes."""
    content = b"contended " * SMALL
    digest = sha256(content).hexdigest()
    with Ledger(store) as ledger:
        fill(ledger, content, key="0", evidence=False)
        for turn in range(1, 8):
            eraser = threading.Thread(
                target=lambda turn=turn: ledger.erasing.erase(Ref("receipt", turn), NOW, by="anna", reason="x")
            )
            comer = threading.Thread(target=lambda turn=turn: fill(ledger, content, key=f"{turn}", evidence=False))
            for thread in (eraser, comer):
                thread.start()
            for thread in (eraser, comer):
                thread.join()
            assert ledger.arrivals.payload(digest) == content, turn
        assert ledger.verify() == []


def test_marks_that_nobody_made_are_found(ledger):
    fill(ledger)
    ledger.erasing.erase(Ref("document", 1), NOW, by="anna", reason="asked for")
    tamper(ledger, blobs.update().where(blobs.c.encoding != ERASED).values(encoding=ERASED, data=None))
    tamper(ledger, receipts.update().values(erasure_id=None))
    tamper(ledger, contents.delete().where(contents.c.document_id == 2))
    found = [finding.message for finding in ledger.verify()]
    assert any(message.endswith("is gone, and nobody erased it; it is that of r1") for message in found)
    assert "d2: its canonical document was changed" in found
