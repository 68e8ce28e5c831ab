"""References to secrets: recognised when a workspace is loaded, resolved when a connection is opened.

A reference is ``${env:NAME}`` (an environment variable), ``${file:PATH}`` (the text of
a file below an allowed folder, its last line end not counted), ``${credential:NAME}`` (a file that
systemd shows to this service alone), ``${vault:PATH#FIELD}`` (HashiCorp Vault) or
``${keyring:SERVICE/NAME}`` (the system's keyring), alone or inside a text.
``$${`` stands for the two characters ``${``.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from transload.canonical.errors import Retry, Stop
from transload.canonical.findings import Finding
from transload.canonical.places import MappingPlace
from transload.runner.workspace import keychain
from transload.runner.workspace import vault as vaults
from transload.runner.workspace.hidden import Hidden
from transload.runner.workspace.suggestions import suggestion

PROVIDERS = ("env", "file", "credential", "vault", "keyring")
ALLOWED = ("env", "file", "credential")
"""The providers of a workspace that says nothing."""
_LARGEST = 1024 * 1024
_REFERENCE = re.compile(r"(\$?)\$\{([^{}]*)\}")
_CREDENTIALS = "CREDENTIALS_DIRECTORY"
"""Where systemd says which folder it has made for this service: systemd.exec(5), LoadCredential=."""
_CREDENTIAL = re.compile(r"(?!\.)[A-Za-z0-9_.@-]{1,255}")
_ENV = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, kw_only=True)
class Secrets:
    """The providers a workspace may use, and the folders from which ``${file:...}`` reads.

    ``base`` is the workspace's folder, to which paths are relative.  ``environ`` is read at
    resolving; None means the process's own environment.  ``vault`` answers ``${vault:...}``.
    ``hidden`` learns what must not be shown, once it is resolved.
    """

    base: Path
    providers: tuple[str, ...] = ALLOWED
    folders: tuple[Path, ...] = ()
    environ: Mapping[str, str] | None = field(default=None, repr=False)
    vault: vaults.Vault | None = field(default=None, repr=False)
    hidden: Hidden = field(default_factory=Hidden, repr=False, compare=False)

    def resolve(self, value: Any, at: MappingPlace) -> Any:
        """``value`` with every reference in its texts replaced by what it stands for.

        Raises `Stop` with a finding at ``at`` when one cannot be had; the connection is
        of no use until a person mends it.  Raises `Retry` where a vault or keyring may answer later.
        """
        if isinstance(value, str):
            return _REFERENCE.sub(lambda match: self._replace(match, at), value)
        if isinstance(value, Mapping):
            return {key: self.resolve(item, at) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.resolve(item, at) for item in value]
        return value

    def fault(self, text: str) -> tuple[str, str] | None:
        """What is wrong with the form of the references in ``text``, as message and hint; nothing is resolved."""
        for match in _REFERENCE.finditer(text):
            if match[1]:
                continue
            provider, colon, name = match[2].partition(":")
            if not colon or not name:
                return f"{match[0]!r} is no reference", "write it as ${env:NAME} or ${file:PATH}"
            if provider not in PROVIDERS:
                return f"there is no secrets provider {provider!r}", suggestion(provider, PROVIDERS, "providers are")
            if provider not in self.providers:
                return (
                    f"the secrets provider {provider!r} is not allowed here",
                    "add it to secrets: in transload.yaml",
                )
            if provider == "env" and not _ENV.fullmatch(name):
                return f"{name!r} is no name of an environment variable", "write it as ${env:NAME}"
            if provider == "credential" and not _CREDENTIAL.fullmatch(name):
                return f"{name!r} is no name of a credential", "write it as ${credential:NAME}"
            if provider == "vault" and not vaults.FORM.fullmatch(name):
                return f"{name!r} names no secret of a vault", "write it as ${vault:PATH#FIELD}"
            if provider == "keyring" and not keychain.FORM.fullmatch(name):
                return f"{name!r} names no secret of a keyring", "write it as ${keyring:SERVICE/NAME}"
            if provider == "file" and self._allowed(name) is None:
                return f"the file {name!r} is outside the folders for secrets", self._folder_hint()
        return None

    def _replace(self, match: re.Match[str], at: MappingPlace) -> str:
        if match[1]:
            return match[0][1:]
        provider, _, name = match[2].partition(":")
        fault = self.fault(match[0])
        if fault:
            raise _missing(*fault, at)
        if provider == "env":
            return self._from_environment(name, at)
        if provider == "credential":
            folder = self._from_environment(_CREDENTIALS, at, "name it in the unit of this service: LoadCredential=")
            return self._text_of(name, Path(folder) / name, at)
        return self._from_file(name, at) if provider == "file" else self._asked(provider, name, at)

    def _asked(self, provider: str, name: str, at: MappingPlace) -> str:
        try:
            if provider == "keyring":
                return keychain.read(name)
            assert self.vault is not None  # `fault` has looked whether it is allowed, which gives its settings
            return self.vault.read(name)
        except Stop as error:
            raise _missing(error.message, error.hint or "", at) from None
        except Retry as error:
            finding = Finding(code="C-SECRET", message=error.message, hint=error.hint, mapping=at)
            raise Retry(error.message, hint=error.hint, findings=[finding]) from None

    def _from_environment(self, name: str, at: MappingPlace, hint: str = "set it where transload is started") -> str:
        environ = os.environ if self.environ is None else self.environ
        value = environ.get(name)
        if not value:
            state = "is not set" if value is None else "is empty"
            raise _missing(f"the environment variable {name} {state}", hint, at)
        return value

    def _from_file(self, name: str, at: MappingPlace) -> str:
        path = self._allowed(name)
        assert path is not None  # `fault` has looked
        return self._text_of(name, path, at)

    def _text_of(self, name: str, path: Path, at: MappingPlace) -> str:
        try:
            if path.stat().st_size > _LARGEST:
                raise _missing(f"the file {name!r} is too large for a secret", "it may have 1 MiB at most", at)
            text = path.read_text(encoding="utf-8")
        except OSError as error:
            raise _missing(f"the file {name!r} cannot be read: {error.strerror}", f"it is {path}", at) from error
        except UnicodeDecodeError:
            raise _missing(f"the file {name!r} is no UTF-8 text", "give the key in PEM or OpenSSH form", at) from None
        return text.removesuffix("\n").removesuffix("\r")

    def _allowed(self, name: str) -> Path | None:
        """The real path of a secret's file, links followed, or None when it lies outside the allowed folders."""
        try:
            path = (self.base / name).resolve()
            inside = any(path.is_relative_to((self.base / folder).resolve()) for folder in self.folders)
        except (OSError, ValueError, RuntimeError):  # a loop of links, a NUL in the name
            return None
        return path if inside else None

    def _folder_hint(self) -> str:
        names = ", ".join(str(folder) for folder in self.folders)
        return f"keep it below {names}, or name its folder under secrets: in transload.yaml"


def has_reference(text: str) -> bool:
    """Whether ``text`` holds a reference."""
    return any(not match[1] for match in _REFERENCE.finditer(text))


def is_reference(text: str) -> bool:
    """Whether ``text`` is a reference and nothing else."""
    match = _REFERENCE.fullmatch(text)
    return bool(match and not match[1])


def _missing(message: str, hint: str, at: MappingPlace) -> Stop:
    return Stop(message, hint=hint, findings=[Finding(code="C-SECRET", message=message, hint=hint, mapping=at)])
