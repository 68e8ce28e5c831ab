"""What systemd hears of a service, at a real socket."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from transload.runner.ledger import LedgerError
from transload.runner.ledger.errors import LedgerBusy, NoConnection
from transload.runner.processes.charge import Charge
from transload.runner.processes.supervisor import Supervisor

WORKER = Path(__file__).parents[1] / "engine" / "serve_worker.py"


@pytest.fixture(params=["path", "abstract"])
def listening(request, tmp_path):
    """A socket as systemd has one, and the address that it tells."""
    path = f"{tmp_path}/notify" if request.param == "path" else f"@transload-test-{os.getpid()}-{time.monotonic_ns()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as made:
        made.bind(path.replace("@", "\0", 1))
        made.settimeout(20)
        yield made, path


class Hours:
    """A clock that a test turns."""

    now = 100.0

    def __call__(self):
        return self.now


def heard(listening):
    return listening.recv(4096).decode().split("\n")


def quiet(listening):
    listening.setblocking(False)
    with pytest.raises(BlockingIOError):
        listening.recv(4096)
    listening.settimeout(20)


def test_what_is_told(listening):
    listening, address = listening
    supervisor = Supervisor.of_environment({"NOTIFY_SOCKET": address})
    supervisor.ready("serving house:\n 3 routes\nREADY=0")
    assert heard(listening) == ["READY=1", "STATUS=serving house: 3 routes READY=0"]
    for _ in range(2):
        supervisor.swept(LedgerError("x" * 1000))
    assert heard(listening) == ["STATUS=the ledger fails: " + "x" * 282]
    for _ in range(2):
        supervisor.swept()
    assert heard(listening) == ["STATUS=serving house: 3 routes READY=0"]
    before = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    with supervisor.reloading():
        told, moment = heard(listening)
        after = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    assert told == "RELOADING=1"
    assert before // 1000 <= int(moment.removeprefix("MONOTONIC_USEC=")) <= after // 1000
    assert heard(listening) == ["READY=1"]
    supervisor.swept()  # no watchdog was asked for, and all is as it was
    supervisor.stopping()
    assert heard(listening)[0] == "STOPPING=1"
    quiet(listening)


def test_a_sign_of_life_comes_at_half_of_the_time_and_only_where_a_restart_would_not_help(listening):
    listening, address = listening
    clock = Hours()
    supervisor = Supervisor(address, watchdog=10, monotonic=clock)
    supervisor.swept()
    assert heard(listening) == ["WATCHDOG=1"]
    clock.now += 4.9
    supervisor.swept()
    quiet(listening)
    for error in (None, LedgerError("the database is away"), LedgerBusy("locked by another process")):
        clock.now += 5.1
        supervisor.swept(error)
        assert heard(listening)[0].startswith("STATUS=" if error else "WATCHDOG=1")
        if error:
            assert heard(listening) == ["WATCHDOG=1"]
    clock.now += 6
    supervisor.swept(NoConnection("all connections of this process are in use"))
    assert heard(listening)[0].startswith("STATUS=")
    quiet(listening)


@pytest.mark.parametrize(
    ("environment", "alive"),
    [
        ({"WATCHDOG_USEC": "2000000"}, True),
        ({"WATCHDOG_USEC": "2000000", "WATCHDOG_PID": str(os.getpid())}, True),
        ({"WATCHDOG_USEC": "2000000", "WATCHDOG_PID": "1"}, False),
        ({"WATCHDOG_USEC": "0"}, False),
        ({"WATCHDOG_USEC": "soon"}, False),
        ({}, False),
    ],
)
def test_the_watchdog_is_asked_for_by_the_environment(tmp_path, environment, alive):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(f"{tmp_path}/n")
        Supervisor.of_environment({"NOTIFY_SOCKET": f"{tmp_path}/n", **environment}).swept()
        if alive:
            assert heard(listening) == ["WATCHDOG=1"]
        else:
            quiet(listening)


@pytest.mark.parametrize("address", [None, "/nobody/there", "@nobody", "vsock:2:1", "x" * 200, "a\0b"])
def test_nobody_there_is_no_reason_to_fail(address):
    supervisor = Supervisor(address, watchdog=1)
    supervisor.ready("serving")
    supervisor.swept()
    supervisor.stopping()


def test_a_process_of_ours_tells_us_as_we_tell_systemd():
    clock = Hours()
    given = {"NOTIFY_SOCKET": "/run/systemd/notify", "WATCHDOG_PID": "1", "WATCHDOG_USEC": "7", "HOME": "/h"}
    with Charge(watchdog=10, monotonic=clock) as charge:
        environment = charge.environment(given)
        assert (environment["WATCHDOG_USEC"], environment["HOME"]) == ("10000000", "/h")
        assert "WATCHDOG_PID" not in environment
        process = Supervisor.of_environment(environment)
        clock.now += 60
        charge.hear()
        assert not charge.hangs  # a start takes as long as it does
        process.ready("serving house")
        charge.hear()
        assert (charge.ready, charge.status) == (True, "serving house")
        clock.now += 9
        process.swept()
        charge.hear()
        clock.now += 9
        assert not charge.hangs
        clock.now += 2
        assert charge.hangs
        process.stopping()
        charge.begin()
        assert (charge.ready, charge.status, charge.hangs) == (False, "", False)
        with Charge() as other:
            assert "WATCHDOG_USEC" not in other.environment(given)
            assert other.environment(given)["NOTIFY_SOCKET"] != environment["NOTIFY_SOCKET"]


@pytest.mark.parametrize("listening", ["abstract"], indirect=True)
@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_a_real_service_is_ready_alive_and_stopping(listening, make_house, tmp_path):
    """With a watchdog of a second the sweeps of one are in time; after SIGTERM it stops, and nothing follows."""
    listening, address = listening
    make_house()
    environment = {**os.environ, "NOTIFY_SOCKET": address, "WATCHDOG_USEC": "1000000"}
    process = subprocess.Popen(
        [sys.executable, str(WORKER), str(tmp_path), "0"], env=environment, stderr=subprocess.PIPE, text=True
    )
    told = [heard(listening)]
    assert told == [["READY=1", "STATUS=serving house: 1 routes"]]
    assert heard(listening) == heard(listening) == ["WATCHDOG=1"]
    process.send_signal(signal.SIGTERM)
    while (last := heard(listening)) == ["WATCHDOG=1"]:
        pass
    assert last[0] == "STOPPING=1"
    _, log = process.communicate(timeout=20)
    assert process.returncode == 0
    assert json.loads(log.splitlines()[-1])["event"] == "stopped"
    quiet(listening)
