"""Files on an FTP server, by TLS (FTPS, RFC 4217) unless the settings give that up."""

from transload.adapters.base import Adapter
from transload.adapters.ftp.settings import FtpConnection
from transload.adapters.ftp.transport import FtpSource, FtpTarget

ADAPTER = Adapter(
    summary="Files on an FTP or FTPS server: picked up when complete, handed over by one rename, certificates checked",
    connection=FtpConnection,
    source=FtpSource,
    target=FtpTarget,
)

__all__ = ["ADAPTER", "FtpConnection", "FtpSource", "FtpTarget"]
