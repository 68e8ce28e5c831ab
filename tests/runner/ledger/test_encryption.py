"""Payloads under a key: nothing lies in plain, nothing is lost as keys change, none is taken for another."""

import base64
import json
import tracemalloc
from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Text, select, text, type_coerce
from tests.runner.ledger.samples import NOW, arrival, count, tamper

from transload.canonical.errors import ConfigurationError
from transload.canonical.findings import Finding
from transload.runner.ledger import Blobs, Encryption, Ledger, LedgerError
from transload.runner.ledger.blobs import SMALL
from transload.runner.ledger.encryption import KeyMissing, Keyring
from transload.runner.ledger.encryption.streams import PIECE, Altered, sealed, unsealed
from transload.runner.ledger.portions import Parsed, Portion
from transload.runner.ledger.schema import blobs, contents, documents, meta, metadata
from transload.runner.ledger.shelves import FolderShelf
from transload.runner.ledger.states import State

CANARY = "Silver-Canary-4711"
FIRST, SECOND = "11" * 32, base64.b64encode(b"2" * 32).decode()
KEYS = {"first": FIRST, "second": SECOND}
CANONICAL = json.dumps({"note": f"{CANARY} canonical"}, separators=(",", ":"))


def under(store, use="first", keys=KEYS):
    return replace(store, encryption=Encryption(use=use, keys=keys))


def fill(ledger):
    """A receipt that is small and one that is large, with a document of which everything is kept."""
    ledger.arrivals.add(arrival("small", f"{CANARY} raw".encode(), evidence={"mime": f"{CANARY} kept".encode()}), NOW)
    ledger.arrivals.add(arrival("large", f"{CANARY} large ".encode() * SMALL), NOW)
    epoch = ledger.lanes.take("in:a/b", NOW)
    parsed = Parsed(
        message=1,
        ordinal=1,
        state=State.MAPPED,
        partner="a",
        wire_digest="0" * 64,
        **dict.fromkeys(("kind", "version", "sender", "receiver", "interchange", "reference"), ""),
        document="order/1",
        canonical=CANONICAL,
        residue={"segment": f"{CANARY} residue"},
        digest=sha256(CANONICAL.encode()).hexdigest(),
        findings=(Finding(code="X", message=f"{CANARY} finding", value=CANARY),),
    )
    receipt = ledger.arrivals.due("a/b")[0]
    ledger.staging.stage([Portion(receipt=receipt, parsed=[parsed], position=1)], NOW, lane="in:a/b", epoch=epoch)


def everything(ledger, folder):
    """All that lies on disk or in the server, as bytes."""
    with ledger.read() as connection:
        found = [
            repr(tuple(row)).encode()
            for table in metadata.tables
            for row in connection.execute(text(f"SELECT * FROM {table}"))
        ]
    return b"\n".join([*found, *(path.read_bytes() for path in folder.rglob("*") if path.is_file())])


def whole(ledger):
    """That all can be read, and is what it was."""
    with ledger.read() as connection:
        row = connection.execute(
            select(contents.c.canonical, contents.c.residue, documents.c.findings).join(documents)
        ).one()
    assert row.canonical == CANONICAL
    assert (row.residue, row.findings[0]["value"]) == ({"segment": f"{CANARY} residue"}, CANARY)
    for content in (f"{CANARY} raw".encode(), f"{CANARY} kept".encode(), f"{CANARY} large ".encode() * SMALL):
        assert ledger.arrivals.payload(sha256(content).hexdigest()) == content
    assert ledger.verify() == []


@pytest.fixture
def store(store, tmp_path):
    return replace(store, blobs=Blobs(place=str(tmp_path / "var/shelf")))


def test_nothing_of_a_payload_lies_in_plain(store, tmp_path):
    with Ledger(under(store)) as ledger:
        fill(ledger)
        whole(ledger)
        assert CANARY.encode() not in everything(ledger, tmp_path)
        assert FIRST.encode() not in everything(ledger, tmp_path)
        assert bytes.fromhex(FIRST) not in everything(ledger, tmp_path)


def test_keys_come_change_and_go_and_nothing_is_lost(store, tmp_path):
    with Ledger(store) as ledger:
        fill(ledger)
        assert CANARY.encode() in everything(ledger, tmp_path)
    for use in ("first", "second"):
        with Ledger(under(store, use)) as ledger:
            whole(ledger)  # both lie side by side
            done = dict(ledger.rekeying().run())
            assert done == {"documents": 1, "contents": 1, "blobs": 3}
            whole(ledger)
            assert CANARY.encode() not in everything(ledger, tmp_path)
        with Ledger(under(store, use, {use: KEYS[use]})) as ledger:  # the other one is not needed any more
            assert list(ledger.rekeying().run()) == []
            whole(ledger)
    with Ledger(under(store, None)) as ledger:
        list(ledger.rekeying().run())
    with Ledger(store) as ledger:
        whole(ledger)
        assert count(ledger, meta) == 0


def test_a_change_of_keys_that_is_broken_off_goes_on(store, tmp_path):
    with Ledger(store) as ledger:
        fill(ledger)
    with Ledger(under(store)) as ledger:
        next(ledger.rekeying().run())
        whole(ledger)
    with Ledger(under(store)) as ledger:
        assert "blobs" in dict(ledger.rekeying().run())
        assert CANARY.encode() not in everything(ledger, tmp_path)
        whole(ledger)


def test_without_the_key_or_with_another_one_nothing_is_opened(store):
    with Ledger(under(store)) as ledger:
        fill(ledger)
    with pytest.raises(KeyMissing, match="holds payloads under the key 'first', which encryption: does not name"):
        Ledger(store).open()
    with pytest.raises(KeyMissing, match="does not name"):
        Ledger(under(store, "second", {"second": SECOND})).open()
    with pytest.raises(KeyMissing, match="the key 'first' has another secret than") as caught:
        Ledger(under(store, "first", {"first": SECOND})).open()
    assert SECOND not in str(caught.value)
    assert caught.value.hint
    with Ledger(under(store)) as ledger:
        whole(ledger)


@pytest.mark.parametrize("secret", ["", "short", "zz" * 32, "11" * 31, base64.b64encode(b"1" * 31).decode()])
def test_what_is_no_key_is_refused_and_not_shown(secret):
    with pytest.raises(ConfigurationError, match="takes 32 bytes, in base64 or as 64 hexadecimal digits") as caught:
        Keyring({"k": secret}, use="k")
    assert not secret or secret not in str(caught.value)


def test_a_ciphertext_that_takes_anothers_place_is_not_read(store):
    with Ledger(under(store)) as ledger:
        fill(ledger)
        with ledger.read() as connection:
            query = select(blobs.c.digest, blobs.c.data).where(blobs.c.data.is_not(None)).order_by(blobs.c.digest)
            one, other = connection.execute(query).all()
            residue = connection.scalar(select(type_coerce(contents.c.residue, Text)))
        tamper(ledger, blobs.update().where(blobs.c.digest == one.digest).values(data=other.data))
        with pytest.raises(LedgerError, match="was changed in the ledger's database"):
            ledger.arrivals.payload(one.digest)
        statement = text("UPDATE contents SET canonical = :value").bindparams(value=residue)
        ledger.database.write(lambda connection: connection.execute(statement).rowcount)
        with pytest.raises(LedgerError, match=r"contents\.canonical was changed"), ledger.read() as connection:
            connection.scalar(select(contents.c.canonical))


RING = Keyring(KEYS, use="first")
CONTENT = bytes(range(256)) * 1024  # compresses well
NOISE = b"".join(sha256(str(number).encode()).digest() for number in range(3 * PIECE // 32 + 5))


def sealed_whole(content, keys=RING):
    return b"".join(sealed(keys, sha256(content).hexdigest(), [content]))


def opened(stored, content, keys=RING):
    return b"".join(unsealed(keys, sha256(content).hexdigest(), [stored]))


@settings(max_examples=40)
@given(st.binary(max_size=300) | st.sampled_from([NOISE[:size] for size in range(PIECE - 30, PIECE + 30, 7)]))
def test_what_is_sealed_in_pieces_comes_back(content):
    stored = sealed_whole(content)
    parts = [stored[begin : begin + 999] for begin in range(0, len(stored), 999)]
    assert b"".join(unsealed(RING, sha256(content).hexdigest(), parts)) == content
    assert stored != sealed_whole(content)


STORED = sealed_whole(NOISE)
HEAD = 16 + 1 + len("first") + 32 + 7


@settings(max_examples=80)
@given(at=st.integers(0, len(STORED) - 1), bit=st.integers(0, 7))
def test_any_bit_that_is_changed_is_noticed(at, bit):
    changed = bytearray(STORED)
    changed[at] ^= 1 << bit
    with pytest.raises((Altered, KeyMissing)):
        opened(bytes(changed), NOISE)


def test_pieces_that_are_cut_off_left_out_doubled_or_moved_are_noticed():
    head, rest = STORED[:HEAD], STORED[HEAD:]
    size = PIECE + 16
    pieces = [rest[begin : begin + size] for begin in range(0, len(rest), size)]
    assert len(pieces) >= 4
    ways = [
        pieces[:-1],
        pieces[:1],
        [],
        pieces[1:],
        [pieces[1], pieces[0], *pieces[2:]],
        [*pieces, pieces[-1]],
        [pieces[0], pieces[0], *pieces[1:]],
    ]
    for way in ways:
        with pytest.raises(Altered):
            opened(head + b"".join(way), NOISE)
    with pytest.raises(Altered):
        opened(STORED, CONTENT)  # of another payload
    for end in (0, 5, HEAD - 1, HEAD):
        with pytest.raises(Altered):
            opened(STORED[:end], NOISE)


def test_a_payload_in_plain_that_begins_as_a_sealed_one_is_read(tmp_path):
    shelf = FolderShelf(tmp_path)
    for content in (STORED, STORED[:20], b"transload-aes-1\n"):
        digest, _ = shelf.put(content)
        assert FolderShelf(tmp_path, RING).get(digest) == content
        assert shelf.get(digest) == content


def test_a_large_payload_is_sealed_and_read_in_little_memory(tmp_path):
    file = tmp_path / "large"
    with file.open("wb") as stream:
        for _ in range(160):
            stream.write(NOISE)
    shelf = FolderShelf(tmp_path / "shelf", RING)
    tracemalloc.start()
    digest, size = shelf.put(file)
    for _ in shelf.read(digest):
        pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size == file.stat().st_size > 30_000_000
    assert peak < 8_000_000
