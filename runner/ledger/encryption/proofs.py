"""Proofs of keys: a word under each key that anything may be encrypted with, looked at whenever a ledger is opened.

So a key that is missing, or has another secret, is noticed before anything is received or written, and not by the one
payload that cannot be read later.  `Rekeying` takes away the proofs of keys that nothing is under any more.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any, Protocol

from sqlalchemy import Connection, select

from transload.runner.ledger.dialects import insert_missing
from transload.runner.ledger.encryption.keys import KeyMissing, Keyring
from transload.runner.ledger.errors import LedgerError
from transload.runner.ledger.schema import meta

PROOF = "key:"
"""What the names of proofs in `meta` begin with."""
_WORD = "transload"
_query = select(meta.c.name, meta.c.value).where(meta.c.name.startswith(PROOF)).order_by(meta.c.name)


class _Keeping(Protocol):
    """What is asked of a database here."""

    @property
    def name(self) -> str: ...

    @property
    def keys(self) -> Keyring: ...

    def read(self) -> AbstractContextManager[Connection]: ...

    def write(self, work: Callable[[Connection], Any], *, lane: str | None = None) -> Any: ...


def prove(database: _Keeping) -> None:
    """See that there is each key that the ledger needs, and note the one in use.

    Raises `KeyMissing` where one is missing or has another secret.
    """
    keys = database.keys
    known = _known(database)
    if keys.use is not None and keys.use not in known:
        keys.key(keys.use)
        row = {"name": PROOF + keys.use, "value": keys.seal_text(_WORD, PROOF + keys.use)}
        database.write(lambda connection: insert_missing(connection, meta, [row]))
        known = _known(database)  # another process may have been faster, with another secret
    for name, proof in known.items():
        if name not in keys.names:
            raise KeyMissing(
                f"the ledger {database.name} holds payloads under the key {name!r}, which encryption: does not name",
                hint="name it below encryption: keys: with the secret that it had; nothing was read or written",
            )
        try:
            keys.open_text(proof, PROOF + name)
        except LedgerError:
            raise KeyMissing(
                f"the key {name!r} has another secret than that which payloads in the ledger {database.name} are under",
                hint="give it the secret that it had; a new one gets a name of its own; nothing was read or written",
            ) from None


def _known(database: _Keeping) -> dict[str, str]:
    def rows() -> Iterator[tuple[str, str]]:
        with database.read() as connection:
            for row in connection.execute(_query):
                yield row.name.removeprefix(PROOF), row.value

    return dict(rows())
