"""The connection to a local folder, and the source and target on it."""

from pathlib import Path

from pydantic import Field

from transload.adapters.base import Settings, Stop
from transload.adapters.base.folders import FileStore, FolderSource, FolderTarget
from transload.adapters.files.local import LocalStore


class FilesConnection(Settings):
    """A folder of this machine; nothing outside it is read or written."""

    root: Path = Field(
        examples=["/srv/edi/acme"],
        description="Folder below which all folders of the routes stand, and which none of them can leave;"
        " a relative one counts from where the program was started",
    )


class FilesSource(FolderSource[FilesConnection]):
    """Picks files up from a folder below the connection's root."""

    is_local = True

    def open_store(self) -> FileStore:
        """The files below the root.  Raises `Stop` when it is no folder."""
        return _opened(self.connection)


class FilesTarget(FolderTarget[FilesConnection]):
    """Hands files over into a folder below the connection's root."""

    is_local = True

    def open_store(self) -> FileStore:
        """The files below the root.  Raises `Stop` when it is no folder."""
        return _opened(self.connection)


def _opened(connection: FilesConnection) -> FileStore:
    if not connection.root.is_dir():
        raise Stop(f"there is no folder {connection.root}", hint="make it, or correct root")
    return LocalStore(connection.root)
