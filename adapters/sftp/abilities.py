"""What a probe tells of an SFTP server: its name, what both sides agreed on, what it can do beyond version 3."""

from collections.abc import Iterator
from typing import Any

import paramiko

from transload.adapters.base.probing import remark, warning
from transload.adapters.sftp.client import FSYNC, POSIX_RENAME, Client
from transload.canonical.findings import Finding

_WEAK = ("sha1", "md5", "3des", "cbc", "ssh-rsa", "ssh-dss", "arcfour", "group1-")
"""Parts of the names of algorithms that are broken or close to it (RFC 8758, RFC 9142; OpenSSH has left them)."""

_LOGIN_KEYS = ("ssh-ed25519", *(f"ecdsa-sha2-nistp{size}" for size in (256, 384, 521)), "rsa-sha2-512", "rsa-sha2-256")
"""The kinds of login keys, as signature algorithms, that we have."""


def abilities(client: Client, transport: paramiko.Transport) -> Iterator[Finding]:
    """The findings, for a session that is open."""
    yield remark("P-SERVER", f"the server calls itself {transport.remote_version}")
    key = transport.get_remote_server_key()
    yield remark("P-HOSTKEY", f"it proved the key {key.fingerprint} ({transport.host_key_type})", "host_keys pins it")
    yield from _agreed(transport)
    yield from _extensions(client)


def _agreed(transport: Any) -> Iterator[Finding]:
    agreed = {
        "host key": str(transport.host_key_type),
        "cipher": str(transport.remote_cipher),
        "integrity": str(transport.remote_mac),
    }
    yield remark("P-ALGORITHMS", ", ".join(f"{what} {name}" for what, name in agreed.items()))
    taken = transport.server_extensions.get("server-sig-algs")  # RFC 8308, 3.1
    if taken:
        names = (taken.decode("ascii", "replace") if isinstance(taken, bytes) else taken).split(",")
        kinds = [name for name in dict.fromkeys(names) if name in _LOGIN_KEYS]
        yield remark("P-KEYS", f"it takes login keys of the kinds {', '.join(kinds) or 'that we do not know'}")
    weak = [f"{what} {name}" for what, name in agreed.items() if any(part in name for part in _WEAK)]
    if weak:
        hint = "ask the partner to bring the server up to date; what is written over this line may be read some day"
        yield warning("P-WEAK", f"the best that both sides have is weak: {', '.join(weak)}", hint)


def _extensions(client: Client) -> Iterator[Finding]:
    if POSIX_RENAME in client.extensions:
        yield remark("P-REPLACE", "it replaces a file in one step (posix-rename)")
    else:
        hint = "with collision: replace there is a moment without the file; collision: suffix has none"
        yield remark("P-REPLACE", "it does not say that it can replace a file in one step (posix-rename)", hint)
    if FSYNC in client.extensions:
        yield remark("P-FSYNC", "it confirms that a file is on its disk (fsync)")
    else:
        yield remark("P-FSYNC", "it does not confirm that a file is on its disk: a crash there may lose the last ones")
