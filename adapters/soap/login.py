"""The session of a SOAP connection, with HTTP's own login."""

from base64 import b64encode

import requests
from requests.auth import HTTPBasicAuth

from transload.adapters.base.http import open_session
from transload.adapters.soap.settings import SoapConnection


def session_for(connection: SoapConnection) -> requests.Session:
    """A session as ``connection`` says; it connects at the first call.  The caller closes it."""
    login = connection.login
    if login is None:
        return open_session(connection)
    auth = HTTPBasicAuth(login.username.encode(), login.password.get_secret_value().encode())
    return open_session(connection, auth=auth)


def hidden_in(connection: SoapConnection) -> tuple[str, ...]:
    """What the login sends, which an answer might repeat and nobody should see."""
    login = connection.login
    if login is None:
        return ()
    password = login.password.get_secret_value()
    return (password, b64encode(f"{login.username}:{password}".encode()).decode())
