"""The source and the target on an FTP server."""

from transload.adapters.base import Finding, Probe, Retry, Severity, Stop
from transload.adapters.base.folders import FileStore, FolderSource, FolderTarget
from transload.adapters.base.network import sight_of
from transload.adapters.ftp.remote import RemoteStore
from transload.adapters.ftp.session import Session, connect
from transload.adapters.ftp.settings import FtpConnection


class FtpSource(FolderSource[FtpConnection]):
    """Picks files up from a folder of the server."""

    _session: Session | None = None

    def open_store(self) -> FileStore:
        """Connect and log in.  Raises `Retry` (not reachable) or `Stop` (certificate, login)."""
        self._session = connect(self.connection)
        return RemoteStore(self._session)

    @property
    def channels(self) -> int:
        """What the connection's settings say."""
        return self.connection.channels

    def another_store(self, first: FileStore) -> FileStore | None:
        """One more connection of the same account, where the server lets it in."""
        try:
            return RemoteStore(connect(self.connection))
        except (Retry, Stop):
            return None

    def probe(self) -> Probe:
        """Connect, look whether the folders are there, and say what the server can do."""
        return _with_abilities(super().probe(), self._session)


class FtpTarget(FolderTarget[FtpConnection]):
    """Hands files over into a folder of the server."""

    _session: Session | None = None

    def open_store(self) -> FileStore:
        """Connect and log in.  Raises `Retry` (not reachable) or `Stop` (certificate, login)."""
        self._session = connect(self.connection)
        return RemoteStore(self._session)

    def probe(self) -> Probe:
        """Connect, look whether the folder is there, and say what the server can do."""
        return _with_abilities(super().probe(), self._session)


def _with_abilities(probe: Probe, session: Session | None) -> Probe:
    if session is None or session.lost:
        return probe
    remarks = (sight_of(session.tls), _of_lists(session.commands))
    return Probe(ok=probe.ok, summary=probe.summary, findings=(*probe.findings, *remarks))


def _of_lists(commands: frozenset[str]) -> Finding:
    if "MLSD" in commands:
        message = "folders are listed by MLSD, with size and time of each file"
        return Finding(code="R-LISTS", severity=Severity.REMARK, message=message)
    if {"SIZE", "MDTM"} <= commands:
        message = "the server has no MLSD: size and time are asked for file by file, which takes two answers for each"
        hint = "keep few files in the folder: afterwards: delete, or {move: folder}"
        return Finding(code="R-LISTS", severity=Severity.REMARK, message=message, hint=hint)
    message = "the server tells times in its lists only, to the minute, and to the day after half a year"
    hint = "do not keep files there, as they seem to change: afterwards: delete, or {move: folder}"
    return Finding(code="W-LISTS", severity=Severity.WARNING, message=message, hint=hint)
