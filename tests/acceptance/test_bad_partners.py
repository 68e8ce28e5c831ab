"""Partners that are down, refuse us, change their key, fail, ask for patience or hang.

Each gives a clear finding or a durable retry, never a traceback, and the raw bytes are still there.
"""

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from subprocess import CompletedProcess
from typing import Any

import pytest
from tests.forks import Forks

from transload.runner.demo.scene import ARRIVALS, Scene

Command = Callable[..., "CompletedProcess[str]"]


def run(transload: Command, scene: Scene, *routes: str) -> "CompletedProcess[str]":
    done = transload("run", *routes, "--workspace", scene.workspace)
    assert "Traceback" not in done.stdout + done.stderr
    return done


def change(scene: Scene, partner: str, old: str, new: str) -> None:
    file = scene.workspace / "mappings" / partner / "partner.yaml"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def counts(transload: Command, scene: Scene) -> Any:
    return json.loads(transload("show", "--json", "--workspace", scene.workspace).stdout)


@contextmanager
def silent_port() -> Iterator[int]:
    """A port that takes connections and never says anything."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def in_the_mailbox(scene: Scene) -> list[str]:
    files = (file for file in scene.mailbox.glob("*/out/*") if file.is_file())
    return sorted(file.relative_to(scene.mailbox).as_posix() for file in files)


def test_an_sftp_server_that_is_down_is_tried_later(transload: Command, scene: Scene) -> None:
    change(scene, "hagemann", f"port: {scene.sftp.partition(':')[2]}", f"port: {closed_port()}")
    done = run(transload, scene, "hagemann/orders")
    assert done.returncode == 3
    assert "mappings/hagemann/partner.yaml:9:3: " in done.stdout + done.stderr
    assert in_the_mailbox(scene) == sorted(ARRIVALS)


def test_an_sftp_server_that_hangs_is_tried_later(transload: Command, scene: Scene) -> None:
    with silent_port() as port:
        change(
            scene, "hagemann", f"port: {scene.sftp.partition(':')[2]}", f"port: {port}\n    timeouts: {{banner: 1s}}"
        )
        done = run(transload, scene, "hagemann/orders")
    assert done.returncode == 3


def test_a_wrong_password_stops_the_connection(transload: Command, scene: Scene) -> None:
    (scene.workspace / "secrets/mailbox-password").write_text("wrong")
    done = run(transload, scene, "hagemann/orders")
    assert done.returncode == 1
    assert "mappings/hagemann/partner.yaml:9:3: error E-LOGIN" in done.stdout + done.stderr
    assert in_the_mailbox(scene) == sorted(ARRIVALS)


def test_a_changed_host_key_stops_the_connection_and_shows_both(transload: Command, scene: Scene) -> None:
    partner = (scene.workspace / "mappings/hagemann/partner.yaml").read_text()
    offered = partner.partition('host_keys: ["')[2].partition('"')[0]
    pinned = "SHA256:" + "A" * 42 + "E"
    change(scene, "hagemann", offered, pinned)
    done = run(transload, scene, "hagemann/orders")
    assert done.returncode == 1
    told = done.stdout + done.stderr
    assert offered in told
    assert pinned in told
    assert in_the_mailbox(scene) == sorted(ARRIVALS)


@pytest.mark.parametrize(
    ("trick", "longest_wait"),
    [
        ({"status": 500, "times": 50}, 31),
        ({"status": 503, "times": 50}, 31),
        ({"status": 429, "headers": {"Retry-After": "120"}, "times": 50}, 200),
        ({"delay": 3.0, "status": 200, "times": 50}, 31),
    ],
    ids=["500", "503", "429 with Retry-After", "hangs"],
)
def test_an_api_in_trouble_gets_everything_later(
    transload: Command, scene: Scene, trick: dict[str, Any], longest_wait: float
) -> None:
    scene.erp.mischief.plan(**trick)
    change(scene, "erp", "adapter: rest", "adapter: rest\n    tries: 1\n    timeouts: {read: 1s}")
    done = run(transload, scene)
    assert done.returncode == 1  # the broken file is quarantined; what waits would be 3
    waiting = counts(transload, scene)["deliveries"]
    assert set(waiting) <= {"SENT", "RETRY_AT", "STAGED"}
    assert waiting["SENT"] == 4 + 3  # the warehouse and the acknowledgements are served
    assert waiting.get("RETRY_AT", 0) + waiting.get("STAGED", 0) == 4
    assert scene.erp.counts["orders"] in (0, 1)  # a slow answer may have had its effect
    found = json.loads(transload("show", "PO-2026-00731", "--json", "--workspace", scene.workspace).stdout)
    (erp,) = (row for row in found["deliveries"] if row["target"] == "erp/sales-orders")
    assert erp["state"] in ("RETRY_AT", "STAGED")


def test_raw_bytes_can_be_had_whatever_became_of_them(transload: Command, forks: Forks, scene: Scene) -> None:
    arrived = [(scene.mailbox / name).read_bytes() for name in ARRIVALS]
    scene.erp.mischief.plan(status=500, times=50)
    run(transload, scene)
    kept = set()
    for number in range(1, 4):
        command = ["show", f"r{number}", "--content", "--workspace", scene.workspace]
        kept.add(forks.run(*command).stdout)
    assert kept == set(arrived)


def test_files_that_are_wrong_are_kept_and_explained(transload: Command, scene: Scene) -> None:
    orders = (scene.mailbox / "hagemann/out/hagemann-orders.edi").read_bytes()
    bad = {
        "a-picture.edi": b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
        "cut-off.edi": orders[: len(orders) // 2],
        "empty-interchange.edi": orders.split(b"UNH")[0],
        "utf-8.edi": orders.decode("latin-1").replace("UNOC:3", "UNOY:3").encode("latin-1"),
        "wrong-counts.edi": orders.replace(b"UNT+30+1", b"UNT+99+1"),
    }
    for name, content in bad.items():
        (scene.mailbox / "hagemann/out" / name).write_bytes(
            content.replace(b"HG000000731", f"{len(content):011d}".encode())
        )
    done = run(transload, scene, "hagemann/orders")
    assert done.returncode == 1
    for name in bad:
        assert name in done.stdout + done.stderr
    assert counts(transload, scene)["receipts"]
    assert [name for name in in_the_mailbox(scene) if name.endswith(".edi")] == []  # all are safe with us
