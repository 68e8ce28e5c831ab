"""Conversations end in time, whatever they wait for, and say so in one way."""

import socket
import threading

import pytest

from transload.adapters.base.patience import at_most, hanging_up


def test_what_takes_too_long_is_ended_from_outside() -> None:
    ended = threading.Event()

    def wait() -> None:
        assert ended.wait(5)
        raise EOFError

    with pytest.raises(TimeoutError, match="timed out") as caught, at_most(0.01, ended.set) as over:
        wait()
    assert over.is_set()
    assert isinstance(caught.value.__cause__, EOFError)


def test_what_breaks_at_the_same_moment_tells_of_the_time_alone() -> None:
    broken = threading.Event()

    def end() -> None:
        broken.set()
        raise EOFError

    def wait() -> None:
        assert broken.wait(5)
        raise ValueError

    with pytest.raises(TimeoutError), at_most(0.01, end):
        wait()
    for thread in threading.enumerate():
        if isinstance(thread, threading.Timer):
            thread.join(5)  # an error in it would be a warning, and those are errors here


@pytest.mark.parametrize("error", [ValueError, TimeoutError])
def test_what_fails_in_time_is_as_it_was(error: type[Exception]) -> None:
    with pytest.raises(error, match="its own") as caught, at_most(60, lambda: None) as over:
        raise error("its own")
    assert not over.is_set()
    assert caught.value.__cause__ is None


def test_a_socket_is_hung_up_while_it_is_read() -> None:
    near, far = socket.socketpair()
    with near, far, at_most(0.01, hanging_up(lambda: near)) as over:
        assert near.recv(1) == b""
    assert over.is_set()


def test_where_there_is_no_socket_yet_nothing_is_hung_up() -> None:
    hanging_up(lambda: None)()
