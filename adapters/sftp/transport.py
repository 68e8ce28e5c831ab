"""The source and the target on an SFTP server."""

from transload.adapters.base.folders import FileStore, FolderSource, FolderTarget
from transload.adapters.sftp.remote import RemoteStore
from transload.adapters.sftp.session import connect
from transload.adapters.sftp.settings import SftpConnection


class SftpSource(FolderSource[SftpConnection]):
    """Picks files up from a folder of the server."""

    def open_store(self) -> FileStore:
        """Connect and log in.  Raises `Retry` (not reachable) or `Stop` (host key, login)."""
        return RemoteStore(connect(self.connection))

    @property
    def channels(self) -> int:
        """What the connection's settings say."""
        return self.connection.channels

    def another_store(self, first: FileStore) -> FileStore | None:
        """One more channel of the same connection, where the server allows it."""
        return first.beside() if isinstance(first, RemoteStore) else None


class SftpTarget(FolderTarget[SftpConnection]):
    """Hands files over into a folder of the server."""

    def open_store(self) -> FileStore:
        """Connect and log in.  Raises `Retry` (not reachable) or `Stop` (host key, login)."""
        return RemoteStore(connect(self.connection))
