"""A ledger on PostgreSQL: how its server is spoken to, and what goes wrong with one."""

import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text
from tests.postgresql import OWNER, PASSWORD
from tests.runner.ledger.samples import NOW, arrival, count

from transload.canonical.errors import ConfigurationError
from transload.runner.ledger import Ledger, LedgerBusy, LedgerError, LockLost, NoLedger, Store
from transload.runner.ledger.errors import CannotHold, ledger_error
from transload.runner.ledger.schema import events, lanes, receipts


@pytest.fixture
def store(postgresql):
    """A store whose ledger is empty."""
    return Store(url=postgresql.url(postgresql.clean_database()))


@pytest.fixture
def ledger(store):
    with Ledger(store) as opened:
        yield opened


@pytest.fixture
def fresh(postgresql):
    """A store in a database of its own, with nothing in it; the database is gone afterwards."""
    name = postgresql.make_database()
    yield Store(url=postgresql.url(name))
    postgresql.drop_database(name)


def database_of(store):
    return store.address().database


# sessions


def test_sessions_are_set_as_promised(fresh, postgresql):
    with postgresql.connect() as connection:
        connection.execute(f"ALTER DATABASE {database_of(fresh)} SET synchronous_commit = off")
        connection.execute(f"ALTER DATABASE {database_of(fresh)} SET default_transaction_isolation = 'serializable'")
    names = ("search_path", "statement_timeout", "lock_timeout", "synchronous_commit", "transaction_isolation")
    query = text("SELECT " + ", ".join(f"current_setting('{name}')" for name in (*names, "transaction_read_only")))
    store = replace(fresh, lock_timeout=timedelta(seconds=3), schema='an "odd" name')
    with Ledger(store) as ledger:
        writing = ledger.database.write(lambda connection: tuple(connection.execute(query).one()))
        with ledger.read() as connection:
            reading = tuple(connection.execute(query).one())
        again = ledger.database.write(lambda connection: tuple(connection.execute(query).one()))
    assert writing == again == ('"an ""odd"" name"', "1min", "3s", "on", "read committed", "off")
    assert reading == ('"an ""odd"" name"', "1min", "3s", "on", "repeatable read", "on")


def test_a_reader_sees_one_moment_and_cannot_write(ledger):
    with ledger.read() as connection:
        assert connection.scalar(text("SELECT count(*) FROM receipts")) == 0
        ledger.arrivals.add(arrival(), NOW)
        assert connection.scalar(text("SELECT count(*) FROM receipts")) == 0
    with pytest.raises(LedgerError, match="read-only transaction"), ledger.read() as connection:
        connection.execute(text("DELETE FROM receipts"))


def test_several_ledgers_lie_in_one_database(fresh):
    with Ledger(fresh) as one, Ledger(replace(fresh, schema="other")) as other:
        one.arrivals.add(arrival(), NOW)
        assert (count(one, receipts), count(other, receipts)) == (1, 0)
        with one.exclusively("transload serve"), other.exclusively("transload serve"):
            pass


def test_lanes_are_written_at_the_same_time(ledger):
    """Two threads are within their transactions together; on a lane they take turns."""
    inside = threading.Barrier(2)

    def work(connection):
        return inside.wait(10)

    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(ledger.database.write, work, lane=lane) for lane in ("x", "y")]
        assert sorted(each.result() for each in both) == [0, 1]


def test_a_process_has_no_more_connections_than_it_may(fresh):
    store = replace(fresh, pool=2, statement_timeout=timedelta(seconds=1))
    with Ledger(store) as ledger, ledger.read(), ledger.read(), pytest.raises(LedgerBusy) as caught, ledger.read():
        pass
    assert caught.value.message == f"all connections of this process to the ledger {store.shown} are in use"
    assert caught.value.hint == "raise pool: below store:, or let fewer workers work"


# opening


def test_a_wrong_password_is_said_and_not_shown(postgresql, fresh):
    wrong = Store(url=postgresql.url(database_of(fresh), password="another secret"))
    with pytest.raises(LedgerError) as caught:
        Ledger(wrong).open()
    assert caught.value.message.startswith(f"the ledger {wrong.shown} cannot be reached: connection failed")
    assert f'password authentication failed for user "{OWNER}"' in caught.value.message
    assert caught.value.hint == "see the user and the password of store:, and what the server's pg_hba.conf lets in"
    for shown in (repr(caught.value), str(caught.value.findings), repr(wrong), repr(Ledger(wrong).database)):
        assert "another secret" not in shown


def test_the_right_password_is_never_shown(fresh):
    broken = replace(fresh, url=fresh.url + f"?sslmode={PASSWORD.replace(' ', '%20')}", password=PASSWORD)
    with pytest.raises(LedgerError, match="sslmode") as caught:
        Ledger(broken).open()
    assert PASSWORD not in repr(caught.value)
    assert "***" in caught.value.message


def test_a_database_that_is_not_there_is_said(postgresql):
    with pytest.raises(LedgerError, match='database "nowhere" does not exist') as caught:
        Ledger(postgresql.url("nowhere")).open()
    assert caught.value.hint == "make it first, with: createdb DATABASE"


def test_a_ledger_that_is_only_asked_is_not_made(fresh, postgresql):
    with pytest.raises(NoLedger, match="there is no ledger postgresql://transload@"):
        Ledger(fresh).open(create=False)
    with postgresql.connect(database_of(fresh)) as connection:
        found = connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = 'transload'").fetchall()
    assert found == []


def test_a_schema_with_other_tables_is_not_made_a_ledger(fresh, postgresql):
    with postgresql.connect(database_of(fresh)) as connection:
        connection.execute("CREATE SCHEMA transload CREATE TABLE mine (x int)")
    with pytest.raises(LedgerError, match="is no ledger: it holds other tables") as caught:
        Ledger(fresh).open()
    assert caught.value.hint == "choose another one for store:"


def test_who_may_make_no_schema_is_told_so(fresh, postgresql):
    with postgresql.connect() as connection:
        connection.execute(f"ALTER DATABASE {database_of(fresh)} OWNER TO postgres")
    with pytest.raises(LedgerError, match="permission denied for database") as caught:
        Ledger(fresh).open()
    assert caught.value.hint == (
        "let the owner of the database grant it; a schema of one's own is made with: CREATE SCHEMA"
    )
    with postgresql.connect(database_of(fresh)) as connection:
        connection.execute(f"CREATE SCHEMA transload AUTHORIZATION {OWNER}")
    with Ledger(fresh) as ledger:
        assert count(ledger, receipts) == 0


def test_a_database_that_cannot_hold_every_text_is_refused(postgresql):
    with postgresql.connect() as connection:
        connection.execute(f"CREATE DATABASE narrow OWNER {OWNER} ENCODING LATIN1 LOCALE 'C' TEMPLATE template0")
    with pytest.raises(LedgerError, match="holds texts in LATIN1") as caught:
        Ledger(postgresql.url("narrow")).open()
    assert caught.value.hint == "make one with: createdb --encoding UTF8 --template template0 DATABASE"
    postgresql.drop_database("narrow")


def test_a_server_that_only_reads_is_said(store, postgresql):
    with Ledger(store):
        pass
    postgresql.stop()
    standby = postgresql.data / "standby.signal"
    postgresql.do("touch", standby)
    postgresql.start()
    try:
        with Ledger(store) as ledger:
            assert count(ledger, receipts) == 0
            with pytest.raises(LedgerError, match="during recovery") as caught:
                ledger.arrivals.add(arrival(), NOW)
    finally:
        postgresql.stop()
        postgresql.do("rm", standby)
        postgresql.start()
    assert caught.value.hint == "this server only reads (a standby, perhaps): let store: name the one that writes"


def test_a_server_with_too_many_connections_is_said(fresh, postgresql):
    with Ledger(fresh):
        pass
    with postgresql.connect() as connection:
        connection.execute(f"ALTER DATABASE {database_of(fresh)} CONNECTION LIMIT 1")
    with Ledger(fresh) as ledger, ledger.read(), pytest.raises(LedgerError, match="too many connections"):
        ledger.exclusively("transload run").__enter__()


# while it works


@pytest.mark.parametrize(
    ("state", "hint"),
    [
        ("53100", "free some space on the database's disk; nothing was acknowledged or deleted at a partner meanwhile"),
        ("58030", "look at the server's disk and log; nothing was acknowledged or deleted at a partner meanwhile"),
        ("XX001", "the server's log says more; a damaged database is restored from its last copy"),
        ("42P01", "the server's log says more"),
    ],
)
def test_what_fails_in_the_server_fails_closed_and_is_said(fresh, postgresql, state, hint):
    with Ledger(fresh) as ledger:
        with postgresql.connect(database_of(fresh)) as connection:
            connection.execute(
                "CREATE FUNCTION fails() RETURNS trigger LANGUAGE plpgsql AS"
                f" $$ BEGIN RAISE EXCEPTION 'could not do it' USING ERRCODE = '{state}',"
                " DETAIL = NEW.source_key; END $$"
            )
            connection.execute(
                "CREATE TRIGGER fails BEFORE INSERT ON transload.receipts FOR EACH ROW EXECUTE FUNCTION fails()"
            )
        with pytest.raises(LedgerError) as caught:
            ledger.arrivals.add(arrival("a key"), NOW)
        assert caught.value.message == f"the ledger {fresh.shown} failed: could not do it"
        assert caught.value.hint == hint
        assert (count(ledger, receipts), count(ledger, events)) == (0, 0)


def test_rows_that_others_hold_are_waited_for_and_then_it_is_said(store, postgresql):
    with Ledger(replace(store, lock_timeout=timedelta(seconds=1))) as ledger:
        ledger.arrivals.add(arrival(), NOW)
        with postgresql.connect(database_of(store)) as connection, connection.transaction():
            connection.execute("SELECT * FROM transload.lanes FOR UPDATE")
            with pytest.raises(LedgerBusy) as caught:
                ledger.arrivals.add(arrival("k2"), NOW)
        assert caught.value.message == f"the ledger {store.shown} is locked by another process"
        assert ledger.arrivals.add(arrival("k2"), NOW)[1]


def test_a_statement_without_end_is_ended(store):
    with (
        Ledger(replace(store, statement_timeout=timedelta(seconds=1))) as ledger,
        pytest.raises(LedgerError, match="statement timeout") as caught,
    ):
        ledger.database.write(lambda connection: connection.execute(text("SELECT pg_sleep(20)")).all())
    assert caught.value.hint.startswith("see what keeps the server busy, or raise statement_timeout: below store:")


def test_a_value_that_no_column_holds_is_the_fault_of_its_own_work(ledger):
    with pytest.raises(CannotHold, match="out of range"):
        ledger.database.write(
            lambda connection: (
                connection.execute(
                    lanes.insert(),
                    {"name": "l", "epoch": 2**70, "paused": False, "begun": 0, "sequence": 0, "head": ""},
                ).rowcount
            )
        )


def test_a_server_that_was_killed_and_comes_back_is_used_again(store, postgresql):
    with Ledger(store) as ledger:
        ledger.arrivals.add(arrival(), NOW)
        postgresql.stop("immediate")
        with pytest.raises(LedgerError) as caught:
            ledger.arrivals.add(arrival("k2"), NOW)
        assert "refused" in caught.value.message or "terminat" in caught.value.message
        postgresql.start()
        assert ledger.arrivals.add(arrival("k2"), NOW)[1]
        assert count(ledger, receipts) == 2
        assert ledger.verify() == []


def test_a_connection_that_breaks_within_a_transaction_keeps_nothing(ledger, postgresql):
    def work(connection):
        connection.execute(receipts.delete())
        pid = connection.scalar(text("SELECT pg_backend_pid()"))
        with postgresql.connect() as other:
            other.execute("SELECT pg_terminate_backend(%s)", [pid])
        connection.execute(receipts.delete())

    ledger.arrivals.add(arrival(), NOW)
    with pytest.raises(LedgerError, match="terminating connection") as caught:
        ledger.database.write(work)
    assert caught.value.hint.startswith("the service goes on when the database is back")
    assert count(ledger, receipts) == 1


def test_a_connection_that_breaks_while_it_commits_is_said_to_leave_it_open(ledger, postgresql):
    def work(connection):
        connection.execute(receipts.delete())
        pid = connection.scalar(text("SELECT pg_backend_pid()"))
        with postgresql.connect() as other:
            other.execute("SELECT pg_terminate_backend(%s)", [pid])
        time.sleep(0.2)

    with pytest.raises(LedgerError, match=r"the connection broke while the ledger .* was committing: ") as caught:
        ledger.database.write(work)
    assert caught.value.hint.startswith("whether the change was kept is not known")


def test_a_pool_that_is_exhausted_or_a_broken_rule_shows_no_values():
    class Broken(Exception):
        sqlstate = "23505"

        class diag:  # noqa: N801  # psycopg's name
            message_primary = 'duplicate key value violates unique constraint "x"'

    error = ledger_error(Broken("duplicate ...\nDETAIL:  Key (a)=(a secret) already exists."), "l")
    assert error.message == 'the ledger l failed: duplicate key value violates unique constraint "x"'


# one process at a time


def test_the_lock_names_who_has_it(store):
    with Ledger(store) as one, Ledger(store) as two:
        with one.exclusively("transload serve"), pytest.raises(LedgerBusy) as caught:
            two.exclusively("transload run").__enter__()
        assert caught.value.message.startswith("transload serve (process ")
        assert caught.value.message.endswith(f") works on the ledger {store.shown}")
        assert caught.value.hint == "one process at a time may; wait for it, or stop it"
        with two.exclusively("transload run"):
            pass


def test_the_lock_of_a_process_ends_with_it(store):
    code = (
        "import sys\n"
        "from transload.runner.ledger import Ledger\n"
        "with Ledger(sys.argv[1]) as ledger, ledger.exclusively('transload serve'):\n"
        "    print('held', flush=True)\n"
        "    sys.stdin.read()\n"
    )
    with Ledger(store) as ledger:
        command = [sys.executable, "-c", code, store.url]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            assert process.stdout.readline() == b"held\n"
            with pytest.raises(LedgerBusy, match=rf"transload serve \(process {process.pid} on "):
                ledger.exclusively("transload run").__enter__()
            process.kill()
        end = time.monotonic() + 10
        while True:  # the server has to notice
            try:
                with ledger.exclusively("transload run"):
                    return
            except LedgerBusy:
                assert time.monotonic() < end
                time.sleep(0.02)


def break_sessions(postgresql, store, like):
    with postgresql.connect(database_of(store)) as connection:
        rows = connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE %s", [like]
        ).fetchall()
    assert rows
    time.sleep(0.1)


def test_a_lock_that_was_lost_with_its_connection_is_had_again(store, postgresql):
    with Ledger(store) as one, Ledger(store) as two, one.exclusively("transload serve") as lock:
        lock.keep()
        break_sessions(postgresql, store, "transload serve%")
        lock.keep()
        with pytest.raises(LedgerBusy, match="transload serve"):
            two.exclusively("transload run").__enter__()


def test_a_lock_that_another_has_taken_meanwhile_is_lost(store, postgresql):
    with Ledger(store) as one, Ledger(store) as two, one.exclusively("transload serve") as lock:
        break_sessions(postgresql, store, "transload serve%")
        with two.exclusively("transload run"):
            for _ in range(2):
                with pytest.raises(LockLost) as caught:
                    lock.keep()
            assert caught.value.message.startswith("transload run (process ")
            assert caught.value.message.endswith(
                f"works on the ledger {store.shown} now, since our connection to it broke"
            )


def test_nothing_is_written_before_a_lock_that_may_be_lost_was_looked_at(store, postgresql):
    with Ledger(store) as one, Ledger(store) as two, one.exclusively("transload serve"):
        one.arrivals.add(arrival(), NOW)
        break_sessions(postgresql, store, "transload%")
        with two.exclusively("transload run"):
            with pytest.raises(LockLost, match="transload run"):
                one.arrivals.add(arrival("k2"), NOW)
            with pytest.raises(LockLost, match="transload run"):
                one.arrivals.add(arrival("k2"), NOW)
            assert two.arrivals.add(arrival("k2"), NOW)[1]
        assert one.arrivals.add(arrival("k3"), NOW)[1]
        with pytest.raises(LedgerBusy, match="transload serve"):
            two.exclusively("transload run").__enter__()


def test_a_session_of_ours_that_the_server_still_holds_is_ended(store):
    """Our side of the connection is gone, as after a fault of the network; the server knows nothing of it."""
    with Ledger(store) as one, one.exclusively("transload serve") as lock:
        lost, lock._connection = lock._connection, None
        lock.keep()
        with Ledger(store) as two, pytest.raises(LedgerBusy, match="transload serve"):
            two.exclusively("transload run").__enter__()
        lost.invalidate()
        lost.close()


def test_while_the_server_is_away_nobody_can_tell(store, postgresql):
    with Ledger(store) as one, one.exclusively("transload serve") as lock:
        postgresql.stop("immediate")
        with pytest.raises(LedgerError, match="cannot be reached"):
            lock.keep()
        postgresql.start()
        lock.keep()


def test_a_driver_that_is_not_installed_is_named():
    with pytest.raises(ConfigurationError, match="a ledger cannot be kept in 'oracle'"):
        Ledger("oracle://x/y").open()
