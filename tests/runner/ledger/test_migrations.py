"""The ledger's tables through the versions: what the steps make is what the code expects, whole or not at all."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Column, Integer, MetaData, Table, text, update
from tests.runner.ledger.lacking import lacking
from tests.runner.ledger.samples import NOW, arrival, count

from transload.runner.ledger import Ledger, LedgerBusy, LedgerError, Store
from transload.runner.ledger import migrations as migrations_module
from transload.runner.ledger.backup.making import make_backup
from transload.runner.ledger.backup.manifest import BackupError, write_manifest
from transload.runner.ledger.backup.restoring import restore_backup
from transload.runner.ledger.migrations import STEPS, migrate, version_of
from transload.runner.ledger.schema import VERSION, metadata, receipts

NEXT = '''
"""A step of a later version: a table more, and one changed that others refer to."""

import os
import signal

import sqlalchemy as sa

revision = "0002"
down_revision = "0001"


def upgrade(operations):
    operations.create_table("later", sa.Column("id", sa.Integer(), primary_key=True))
    with operations.batch_alter_table("receipts") as table:
        table.add_column(sa.Column("more", sa.Text(), nullable=False, server_default="some"))
        table.alter_column("origin", new_column_name="came_from")
    operations.execute("INSERT INTO later (id) VALUES (1)")
    if os.environ.get("DIE"):
        os.kill(os.getpid(), signal.SIGKILL)
'''


@pytest.fixture
def steps(tmp_path):
    """The steps with one more."""
    shutil.copytree(STEPS, tmp_path / "steps")
    (tmp_path / "steps/versions/v0002_more.py").write_text(NEXT.strip())
    return tmp_path / "steps"


@pytest.fixture
def later(steps, monkeypatch):
    """Makes this process one of the next version."""

    def become():
        monkeypatch.setattr("transload.runner.ledger.database.VERSION", 2)
        monkeypatch.setattr("transload.runner.ledger.database.migrate", lambda connection: migrate(connection, steps))

    return become


@pytest.fixture(params=["sqlite", "postgresql"])
def own(request, tmp_path):
    """A store of its own, not there yet, since its tables are changed."""
    if request.param == "sqlite":
        yield Store(url=f"sqlite:///{tmp_path}/own.db")
        return
    server = request.getfixturevalue("postgresql")
    name = server.make_database()
    yield Store(url=server.url(name))
    server.drop_database(name)


def set_version(ledger, version):
    ledger.database.write(lambda c: c.execute(update(migrations_module._version).values(version_num=version)).rowcount)


def rows(ledger, query):
    with ledger.read() as connection:
        return connection.execute(text(query)).all()


def test_the_steps_make_what_the_code_expects(ledger):
    """When this fails, put what it prints into a new step and raise VERSION; before 1.0 is out, into the first one."""
    with ledger.read() as connection:
        assert lacking(connection) == ""


def test_what_is_lacking_would_be_noticed(ledger):
    more = MetaData()
    for table in metadata.tables.values():
        table.to_metadata(more)
    Table("another", more, Column("x", Integer))
    more.tables["lanes"].append_column(Column("y", Integer))
    with ledger.read() as connection:
        found = lacking(connection, more)
    assert "operations.create_table('another'" in found
    assert "operations.add_column('lanes', sa.Column('y', sa.Integer()" in found


def test_the_last_step_has_the_schemas_version():
    script = ScriptDirectory(str(STEPS))
    assert script.get_current_head() == f"{VERSION:04}"
    names = [path.stem for path in sorted((STEPS / "versions").glob("v*.py"))]
    assert [int(re.match(r"v(\d{4})_", name)[1]) for name in names] == list(range(1, VERSION + 1))


def test_a_ledger_that_is_opened_again_is_not_migrated(store, monkeypatch):
    with Ledger(store):
        pass
    monkeypatch.setattr("transload.runner.ledger.database.migrate", lambda connection: 1 / 0)
    with Ledger(store) as ledger:
        assert count(ledger, receipts) == 0


def test_an_older_ledger_is_brought_up_with_all_it_holds(own, later):
    with Ledger(own) as ledger:
        ledger.arrivals.add(arrival(), NOW)
        before = rows(ledger, "SELECT id, origin, digest FROM receipts")
    later()
    with Ledger(own) as ledger:
        assert rows(ledger, "SELECT id, came_from, digest FROM receipts") == before
        assert rows(ledger, "SELECT more FROM receipts") == [("some",)]
        assert rows(ledger, "SELECT id FROM later") == [(1,)]
        assert ledger.verify() == []
        with ledger.read() as connection:
            assert version_of(connection) == 2
        with pytest.raises(LedgerError, match=r"(?i)foreign key"):
            ledger.database.write(lambda c: c.execute(text("UPDATE receipts SET digest = 'x'")).rowcount)


def test_an_older_ledger_at_which_a_process_works_is_left_alone(own, later):
    with Ledger(own) as old, old.exclusively("transload serve"):
        later()
        with pytest.raises(LedgerBusy, match=r"transload serve \(process"):
            Ledger(own).open()
        with old.read() as connection:
            assert version_of(connection) == 1
    with Ledger(own) as ledger, ledger.read() as connection:
        assert version_of(connection) == 2


def test_a_migration_that_is_killed_is_not_there(own, later, steps, forks):
    with Ledger(own) as ledger:
        ledger.arrivals.add(arrival(), NOW)
    code = (
        "import sys, pathlib\n"
        "from transload.runner.ledger import Ledger, database\n"
        "from transload.runner.ledger.migrations import migrate\n"
        "database.VERSION = 2\n"
        "database.migrate = lambda connection: migrate(connection, pathlib.Path(sys.argv[2]))\n"
        "Ledger(sys.argv[1]).open()\n"
    )
    ended = forks.run(own.url, steps, code=code, env={**os.environ, "DIE": "1"})
    assert ended.returncode == -9
    with Ledger(own) as ledger:
        assert ledger.arrivals.due("a/b")[0].origin == "/out/x"
        with ledger.read() as connection:
            assert lacking(connection) == ""
    later()
    with Ledger(own) as ledger:
        assert rows(ledger, "SELECT came_from FROM receipts") == [("/out/x",)]


def test_a_making_that_is_killed_leaves_no_ledger(own, forks):
    code = (
        "import os, signal, sys\n"
        "from transload.runner.ledger import Ledger, database\n"
        "migrate = database.migrate\n"
        "def dying(connection):\n"
        "    migrate(connection)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "database.migrate = dying\n"
        "Ledger(sys.argv[1]).open()\n"
    )
    assert forks.run(own.url, code=code).returncode == -9
    with Ledger(own) as ledger:
        assert ledger.arrivals.add(arrival(), NOW) == (1, True)


def test_processes_that_make_a_ledger_at_once_make_one(own):
    code = (
        "import sys\n"
        "from transload.runner.ledger import Ledger\n"
        "sys.stdin.readline()\n"
        "with Ledger(sys.argv[1]) as ledger:\n"
        "    print(ledger.database.write(lambda connection: 'well'))\n"
    )
    command = [sys.executable, "-c", code, own.url]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    processes = [subprocess.Popen(command, **pipes) for _ in range(3)]
    for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()
    assert [process.communicate(timeout=60)[0] for process in processes] == ["well\n"] * 3


def test_a_ledger_of_a_newer_version_is_refused(own):
    with Ledger(own) as ledger:
        set_version(ledger, f"{VERSION + 1:04}")
    for create in (True, False):
        with pytest.raises(LedgerError) as caught:
            Ledger(own).open(create=create)
        assert caught.value.message.endswith(f"has schema {VERSION + 1}, and this version of Transload knows {VERSION}")
        assert caught.value.hint == "install the version of Transload that wrote it, or a newer one"


def test_a_backup_of_an_older_version_is_restored_into_the_tables_of_now(
    own, later, steps, tmp_path, request, monkeypatch
):
    """One of a newer version is refused, and so is one that says another version than its tables have."""
    with Ledger(own) as ledger:
        ledger.arrivals.add(arrival(), NOW)
        made = make_backup(ledger, tmp_path / "b", NOW)
    if own.url.startswith("sqlite"):
        place = Store(url=f"sqlite:///{tmp_path}/new/ledger.db")
    else:
        server = request.getfixturevalue("postgresql")
        name = server.make_database()
        request.addfinalizer(lambda: server.drop_database(name))
        place = Store(url=server.url(name))

    def restore():
        return restore_backup(tmp_path / "b", place, ("a/b/c",), NOW, by="ann", skip=1000)

    write_manifest(tmp_path / "b", replace(made, schema=2))
    with pytest.raises(BackupError) as caught:
        restore()
    assert caught.value.message == f"the backup {tmp_path}/b has schema 2, and this version of Transload knows 1"
    assert caught.value.hint == "install the version of Transload that made it, or a newer one"
    later()
    monkeypatch.setattr("transload.runner.ledger.backup.restoring.VERSION", 2)
    monkeypatch.setattr(
        "transload.runner.ledger.backup.restoring.migrate", lambda connection: migrate(connection, steps)
    )
    with pytest.raises(BackupError) as caught:
        restore()
    assert caught.value.message == "the backup says that it has schema 2, and its tables have 1"
    with pytest.raises(LedgerError):
        Ledger(place).open(create=False)
    write_manifest(tmp_path / "b", made)
    restore()
    with Ledger(place) as ledger:
        assert rows(ledger, "SELECT version_num FROM ledger_version") == [("0002",)]
        assert rows(ledger, "SELECT came_from, more FROM receipts") == [("/out/x", "some")]
        assert rows(ledger, "SELECT count(*) FROM lanes WHERE paused") == [(1,)]


def test_a_step_that_breaks_a_reference_is_undone(tmp_path, monkeypatch):
    """On SQLite references are not looked after while tables are replaced, so all are looked at in the end."""
    url = f"sqlite:///{tmp_path}/l.db"
    with Ledger(url) as ledger:
        ledger.arrivals.add(arrival(), NOW)
    monkeypatch.setattr("transload.runner.ledger.database.VERSION", 2)
    monkeypatch.setattr(
        "transload.runner.ledger.database.migrate", lambda connection: connection.execute(text("DELETE FROM blobs"))
    )
    with pytest.raises(LedgerError, match="a row of receipts refers to one of blobs that is not there"):
        Ledger(url).open()
    monkeypatch.undo()
    with Ledger(url) as ledger:
        assert ledger.arrivals.payload(ledger.arrivals.due("a/b")[0].digest) == b"hello"
