"""How far the paths in a mapping file reach: it may have been written by somebody else."""

import errno
from pathlib import Path

LIBRARY = Path(__file__).resolve().parent.parent / "library"
"""The mappings that come with Transload."""
WORKSPACE = "transload.yaml"
"""The file in a folder that makes it a workspace."""


class OutsideError(OSError):
    """A path that leads out of where a mapping may look; ``area`` says in words what that is."""

    def __init__(self, area: str) -> None:
        super().__init__(errno.EACCES, f"it lies outside of {area}")
        self.area = area


def beside(reference: str, folder: Path, *, free: bool = False) -> Path:
    """The file ``reference``, from the ``folder`` of the mapping that names it, with all links followed.

    It lies in the mapping's workspace, or where there is none in the mapping's folder.  With ``free`` it may then be
    anywhere: files of tests are read only when a person runs them.  Raises `OutsideError` for any other, and `OSError`
    for a path that cannot be followed.
    """
    try:
        root = folder.resolve()
        around = (root, *root.parents)
        workspace = next((above for above in around if above == LIBRARY or (above / WORKSPACE).is_file()), None)
        path = (root / reference).resolve()
    except (ValueError, RuntimeError):  # NUL or a lone surrogate in it; links in a circle
        raise OSError(errno.EINVAL, "no file has such a name") from None
    if not path.is_relative_to(workspace or root) and (workspace or not free):
        raise OutsideError("the workspace" if workspace else "the mapping's folder")
    return path
