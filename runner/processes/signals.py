"""Signals: who handles them for a while, and a second one to end, which ends whatever goes on.

A handler written in Python runs when the main thread next does, and a main thread that has just begun to wait sleeps
on.  Python also writes each signal into a pipe when it comes, where a thread of ours hears it at once.
"""

import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from types import FrameType

Handlers = Mapping[signal.Signals, Callable[[int, FrameType | None], None]]
_TO_END = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def handling(handlers: Handlers) -> Iterator[None]:
    """Signals go to ``handlers`` inside, and where they went before afterwards; for the main thread."""
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)


@contextmanager
def a_second_ends(code: Callable[[int], int], *, words: bytes = b"") -> Iterator[None]:
    """Inside, the second SIGINT or SIGTERM ends the process with ``code(number)``, and ``words`` on standard error.

    Both must have a handler; for the main thread.
    """
    ears, mouth = socket.socketpair()
    mouth.setblocking(False)
    before = signal.set_wakeup_fd(mouth.fileno(), warn_on_full_buffer=False)

    def listen() -> None:
        came = 0
        while heard := ears.recv(1):
            came += heard[0] in _TO_END
            if came > 1:
                with suppress(OSError):  # nobody listens any more
                    os.write(2, words)
                os._exit(code(heard[0]))

    listener = threading.Thread(target=listen, name="transload-signals", daemon=True)
    listener.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        mouth.close()
        listener.join()
        ears.close()
