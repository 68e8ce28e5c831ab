"""The baton: one thread at a time, in the order in which they asked, and nobody waits for one that hangs."""

import threading
import time
from contextlib import suppress

import pytest

from transload.runner.dispatch.baton import Baton


@pytest.fixture
def many():
    """Starts functions in threads of their own; all have ended when the test ends."""
    threads = []

    def start(*works):
        for work in works:
            threads.append(threading.Thread(target=work))
            threads[-1].start()
        return threads

    yield start
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()


def waiting(baton, count):
    """Wait until so many wait for it."""
    end = time.monotonic() + 10
    while len(baton._waiting) != count:
        assert time.monotonic() < end
        time.sleep(0.001)


def test_one_has_it_at_a_time(many):
    baton = Baton(patience=10)
    inside, most = [], []

    def work():
        for _ in range(50):
            with baton.held():
                inside.append(1)
                most.append(len(inside))
                time.sleep(0.0001)
                inside.pop()

    for thread in many(*[work] * 4):
        thread.join()
    assert (max(most), len(most)) == (1, 200)


def test_it_is_handed_on_in_the_order_of_asking(many):
    baton = Baton(patience=10)
    order = []

    def asks(name):
        with baton.held():
            order.append(name)

    with baton.held():
        for count, name in enumerate("abc", start=1):
            many(lambda name=name: asks(name))
            waiting(baton, count)
        order.append("first")
    with baton.held():  # behind them
        assert order == ["first", "a", "b", "c"]


def test_who_offers_it_has_it_again_after_those_who_waited(many):
    baton = Baton(patience=10)
    order = []

    def asks():
        with baton.held():
            order.append("other")

    with baton.held():
        baton.offer()  # to nobody
        many(asks)
        waiting(baton, 1)
        order.append("before")
        baton.offer()
        order.append("after")
    assert order == ["before", "other", "after"]


def test_nobody_waits_for_one_that_hangs_and_order_returns_with_it(many):
    baton = Baton(patience=0.1)
    hangs, has_it = threading.Event(), threading.Event()

    def hanging():
        with baton.held():
            has_it.set()
            hangs.wait(10)

    many(hanging)
    assert has_it.wait(10)
    began = time.monotonic()
    with baton.held():
        baton.offer()  # this thread does not have it: nothing is given
    assert 0.1 <= time.monotonic() - began < 5
    began = time.monotonic()
    for _ in range(100):
        with baton.held():
            pass
    assert time.monotonic() - began < 5  # not once more for each: that would be 10 s
    hangs.set()
    end = time.monotonic() + 10
    while baton._holder is not None:
        assert time.monotonic() < end
        time.sleep(0.001)
    with baton.held():
        assert baton._holder == threading.get_ident()


def test_a_thread_that_has_it_keeps_it_within():
    baton = Baton(patience=10)
    with baton.held():
        with baton.held():
            pass
        assert baton._holder == threading.get_ident()
    assert baton._holder is None


def test_it_is_given_on_after_an_error():
    baton = Baton()
    with suppress(ValueError), baton.held():
        raise ValueError
    assert baton._holder is None


@pytest.mark.parametrize(("used", "wanted"), [(False, True), (True, False)])
def test_where_it_is_not_used_nobody_has_it(used, wanted):
    baton = Baton(used=used)
    with baton.held(wanted=wanted):
        assert baton._holder is None
