"""Partners with folders: on this machine, on SFTP and FTP servers."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.adapters.ftp.servers import PASSWORD as FTP_PASSWORD
from tests.adapters.ftp.servers import Server as FtpServer
from tests.crashes.scenes.stage import (
    DOCUMENTS,
    HAND_OVER,
    LARGE,
    PICK_UP,
    Stage,
    keep_secret,
    left,
    made,
    offered,
    taken,
)

from transload.runner.demo.partners.sftp_server import sftp_server


@contextmanager
def files(folder: Path, **pick_up: Any) -> Iterator[Stage]:
    """From a folder into a folder."""
    root = offered(folder / "partner")
    connection = {"box": {"adapter": "files", "root": str(root)}}
    workspace = made(
        folder, connection, {"connection": "box", **PICK_UP, **pick_up}, {"connection": "box", **HAND_OVER}
    )
    yield Stage(workspace, lambda: taken(root), lambda: left(root))


@contextmanager
def files_claimed(folder: Path) -> Iterator[Stage]:
    """Claimed by a rename, and deleted."""
    with files(folder, claim={"into": "out/claimed"}, afterwards="delete") as stage:
        yield stage


@contextmanager
def sftp(folder: Path, **pick_up: Any) -> Iterator[Stage]:
    """From a folder of an SFTP server into another."""
    root = offered(folder / "partner")
    with sftp_server(root, username="us", password="secret") as server:
        login = {"username": "us", "password": "${file:keys/password}", "host_keys": [server.fingerprint]}
        connection = {"box": {"adapter": "sftp", "host": server.host, "port": server.port, "channels": 1, **login}}
        workspace = made(
            folder, connection, {"connection": "box", **PICK_UP, **pick_up}, {"connection": "box", **HAND_OVER}
        )
        keep_secret(workspace, "password", "secret")
        yield Stage(workspace, lambda: taken(root), lambda: left(root))


@contextmanager
def sftp_claimed(folder: Path) -> Iterator[Stage]:
    """Claimed by a rename on an SFTP server, and deleted."""
    with sftp(folder, claim={"into": "out/claimed"}, afterwards="delete") as stage:
        yield stage


@contextmanager
def sftp_large(folder: Path) -> Iterator[Stage]:
    """A large file of an SFTP server, which is gone on with where it broke off."""
    with sftp(folder) as stage:
        (folder / "partner/out/PO-1.json").write_bytes(LARGE)
        yield replace(stage, expected=(LARGE, DOCUMENTS[1]))


@contextmanager
def ftp(folder: Path) -> Iterator[Stage]:
    """From a folder of an FTP server into another."""
    root = offered(folder / "partner")
    server = FtpServer(root)
    server.start()
    try:
        login = {"username": "partner", "password": "${file:keys/password}", "security": "none", "insecure": True}
        connection = {"box": {"adapter": "ftp", "host": "127.0.0.1", "port": server.port, "channels": 1, **login}}
        workspace = made(folder, connection, {"connection": "box", **PICK_UP}, {"connection": "box", **HAND_OVER})
        keep_secret(workspace, "password", FTP_PASSWORD)
        yield Stage(workspace, lambda: taken(root), lambda: left(root))
    finally:
        server.stop()
