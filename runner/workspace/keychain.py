"""Secrets of the system's keyring: ``${keyring:SERVICE/NAME}``, by the library keyring, an extra."""

import re

from transload.canonical.errors import Retry, Stop

FORM = re.compile(r"(?P<service>[^/\s][^/]*(?:/[^/]+)*)/(?P<name>[^/]+)")
"""A service, which may have slashes itself, and a name, which has none."""


def read(reference: str) -> str:
    """The password that ``SERVICE/NAME`` names.

    Raises `Stop` where there is none or no keyring, and `Retry` where the keyring is locked.  No value is part of an
    error.
    """
    match = FORM.fullmatch(reference)
    if match is None:
        raise Stop(f"{reference!r} names no secret of a keyring", hint="write ${keyring:SERVICE/NAME}")
    try:
        import keyring
        import keyring.errors
    except ImportError:
        raise Stop("secrets of a keyring need keyring", hint="pip install 'transload[keyring]'") from None
    try:
        value = keyring.get_password(match["service"], match["name"])
    except keyring.errors.KeyringLocked:
        raise Retry("the keyring is locked", hint="unlock it") from None
    except keyring.errors.NoKeyringError:
        hint = "servers have none as a rule: use env, file or vault there, or set PYTHON_KEYRING_BACKEND"
        raise Stop("this system has no keyring", hint=hint) from None
    except Exception as error:  # noqa: BLE001  # each system's backend raises what it likes; its text may hold anything
        hint = "try it with: keyring get SERVICE NAME"
        raise Stop(f"the keyring failed: {type(error).__name__}", hint=hint) from None
    if not value:
        hint = f"put it there: keyring set {match['service']} {match['name']}"
        raise Stop(f"the keyring has no secret {match['name']!r} of {match['service']!r}", hint=hint)
    return str(value)
