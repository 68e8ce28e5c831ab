"""``transload test --update``: the differences are shown, and written when a person says so."""

import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import typer

from transload.canonical.errors import ConfigurationError, TransloadError
from transload.canonical.findings import Finding
from transload.mappings import load_mapping
from transload.mappings.testing.updating import Change, Update, updates
from transload.runner.cli.given import guides_for
from transload.runner.cli.screen import counted, say, say_findings, say_json


class Updating:
    """Brings mappings' tests up to date, one case at a time.

    Without a terminal nothing is written unless ``yes`` says so: nobody could have looked at it.
    """

    def __init__(self, *, yes: bool, as_json: bool) -> None:
        self._yes = yes
        self._as_json = as_json
        self._written: list[str] = []
        self._left: list[str] = []
        self._findings: list[Finding] = []

    def bring_up_to_date(self, file: Path) -> None:
        """Offer all updates of one mapping."""
        done: set[str] = set()
        while True:
            try:
                mapping = load_mapping(file, guides=guides_for(file))
            except ConfigurationError as error:
                self._findings += error.findings
                return
            for update in updates(mapping):
                key = f"{update.case}|{update.finding.line() if update.finding else ''}"
                if key in done:
                    continue
                done.add(key)
                self._offer(update)
                if any(change.file.suffix != ".json" for change in update.changes):
                    break  # lines of the cases' file have moved: read it again
            else:
                return

    def finish(self) -> bool:
        """Tell what was done; whether something was not."""
        if self._as_json:
            told = [finding.as_dict() for finding in self._findings]
            say_json({"written": self._written, "left": self._left, "findings": told})
        else:
            say_findings(self._findings)
            say(f"{counted(len(self._written), 'file')} written, {len(self._left) or 'none'} left as they are")
            if self._left and not self._interactive:
                say("nobody is here to look at the differences: --yes writes them unseen", to_error=True)
        return bool(self._findings or self._left)

    @property
    def _interactive(self) -> bool:
        return sys.stdin.isatty() and not self._as_json

    def _offer(self, update: Update) -> None:
        if update.finding is not None:
            self._findings.append(update.finding)
            return
        if not self._as_json:
            say(f"{update.case}: {', '.join(f'{change.file} ({change.why})' for change in update.changes)}")
            for change in update.changes:
                _show(change)
        names = [str(change.file) for change in update.changes]
        if self._yes or (self._interactive and typer.confirm("write this?", default=False)):
            write_all(update.changes)
            self._written += names
        else:
            self._left += names


def write_all(changes: Sequence[Change]) -> None:
    """Write files, each completely or not at all.

    Raises `TransloadError` when one is not any more what the change was made for, or cannot be written.
    """
    for change in changes:
        try:
            now = change.file.read_text(encoding="utf-8") if change.file.exists() else None
        except (OSError, UnicodeDecodeError) as error:
            raise TransloadError(f"{change.file} cannot be read: {error}") from error
        if now != change.old:
            raise TransloadError(f"{change.file} was changed meanwhile", hint="call the command again")
    for change in changes:
        try:
            change.file.parent.mkdir(parents=True, exist_ok=True)
            replace_file(change.file, change.new.encode())
        except OSError as error:
            raise TransloadError(f"{change.file} cannot be written: {error.strerror}") from error


def replace_file(file: Path, content: bytes) -> None:
    """Write a file: a new one beside it takes its name, so that nobody ever sees half of it.  Raises `OSError`."""
    mode = file.stat().st_mode & 0o777 if file.exists() else 0o666 & ~_umask()
    with tempfile.NamedTemporaryFile(dir=file.parent, prefix=f".{file.name}-", delete=False) as beside:
        try:
            beside.write(content)
            beside.flush()
            os.fsync(beside.fileno())
            Path(beside.name).chmod(mode)
            Path(beside.name).replace(file)
        except OSError:
            Path(beside.name).unlink(missing_ok=True)
            raise


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _show(change: Change) -> None:
    for row in change.diff().splitlines():
        say(row, style="red" if row.startswith("-") else "green" if row.startswith("+") else None)
