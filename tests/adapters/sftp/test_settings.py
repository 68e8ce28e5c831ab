"""What a user may write about a connection, and what is said when it is wrong."""

import base64
from hashlib import sha256
from typing import Any

import asyncssh
import paramiko
import pytest
from pydantic import ValidationError

from transload.adapters.sftp import SftpConnection
from transload.adapters.sftp.host_keys import trusted

PIN = "SHA256:" + "b" * 43
KEY = asyncssh.generate_private_key("ssh-ed25519")
LINE = KEY.export_public_key().decode().strip()


def given(**changes: Any) -> dict[str, Any]:
    known = {"host": "sftp.example.com", "username": "us", "password": "secret", "host_keys": [PIN]} | changes
    return {name: value for name, value in known.items() if value is not None}


def test_the_usual_connection() -> None:
    found = SftpConnection.model_validate(given())
    assert (found.port, found.host_keys, found.timeouts.answer.total_seconds()) == (22, (PIN,), 60)
    assert "secret" not in repr(found)
    assert "secret" not in found.model_dump_json()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"password": None}, "a login needs a password or a key"),
        ({"passphrase": "x"}, "a passphrase without a key has no use; did you mean password?"),
        ({"host_keys": []}, "one host key at least must be pinned; ask the partner for its fingerprint (SHA256:...)"),
        ({"host_keys": None}, "Field required"),
        ({"host_keys": ["SHA256:5pYcQx"]}, "'SHA256:5pYcQx' is no fingerprint: after SHA256: stand 43 signs"),
        (
            {"host_keys": ["MD5:16:27:ac"]},
            "'MD5:16:27:ac' is an MD5 fingerprint, which can be forged; use the one that begins with SHA256:",
        ),
        (
            {"host_keys": "@revoked * " + LINE},
            "has a marker (@cert-authority, @revoked), which is not supported",
        ),
        (
            {"host_keys": "sftp.example.com ssh-ed25519 AAAA"},
            "is neither a fingerprint (SHA256:...) nor a line of a known_hosts file",
        ),
        ({"host": "sftp://sftp.example.com"}, "is no host name; write it like sftp.example.com, without sftp://"),
        ({"port": 0}, "Input should be greater than or equal to 1"),
        ({"timeouts": {"connect": "0s"}}, "Input should be greater than 0 seconds"),
        ({"timeouts": {"connect": "soon"}}, "'soon' is not a duration"),
        ({"hostname": "x"}, "Extra inputs are not permitted"),
    ],
)
def test_what_is_wrong_is_said(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        SftpConnection.model_validate(given(**changes))
    [error] = caught.value.errors()
    assert message in error["msg"]
    assert "secret" not in str(caught.value)


def test_known_hosts_lines_count_for_the_hosts_that_they_name() -> None:
    pin = KEY.get_fingerprint()
    blob = base64.b64decode(LINE.split()[1])
    assert pin == "SHA256:" + base64.b64encode(sha256(blob).digest()).decode().rstrip("=")
    hashed = paramiko.HostKeys.hash_host("[sftp.example.com]:2222")
    for line, host, port, counts in [
        (LINE, "any.example.com", 22, True),
        (f"sftp.example.com {LINE}", "sftp.example.com", 22, True),
        (f"sftp.example.com {LINE} a comment", "sftp.example.com", 2222, False),
        (f"[sftp.example.com]:2222,10.0.0.1 {LINE}", "sftp.example.com", 2222, True),
        (f"[sftp.example.com]:2222,10.0.0.1 {LINE}", "10.0.0.1", 22, True),
        (f"*.example.com {LINE}", "sftp.example.com", 22, True),
        (f"*.example.com,!sftp.example.com {LINE}", "sftp.example.com", 22, False),
        (f"{hashed} {LINE}", "sftp.example.com", 2222, True),
        (f"{hashed} {LINE}", "other.example.com", 2222, False),
    ]:
        assert trusted([line], host, port) == (frozenset({pin}) if counts else frozenset()), (line, host, port)


def test_a_known_hosts_text_may_hold_comments_and_several_keys() -> None:
    text = f"# for the rotation\n\n{PIN}\nsftp.example.com {LINE}\n"
    found = SftpConnection.model_validate(given(host_keys=text))
    assert trusted(found.host_keys, found.host, found.port) == {PIN, KEY.get_fingerprint()}
