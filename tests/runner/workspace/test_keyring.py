"""Secrets of the system's keyring, with a keyring in memory."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

keyring = pytest.importorskip("keyring", reason="needs the extra keyring")

from keyring.backend import KeyringBackend  # noqa: E402
from keyring.errors import InitError, KeyringLocked, NoKeyringError  # noqa: E402

from transload.canonical.errors import Retry, Stop, TransloadError  # noqa: E402
from transload.canonical.places import MappingPlace  # noqa: E402
from transload.runner.workspace.secrets import Secrets  # noqa: E402

AT = MappingPlace(file="partner.yaml", line=3, column=5)


class Memory(KeyringBackend):
    """A keyring in memory; ``fault`` is raised instead of an answer."""

    priority = 1  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.known = {("transload/acme", "mailbox"): "p4ss"}
        self.fault: Exception | None = None

    def get_password(self, service: str, username: str) -> str | None:
        if self.fault is not None:
            raise self.fault
        return self.known.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.known[service, username] = password


@pytest.fixture
def memory() -> Iterator[Any]:
    before = keyring.get_keyring()
    made = Memory()
    keyring.set_keyring(made)
    yield made
    keyring.set_keyring(before)


@pytest.fixture
def secrets(tmp_path: Path) -> Secrets:
    return Secrets(base=tmp_path, providers=("keyring",))


def told(kind: type[TransloadError], secrets: Secrets, reference: str = "${keyring:transload/acme/mailbox}") -> str:
    with pytest.raises(kind) as caught:
        secrets.resolve(reference, AT)
    assert caught.value.__cause__ is None
    (finding,) = caught.value.findings
    assert "p4ss" not in finding.line()
    return finding.line()


def test_a_secret_is_read(memory: Any, secrets: Secrets) -> None:
    assert secrets.resolve("a${keyring:transload/acme/mailbox}b", AT) == "ap4ssb"


def test_what_cannot_be_had(memory: Any, secrets: Secrets) -> None:
    where = "partner.yaml:3:5: error C-SECRET "
    assert told(Stop, secrets, "${keyring:acme/none}") == (
        f"{where}the keyring has no secret 'none' of 'acme' (put it there: keyring set acme none)"
    )
    assert told(Stop, secrets, "${keyring:acme}") == (
        f"{where}'acme' names no secret of a keyring (write it as ${{keyring:SERVICE/NAME}})"
    )
    memory.fault = KeyringLocked("p4ss")
    assert told(Retry, secrets) == f"{where}the keyring is locked (unlock it)"
    memory.fault = NoKeyringError("p4ss")
    assert told(Stop, secrets) == (
        f"{where}this system has no keyring (servers have none as a rule: use env, file or vault there, or set"
        " PYTHON_KEYRING_BACKEND)"
    )
    for fault in (InitError("p4ss"), RuntimeError("p4ss")):
        memory.fault = fault
        name = type(fault).__name__
        assert told(Stop, secrets) == (f"{where}the keyring failed: {name} (try it with: keyring get SERVICE NAME)")
