"""Folders beside the ledger for what sources have received half: worth keeping over a crash, and never needed."""

import time
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

_UNTOUCHED = 7 * 86_400
"""Seconds after which what nobody has written to is removed."""


class Scratch:
    """One folder for each route and connection below ``folder``; who uses one makes it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def of(self, *, route: str, connection: str) -> Path:
        """The folder of one source, which may not be there yet."""
        return self._folder / sha256(f"{route}\n{connection}".encode()).hexdigest()[:32]

    def tidy(self) -> None:
        """Remove what is left of routes that are gone; a file that cannot be removed is no reason not to begin."""
        before = time.time() - _UNTOUCHED
        for folder in self._folder.glob("*/"):
            for file in folder.iterdir():
                with suppress(OSError):
                    if file.stat().st_mtime < before:
                        file.unlink()
            with suppress(OSError):
                folder.rmdir()  # which only an empty one is
