"""The source and the target on an FTP server."""

from transload.adapters.base import Retry, Stop
from transload.adapters.base.folders import FileStore, FolderSource, FolderTarget
from transload.adapters.ftp.remote import RemoteStore
from transload.adapters.ftp.session import connect
from transload.adapters.ftp.settings import FtpConnection


class FtpSource(FolderSource[FtpConnection]):
    """Picks files up from a folder of the server."""

    def open_store(self) -> FileStore:
        """Connect and log in.  Raises `Retry` (not reachable) or `Stop` (certificate, login)."""
        return RemoteStore(connect(self.connection), self.connection.tls.pins)

    @property
    def channels(self) -> int:
        """What the connection's settings say."""
        return self.connection.channels

    def another_store(self, first: FileStore) -> FileStore | None:
        """One more connection of the same account, where the server lets it in."""
        try:
            return RemoteStore(connect(self.connection), self.connection.tls.pins)
        except (Retry, Stop):
            return None


class FtpTarget(FolderTarget[FtpConnection]):
    """Hands files over into a folder of the server."""

    def open_store(self) -> FileStore:
        """Connect and log in.  Raises `Retry` (not reachable) or `Stop` (certificate, login)."""
        return RemoteStore(connect(self.connection), self.connection.tls.pins)
