"""Signals to end, in a process of their own."""

import signal
import subprocess
import sys

import pytest

WAITING = """
import os, signal, sys, threading
from transload.runner.processes.signals import a_second_ends, handling

told = []
def tell(number, frame):
    told.append(int(number))

def signals():
    for name in sys.argv[2:]:
        signal.pthread_kill(threading.get_ident(), getattr(signal, name))
        threading.Event().wait(0.05)

handlers = {each: tell for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
with handling(handlers), a_second_ends(lambda number: 100 + number, words=b"ended\\n"):
    others = threading.Thread(target=signals)
    others.start()
    others.join() if sys.argv[1] == "a while" else threading.Event().wait()
assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
assert signal.set_wakeup_fd(-1) == -1
assert threading.active_count() == 1
print(sorted(set(told)))
"""


def waited(how_long, *names):
    command = [sys.executable, "-c", WAITING, how_long, *names]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(
    ("names", "code"),
    [
        (["SIGTERM", "SIGTERM"], 100 + signal.SIGTERM),
        (["SIGINT", "SIGTERM"], 100 + signal.SIGTERM),
        (["SIGTERM", "SIGHUP", "SIGINT"], 100 + signal.SIGINT),
    ],
)
def test_a_second_one_ends_a_process_whose_main_thread_waits_for_ever(names, code):
    """Signals that other threads got wake no main thread that waits, as one that comes just before it waits."""
    found = waited("for ever", *names)
    assert (found.returncode, found.stdout, found.stderr) == (code, "", "ended\n")


def test_it_ends_though_nobody_listens_to_its_last_words():
    command = [sys.executable, "-c", WAITING, "for ever", "SIGTERM", "SIGTERM"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        process.stderr.close()
        assert process.wait(60) == 100 + signal.SIGTERM


@pytest.mark.parametrize("names", [[], ["SIGTERM"], ["SIGHUP", "SIGHUP"], ["SIGHUP", "SIGINT"]])
def test_one_is_left_to_its_handler_and_all_is_as_before_afterwards(names):
    found = waited("a while", *names)
    assert (found.returncode, found.stderr) == (0, "")
    assert found.stdout == f"{sorted({int(getattr(signal, name)) for name in names})}\n"
