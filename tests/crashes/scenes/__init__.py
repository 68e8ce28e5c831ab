"""The scenes: for each adapter a partner of its own and a workspace that picks up from it or delivers to it.

Each scene moves the same two documents, byte for byte, so that what is lost, torn or doubled shows by comparing.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from tests.crashes.scenes.as2 import as2_endpoint, as2_target
from tests.crashes.scenes.calling import http
from tests.crashes.scenes.folders import files, files_claimed, ftp, sftp, sftp_claimed, sftp_large
from tests.crashes.scenes.ledger import Scene, on_postgresql, on_sqlite
from tests.crashes.scenes.mail import mail_source, mail_target
from tests.crashes.scenes.rest import rest_source, rest_target, rest_with_key, rest_with_lookup
from tests.crashes.scenes.soap import soap_once, soap_repeatable, soap_responding, soap_service, soap_source
from tests.crashes.scenes.stage import Stage
from tests.postgresql import binaries, running

SCENES: dict[str, Scene] = {
    "files": files,
    "files, claimed": files_claimed,
    "sftp": sftp,
    "sftp, claimed": sftp_claimed,
    "sftp, large": sftp_large,
    "ftp": ftp,
    **({"mail, as source": mail_source} if shutil.which("dovecot", path="/usr/sbin:/usr/local/sbin") else {}),
    "mail, as target": mail_target,
    "rest, as source": rest_source,
    "rest, with a key": rest_with_key,
    "rest, without": rest_target,
    "rest, with a lookup": rest_with_lookup,
    "http": http,
    "soap-service": soap_service,
    "soap-service, by a mapping": soap_responding,
    "soap, as source": soap_source,
    "soap, repeatable": soap_repeatable,
    "soap, once": soap_once,
    "as2, as target": as2_target,
    "as2, as endpoint": as2_endpoint,
}


@contextmanager
def ledger_scenes() -> Iterator[dict[str, Scene]]:
    """The scenes about the ledger itself, on each database that can be had here."""
    programs = binaries()
    if programs is None:
        yield on_sqlite()
        return
    with running(programs) as server:
        yield {**on_sqlite(), **on_postgresql(server)}


__all__ = ["SCENES", "Scene", "Stage", "ledger_scenes"]
