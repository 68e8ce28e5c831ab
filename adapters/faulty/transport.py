"""A source and a target that fail as their script says."""

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from transload.adapters.base.covered import Covered
from transload.adapters.base.transport import Answer, Inbound, Landing, Memory, Outbound, Probe, Source, Target
from transload.adapters.faulty.script import Fault, Script


class FaultySource(Source[Any, Any]):
    """Gives what ``inner`` gives; the script's steps are ``receive``, then ``item`` and ``settle`` for each item."""

    def __init__(self, inner: Source[Any, Any], script: Script) -> None:
        super().__init__(inner.connection, inner.options)
        self._inner = inner
        self._script = script

    def receive(self, memory: Memory) -> Iterator[Inbound]:
        """Yield the items, torn or repeated where the script says so."""
        with self._script.step("receive"):
            found = self._inner.receive(memory)
        for inbound in found:
            with self._script.step("item") as fault:
                given = replace(_torn(inbound, fault), settle=lambda item=inbound: self._settle(item))  # type: ignore[misc]
                again = [_copy(given)] if fault.repeat else []
            yield given
            yield from again

    def _settle(self, inbound: Inbound) -> None:
        with self._script.step("settle") as fault:
            inbound.settle()
            if fault.repeat:
                inbound.settle()

    def probe(self) -> Probe:
        """The inner source's probe; the step is ``probe``."""
        with self._script.step("probe"):
            return self._inner.probe()

    def close(self) -> None:
        """Close the inner source; closing is never made to fail."""
        self._inner.close()


class FaultyTarget(Target[Any, Any]):
    """Hands over through ``inner``; the script's steps are ``deliver`` and ``verify``."""

    def __init__(self, inner: Target[Any, Any], script: Script) -> None:
        super().__init__(inner.connection, inner.options)
        self.idempotent = inner.idempotent
        self._inner = inner
        self._script = script

    def deliver(self, outbound: Outbound) -> Answer:
        """Hand over, torn or twice where the script says so."""
        with self._script.step("deliver") as fault:
            sent = outbound if fault.keep is None else replace(outbound, content=outbound.content[: fault.keep])
            answer = self._inner.deliver(sent)
            return self._inner.deliver(sent) if fault.repeat else answer

    def verify(self, outbound: Outbound) -> Landing:
        """What the inner target says."""
        with self._script.step("verify"):
            return self._inner.verify(outbound)

    def probe(self) -> Probe:
        """The inner target's probe; the step is ``probe``."""
        with self._script.step("probe"):
            return self._inner.probe()

    def close(self) -> None:
        """Close the inner target; closing is never made to fail."""
        self._inner.close()


def _copy(inbound: Inbound) -> Inbound:
    """The same once more; the runner takes a file over, so it is another file."""
    content = inbound.content
    if isinstance(content, bytes):
        return inbound
    path = content.path if isinstance(content, Covered) else content
    with tempfile.NamedTemporaryFile(prefix="transload-", delete=False) as file, path.open("rb") as held:
        shutil.copyfileobj(held, file)
    copy = Path(file.name)
    return replace(inbound, content=replace(content, path=copy) if isinstance(content, Covered) else copy)


def _torn(inbound: Inbound, fault: Fault) -> Inbound:
    if fault.keep is None:
        return inbound
    content = inbound.content
    if isinstance(content, Path):
        with content.open("r+b") as file:
            file.truncate(fault.keep)
        return inbound
    if isinstance(content, Covered):
        whole = content.read_bytes()
        content.unlink()
        content = whole
    return replace(inbound, content=content[: fault.keep])
