"""Files in local or mounted folders: a drop folder of an application, a share, a transfer product's mailbox."""

from transload.adapters.base import Adapter
from transload.adapters.files.transport import FilesConnection, FilesSource, FilesTarget

ADAPTER = Adapter(
    summary="Files in local folders: picked up when complete, handed over by one rename",
    connection=FilesConnection,
    source=FilesSource,
    target=FilesTarget,
)

__all__ = ["ADAPTER", "FilesConnection", "FilesSource", "FilesTarget"]
