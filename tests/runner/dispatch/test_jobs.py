"""Wakes through Celery, over a real broker: who does the work, and that the broker can do no harm."""

import signal
import threading
import time
from uuid import uuid4

import pytest

pytest.importorskip("celery", reason="needs the extra celery")

from transload.canonical.errors import ConfigurationError
from transload.runner.dispatch import jobs as module
from transload.runner.dispatch import receiving
from transload.runner.dispatch.broker import Broker
from transload.runner.dispatch.jobs import Jobs
from transload.runner.dispatch.receiving import TASK, App, queue_of


class Work:
    """Names that were done, in order; one who is told to hold waits until he is let go."""

    def __init__(self):
        self.did = []
        self.going = threading.Event()
        self.going.set()
        self.begun = threading.Semaphore(0)

    def do(self, name):
        self.did.append(name)
        self.begun.release()
        self.going.wait(30)

    def due(self):
        return []

    def is_due(self, name):
        return False


class Lock:
    """Claims for all of one test's workers."""

    shared = True

    def __init__(self):
        self._guard = threading.Lock()
        self._taken = set()

    def claim(self, name):
        with self._guard:
            free = name not in self._taken
            self._taken.add(name)
            return free

    def release(self, name):
        self._taken.discard(name)


@pytest.fixture
def place(rabbitmq):
    """Starts dispatches of one ledger at the broker, each with its own work."""
    started, ledger, lock = [], str(uuid4()), Lock()

    def start(work, url=rabbitmq.url, *, workers=1):
        found = Jobs(work, lock, Broker(url=url), ledger=ledger, workers=workers)
        started.append(found)
        found.start()
        return found

    start.ledger, start.broker = ledger, rabbitmq
    start.app = App(queue_of(ledger), Broker(url=rabbitmq.url).connecting())
    yield start
    for one in started:
        one.stop()


def until(condition, seconds=20.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


def asked(place):
    """How many names wait, and how many listen."""
    return place.broker.asked(place.ledger)


def test_names_go_to_whoever_is_free_and_wait_once(place):
    """One holds a name: the other does the rest.  Both hold: a name that is woken again and again waits once."""
    busy, free = Work(), Work()
    one = place(busy)
    until(lambda: asked(place)[1] == 1)
    other = place(free)
    until(lambda: asked(place)[1] == 2)
    busy.going.clear()
    free.going.clear()
    one.wake(["a", "b"])
    assert busy.begun.acquire(timeout=10)
    assert free.begun.acquire(timeout=10)
    for _ in range(5):
        one.wake(["c", "d"])
        time.sleep(0.02)
    until(lambda: asked(place)[0] == 2)
    free.going.set()
    until(lambda: len(free.did) == 3)
    assert sorted(busy.did + free.did) == ["a", "b", "c", "d"]
    other.wake(["later"], after=0.2)
    assert free.begun.acquire(timeout=10)  # c
    assert free.begun.acquire(timeout=10)  # d
    assert free.begun.acquire(timeout=10)
    assert free.did[-1] == "later"
    assert one.errors == other.errors == []
    busy.going.set()


def test_what_anybody_may_put_there_harms_nobody(place, caplog):
    work = Work()
    jobs = place(work)
    until(lambda: asked(place)[1] == 1)
    queue = queue_of(place.ledger).name
    with place.app.connection_for_write() as connection, connection.channel() as channel:
        producer = place.app.amqp.Producer(channel)
        headers = {"lang": "py", "task": TASK, "id": "1", "retries": 0, "eta": None, "expires": None, "group": None}
        for body, serializer, more in (
            ("junk", None, {}),
            ({"a": 1}, "json", {}),
            ((("x",), {}, {}), "pickle", headers),
            ((("x",), {}, {}), "json", {**headers, "task": "os.system"}),
            (((["x"],), {}, {}), "json", headers),
            (((), {}, {}), "json", headers),
            ((("x", "y"), {"z": 1}, {}), "json", headers),
        ):
            producer.publish(body, routing_key=queue, serializer=serializer, headers=more, retry=False)
    jobs.wake(["good"])
    until(lambda: work.did == ["good"])
    until(lambda: asked(place) == (0, 1))
    assert jobs.errors == []


def test_a_broker_that_hangs_delays_nobody(place, rabbitmq, monkeypatch):
    monkeypatch.setattr(receiving, "ANSWER_SECONDS", 1.5)
    monkeypatch.setattr(receiving, "STOP_SECONDS", 0.5)
    work = Work()
    jobs = place(work)
    until(lambda: asked(place)[1] == 1)
    jobs.wake(["a"])
    until(lambda: work.did == ["a"])
    rabbitmq.signal(signal.SIGSTOP)
    try:
        began = time.monotonic()
        for _ in range(100):
            jobs.wake(["b", "c"])
        assert time.monotonic() - began < 1.4
        until(lambda: {"b", "c"} <= set(work.did), 5)
        began = time.monotonic()
        jobs.stop()
        assert time.monotonic() - began < 8
    finally:
        rabbitmq.signal(signal.SIGCONT)


def test_a_login_that_is_refused_leaves_the_work_to_its_own_process(place, rabbitmq, caplog):
    work = Work()
    jobs = place(work, f"amqp://transload:wrong-secret@127.0.0.1:{rabbitmq.port}/")
    jobs.wake(["a", "b"])
    until(lambda: sorted(work.did) == ["a", "b"])
    until(lambda: "the broker is not reached" in caplog.text)
    assert "ACCESS_REFUSED" in caplog.text
    assert "wrong-secret" not in caplog.text


def test_signals_and_settings_of_the_process_stay_its_own(place, monkeypatch):
    monkeypatch.setenv("CELERY_BROKER_URL", "amqp://nobody@127.0.0.1:1/")
    monkeypatch.setenv("CELERY_BROKER_READ_URL", "amqp://nobody@127.0.0.1:1/")
    before = {number: signal.getsignal(number) for number in signal.valid_signals()}
    work = Work()
    jobs = place(work)
    until(lambda: asked(place)[1] == 1)
    jobs.wake(["a"])
    until(lambda: work.did == ["a"])
    assert {number: signal.getsignal(number) for number in signal.valid_signals()} == before
    jobs.stop()
    assert asked(place)[1] == 0
    again = place(work)  # as after a workspace was loaded anew
    until(lambda: asked(place)[1] == 1)
    again.wake(["b"])
    until(lambda: work.did == ["a", "b"])


def test_without_celery_it_is_said_what_to_install(monkeypatch):
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(ConfigurationError, match="Celery, which is not installed") as caught:
        Jobs(Work(), Lock(), Broker(url="amqp://host/"), ledger="x").start()
    assert caught.value.hint == 'install it with: pip install "transload[celery]"'


def test_a_ledger_with_one_service_has_no_use_for_it(make_house, tmp_path):
    house = make_house()
    (tmp_path / "broker").write_text("amqp://host/")
    with house.ledger() as ledger, pytest.raises(ConfigurationError, match="services that share a ledger") as caught:
        house.engine(ledger).serve(handle_signals=False)
    assert caught.value.hint == "keep the ledger in PostgreSQL (store: postgresql://...), or leave dispatch: out"


def test_a_listener_that_does_nothing_holds_nothing_up(place, monkeypatch):
    """It takes what it can hold and says nothing more; what waits behind it is done by who wakes it."""
    monkeypatch.setattr(module, "AGAIN_SECONDS", 0.5)
    with place.app.connection_for_write() as connection:
        channel = connection.channel()
        channel.basic_qos(0, 1, False)
        queue = queue_of(place.ledger).bind(channel)
        queue.declare()
        queue.consume(callback=lambda message: None, no_ack=False)
        until(lambda: asked(place)[1] == 1)
        work = Work()
        monkeypatch.setattr(receiving.Receiving, "start", lambda self: None)
        one = place(work)
        end = time.monotonic() + 15
        while sorted(set(work.did)) != ["a", "b"] and time.monotonic() < end:
            one.wake(["a", "b"])
            time.sleep(0.1)
        assert sorted(set(work.did)) == ["a", "b"]
