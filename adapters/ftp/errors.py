"""ftplib's exceptions and the replies of servers as ours, in one place.

What the server says about one path becomes a `FileFault`; what concerns the connection
becomes `Retry` or `Stop`.  The replies are those of RFC 959 (section 4.2), RFC 2228 and RFC 4217.
"""

import ftplib
import re

from transload.adapters.base import Finding, Retry, Stop
from transload.adapters.base.folders import Denied, Failed, FileFault, Missing
from transload.adapters.base.masking import masked
from transload.adapters.base.network import later
from transload.adapters.base.network import translation as of_network

_MISSING = re.compile(r"no such|not found|does ?n[o']t exist|can(?:not|'t) find|not exist|no file", re.IGNORECASE)
_DENIED = re.compile(
    r"permission|denied|not permitted|not allowed|forbidden|access|not authori[sz]ed|privilege", re.IGNORECASE
)
_CROWDED = re.compile(r"too many|maximum|limit|try (?:again|later)|busy|already (?:connected|logged)", re.IGNORECASE)
UNKNOWN_COMMANDS = frozenset({"500", "502", "504"})
"""Not understood, not implemented, not for this parameter."""
_TLS_REFUSED = {"500", "502", "504", "530", "533", "534", "536"}


class NotSpoken(Exception):
    """The server breaks the protocol; what it says cannot be told apart any more."""


class NoDataConnection(Exception):
    """No data connection came about."""


class NotRestarted(ftplib.error_perm):
    """The server begins no transfer in the middle of a file, whatever it says of itself."""


FOREIGN: tuple[type[Exception], ...] = (ftplib.Error, NotSpoken, NoDataConnection, OSError, EOFError)
"""Everything that the client raises: the library's own, ours, and what the sockets below raise."""


def code_of(error: Exception) -> str:
    """The three digits of a refusal by the server; "" for any other error."""
    found = str(error)[:3]
    return found if isinstance(error, ftplib.Error) and found.isdigit() else ""


def said_by(error: Exception) -> str:
    """The server's words, with their code, in one line and not too long."""
    text = "".join(sign if sign.isprintable() else " " for sign in str(error))
    return " ".join(text.split())[:300].rstrip(".")


def of_connection(error: Exception, peer: str, *, connecting: bool = False) -> Retry | Stop:
    """What an error means for the connection as a whole."""
    code = code_of(error)
    if code == "425" or isinstance(error, NoDataConnection):
        return Retry(
            f"{peer} opens no data connection: {said_by(error)}",
            hint="a firewall between may close its ports; some servers want TLS 1.2 (tls_max) to resume sessions",
        )
    if code in ("530", "532"):
        return Stop(f"{peer} wants a login: {said_by(error)}", hint="ask the partner what this account may do")
    if code[:1] == "4":
        return later(f"{peer}: {said_by(error)}")
    if code in ("522", "533", "534", "536"):
        return Stop(
            f"{peer} refuses the protection of data connections: {said_by(error)}",
            hint="ask the partner which protection is wanted; where it is a resumed TLS session, try tls_max: '1.2'",
        )
    if code[:1] == "5":
        return Stop(f"{peer} refuses what we need: {said_by(error)}", hint="ask the partner what this server offers")
    if isinstance(error, ftplib.Error | NotSpoken):
        return later(f"{peer} breaks the protocol: {said_by(error)}")
    return of_network(error, peer, connecting=connecting)


def of_login(error: Exception, peer: str, password: str) -> Retry | Stop:
    """What a refusal of USER or PASS means; a server that is full is no wrong login.  Some repeat what they heard."""
    if isinstance(error, ftplib.Error | NotSpoken):
        error = type(error)(masked(str(error), password))
    code = code_of(error)
    if code[:1] != "5" and code not in ("331", "332", "430"):
        return of_connection(error, peer)
    if _CROWDED.search(str(error)):
        return later(f"{peer} lets nobody in now: {said_by(error)}")
    message = f"{peer} refuses the login: {said_by(error)}"
    hint = "check username and password; nothing is tried again, so that the account is not locked"
    return Stop(message, hint=hint, findings=[Finding(code="E-LOGIN", message=message, hint=hint)])


def of_tls(error: Exception, peer: str) -> Retry | Stop:
    """What a refusal of AUTH TLS means: without it no login, as that would be in the clear."""
    if code_of(error) in _TLS_REFUSED:
        return Stop(
            f"{peer} offers no TLS at this port: {said_by(error)}",
            hint="ask the partner for FTPS; perhaps security: implicit at port 990 is meant",
        )
    return of_connection(error, peer, connecting=True)


def of_path(error: Exception, path: str) -> FileFault | None:
    """What a refusal says about ``path``; None when it is not about a path.

    550 and 553 have several meanings, which only the server's words tell apart; without any that are known it is
    `Failed`, and who needs to know more must look.  Many repeat the path, whose words count nothing.
    """
    code = code_of(error)
    said = said_by(error)
    if code in ("450", "451", "452", "552"):
        return Failed(path, said)
    if code in ("501", "550", "551", "553"):
        words = _without(_without(str(error), path), path.rpartition("/")[2])
        if _MISSING.search(words):
            return Missing(path, said)
        return Denied(path, said) if _DENIED.search(words) else Failed(path, said)
    return Denied(path, said) if code == "532" else None


def _without(text: str, path: str) -> str:
    return text.replace(path, "") if path else text
