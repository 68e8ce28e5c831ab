"""What sources have received half lies beside the ledger, each source's in a folder of its own, and not for ever."""

import os
import time
from pathlib import Path

from transload.runner.ledger import Ledger
from transload.runner.ledger.scratch import Scratch


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
    scratch = Scratch(tmp_path / "scratch")
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
