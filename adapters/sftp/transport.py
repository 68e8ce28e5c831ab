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


class SftpTarget(FolderTarget[SftpConnection]):
    """Hands files over into a folder of the server."""

    def open_store(self) -> FileStore:
        """Connect and log in.  Raises `Retry` (not reachable) or `Stop` (host key, login)."""
        return RemoteStore(connect(self.connection))
