"""OpenPGP between transport and format, by the program gpg (GnuPG 2.2 or newer), which the system brings."""

from transload.adapters.base import Adapter
from transload.adapters.pgp.filter import PgpFilter
from transload.adapters.pgp.settings import PgpOptions

ADAPTER = Adapter(summary="Filter: payloads encrypted and signed with OpenPGP; needs the program gpg", filter=PgpFilter)

__all__ = ["ADAPTER", "PgpFilter", "PgpOptions"]
