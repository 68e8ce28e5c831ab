"""References: their form, where they may point, and what they become."""

from pathlib import Path

import pytest

from transload.canonical.errors import Stop
from transload.canonical.places import MappingPlace
from transload.runner.workspace.secrets import Secrets, has_reference

AT = MappingPlace(file="partner.yaml", line=3, column=5)


@pytest.fixture
def secrets(tmp_path: Path) -> Secrets:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys/one").write_text("first\nsecond\n", encoding="utf-8")
    (tmp_path / "outside").write_text("not for you", encoding="utf-8")
    return Secrets(base=tmp_path, folders=(Path("keys"),), environ={"A": "1", "EMPTY": "", "DOLLAR": "${env:A}"})


def test_resolving_goes_through_all_that_is_written(secrets: Secrets) -> None:
    written = {"a": "${env:A}", "list": ["x${env:A}y", 5, None], "deep": {"file": "${file:keys/one}"}}
    assert secrets.resolve(written, AT) == {"a": "1", "list": ["x1y", 5, None], "deep": {"file": "first\nsecond"}}
    assert written["a"] == "${env:A}"


def test_what_a_secret_holds_is_not_resolved_again(secrets: Secrets) -> None:
    assert secrets.resolve("${env:DOLLAR}", AT) == "${env:A}"


def test_two_dollars_stand_for_one(secrets: Secrets) -> None:
    assert secrets.resolve("$${env:A} $5", AT) == "${env:A} $5"
    assert not has_reference("$${env:A}")


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("${env:B}", "the environment variable B is not set"),
        ("${env:EMPTY}", "the environment variable EMPTY is empty"),
        ("${file:keys/none}", "the file 'keys/none' cannot be read: No such file or directory"),
        ("${file:keys}", "the file 'keys' cannot be read: Is a directory"),
        ("${file:outside}", "the file 'outside' is outside the folders for secrets"),
        ("${file:keys/../outside}", "the file 'keys/../outside' is outside the folders for secrets"),
        ("${file:/etc/passwd}", "the file '/etc/passwd' is outside the folders for secrets"),
        ("${file:keys/link}", "the file 'keys/link' is outside the folders for secrets"),
        ("${file:keys/\0}", "the file 'keys/\\x00' is outside the folders for secrets"),
        ("${vualt:a}", "there is no secrets provider 'vualt'"),
        ("${vault:a#b}", "the secrets provider 'vault' is not allowed here"),
        ("${A}", "'${A}' is no reference"),
        ("${credential:a}", "the environment variable CREDENTIALS_DIRECTORY is not set"),
        ("${credential:../a}", "'../a' is no name of a credential"),
        ("${credential:..}", "'..' is no name of a credential"),
    ],
)
def test_what_cannot_be_had_stops(secrets: Secrets, reference: str, message: str) -> None:
    (secrets.base / "keys/link").symlink_to(secrets.base / "outside")
    with pytest.raises(Stop) as caught:
        secrets.resolve(reference, AT)
    (finding,) = caught.value.findings
    assert (finding.code, finding.message, finding.mapping) == ("C-SECRET", message, AT)
    assert finding.hint


def test_a_credential_is_a_file_that_systemd_shows(tmp_path: Path) -> None:
    (tmp_path / "acme-password").write_text("pa55\n", encoding="utf-8")
    secrets = Secrets(base=tmp_path / "w", environ={"CREDENTIALS_DIRECTORY": str(tmp_path)})
    assert secrets.resolve("${credential:acme-password}", AT) == "pa55"
    with pytest.raises(Stop, match="the file 'other' cannot be read: No such file"):
        secrets.resolve("${credential:other}", AT)


def test_a_binary_or_huge_file_is_no_secret(secrets: Secrets) -> None:
    (secrets.base / "keys/binary").write_bytes(b"\xff\xfe\x00")
    (secrets.base / "keys/huge").write_bytes(b"x" * (1024 * 1024 + 1))
    with pytest.raises(Stop, match="no UTF-8 text"):
        secrets.resolve("${file:keys/binary}", AT)
    with pytest.raises(Stop, match="too large"):
        secrets.resolve("${file:keys/huge}", AT)


def test_a_folder_outside_may_be_allowed(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run/token").write_text("t", encoding="utf-8")
    secrets = Secrets(base=tmp_path / "workspace", folders=(tmp_path / "run",))
    assert secrets.resolve(f"${{file:{tmp_path}/run/token}}", AT) == "t"
