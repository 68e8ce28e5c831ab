"""The program gpg with a home of its own, which holds nothing but the keys of one filter.

Nothing of the user's own keyring is seen, no key is looked for on the network, and the home is gone afterwards.  It is
kept in memory where the system has a place for that, since private keys are put into it.  What gpg has to tell comes
as status lines (GnuPG's doc/DETAILS), which are the same in all languages.
"""

import os
import subprocess
import tempfile
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from transload.adapters.base import Retry, Stop
from transload.adapters.base.bounds import CHUNK

PATIENCE = 600.0
"""Seconds after which a run of the program is ended."""
_MEMORY = Path("/dev/shm")  # noqa: S108  # a folder of ours below it, for our own eyes only
_OPTIONS = (
    *("--batch", "--no-tty", "--yes", "--quiet", "--no-options", "--trust-model", "always", "--no-auto-key-locate"),
    *("--disable-dirmngr", "--no-auto-check-trustdb", "--pinentry-mode", "loopback"),
)
_HELPER = "s2k-count 65536\n"
"""Settings of gpg's helper: keys are locked with the passphrase again in a home that lives for moments, and each
use of a key would take half a second for deriving what locks it."""


PASSPHRASE = {11, 177}
"""GPG_ERR_BAD_PASSPHRASE and GPG_ERR_NO_PASSPHRASE of libgpg-error: what gpg tells of a wrong one, and of none."""


@dataclass(frozen=True, kw_only=True)
class Ran:
    """What a run gave: its ``output``, and its status lines, each as its words."""

    output: bytes
    status: tuple[tuple[str, ...], ...]
    code: int

    @property
    def errors(self) -> set[int]:
        """The codes of its failures, as libgpg-error has them: the lower 16 bits of what gpg tells."""
        return {int(line[-1]) & 0xFFFF for line in self.of("FAILURE", "ERROR") if line and line[-1].isdigit()}

    def of(self, *keywords: str) -> list[tuple[str, ...]]:
        """What stands behind these keywords, line by line."""
        return [line[1:] for line in self.status if line[0] in keywords]


class Program:
    """gpg in a home of its own; `close` ends its helpers and removes the home."""

    def __init__(self, passphrase: str | None) -> None:
        self._passphrase = (passphrase or "").encode()
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def run(self, *arguments: str, stdin: bytes = b"", count: Callable[[int], None] = lambda size: None) -> Ran:
        """Run gpg; ``count`` hears of the size of each piece of output and may raise, which ends the run.

        Raises `Stop` where there is no such program, and `Retry` when it comes to no end.
        """
        home = self._home()
        status = home / "status"
        reading, writing = os.pipe()
        command = ["gpg", *_OPTIONS, "--homedir", str(home), "--status-file", str(status)]
        command += ["--passphrase-fd", str(reading), *arguments]
        try:
            process = subprocess.Popen(  # noqa: S603  # a fixed program; keys and texts go through pipes
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                pass_fds=(reading,),
                env={**os.environ, "LC_ALL": "C"},
            )
        except FileNotFoundError:
            os.close(writing)
            raise Stop("there is no program gpg here", hint="install GnuPG, on Debian: apt install gnupg") from None
        finally:
            os.close(reading)
        with suppress(BrokenPipeError), os.fdopen(writing, "wb") as pipe:
            pipe.write(self._passphrase)
        output, late = _exchange(process, stdin, count)
        if late:
            raise Retry(f"gpg did not end within {PATIENCE:g} seconds")
        lines = status.read_text(errors="replace").splitlines() if status.exists() else []
        status.unlink(missing_ok=True)
        words = tuple(tuple(line.split()[1:]) for line in lines)
        return Ran(output=output, status=tuple(line for line in words if line), code=process.returncode)

    def opens(self, fingerprint: str) -> bool:
        """Whether the passphrase is that of our key, which gpg can look at without doing anything."""
        return bool(self.run("--dry-run", "--passwd", fingerprint).of("SUCCESS"))

    def close(self) -> None:
        """End the helper that holds keys, and remove the home."""
        if self._folder is None:
            return
        command = ["gpgconf", "--homedir", self._folder.name, "--kill", "all"]
        with suppress(OSError, subprocess.TimeoutExpired):
            subprocess.run(command, capture_output=True, check=False, timeout=30)  # noqa: S603  # a fixed program
        with suppress(OSError):  # the helper removes its sockets at the same time
            self._folder.cleanup()
        self._folder = None

    def _home(self) -> Path:
        if self._folder is None:
            place = str(_MEMORY) if os.access(_MEMORY, os.W_OK) else None
            self._folder = tempfile.TemporaryDirectory(prefix="tl-pgp-", dir=place, ignore_cleanup_errors=True)
            (Path(self._folder.name) / "gpg-agent.conf").write_text(_HELPER)
        return Path(self._folder.name)


def _exchange(process: subprocess.Popen[bytes], stdin: bytes, count: Callable[[int], None]) -> tuple[bytes, bool]:
    """Feed the process and read what it writes; also whether it had to be ended."""
    ended: list[bool] = []

    def end() -> None:
        ended.append(True)
        process.kill()

    def feed() -> None:
        assert process.stdin is not None
        with suppress(BrokenPipeError), process.stdin as pipe:
            pipe.write(stdin)

    feeder, timer = threading.Thread(target=feed, daemon=True), threading.Timer(PATIENCE, end)
    pieces: list[bytes] = []
    with process:
        feeder.start()
        timer.start()
        try:
            assert process.stdout is not None
            while piece := process.stdout.read(CHUNK):
                count(len(piece))
                pieces.append(piece)
        except BaseException:
            process.kill()
            raise
        finally:
            feeder.join()
            process.wait()
            timer.cancel()
    return b"".join(pieces), bool(ended)


def arguments_for(recipients: Sequence[str]) -> list[str]:
    """The arguments that name the keys to encrypt for."""
    return [word for key in recipients for word in ("--recipient", key)]
