"""A large file over a line that breaks in the middle of it: the same for each server that is a program of its own."""

import os
from collections.abc import Callable
from typing import Any

import pytest

from transload.adapters.base import Retry
from transload.adapters.contract.wire import Wire
from transload.adapters.sftp import SftpSource


def gone_on_with(server: Any, memory: Any, poll: Callable[..., dict[str, bytes]]) -> None:
    """Cut the line to ``server`` in the midst of a file, and see that the next pass goes on."""
    content = os.urandom(12 * 1024 * 1024)
    (server.folder / "out/large").write_bytes(content)
    options = SftpSource.Options.model_validate({"folder": "out", "stable": "none", "afterwards": "delete"})
    with Wire("127.0.0.1", server.connection().port) as wire:
        reach = server.connection(port=wire.port, keep="0s", channels=1)
        broken = SftpSource(reach, options)
        broken.pauses = ()
        with wire.cutting(150) as cut, pytest.raises(Retry):
            poll(broken, memory)
        assert cut.happened
        [partial] = memory.folder.iterdir()
        assert 0 < partial.stat().st_size < len(content)
        assert poll(SftpSource(reach, options), memory)["large"] == content
    assert not (server.folder / "out/large").exists()
    assert list(memory.folder.iterdir()) == []
