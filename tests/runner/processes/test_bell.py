"""A handler of signals rings while its own thread waits, at any point of that."""

import subprocess
import sys
import threading
import time

from transload.runner.processes.bell import Bell

STORM = """
import signal, time
from transload.runner.processes.bell import Bell

bell, rung = Bell(), 0

def ring(number, frame):
    global rung
    rung += 1
    bell.ring()

signal.signal(signal.SIGALRM, ring)
signal.setitimer(signal.ITIMER_REAL, 0.0002, 0.0002)
end = time.monotonic() + 1.0
while time.monotonic() < end:
    bell.wait(0.00001)
signal.setitimer(signal.ITIMER_REAL, 0)
assert rung > 100, rung
"""


def test_a_thousand_signals_a_second_ring_while_their_thread_waits() -> None:
    done = subprocess.run([sys.executable, "-c", STORM], capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_who_waits_is_woken_and_a_ring_before_the_wait_is_not_lost() -> None:
    bell = Bell()
    threading.Timer(0.05, bell.ring).start()
    began = time.monotonic()
    bell.wait(20)
    bell.ring()
    bell.wait(20)
    assert time.monotonic() - began < 10


def test_who_waits_in_vain_goes_on() -> None:
    Bell().wait(0.01)
