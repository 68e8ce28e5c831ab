"""Servers that know nothing newer than SHA-1: what the library has given up, for accounts that say ``legacy: true``.

Whoever can break SHA-1 could pretend to be such a server; the library and OpenSSH both leave it out by default.  The
host key is pinned all the same.
"""

from hashlib import sha1
from typing import Any

import paramiko
from cryptography.hazmat.primitives import hashes
from paramiko.kex_group14 import KexGroup14SHA256

from transload.adapters.sftp.farewell import AttentiveTransport


class LegacyRsaKey(paramiko.RSAKey):
    """An RSA key that signs, and whose signatures are checked, with SHA-1 too (``ssh-rsa``, RFC 4253, 6.6)."""

    HASHES = {**paramiko.RSAKey.HASHES, "ssh-rsa": hashes.SHA1}  # type: ignore[misc]  # noqa: RUF012


class LegacyGroup14(KexGroup14SHA256):
    """Key exchange in the group of 2048 bits with SHA-1 (RFC 4253, 8.2)."""

    name = "diffie-hellman-group14-sha1"
    hash_algo = sha1


def _more(name: str, value: Any) -> Any:
    """What the library's connections know by ``name``, which is none of its public names, and ``value`` at last."""
    known = getattr(paramiko.Transport, name)
    return {**known, **value} if isinstance(known, dict) else (*known, value)


class LegacyTransport(AttentiveTransport):
    """Offers all that is usual first, and SHA-1 at last."""

    _preferred_keys = _more("_preferred_keys", "ssh-rsa")
    _preferred_pubkeys = _more("_preferred_pubkeys", "ssh-rsa")
    _preferred_kex = _more("_preferred_kex", LegacyGroup14.name)
    _key_info = _more("_key_info", {"ssh-rsa": LegacyRsaKey})
    _kex_info = _more("_kex_info", {LegacyGroup14.name: LegacyGroup14})

    @property
    def preferred_pubkeys(self) -> tuple[str, ...]:
        """The signatures that our own key may make; SHA-1 first for a server that has made its own so."""
        known = tuple(super().preferred_pubkeys)
        if self.host_key_type != "ssh-rsa":
            return known
        return ("ssh-rsa", *(name for name in known if name != "ssh-rsa"))
