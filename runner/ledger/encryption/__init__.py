"""Payloads at rest under a key: AES-256-GCM by `cryptography`, with keys that the workspace names.

What is small is sealed whole (`Keyring.seal`), what is large piece by piece (`streams`).  Each ciphertext names its
key, and is bound to the payload's digest, or to the column that it stands in, so that none can take another's place.

The digest by which a payload is known stays the SHA-256 of its plain bytes.  So whoever reads the database can see
whether two payloads are the same, and whether one is a file that he has; a keyed digest would hide that.  But the
events, which nobody can write anew, carry it, with or without encryption, under any key; it lets a partner's file be
held against the record without a key; and what is in a business document cannot be guessed byte for byte.
"""

from transload.runner.ledger.encryption.keys import KeyMissing, Keyring

__all__ = ["KeyMissing", "Keyring"]
