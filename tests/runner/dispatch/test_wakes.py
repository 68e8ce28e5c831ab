"""Wakes through procrastinate: a worker finds also the jobs that nobody told it of."""

import threading

import pytest
from psycopg.sql import SQL, Identifier

from transload.runner.dispatch import wakes
from transload.runner.ledger import Ledger


class Work:
    """Sets an event for what was done."""

    def __init__(self):
        self.done = threading.Event()

    def do(self, name):
        self.done.set()

    def due(self):
        return []

    def is_due(self, name):
        return False


@pytest.mark.parametrize("store", ["postgresql"], indirect=True)
def test_a_job_that_waits_is_found_though_the_notice_of_it_was_lost(store, postgresql, monkeypatch):
    """It came before the worker listened, say, and sweeps put none of a name into the queue where one waits."""
    monkeypatch.setattr(wakes, "LOOK_SECONDS", 0.2)
    work = Work()
    with Ledger(store) as ledger, ledger.database.together("a test") as lock:
        place = ledger.database.wakes
        dispatch = wakes.Wakes(work, lock, place, workers=1)
        dispatch.start()
        try:
            dispatch.wake(["first"])
            assert work.done.wait(10)
            work.done.clear()
            with postgresql.connect(place.connect["dbname"]) as connection:
                connection.execute("SET session_replication_role = replica")  # no trigger, so no notice
                job = SQL(
                    "INSERT INTO {}.procrastinate_jobs (queue_name, task_name, queueing_lock, args)"
                    " VALUES ('work', 'work', 'lost', '{{\"name\": \"lost\"}}')"
                )
                connection.execute(job.format(Identifier(place.schema)))
            assert work.done.wait(4)
        finally:
            dispatch.stop()
