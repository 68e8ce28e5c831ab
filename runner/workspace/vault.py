"""Secrets of HashiCorp Vault: ``${vault:PATH#FIELD}``, read from a key-value engine of version 2 by hvac.

hvac is an extra, and is imported when a secret is asked for.  What was read is kept for a short time, since a
connection is opened at each poll; a token that has run out is replaced by one new login.
"""

import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from transload.canonical.errors import Retry, Stop, TransloadError

_PART = r"(?!\.+[/#])[\w.@-]+(?: [\w.@-]+)*"
FORM = re.compile(rf"(?P<path>{_PART}(?:/{_PART})*)#(?P<field>[\w.@-]+)")
"""A path in the engine, without a slash at its beginning, and the name of one value there."""
_LOCAL = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, kw_only=True)
class VaultSettings:
    """Where the vault is and how to log in, references resolved: by ``token``, or by ``role_id`` and ``secret_id``.

    ``keep`` and ``patience`` are seconds.
    """

    url: str
    mount: str
    namespace: str | None
    approle: str
    ca: Path | None
    keep: float
    patience: float
    token: str | None = field(default=None, repr=False)
    role_id: str | None = field(default=None, repr=False)
    secret_id: str | None = field(default=None, repr=False)


def url_fault(url: str) -> str | None:
    """Why ``url`` is none for a vault; None where it is one."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return "is no URL"
    if parts.scheme not in ("http", "https") or not host:
        return "is no URL of a vault; write it like https://vault.example:8200"
    if parts.username or parts.password:
        return "must not hold a user or password"
    if parts.scheme == "http" and host not in _LOCAL:
        return "must begin with https://, since secrets travel; http:// is for this machine only"
    return None


class Vault:
    """The secrets of one vault; ``settings`` is called at the first use, and again where a login is refused."""

    def __init__(self, settings: Callable[[], VaultSettings]) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._client: Any = None
        self._until: dict[str, float] = {}
        self._kept: dict[str, Mapping[str, Any]] = {}

    def read(self, reference: str) -> str:
        """The text that ``PATH#FIELD`` names.

        Raises `Stop` where there is none, it is no text, or we may not have it, and `Retry` where the vault cannot
        be reached or is sealed.  No value is part of an error.
        """
        match = FORM.fullmatch(reference)
        if match is None:
            raise Stop(f"{reference!r} names no secret of a vault", hint="write ${vault:PATH#FIELD}")
        with self._lock:
            found = self._data(match["path"])
        value = found.get(match["field"])
        if value is None:
            message = f"the secret {match['path']!r} of the vault has no value {match['field']!r}"
            raise Stop(message, hint="look at the names of its values in the vault")
        if not isinstance(value, str) or not value:
            state = "is empty" if value == "" else "is no text"
            raise Stop(f"the value {match['field']!r} of the secret {match['path']!r} {state}", hint="keep it as text")
        return value

    def _data(self, path: str) -> Mapping[str, Any]:
        if path in self._kept and time.monotonic() < self._until[path]:
            return self._kept[path]
        settings = self._settings()
        had_login = self._client is not None
        try:
            found = _asked(lambda: self._read(settings, path), path)
        except _Refused as error:
            self._client = None
            if not (had_login and settings.role_id):
                raise error.stop from None
            try:
                found = _asked(lambda: self._read(settings, path), path)  # the token has run out: one new login
            except _Refused as again:
                self._client = None
                raise again.stop from None
        self._kept[path], self._until[path] = found, time.monotonic() + settings.keep
        return found

    def _read(self, settings: VaultSettings, path: str) -> Mapping[str, Any]:
        if self._client is None:
            self._client = _login(settings)
        answer = self._client.secrets.kv.v2.read_secret_version(
            path=path, mount_point=settings.mount, raise_on_deleted_version=True
        )
        data = answer["data"]["data"]
        if not isinstance(data, Mapping):
            raise TypeError("the answer holds no values")
        return data


class _Refused(Exception):
    """The vault refuses the token; ``stop`` is what to raise in the end."""

    def __init__(self, stop: Stop) -> None:
        super().__init__(stop.message)
        self.stop = stop


def _login(settings: VaultSettings) -> Any:
    import hvac

    client = hvac.Client(
        url=settings.url,
        token=settings.token or "",  # None would let hvac look for one in the home of the user
        verify=str(settings.ca) if settings.ca else True,
        timeout=settings.patience,
        allow_redirects=False,  # the token would travel along
        namespace=settings.namespace,
    )
    if settings.role_id:
        client.auth.approle.login(settings.role_id, settings.secret_id, mount_point=settings.approle)
    return client


def _asked(call: Callable[[], Mapping[str, Any]], path: str) -> Mapping[str, Any]:
    """``call()`` with the errors of hvac and requests translated; their texts stay here, as they may hold answers."""
    try:
        import hvac.exceptions as said
        import requests
    except ImportError:
        raise Stop("secrets of a vault need hvac", hint="pip install 'transload[vault]'") from None
    try:
        return call()
    except TransloadError:
        raise
    except said.InvalidPath:
        message = f"the vault has no secret {path!r}, or its newest version was deleted"
        raise Stop(message, hint="look at the path, which stands without the mount and without data/") from None
    except (said.Forbidden, said.Unauthorized):
        message = f"the vault refuses the secret {path!r}"
        hint = "look at the token or role that transload.yaml names, and at the policy that it has"
        raise _Refused(Stop(message, hint=hint)) from None
    except (said.InvalidRequest, said.ParamValidationError):
        message = f"the vault does not accept the login, or the question for {path!r}"
        hint = "look at role_id and secret_id, at mount, and whether the engine is a key-value engine of version 2"
        raise _Refused(Stop(message, hint=hint)) from None
    except said.VaultNotInitialized:
        raise Retry("the vault is not initialized", hint="ask who keeps it") from None
    except said.VaultDown:
        raise Retry("the vault is sealed or in maintenance", hint="ask who keeps it") from None
    except requests.exceptions.SSLError:
        hint = "name the file of its certificate authority as ca under vault: in transload.yaml"
        raise Stop("the certificate of the vault is not trusted", hint=hint) from None
    except requests.exceptions.RequestException as error:
        hint = "look at its url in transload.yaml, and whether it runs"
        raise Retry(f"the vault cannot be reached: {type(error).__name__}", hint=hint) from None
    except said.VaultError as error:
        raise Retry(f"the vault failed: {type(error).__name__}", hint="ask who keeps it") from None
    except (KeyError, TypeError, ValueError, AttributeError):
        hint = "is there a vault behind its url? redirects are not followed, since the token would travel along"
        raise Stop("the vault's answer cannot be understood", hint=hint) from None
