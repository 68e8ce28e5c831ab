"""What sources have received half lies beside the ledger, each source's in a folder of its own, and not for ever."""

import os
import time
from hashlib import sha256
from pathlib import Path

import pytest
from tests.runner.ledger.samples import NOW, arrival

from transload.adapters.files import FilesConnection, FilesSource
from transload.runner.ledger import Ledger, Store
from transload.runner.ledger.scratch import Scratch
from transload.runner.ledger.store import Encryption


def test_each_route_and_connection_has_a_folder_of_its_own(tmp_path: Path) -> None:
    with Ledger(f"sqlite:///{tmp_path}/ledger.db") as ledger:
        found = {
            ledger.memory(route=route, connection=connection).folder
            for route in ("acme/orders", "acme/../orders")
            for connection in ("acme/box", "acme/other")
        }
        assert {folder.parent for folder in found} == {tmp_path / "ledger.db.scratch"}
        assert len(found) == 4
        again = ledger.memory(route="acme/orders", connection="acme/box").folder
        assert again in found
        elsewhere = ledger.memory(route="acme/orders", connection="acme/box", folder=tmp_path / "own")
        assert elsewhere.folder == tmp_path / "own"
    assert not (tmp_path / "ledger.db.scratch").exists(), "who uses it makes it"


def test_what_nobody_has_written_to_for_a_week_is_removed(tmp_path: Path) -> None:
    scratch = Scratch(lambda: tmp_path / "scratch")
    scratch.tidy()
    gone, used = (scratch.of(route=route, connection="box") for route in ("gone", "used"))
    for folder, days in ((gone, 8), (used, 6)):
        folder.mkdir(parents=True)
        (folder / "part").write_bytes(b"x")
        moment = time.time() - days * 86_400
        os.utime(folder / "part", (moment, moment))
    scratch.tidy()
    assert not gone.exists()
    assert (used / "part").exists()


@pytest.mark.parametrize("encrypted", [True, False])
def test_with_keys_a_large_file_is_never_on_our_disk_as_it_is(tmp_path: Path, encrypted: bool) -> None:
    canary = b"Silver-Canary-4711 "
    content = canary * 500_000
    (tmp_path / "partner/out").mkdir(parents=True)
    (tmp_path / "partner/out/big").write_bytes(content)

    def clear() -> bool:
        return not any(canary[:8] in file.read_bytes() for file in (tmp_path / "var").rglob("*") if file.is_file())

    options = FilesSource.Options.model_validate({"folder": "out", "stable": "none"})
    encryption = Encryption(use="first", keys={"first": "11" * 32}) if encrypted else None
    with Ledger(Store(url=f"sqlite:///{tmp_path}/var/ledger.db", encryption=encryption)) as ledger:
        memory = ledger.memory(route="a/b", connection="a/c")
        with FilesSource(FilesConnection(root=tmp_path / "partner"), options) as source:
            for inbound in source.receive(memory):
                assert len(list(memory.folder.iterdir())) == 1, "it waits for the ledger on disk"
                assert clear() is encrypted
                ledger.arrivals.add(arrival(content=inbound.content), NOW)
                assert not isinstance(inbound.content, bytes)
                inbound.content.unlink(missing_ok=True)
        assert ledger.arrivals.payload(sha256(content).hexdigest()) == content
        assert list(memory.folder.iterdir()) == []
        assert ledger.verify() == []
    assert clear() is encrypted, "on its shelf as well"
