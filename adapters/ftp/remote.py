"""The files of an FTP server as a file store (RFC 959, RFC 3659).

Servers differ in what they tell of a file.  With MLSD it stands in the list.  Without it, names come from LIST, and
size and time from SIZE and MDTM, so that a file looks the same in a list and alone.  A server that has none of these
is read by LIST only, whose times have no seconds, and no minutes after half a year.
"""

import builtins
import ftplib
import logging
import re
from collections.abc import Generator, Iterator, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import replace
from datetime import UTC, datetime

from transload.adapters.base.folders import Denied, Entry, Failed, FileFault, FileStore, Missing, Taken
from transload.adapters.base.folders.names import shown
from transload.adapters.base.probing import of_tls, remark, warning
from transload.adapters.ftp.client import Client
from transload.adapters.ftp.errors import UNKNOWN_COMMANDS, NotRestarted, code_of, of_path, said_by
from transload.adapters.ftp.listing import Listed, facts_of, line_of, means_nothing, time_of
from transload.adapters.ftp.session import Session
from transload.canonical.findings import Finding

_log = logging.getLogger(__name__)
_NOTHING = re.compile(r"no (?:such )?(?:files?|members?|data ?sets?|entries)|empty", re.IGNORECASE)
"""How some servers say that a folder is empty, with a code that elsewhere means a fault."""


class RemoteStore(FileStore):
    """The files that an open session sees.  Paths are the server's; relative ones begin where the login does."""

    def __init__(self, session: Session, pins: Sequence[str] = ()) -> None:
        self._session = session
        self._pins = pins
        self._reading: Generator[bytes, None, None] | None = None

    def list(self, folder: str) -> list[Entry]:
        """The regular files in ``folder``; those whose names lead elsewhere, or cannot be sent, as they are listed."""
        found = []
        for listed in self._listed(folder):
            if not listed.is_file:
                continue
            if "/" in listed.name or self._fault_of(listed.name):
                found.append(replace(_entry(listed.name, listed), name=listed.name))  # for whoever tells of it
                continue
            path = listed.name if folder in ("", ".") else f"{folder.rstrip('/')}/{listed.name}"
            entry = _entry(path, listed) if self._tells_all(listed) else self.look(path)
            if entry is not None:
                found.append(entry)
        return found

    def look(self, path: str) -> Entry | None:
        """The file at ``path``, or None."""
        found = self._find(path)
        return _entry(path, found) if found is not None and found.is_file else None

    def has_folder(self, path: str) -> bool:
        """Whether ``path`` is a folder: whether we can go into it."""
        try:
            with self._turn(path) as client:
                client.voidcmd(f"CWD {path}")
                self._go_home(client)
        except Denied:
            raise
        except FileFault:
            return False
        return True

    def read(self, path: str, size: int, start: int = 0) -> Iterator[bytes]:
        """The file's bytes from ``start`` on, until the server ends, or has sent more than ``size``.

        A server that cannot begin in the middle (RFC 3659, 5) sends what comes before as well.
        """
        self._end_reading()
        self._reading = self._pieces(path, size, start)
        return self._reading

    def write(self, path: str, content: bytes, *, passing: bool = False) -> None:
        """Write the file; the server decides when its disk has it."""
        try:
            with self._turn(path) as client:
                client.store(f"STOR {path}", content)
        except Failed as fault:
            folder = path.rpartition("/")[0]
            if folder and not self.has_folder(folder):
                raise Missing(folder, fault.reason) from fault
            raise

    def move(self, old: str, new: str, *, replace: bool = False) -> None:
        """Rename.  Many servers overwrite at that, so it is looked first; others refuse even where it is wanted."""
        if not replace and self._find(new) is not None:
            raise Taken(new)
        try:
            self._rename(old, new)
        except FileFault as fault:
            if isinstance(fault, Failed) and fault.path == old and self._find(old) is None:
                raise Missing(old, fault.reason) from fault
            if fault.path == old or self._find(new) is None:
                raise
            if not replace:
                raise Taken(new, fault.reason) from fault
            self.remove(new)
            self._rename(old, new)

    def remove(self, path: str) -> None:
        """Remove the file."""
        try:
            with self._turn(path) as client:
                client.voidcmd(f"DELE {path}")
        except Failed as fault:
            if self._find(path) is None:
                raise Missing(path, fault.reason) from fault
            raise

    def make_folder(self, path: str) -> None:
        """Make the folder, if it is not there."""
        try:
            with self._turn(path) as client:
                client.voidcmd(f"MKD {path}")
        except FileFault:
            if not self.has_folder(path):
                raise

    def describe(self) -> str:
        """The login and the server."""
        return self._session.peer

    def abilities(self) -> Sequence[Finding]:
        """TLS, and how well the server tells what is in a folder."""
        return [*of_tls(self._session.tls, self._pins), _of_lists(self._session.commands)]

    def close(self) -> None:
        """Log out and close the connection."""
        self._end_reading()
        self._session.close()

    # How things are done.

    @property
    def _lists_facts(self) -> bool:
        return "MLSD" in self._session.commands

    @property
    def _measures(self) -> bool:
        return {"SIZE", "MDTM"} <= self._session.commands

    def _tells_all(self, listed: Listed) -> bool:
        """Whether a list says as much of a file as looking at it alone would."""
        if self._lists_facts:
            return listed.size is not None and listed.changed is not None
        return not self._measures  # then looking is to list again

    def _fault_of(self, path: str) -> str | None:
        """Why FTP cannot speak of ``path``, or None."""
        return self._session.client.fault_of(path)

    def _turn(self, path: str) -> AbstractContextManager[Client]:
        """The connection, for one thing about ``path``; a reading that was given up half way is ended first."""
        self._end_reading()
        if fault := self._fault_of(path):
            raise Failed(path, fault)
        return self._session.turn(path)

    def _end_reading(self) -> None:
        if self._reading is not None:
            self._reading.close()
            self._reading = None

    def _pieces(self, path: str, size: int, start: int) -> Generator[bytes, None, None]:
        if fault := self._fault_of(path):
            raise Failed(path, fault)
        with self._session.turn(path) as client:
            try:
                yield from _from(client, path, size, start, begin=start if "REST" in self._session.commands else 0)
            except NotRestarted:
                self._session.without("REST")
                yield from _from(client, path, size, start, begin=0)

    def _rename(self, old: str, new: str) -> None:
        if fault := self._fault_of(new):
            raise Failed(new, fault)
        with self._turn(old) as client:
            answer = client.sendcmd(f"RNFR {old}")
            if answer[:1] != "3":
                raise ftplib.error_reply(answer)
            try:
                client.voidcmd(f"RNTO {new}")
            except ftplib.Error as error:
                raise of_path(error, new) or error from error

    def _go_home(self, client: Client) -> None:
        """Back to where relative paths begin; a refusal of that concerns the whole connection."""
        try:
            client.voidcmd(f"CWD {self._session.home}")
        except ftplib.Error as error:
            raise ftplib.error_proto(f"no way back to {self._session.home}: {said_by(error)}") from error

    def _listed(self, folder: str) -> builtins.list[Listed]:
        """What is in ``folder``, as the server lists it."""
        return self._by_facts(folder) if self._lists_facts else self._by_lines(folder)

    def _by_facts(self, folder: str) -> builtins.list[Listed]:
        try:
            with self._turn(folder) as client:
                lines = client.lines("MLSD" if folder in ("", ".") else f"MLSD {folder}", kind="I")
        except Failed as fault:
            if not self.has_folder(folder):
                raise Missing(folder, fault.reason) from fault
            raise
        return [listed for line in lines if (listed := facts_of(line))]

    def _by_lines(self, folder: str) -> builtins.list[Listed]:
        """By LIST without a path, as servers take a path for options, or for a pattern."""
        with self._turn(folder) as client:
            if folder not in ("", "."):
                try:
                    client.voidcmd(f"CWD {folder}")
                except ftplib.error_perm as error:
                    fault = of_path(error, folder)
                    raise Missing(folder, said_by(error)) if isinstance(fault, Failed) else error from error
            refused: ftplib.Error | None = None
            try:
                lines = client.lines("LIST", kind="A")
            except ftplib.Error as error:
                refused, lines = error, []
            if folder not in ("", "."):
                self._go_home(client)
            if refused and (code_of(refused) not in ("450", "550") or not _NOTHING.search(str(refused))):
                raise refused
        now = datetime.now(UTC)
        found = [(line, line_of(line, now)) for line in lines if not means_nothing(line)]
        listed = [one for _, one in found if one is not None]
        strange = [line for line, one in found if one is None]
        if strange and not listed:
            raise Failed(folder, f"its list is in a form that is not known: {shown(strange[0][:100])}")
        if strange:
            first = shown(strange[0][:100])
            _log.warning("%d lines of the list of %s are not understood, such as: %s", len(strange), folder, first)
        return listed

    def _find(self, path: str) -> Listed | None:
        """What is at ``path``, be it a file or not; None when nothing is.

        Where a refusal does not say that nothing is there, the folder's list says it.
        """
        if fault := self._fault_of(path):
            raise Failed(path, fault)
        try:
            found = self._shown(path) if self._lists_facts else self._measured(path)
        except Missing:
            return None
        except Failed:
            found = None
        return found or self._among_others(path)

    def _shown(self, path: str) -> Listed | None:
        with self._turn(path) as client:
            answer = client.sendcmd(f"MLST {path}")
        found = next(filter(None, (facts_of(line.removeprefix(" ")) for line in answer.splitlines()[1:-1])), None)
        if found is None or (found.is_file and (found.size is None or found.changed is None)):
            return None
        return found

    def _measured(self, path: str) -> Listed | None:
        """By SIZE and MDTM, where the server has both; it may refuse to measure a folder."""
        if not self._measures:
            return None
        values = []
        for command in ("SIZE", "MDTM"):
            with self._turn(path) as client:
                client.set_type("I")
                try:
                    values.append(client.sendcmd(f"{command} {path}")[3:].strip())
                except ftplib.error_perm as error:
                    if code_of(error) not in UNKNOWN_COMMANDS:
                        raise
                    self._session.without(command)
                    return None
        size, changed = values[0], time_of(values[1])
        if not (size.isascii() and size.isdigit() and len(size) < 20) or changed is None:
            return None
        return Listed(name=path.rpartition("/")[2], is_file=True, size=int(size), changed=changed)

    def _among_others(self, path: str) -> Listed | None:
        folder, slash, name = path.rpartition("/")
        try:
            listed = self._listed(folder or slash)
        except Missing:
            return None
        return next((one for one in listed if one.name == name), None)


def _from(client: Client, path: str, size: int, start: int, *, begin: int) -> Generator[bytes, None, None]:
    """The bytes from ``start`` on, of those that the server sends from ``begin`` on."""
    given = begin
    with closing(client.received(f"RETR {path}", begin=begin)) as pieces:
        for piece in pieces:
            before, given = given, given + len(piece)
            if given > start:
                yield piece[max(0, start - before) :]
            if given > size:
                return


def _entry(path: str, found: Listed) -> Entry:
    return Entry(path=path, name=path.rpartition("/")[2], size=found.size or 0, changed=found.changed or 0)


def _of_lists(commands: frozenset[str]) -> Finding:
    if "MLSD" in commands:
        return remark("P-LISTS", "folders are listed by MLSD, with size and time of each file")
    if {"SIZE", "MDTM"} <= commands:
        message = "the server has no MLSD: size and time are asked for file by file, which takes two answers for each"
        return remark("P-LISTS", message, "keep few files in the folder: afterwards: delete, or {move: folder}")
    message = "the server tells times in its lists only, to the minute, and to the day after half a year"
    hint = "do not keep files there, as they seem to change: afterwards: delete, or {move: folder}"
    return warning("P-LISTS", message, hint)
