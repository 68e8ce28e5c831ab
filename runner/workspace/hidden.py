"""The secrets that a workspace has looked up so far, so that nothing which is told of it shows one."""

import re
import threading
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import BaseModel, SecretStr

from transload.adapters.base.masking import STARS, forms_of

SHORTEST = 4
"""Shorter texts stand everywhere by chance; a field that is called a password is hidden whatever it holds."""
_LINE = 16
"""A secret of several lines, such as a key, is hidden line by line too, from this length on."""
_MOST = 10_000


class Hidden:
    """Secrets as they become known.  Many threads use it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, None] = {}
        self._pattern: re.Pattern[str] | None = None

    def learn(self, *secrets: str) -> None:
        """Hide these from now on."""
        new = [text for secret in secrets for text in _pieces(secret) if text not in self._known]
        if not new:
            return
        with self._lock:
            self._known |= dict.fromkeys(new)
            for text in list(self._known)[:-_MOST]:  # tokens that were renewed for months
                del self._known[text]
            self._pattern = None

    def learn_settings(self, settings: BaseModel) -> None:
        """Hide all secrets in ``settings``, which are resolved."""
        self.learn(*_secrets_in(settings))

    def mask(self, text: str) -> str:
        """``text`` with stars for each secret, however it is written: quoted, escaped, in base64 or hexadecimal."""
        with self._lock:
            if self._pattern is None and self._known:
                self._pattern = _pattern(self._known)
            pattern = self._pattern
        return pattern.sub(STARS, text) if pattern is not None else text


def _pattern(secrets: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(re.escape(form) for form in forms_of(secrets)))


def _pieces(secret: str) -> Iterator[str]:
    if len(secret) >= SHORTEST:
        yield secret
    lines = secret.splitlines()
    if len(lines) > 1:
        yield from (line for line in lines if len(line) >= _LINE and not line.startswith("-----"))


def _secrets_in(value: Any) -> Iterator[str]:
    if isinstance(value, SecretStr):
        yield value.get_secret_value()
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _secrets_in(getattr(value, name))
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _secrets_in(item)
    elif isinstance(value, list | tuple | set | frozenset):
        for item in value:
            yield from _secrets_in(item)
