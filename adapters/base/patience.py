"""An end to conversations that go on and on: a time-out of a socket begins anew with each byte that comes."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress


@contextmanager
def at_most(seconds: float, end: Callable[[], object]) -> Iterator[threading.Event]:
    """Call ``end`` when what is done inside takes longer: from another thread, whatever it is waiting for.

    Then the event that is given is set, and whatever was raised becomes a `TimeoutError`.
    """
    over = threading.Event()

    def cut() -> None:
        over.set()
        with suppress(Exception):  # the conversation may end in any way at the same moment
            end()

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield over
    except TimeoutError:
        raise
    except Exception as error:
        if over.is_set():
            raise TimeoutError("timed out") from error
        raise
    finally:
        timer.cancel()


def hanging_up(find_socket: Callable[[], socket.socket | None]) -> Callable[[], None]:
    """What ends a conversation over a socket, which is looked for then: it is shut down."""

    def hang_up() -> None:
        found = find_socket()
        if found is not None:
            socket.socket.shutdown(found, socket.SHUT_RDWR)  # below TLS, which has a mind of its own

    return hang_up
