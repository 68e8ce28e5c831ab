"""One REST connection in use: its session, its login, and the short retry within a call."""

import re
import time
from collections.abc import Callable, Mapping
from functools import partial

import requests
import tenacity

from transload.adapters.base.http import Reply, exchange, open_session
from transload.adapters.rest.login import HeaderLogin, Tokens, login_for, tokens_for
from transload.adapters.rest.settings import RestConnection
from transload.canonical.errors import Retry, TransloadError

Judge = Callable[[Reply], TransloadError | None]
"""Says whether a reply is welcome: None, or the error that it means."""
_BUSY = (425, 429, 503)
"""Statuses that ask for peace."""
_TELLING = re.compile(r"auth|key|token|secret|pass|sign", re.IGNORECASE)
"""Names of headers whose values are not for everybody."""


class Client:
    """Calls one API.  Nothing is opened before the first call; close it."""

    def __init__(self, connection: RestConnection, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._connection = connection
        self._sleep = sleep
        self._session: requests.Session | None = None
        self._tokens: Tokens | None = tokens_for(connection.auth.oauth2) if connection.auth.oauth2 else None
        self._hidden = [
            *connection.auth.secrets(),
            *(value for name, value in connection.headers.items() if _TELLING.search(name)),
        ]

    def close(self) -> None:
        """Close the session, if there is one."""
        if self._session is not None:
            self._session.close()
            self._session = None

    def call(
        self,
        method: str,
        url: str,
        *,
        judge: Judge,
        repeatable: bool,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        patience: float = 0,
    ) -> Reply:
        """Send a request until ``judge`` welcomes the reply, at most ``tries`` times when it is ``repeatable``.

        A server that asks for peace gets it: for up to ``patience`` seconds within this call, for
        more by the error that is raised, whose ``wait`` is kept durably.  Raises what the last
        try meant.
        """
        busy = False

        def once() -> Reply:
            nonlocal busy
            reply = self._with_login(method, url, repeatable, body, headers or {})
            busy = reply.status in _BUSY
            error = judge(reply)
            if error is not None:
                raise error
            return reply

        def again(error: BaseException) -> bool:
            if not isinstance(error, Retry):
                return False
            return not busy if error.wait is None else 0 < patience >= error.wait

        def pause(state: tenacity.RetryCallState) -> float:
            error = state.outcome.exception() if state.outcome else None
            usual = tenacity.wait_random_exponential(multiplier=0.2, max=2)(state)
            return max(usual, error.wait or 0.0) if isinstance(error, Retry) else usual

        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(self._connection.tries if repeatable else 1),
            wait=pause,
            retry=tenacity.retry_if_exception(again),
            sleep=self._sleep,
            reraise=True,
        )
        return retrying(once)

    def log_in(self) -> str | None:
        """Get a token where the login is by tokens, and say so; None for other logins.  Raises `Retry`, `Stop`."""
        if self._tokens is None:
            return None
        self._tokens.current(self._connection)
        return "the token server gave a token"

    def _with_login(
        self, method: str, url: str, repeatable: bool, body: bytes | None, headers: Mapping[str, str]
    ) -> Reply:
        """One request; when a token is refused, one more with a new one (a refused request has done nothing)."""
        if self._session is None:
            self._session = open_session(self._connection, auth=login_for(self._connection))
        reply = None
        for last in (False, True):
            hidden = list(self._hidden)
            if self._tokens is not None:
                token = self._tokens.current(self._connection)
                hidden.append(token)
                self._session.auth = HeaderLogin("Authorization", partial("Bearer {}".format, token))
            reply = exchange(
                self._session,
                method,
                url,
                settings=self._connection,
                repeatable=repeatable,
                body=body,
                headers=headers,
                hidden=hidden,
            )
            if reply.status != 401 or self._tokens is None or last:
                break
            self._tokens.refused(token)
        assert reply is not None
        return reply
