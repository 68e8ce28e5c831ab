"""What probes of folders tell, the same for local folders and for an SFTP server, and what a rehearsal leaves."""

import re
import time
from typing import Any

import pytest

from transload.adapters.base import Probe
from transload.adapters.base.folders import Denied, FileStore
from transload.adapters.sftp import SftpTarget


def told(probe: Probe, *codes: str) -> list[str]:
    return [finding.message for finding in probe.findings if finding.code in codes]


def everything(side: Any) -> list[str]:
    return sorted(str(path.relative_to(side.root)) for path in side.root.rglob("*") if path.is_file())


def test_a_probe_counts_files_and_leaves_everything(side: Any) -> None:
    for name in ("a.edi", "b.edi", "c.txt"):
        (side.root / "out" / name).write_bytes(b"x")
    before = everything(side)
    with side.source(pattern=["*.edi", "*.xml"]) as source:
        found = source.probe()
    assert found.ok
    assert told(found, "P-FILES") == ["3 files lie in out, 2 of them with names like *.edi, *.xml"]
    assert everything(side) == before


def test_a_rehearsal_of_picking_up_does_what_will_be_done_and_leaves_nothing(side: Any) -> None:
    with side.source(claim={"into": "claimed"}, afterwards={"move": "out/done"}) as source:
        found = source.rehearse()
    assert found.ok
    assert told(found, "P-MOVE", "P-CLOCK") == [
        "both clocks agree",
        "a file was moved to claimed and back",
        "a file was moved to out/done and back",
    ]
    assert everything(side) == []


def test_a_rehearsal_of_handing_over_leaves_nothing(side: Any) -> None:
    with side.target() as target:
        found = target.rehearse()
    assert found.ok
    assert told(found, "P-WRITE") == ["files were written, measured, renamed and replaced in in"]
    assert everything(side) == []


def test_a_clock_that_goes_wrong(side: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with side.target() as target:
        target.probe()
        store = target._store
        look = store.look

        def later(path: str) -> Any:
            found = look(path)
            if found is None:
                return None
            return type(found)(path=found.path, name=found.name, size=found.size, changed=int((time.time() - 90) * 1e9))

        monkeypatch.setattr(store, "look", later)
        found = target.rehearse()
    assert found.ok
    (message,) = told(found, "P-CLOCK")
    assert re.fullmatch(r"the server's clock is (89|90|91) seconds behind ours", message)


def refusing(name: str, monkeypatch: pytest.MonkeyPatch, store: FileStore) -> None:
    def refuse(path: str, *_: Any, **__: Any) -> None:
        raise Denied(path)

    monkeypatch.setattr(store, name, refuse)


def test_what_is_refused_is_told(side: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with side.source(afterwards={"move": "out/done"}) as source:
        source.probe()
        refusing("move", monkeypatch, source._store)
        found = source.rehearse()
        assert (found.ok, found.summary) == (False, "files cannot be moved to out/done: permission denied")
        monkeypatch.undo()
        refusing("write", monkeypatch, source._store)
        found = source.rehearse()
        assert found.ok
        assert told(found, "P-WRITE") == [
            "we may not write into out: whether files may be moved or removed shows with the first one"
        ]
    assert everything(side) == []


def test_what_cannot_be_removed_is_named(side: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with side.target() as target:
        target.probe()
        refusing("remove", monkeypatch, target._store)
        found = target.rehearse()
    (left,) = everything(side)
    assert found.ok is False
    assert told(found, "P-LEFT") == [f"{left} cannot be removed: permission denied"]


def test_what_an_sftp_server_tells_of_itself(server: Any) -> None:
    with SftpTarget(server.connection(), SftpTarget.Options.model_validate({"folder": "/in", "file": "a"})) as target:
        found = target.probe()
    codes = [finding.code for finding in found.findings]
    assert codes == ["P-SERVER", "P-HOSTKEY", "P-ALGORITHMS", "P-KEYS", "P-REPLACE", "P-FSYNC"]
    assert told(found, "P-SERVER")[0].startswith("the server calls itself SSH-2.0-AsyncSSH")
    assert "it takes login keys of the kinds rsa-sha2-256, rsa-sha2-512, ssh-ed25519" in told(found, "P-KEYS")[0]
