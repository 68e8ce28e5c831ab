"""Backups: of one moment while others write, whole or not there, and restored into a ledger that does nothing alone."""

import json
import os
import threading
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from tests.runner.ledger.samples import NOW, arrival

from transload.canonical.errors import TransloadError
from transload.runner.ledger import Ledger, LedgerError, Store
from transload.runner.ledger.backup import making, restoring
from transload.runner.ledger.backup.making import make_backup
from transload.runner.ledger.backup.manifest import BackupError, check_backup, digest_of, read_manifest, write_manifest
from transload.runner.ledger.backup.restoring import restore_backup
from transload.runner.ledger.backup.settling import Unaccepted
from transload.runner.ledger.columns import compact_json
from transload.runner.ledger.numbers import Ids
from transload.runner.ledger.schema import metadata, receipts
from transload.runner.ledger.store import Blobs

LARGE = 70_000
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def store(store, tmp_path):
    """On both databases large payloads lie outside of it."""
    return replace(store, blobs=Blobs(place=str(tmp_path / "shelf")))


@pytest.fixture
def elsewhere(store, tmp_path, request):
    """Another place of the same kind, with nothing in it."""
    blobs = Blobs(place=str(tmp_path / "shelf2"))
    if store.url.startswith("sqlite"):
        yield Store(url=f"sqlite:///{tmp_path}/new/ledger.db", blobs=blobs)
        return
    server = request.getfixturevalue("postgresql")
    name = server.make_database()
    yield Store(url=server.url(name), blobs=blobs)
    server.drop_database(name)


def restored(backup, to, *, routes=(), skip=1000):
    return restore_backup(backup, to, routes, LATER, by="ann", skip=skip)


def rows(ledger, name):
    table = metadata.tables[name]
    with ledger.read() as connection:
        return [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key))]


def settled(folder):
    """The files of a backup that a fault may hit."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_what_is_restored_is_what_was_there(ledger, elsewhere, tmp_path):
    for number in range(3):
        ledger.arrivals.add(arrival(f"k{number}", bytes([number]) * LARGE), NOW)
    ledger.arrivals.add(arrival("small", b"small"), NOW)
    made = make_backup(ledger, tmp_path / "b", NOW)
    assert (made.payloads, made.counts["receipts"], made.lacking) == (3, 4, ())
    assert check_backup(tmp_path / "b") == made
    manifest, _ = restored(tmp_path / "b", elsewhere)
    assert manifest == made
    with Ledger(elsewhere) as again:
        for name in ("receipts", "blobs", "documents", "deliveries", "memory", "artifacts"):
            assert rows(again, name) == rows(ledger, name)
        assert again.verify() == []
        with again.read() as connection:
            contents = [
                again.store.load(connection, digest) for digest in connection.scalars(select(receipts.c.digest))
            ]
        assert sorted(map(len, contents)) == [5, LARGE, LARGE, LARGE]
        ids = []
        again.database.write(lambda connection: ids.append(Ids(connection).next(metadata.tables["deliveries"])))
        assert ids[0] > 10_000  # no id of what came after the backup is given again, as it stands in keys


def test_a_backup_while_others_write_is_of_one_moment(ledger, tmp_path, elsewhere):
    """Each receipt has its event, its payload's row and its payload, in each copy; and a later copy has more."""
    stop = threading.Event()
    written = []

    def write(writer):
        number = 0
        while not stop.is_set():
            number += 1
            ledger.arrivals.add(arrival(f"{writer} {number}", f"{writer} {number} ".encode() * 18_000), NOW)
            written.append(number)

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(3)]
    for thread in threads:
        thread.start()
    try:
        while len(written) < 5:
            stop.wait(0.01)
        first = make_backup(ledger, tmp_path / "b1", NOW)
        second = make_backup(ledger, tmp_path / "b2", NOW)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert 5 <= first.counts["receipts"] < second.counts["receipts"]
    for manifest, name in ((first, "b1"), (second, "b2")):
        assert manifest.lacking == ()
        assert manifest.payloads == manifest.counts["receipts"] == manifest.counts["blobs"] == manifest.counts["events"]
        assert check_backup(tmp_path / name) == manifest
    restored(tmp_path / "b2", elsewhere)
    with Ledger(elsewhere) as again:
        assert again.verify() == []
        assert len(rows(again, "receipts")) == second.counts["receipts"]


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
@pytest.mark.parametrize("number", range(4))
def test_a_damaged_backup_is_refused_by_the_name_of_the_file(ledger, tmp_path, elsewhere, number):
    ledger.arrivals.add(arrival("k", b"x" * LARGE), NOW)
    make_backup(ledger, tmp_path / "b", NOW)
    path = settled(tmp_path / "b")[number]
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    for call in (check_backup, lambda folder: restored(folder, elsewhere)):
        with pytest.raises(BackupError) as caught:
            call(tmp_path / "b")
        assert str(path) in caught.value.message
    path.unlink()
    with pytest.raises(BackupError, match=r"is missing|no whole backup"):
        check_backup(tmp_path / "b")
    with pytest.raises(LedgerError, match="there is no ledger"):
        Ledger(elsewhere).open(create=False)


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_a_list_of_files_that_leads_elsewhere_is_refused(ledger, tmp_path, elsewhere):
    from hashlib import sha256

    make_backup(ledger, tmp_path / "b", NOW)
    sums = tmp_path / "b" / "SHA256SUMS"
    sums.write_text(sums.read_text() + f"{'0' * 64}  blobs/../../secret\n")
    manifest = tmp_path / "b" / "manifest.json"
    values = json.loads(manifest.read_text())
    write_manifest(tmp_path / "b", replace(read_manifest(tmp_path / "b"), sums=sha256(sums.read_bytes()).hexdigest()))
    with pytest.raises(BackupError, match="names a file that no backup has"):
        restored(tmp_path / "b", elsewhere)
    del values["digest"]
    for wrong in ({}, {**values, "payloads": "1"}, {**values, "more": 1}, [], {**values, "format": "other/1"}):
        digest = {"digest": sha256(compact_json(wrong).encode()).hexdigest()} if isinstance(wrong, dict) else {}
        manifest.write_text(json.dumps({**wrong, **digest} if digest else wrong))
        with pytest.raises(BackupError, match="is no manifest of a backup"):
            read_manifest(tmp_path / "b")
    manifest.write_text(json.dumps({**values, "payloads": 7, "digest": digest_of(manifest)}))
    with pytest.raises(BackupError, match=r"manifest.json was changed"):
        read_manifest(tmp_path / "b")


def test_what_is_missing_already_is_told_and_the_rest_backed_up(ledger, tmp_path):
    ledger.arrivals.add(arrival("k1", b"x" * LARGE), NOW)
    ledger.arrivals.add(arrival("k2", b"y" * LARGE), NOW)
    ledger.arrivals.add(arrival("k3", b"z" * LARGE), NOW)
    gone, changed, _ = sorted(path for path in (tmp_path / "shelf").rglob("*") if path.is_file())
    gone.unlink()
    changed.write_bytes(b"else")
    made = make_backup(ledger, tmp_path / "b", NOW)
    assert set(made.lacking) == {gone.parent.name + gone.name, changed.parent.name + changed.name}
    assert made.payloads == 1
    assert check_backup(tmp_path / "b") == made


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_what_is_erased_meanwhile_is_not_missing(ledger, tmp_path, monkeypatch):
    ledger.arrivals.add(arrival("k1", b"x" * LARGE), NOW)
    copied = making.copied

    @contextmanager
    def erasing(store, folder):
        with copied(store, folder) as connection:
            table = metadata.tables["blobs"]
            ledger.database.write(lambda writing: writing.execute(table.update().values(encoding="erased")))
            for path in (tmp_path / "shelf").rglob("*"):
                if path.is_file():
                    path.unlink()
            yield connection

    monkeypatch.setattr(making, "copied", erasing)
    made = make_backup(ledger, tmp_path / "b", NOW)
    assert (made.payloads, made.lacking) == (0, ())


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_from_one_shelf_to_another_and_from_folders_with_odd_names(tmp_path, elsewhere, store):
    """An object store is read in pieces; a damaged copy there is written again by a restore."""
    pytest.importorskip("fsspec", reason="needs the extra object-store")
    shelf = Blobs(place=f"memory://{tmp_path.name}")
    odd = Store(url=f"sqlite:///{tmp_path}/a b?#%41/ledger.db", blobs=shelf)
    folder = tmp_path / "c d?#%41"
    with Ledger(odd) as ledger:
        for number in range(2):
            ledger.arrivals.add(arrival(f"k{number}", bytes([number]) * LARGE * 20), NOW)
        digest = rows(ledger, "blobs")[0][0]
        made = make_backup(ledger, folder, NOW)
        assert (made.payloads, made.lacking) == (2, ())
        with pytest.raises(LedgerError, match="is missing"):
            list(ledger.database.shelf.raw("0" * 64))
        (tmp_path / "else").write_bytes(b"else")
        ledger.database.shelf.lay(digest, tmp_path / "else")
        assert make_backup(ledger, tmp_path / "second", NOW).lacking == (digest,)
    there = replace(elsewhere, blobs=shelf)
    restored(folder, there)
    with Ledger(there) as again, again.read() as connection:
        assert len(again.store.load(connection, digest)) == LARGE * 20


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_a_backup_replaces_nothing_and_is_made_by_one_process(ledger, tmp_path):
    (tmp_path / "used").mkdir()
    (tmp_path / "used" / "file").touch()
    with pytest.raises(BackupError, match="is there already, and not empty"):
        make_backup(ledger, tmp_path / "used", NOW)
    (tmp_path / "empty").mkdir()
    make_backup(ledger, tmp_path / "empty", NOW)
    with making._unfinished(tmp_path / "b"), pytest.raises(BackupError, match="another process writes the backup"):
        make_backup(ledger, tmp_path / "b", NOW)
    check_backup(tmp_path / "empty")


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_a_backup_that_was_ended_looks_like_none(ledger, tmp_path, monkeypatch):
    """At each step that reaches the disk; what it left is in nobody's way."""
    ledger.arrivals.add(arrival("k", b"x" * LARGE), NOW)

    class End(BaseException):
        pass

    force, steps = making._force, []

    def ended(path):
        steps.append(path)
        if len(steps) == last:
            raise End
        force(path)

    monkeypatch.setattr(making, "_force", ended)
    monkeypatch.setattr(making.shutil, "rmtree", lambda *_, **__: None)  # who is killed tidies nothing up
    for last in range(1, 20):
        steps.clear()
        folder = tmp_path / f"b{last}"
        try:
            make_backup(ledger, folder, NOW)
        except End:
            whole = steps[-1] == tmp_path  # all that is left to do is to force the folder's new name
            assert folder.exists() == whole
            if not whole:
                with pytest.raises(BackupError, match="no whole backup"):
                    check_backup(folder)
                continue
        check_backup(folder)
        if len(steps) < last:
            break
    assert last > 6
    monkeypatch.undo()
    make_backup(ledger, tmp_path / "b1", NOW)
    check_backup(tmp_path / "b1")
    assert not (tmp_path / "b1.unfinished").exists()


def test_a_restore_replaces_nothing_and_fits(ledger, store, tmp_path, elsewhere):
    make_backup(ledger, tmp_path / "b", NOW)
    with pytest.raises(BackupError, match=r"there is a ledger already|there are tables already"):
        restored(tmp_path / "b", store)
    good = read_manifest(tmp_path / "b")
    write_manifest(tmp_path / "b", replace(good, schema=99))
    with pytest.raises(BackupError, match="has schema 99, and this version of Transload knows"):
        restored(tmp_path / "b", elsewhere)
    write_manifest(tmp_path / "b", good)
    other = "postgresql://u@127.0.0.1:1/x" if good.database == "sqlite" else f"sqlite:///{tmp_path}/x.db"
    with pytest.raises(BackupError, match="is of a ledger in"):
        restored(tmp_path / "b", Store(url=other))


def test_a_restore_that_was_ended_leaves_no_ledger_that_works(ledger, tmp_path, elsewhere, monkeypatch):
    """Between the tables and the holding of the lanes; the same restore goes on from there."""
    ledger.arrivals.add(arrival("k", b"x" * LARGE), NOW)
    make_backup(ledger, tmp_path / "b", NOW)

    class End(BaseException):
        pass

    def end(*_, **__):
        raise End

    monkeypatch.setattr(restoring, "settle", end)
    with pytest.raises(End):
        restored(tmp_path / "b", elsewhere)
    with pytest.raises(LedgerError, match=r"there is no ledger|was begun and has not ended"):
        Ledger(elsewhere).open(create=False)
    monkeypatch.undo()
    restored(tmp_path / "b", elsewhere)
    with Ledger(elsewhere) as again, pytest.raises(Unaccepted):
        again.belong("production")


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_a_restore_that_was_ended_behind_its_last_step_is_known(ledger, tmp_path, elsewhere):
    make_backup(ledger, tmp_path / "b", NOW)
    restored(tmp_path / "b", elsewhere)
    made = Path(elsewhere.address().database)
    second = made.with_name(made.name + restoring.RESTORING)
    os.link(made, second)
    with pytest.raises(BackupError, match="is restored already: that restore was ended behind its last step") as caught:
        restored(tmp_path / "b", elsewhere)
    assert caught.value.hint == "go on with `transload ledger restore --accept`"
    assert not second.exists()
    assert made.exists()


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_a_damaged_database_is_not_backed_up_as_if_it_were_well(tmp_path, store):
    with Ledger(store) as ledger:
        for number in range(300):
            ledger.arrivals.add(arrival(f"k{number}", b"abc" * 500), NOW)
    path = tmp_path / "var" / "ledger.db"
    content = bytearray(path.read_bytes())
    content[40_000:120_000] = b"\xaa" * 80_000
    path.write_bytes(content)
    with pytest.raises(TransloadError), Ledger(store) as ledger:
        make_backup(ledger, tmp_path / "b", NOW)
    assert not (tmp_path / "b").exists()


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
def test_without_the_programs_and_without_the_password(ledger, store, tmp_path, monkeypatch):
    from tests.postgresql import PASSWORD

    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(LedgerError, match="the program pg_dump is not installed") as caught:
        make_backup(ledger, tmp_path / "b", NOW)
    assert "postgresql-client" in caught.value.hint
    program = tmp_path / "pg_dump"
    program.write_text(
        f'#!/bin/sh\n/bin/cat $PGSERVICEFILE >{tmp_path}/seen\necho "$@" >>{tmp_path}/seen\n'
        'echo "pg_dump: error: aborting because of server version mismatch $PGPASSWORD" >&2\nexit 1\n'
    )
    program.chmod(0o755)
    with pytest.raises(LedgerError, match=r"pg_dump failed .* server version mismatch") as caught:
        make_backup(ledger, tmp_path / "b", NOW)
    assert PASSWORD not in str(caught.value.findings)
    assert "of the server's version" in caught.value.hint
    assert PASSWORD not in (tmp_path / "seen").read_text()
    assert not (tmp_path / "b").exists()
