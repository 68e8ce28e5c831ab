"""User certificates: signed for the very key, by an authority that the server trusts, and in force."""

import time
from typing import Any

import asyncssh
import pytest

from transload.adapters.base import Stop
from transload.adapters.sftp.session import connect


@pytest.fixture
def authority(server: Any) -> asyncssh.SSHKey:
    server.authority = asyncssh.generate_private_key("ssh-ed25519")
    return server.authority


def texts(authority: asyncssh.SSHKey, key: asyncssh.SSHKey, **given: Any) -> dict[str, str]:
    certificate = authority.generate_user_certificate(key, "partner", principals=["partner"], **given)
    return {
        "key": key.export_private_key("openssh").decode(),
        "certificate": certificate.export_certificate().decode(),
    }


@pytest.mark.parametrize("kind", ["ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa"])
def test_a_certificate_logs_in(server: Any, authority: asyncssh.SSHKey, kind: str) -> None:
    key = asyncssh.generate_private_key(kind)
    connect(server.connection(password=None, **texts(authority, key))).close()
    with pytest.raises(Stop, match="refuses the login"):
        connect(server.connection(password=None, key=texts(authority, key)["key"]))


def test_a_certificate_of_another_authority_is_refused_by_the_server(server: Any, authority: asyncssh.SSHKey) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519")
    with pytest.raises(Stop, match="refuses the login"):
        connect(server.connection(password=None, **texts(other, asyncssh.generate_private_key("ssh-ed25519"))))


def test_what_is_no_certificate_for_the_key(server: Any, authority: asyncssh.SSHKey) -> None:
    one, two = asyncssh.generate_private_key("ssh-ed25519"), asyncssh.generate_private_key("ssh-ed25519")
    given = texts(authority, one)
    host = authority.generate_host_certificate(one, "host").export_certificate().decode()
    old = texts(authority, one, valid_after=int(time.time()) - 900, valid_before=int(time.time()) - 600)["certificate"]
    for certificate, message in (
        (texts(authority, two)["certificate"], "the certificate was signed for another key"),
        (one.export_public_key().decode(), "the certificate is a plain public key"),
        (host, "the certificate is one of a host"),
        (old, "the certificate was valid until 20"),
        ("ssh-ed25519-cert-v01@openssh.com AAAA", "the certificate cannot be read"),
        ("nothing", "the certificate cannot be read"),
    ):
        with pytest.raises(Stop, match=message) as caught:
            connect(server.connection(password=None, key=given["key"], certificate=certificate))
        assert caught.value.hint
    assert server.logins == []


def test_a_certificate_needs_its_key(server: Any) -> None:
    with pytest.raises(ValueError, match="a certificate without its private key has no use"):
        server.connection(certificate="x")
