"""A ledger behind PgBouncer: a connection for each session is as good as none between; one a transaction is told."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from tests.postgresql import OWNER, PASSWORD
from tests.runner.ledger.samples import NOW, arrival

from transload.runner.ledger import Ledger, LedgerBusy, LedgerError, Store

PGBOUNCER = shutil.which("pgbouncer", path="/usr/sbin:/usr/bin:/usr/local/bin")
pytestmark = pytest.mark.skipif(PGBOUNCER is None, reason="pgbouncer is not installed")


@contextmanager
def pooler(postgresql, folder, mode):
    """A PgBouncer before the server; gives its port."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    users = folder / "users.txt"
    users.write_text(f'"{OWNER}" "{PASSWORD}"\n')
    settings = folder / "pgbouncer.ini"
    settings.write_text(
        f"""\
[databases]
* = host=127.0.0.1 port={postgresql.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = plain
auth_file = {users}
pool_mode = {mode}
default_pool_size = 20
logfile = {folder / "pgbouncer.log"}
pidfile = {folder / "pgbouncer.pid"}
"""
    )
    for path in (folder, *folder.iterdir()):
        path.chmod(0o777)
    command = [PGBOUNCER, str(settings)]
    as_other = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.getuid() == 0 else []
    with subprocess.Popen([*as_other, *command], stderr=subprocess.DEVNULL) as process:
        try:
            end = time.monotonic() + 20
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port), 1).close()
                    break
                except OSError:
                    log = folder / "pgbouncer.log"
                    assert time.monotonic() < end, log.read_text() if log.exists() else "it does not start"
                    time.sleep(0.05)
            yield port
        finally:
            process.terminate()


@pytest.fixture
def behind(postgresql):
    """Makes a store that is reached through a pooler in a mode."""
    with ExitStack() as stack:

        def make(mode):
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="transload-pooler-")))
            port = stack.enter_context(pooler(postgresql, folder, mode))
            url = Store(url=postgresql.url(postgresql.clean_database())).address().set(host="127.0.0.1", port=port)
            return Store(url=url.render_as_string(hide_password=False))

        yield make


def test_sessions_with_connections_of_their_own_work_as_without_a_pooler(behind):
    store = behind("session")
    with Ledger(store) as one, Ledger(store) as other:
        with one.together("transload serve") as lock, other.together("transload serve") as second:
            assert lock.claim("in:acme/orders")
            assert not second.claim("in:acme/orders")
            receipt, _ = one.arrivals.add(arrival(), NOW)
            assert [found.id for found in other.arrivals.due(arrival().route)] == [receipt]
            with pytest.raises(LedgerBusy), other.exclusively("transload run"):
                pass
        with one.exclusively("transload run") as alone:
            alone.keep()


@pytest.mark.parametrize("way", ["exclusively", "together"])
def test_connections_that_are_lent_for_a_transaction_are_refused(behind, way):
    with (
        Ledger(behind("transaction")) as ledger,
        pytest.raises(LedgerError) as caught,
        getattr(ledger, way)("transload serve"),
    ):
        pass
    assert caught.value.message.endswith("is a pooler that lends connections for a transaction at a time")
    assert caught.value.findings[0].hint == (
        "locks are those of sessions: let the pooler give each session a connection of its own"
        " (PgBouncer: pool_mode = session), or leave it out"
    )
