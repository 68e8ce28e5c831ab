"""Files on an SFTP server (SSH file transfer protocol, version 3)."""

from transload.adapters.base import Adapter
from transload.adapters.sftp.settings import SftpConnection
from transload.adapters.sftp.transport import SftpSource, SftpTarget

ADAPTER = Adapter(
    summary="Files on an SFTP server: picked up when complete, handed over by one rename, host keys pinned",
    connection=SftpConnection,
    source=SftpSource,
    target=SftpTarget,
)

__all__ = ["ADAPTER", "SftpConnection", "SftpSource", "SftpTarget"]
