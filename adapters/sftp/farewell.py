"""Why a server ended the connection in the middle of a login: whether it refused us, or had no time for us.

The library says the same of both, and of a line that broke.  But what was refused must not be tried again, since that
locks accounts: some servers refuse a login by hanging up, and OpenSSH does after a few wrong ones.
"""

from dataclasses import dataclass

import paramiko

from transload.adapters.base import Retry, Stop

_BUSY = {7, 10, 12}
"""Service not available, connection lost, too many connections: nobody has judged the login (RFC 4253, 11.1)."""
_SHOWN = 200


@dataclass(frozen=True, kw_only=True)
class Farewell:
    """The reason's number and text, as the server gave them."""

    code: int
    text: str

    def meant(self, peer: str) -> Retry | Stop:
        """What it means for the connection to ``peer``."""
        if self.code in _BUSY:
            hint = "it is tried again later; if it goes on, ask the partner whether the server is up"
            return Retry(f"{peer} ended the connection during the login: {self.text!a}", hint=hint)
        hint = "check username, key or password; nothing is tried again, so that the account is not locked"
        return Stop(f"{peer} refuses the login and ended the connection: {self.text!a}", hint=hint)


class AttentiveTransport(paramiko.Transport):
    """A connection that remembers what the server said when it ended it during the login."""

    farewell: Farewell | None = None

    def _parse_disconnect(self, m: paramiko.Message) -> None:
        code, text = m.get_int(), m.get_string().decode("utf-8", "replace")
        login = self.auth_handler
        if login is not None and not login.is_authenticated():
            self.farewell = Farewell(code=code, text=text[:_SHOWN])
