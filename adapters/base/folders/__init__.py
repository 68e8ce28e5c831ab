"""Files in folders, the same at every partner: how they are picked up, and how they are handed over.

An adapter gives a `FileStore` (its few operations on one file system or server) and
gets a `FolderSource` and a `FolderTarget` with selection, stability, ordering,
archiving, naming and collisions as users know them from the other adapters.
"""

from transload.adapters.base.folders.handover import HandOver
from transload.adapters.base.folders.options import Claim, Marker, Move, PickUp
from transload.adapters.base.folders.stability import Stability
from transload.adapters.base.folders.store import Denied, Entry, Failed, FileFault, FileStore, Missing, Taken
from transload.adapters.base.folders.transport import FolderSource, FolderTarget

__all__ = [
    "Claim",
    "Denied",
    "Entry",
    "Failed",
    "FileFault",
    "FileStore",
    "FolderSource",
    "FolderTarget",
    "HandOver",
    "Marker",
    "Missing",
    "Move",
    "PickUp",
    "Stability",
    "Taken",
]
