"""Reading whole files that another file names: regular ones of a bounded size only.

A name in a file that somebody else wrote may lead to a device that never ends or a pipe that nobody
writes to; neither may stop the process.
"""

import errno
import os
import stat
from pathlib import Path


def read_regular(path: Path, most: int) -> bytes:
    """The bytes of the file.

    Raises `OSError`, always with a ``strerror``, where it is missing, cannot be read, is no regular file, has a name
    that no file can have, or more than ``most`` bytes.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except ValueError:  # NUL in the name, or a lone surrogate
        raise OSError(errno.EINVAL, "no file has such a name") from None
    with os.fdopen(descriptor, "rb") as stream:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, "it is no regular file")
        content = stream.read(most + 1)
    if len(content) > most:
        raise OSError(errno.EFBIG, f"it has more than {most} bytes")
    return content
