"""Payloads, wherever large ones lie: durable first, found by their hash, and never wrong without a word."""

import os
import threading
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.runner.ledger.samples import NOW, arrival, count

from transload.canonical.errors import ConfigurationError
from transload.runner.ledger import Blobs, Ledger, LedgerError
from transload.runner.ledger import blobs as blobs_module
from transload.runner.ledger.blobs import SMALL, BlobStore
from transload.runner.ledger.errors import TooLarge
from transload.runner.ledger.schema import blobs
from transload.runner.ledger.shelves import HALF, FolderShelf, ObjectShelf

LARGE = bytes(range(256)) * (SMALL // 256) + b"x"
DIGEST = sha256(LARGE).hexdigest()


@pytest.fixture(scope="session")
def bucket():
    """An S3 server on loopback, with a bucket; gives the options of fsspec's file system for it."""
    boto3 = pytest.importorskip("boto3")
    pytest.importorskip("s3fs")
    server_module = pytest.importorskip("moto.server")
    server = server_module.ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    access = {"endpoint_url": f"http://{host}:{port}", "region_name": "eu-central-1"}
    keys = {"aws_access_key_id": "reader", "aws_secret_access_key": "not-for-anybody"}
    client = boto3.client("s3", **access, **keys)
    client.create_bucket(Bucket="payloads", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    yield {"key": "reader", "secret": "not-for-anybody", "client_kwargs": access}
    client.close()
    server.stop()


class Place:
    """A shelf of one kind, with how its file is damaged and taken away."""

    def __init__(self, request, kind, tmp_path):
        self.blobs = None
        if kind == "folder":
            self.blobs = Blobs(place=str(tmp_path / "shelf"))
            self.shelf = FolderShelf(tmp_path / "shelf")
            self.file = tmp_path / "shelf" / DIGEST[:2] / DIGEST[2:]
            self.damage, self.remove = self.file.write_bytes, self.file.unlink
            return
        address = {
            "local": f"file://{tmp_path}/objects",
            "memory": f"memory://{tmp_path.name}",
            "s3": f"s3://payloads/{tmp_path.name}",
        }[kind]
        options = request.getfixturevalue("bucket") if kind == "s3" else {}
        self.blobs = Blobs(place=address, options=options)
        self.shelf = ObjectShelf(address, lambda: options)

    def _path(self):
        return self.shelf._path(DIGEST)

    def damage(self, content):
        self.shelf._system.pipe_file(self._path(), content)

    def remove(self):
        self.shelf._system.rm_file(self._path())


@pytest.fixture(params=["folder", "local", "memory", "s3"])
def place(request, tmp_path):
    """Each place where large payloads may lie."""
    return Place(request, request.param, tmp_path)


# the law of every shelf


def test_what_is_put_is_got(place, tmp_path):
    file = tmp_path / "large"
    file.write_bytes(LARGE)
    assert place.shelf.put(LARGE) == (DIGEST, len(LARGE))
    assert place.shelf.put(file) == (DIGEST, len(LARGE))
    assert place.shelf.get(DIGEST) == LARGE
    assert file.read_bytes() == LARGE


def test_what_is_missing_is_said(place):
    place.shelf.put(LARGE)
    place.remove()
    with pytest.raises(LedgerError, match=r"the payload .*/.* is missing") as caught:
        place.shelf.get(DIGEST)
    assert caught.value.hint == "restore it from a copy under that name, or let the partner send it again"


def test_what_was_changed_is_not_given_and_made_good_when_it_comes_again(place):
    place.shelf.put(LARGE)
    place.damage(b"damaged")
    with pytest.raises(LedgerError, match=r"the payload .* was changed"):
        place.shelf.get(DIGEST)
    place.shelf.put(LARGE)
    assert place.shelf.get(DIGEST) == LARGE


@pytest.mark.parametrize("place", ["folder", "memory", "s3"], indirect=True)
def test_many_put_the_same_at_once(place):
    """Of stores that show an object whole or not at all, as the ledger wants it; fsspec's local files are none."""
    found = []
    threads = [threading.Thread(target=lambda: found.append(place.shelf.put(LARGE))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [(DIGEST, len(LARGE))] * 6
    assert place.shelf.get(DIGEST) == LARGE


@pytest.mark.parametrize("kind", ["folder", "memory", "s3"])
def test_a_ledger_finds_them_again(request, store, tmp_path, kind):
    kept = replace(store, blobs=Place(request, kind, tmp_path).blobs)
    with Ledger(kept) as ledger:
        ledger.arrivals.add(arrival(content=LARGE), NOW)
        ledger.arrivals.add(arrival("k2", content=b"small"), NOW)
    with Ledger(kept) as ledger:
        assert ledger.arrivals.payload(DIGEST) == LARGE
        with ledger.read() as connection:
            encodings = set(connection.scalars(blobs.select().with_only_columns(blobs.c.encoding)))
    assert encodings == {"file", "plain"}


# object stores that do not do as they should


class Broken:
    """A file system that raises, or loses the end of what it is given."""

    def __init__(self, error=None):
        self.error = error

    def pipe_file(self, path, content):
        if self.error:
            raise self.error

    def invalidate_cache(self):
        pass

    def info(self, path):
        return {"size": 3}

    def cat_file(self, path):
        raise self.error


def broken(error=None):
    shelf = ObjectShelf("s3://bucket/x", dict)
    shelf._system, shelf._root = Broken(error), "bucket/x"
    shelf._secrets = ("a secret of ours",)
    return shelf


@pytest.mark.parametrize(
    "error", [PermissionError("Forbidden: a secret of ours\nmore"), RuntimeError(""), OSError(28, "")]
)
def test_whatever_an_object_store_raises_is_a_failure_of_the_ledger(error):
    with pytest.raises(LedgerError, match=f"the payload {DIGEST[:12]} cannot be kept in s3://bucket/x: ") as caught:
        broken(error).put(LARGE)
    with pytest.raises(LedgerError, match="cannot be had from s3://bucket/x"):
        broken(error).get(DIGEST)
    assert "a secret of ours" not in str(caught.value)
    assert "more" not in str(caught.value)


def test_an_upload_that_lost_bytes_is_none():
    with pytest.raises(LedgerError, match=f"has 3 of {len(LARGE)} bytes in s3://bucket/x"):
        broken().put(LARGE)


def test_a_bucket_that_is_not_there_is_not_made(bucket):
    shelf = ObjectShelf("s3://nowhere/x", lambda: bucket)
    for _ in range(2):
        with pytest.raises(LedgerError, match="cannot be kept in s3://nowhere/x") as caught:
            shelf.put(LARGE)
    assert "not-for-anybody" not in str(caught.value)


def test_a_store_that_is_not_there_is_said(bucket):
    away = {**bucket, "client_kwargs": {"endpoint_url": "http://127.0.0.1:9", "region_name": "x"}}
    away["config_kwargs"] = {"retries": {"max_attempts": 0}, "connect_timeout": 2}
    with pytest.raises(LedgerError, match="cannot be kept in s3://payloads/x"):
        ObjectShelf("s3://payloads/x", lambda: away).put(LARGE)


def test_an_address_that_nobody_knows_is_wrong():
    with pytest.raises(ConfigurationError, match="fsspec has no file system for nothing://x") as caught:
        ObjectShelf("nothing://x", dict).put(LARGE)
    assert "s3fs for s3://" in caught.value.hint


# folders


def test_no_half_written_file_is_left_when_the_disk_is_full(tmp_path, monkeypatch):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    shelf = FolderShelf(tmp_path / "blobs")
    monkeypatch.setattr("transload.runner.ledger.shelves.os.fsync", full)
    with pytest.raises(LedgerError, match="No space left on device"):
        shelf.put(LARGE)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_file_and_its_folders_are_on_disk_before_it_is_spoken_of(tmp_path, monkeypatch):
    forced = []
    fsync = os.fsync
    monkeypatch.setattr(
        os,
        "fsync",
        lambda descriptor: (forced.append(str(Path(f"/proc/self/fd/{descriptor}").readlink())), fsync(descriptor)),
    )
    FolderShelf(tmp_path / "shelf").put(LARGE)
    kept = tmp_path / "shelf"
    assert [path for path in forced if not path.startswith(f"{kept}/{HALF}")] == [
        str(kept / DIGEST[:2]),
        str(kept),
        str(tmp_path),
    ]
    assert len(forced) == 4


# the rows


@given(st.binary(max_size=4 * 1024))
def test_every_payload_comes_back(content):
    kept = BlobStore(lambda: None)
    prepared = kept.prepare(content)
    assert kept.unpack(prepared.digest, prepared.encoding, prepared.data) == content


@pytest.mark.parametrize("size", [SMALL, SMALL + 1])
def test_large_payloads_lie_beside_the_file_and_in_postgresql_in_the_database(ledger, size):
    content = (bytes(range(256)) * (size // 256 + 1))[:size]
    ledger.arrivals.add(arrival(content=content), NOW)
    receipt = ledger.arrivals.due("a/b")[0]
    shelf = ledger.database.shelf
    files = [path for path in shelf.folder.rglob("*") if path.is_file()] if shelf is not None else []
    assert len(files) == (size > SMALL and shelf is not None)
    assert ledger.arrivals.payload(receipt.digest) == content


def test_a_file_is_taken_over_whole(ledger, tmp_path):
    path = tmp_path / "large"
    path.write_bytes(b"0123456789" * 100_000)
    ledger.arrivals.add(arrival(content=path), NOW)
    receipt = ledger.arrivals.due("a/b")[0]
    assert receipt.size == 1_000_000
    assert ledger.arrivals.payload(receipt.digest) == path.read_bytes()


def test_the_same_payload_is_stored_once(ledger):
    for number in range(3):
        ledger.arrivals.add(arrival(f"k{number}", content=LARGE), NOW)
    assert count(ledger, blobs) == 1


@pytest.mark.parametrize("encoding", ["zlib", "plain"])
def test_a_payload_that_was_changed_in_the_database_is_noticed(ledger, encoding):
    content = b"aaaa" * 100 if encoding == "zlib" else b"a"
    ledger.arrivals.add(arrival(content=content), NOW)
    digest = ledger.arrivals.due("a/b")[0].digest
    ledger.database.write(lambda connection: connection.execute(blobs.update().values(data=b"other")).rowcount)
    with pytest.raises(LedgerError, match=f"the payload {digest[:12]} was changed in the ledger's database") as caught:
        ledger.arrivals.payload(digest)
    assert caught.value.hint == "restore the database from its last copy, or let the partner send it again"


def test_what_lay_on_a_shelf_that_is_named_no_more_is_said(store, tmp_path):
    with Ledger(replace(store, blobs=Blobs(place=str(tmp_path / "shelf")))) as ledger:
        ledger.arrivals.add(arrival(content=LARGE), NOW)
    bare = BlobStore(lambda: None)
    with Ledger(store) as ledger, ledger.read() as connection, pytest.raises(LedgerError) as caught:
        bare.load(connection, DIGEST)
    assert caught.value.message == f"the payload {DIGEST[:12]} lies outside of the ledger's database"
    assert caught.value.hint == "say in blobs: where large payloads were kept before"


def test_what_no_database_takes_is_refused_and_its_neighbours_go_on(store, monkeypatch):
    monkeypatch.setattr(blobs_module, "LARGEST_IN_DATABASE", SMALL + 100)
    kept = BlobStore(lambda: None)
    assert kept.prepare(bytes(SMALL + 100)).encoding == "zlib"
    with pytest.raises(TooLarge, match=f"a payload has {SMALL + 101} bytes, and the ledger's database takes") as caught:
        kept.prepare(bytes(SMALL + 101))
    assert caught.value.hint == "name a folder or an object store for large ones, with blobs: in transload.yaml"
