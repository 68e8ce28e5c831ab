"""Which host keys are trusted: fingerprints (SHA-256, as OpenSSH prints them) or lines of a known_hosts file.

The format of known_hosts is that of sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT".
"""

import base64
import binascii
import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from hashlib import sha256
from itertools import pairwise

from paramiko import HostKeys

_PIN = re.compile(r"SHA256:[A-Za-z0-9+/]{43}")


def fault_of(line: str) -> str | None:
    """Why ``line`` pins no host key, or None when it does."""
    if line.startswith("SHA256:"):
        return None if _PIN.fullmatch(line) else "is no fingerprint: after SHA256: stand 43 signs"
    if line.startswith("MD5:"):
        return "is an MD5 fingerprint, which can be forged; use the one that begins with SHA256:"
    if line.startswith("@"):
        return "has a marker (@cert-authority, @revoked), which is not supported"
    if _blob(line) is None:
        return "is neither a fingerprint (SHA256:...) nor a line of a known_hosts file"
    return None


def trusted(lines: Iterable[str], host: str, port: int) -> frozenset[str]:
    """The fingerprints that ``lines`` pin for ``host``.

    A line of a known_hosts file counts when it names this host (``[host]:port`` where the
    port is not 22), by name, pattern or hash, or when it names none.
    """
    name = host if port == 22 else f"[{host}]:{port}"
    found = set()
    for line in lines:
        if line.startswith("SHA256:"):
            found.add(line)
        elif (blob := _blob(line)) is not None and _speaks_of(line, name):
            digest = base64.b64encode(sha256(blob).digest()).decode().rstrip("=")
            found.add(f"SHA256:{digest}")
    return frozenset(found)


def _blob(line: str) -> bytes | None:
    """The key in a line ``[hosts] type base64 [comment]``: its own first field repeats the type (RFC 4253, 6.6)."""
    words = line.split()
    for kind, text in pairwise(words):
        try:
            blob = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            continue
        if blob[4 : 4 + int.from_bytes(blob[:4])] == kind.encode():
            return blob
    return None


def _speaks_of(line: str, name: str) -> bool:
    first, second = line.split()[:2]
    if second.startswith("AAAA"):  # no host: the type comes first
        return True
    if first.startswith("|1|"):
        return HostKeys.hash_host(name, first) == first
    patterns = first.split(",")
    if any(one.startswith("!") and fnmatchcase(name, one[1:]) for one in patterns):
        return False
    # Square brackets stand for themselves here, not for a set of letters.
    return any(fnmatchcase(name, one.replace("[", "[[]")) for one in patterns)
