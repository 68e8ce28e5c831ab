"""The filter pgp, with GnuPG on both sides, and Sequoia as a partner with another program."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from transload.adapters.base import Finding, Payload
from transload.adapters.pgp import PgpFilter
from transload.adapters.pgp import program as gpg_program
from transload.canonical.errors import Reject, Retry, Stop, TransloadError

pytestmark = pytest.mark.skipif(shutil.which("gpg") is None, reason="needs gpg")
TEXT = b"UNB+UNOC:3+9520001000003:14+9520002000002:14+260302:0800+1'" * 40
PASSPHRASE = "correct horse battery"
PAST = datetime.now(UTC) - timedelta(days=10)
BEFORE = f"--faked-system-time={PAST:%Y%m%dT%H%M%S}!"


class Somebody:
    """A person with GnuPG and a key."""

    def __init__(self, name: str, *, life: str = "never", past: bool = False, passphrase: str = "") -> None:
        self.home = Path(tempfile.mkdtemp(prefix="gpg"))
        self.passphrase = passphrase
        self.time = (BEFORE, "--ignore-time-conflict") if past else ()
        self(*self.time, "--quick-gen-key", f"{name} <{name.lower()}@example>", "future-default", "default", life)
        rows = self("--list-keys", "--with-colons").decode().splitlines()
        self.fingerprint = next(row.split(":")[9] for row in rows if row.startswith("fpr"))
        self.public = self("--armor", "--export", self.fingerprint)
        self.private = self("--armor", "--export-secret-keys", self.fingerprint).decode()
        self.short = self.fingerprint[-16:]

    def __call__(self, *arguments: str, stdin: bytes = b"", code: int = 0) -> bytes:
        command = ["gpg", "--batch", "--yes", "--quiet", "--trust-model", "always", "--pinentry-mode", "loopback"]
        done = subprocess.run(
            [*command, "--passphrase", self.passphrase, *arguments],
            input=stdin,
            capture_output=True,
            env={**os.environ, "GNUPGHOME": str(self.home)},
            check=False,
        )
        assert done.returncode == code, done.stderr.decode()
        return done.stdout

    def sends(
        self, *recipients: "Somebody", sign: bool = True, more: tuple[str, ...] = (), text: bytes = TEXT
    ) -> bytes:
        for one in recipients:
            self("--import", stdin=one.public)
        words = [word for one in recipients for word in ("-r", one.fingerprint)]
        what = [*(["--sign"] if sign else []), *(["--encrypt"] if recipients else [])]
        return self(*self.time, *more, "-u", self.fingerprint, *words, *what, stdin=TEXT)

    def close(self) -> None:
        environment = {**os.environ, "GNUPGHOME": str(self.home)}
        subprocess.run(["gpgconf", "--kill", "all"], env=environment, check=False)
        shutil.rmtree(self.home, ignore_errors=True)


@pytest.fixture(scope="module")
def people() -> Iterator[Callable[..., Somebody]]:
    known: dict[str, Somebody] = {}

    def find(name: str, **options: Any) -> Somebody:
        if name not in known:
            known[name] = Somebody(name, **options)
        return known[name]

    yield find
    for one in known.values():
        one.close()


@pytest.fixture
def us(people: Callable[..., Somebody]) -> Somebody:
    return people("Us", passphrase=PASSPHRASE)


@pytest.fixture
def them(people: Callable[..., Somebody]) -> Somebody:
    return people("Them")


@pytest.fixture
def stranger(people: Callable[..., Somebody]) -> Somebody:
    return people("Stranger")


Settings = Callable[..., Any]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Options with ``mine`` as our key and files with the others' public keys."""

    def make(mine: Somebody | None, *theirs: Somebody, **more: Any) -> Any:
        files = []
        for number, one in enumerate(theirs):
            files.append(tmp_path / f"partner{number}.asc")
            files[-1].write_bytes(one.public)
        given = {} if mine is None else {"private_key": mine.private, "passphrase": mine.passphrase or None}
        return PgpFilter.Options.model_validate({**given, "partner_keys": files, **more})

    return make


def unwrap(options: Any, content: bytes, name: str = "a.edi.pgp", remarks: list[Finding] | None = None) -> Payload:
    made = PgpFilter(options)
    try:
        (found,) = made.unwrap(Payload(content=content, name=name), (remarks if remarks is not None else []).append)
    finally:
        made.close()
    return found


def wrap(options: Any) -> bytes:
    made = PgpFilter(options)
    try:
        return made.wrap(TEXT, {})
    finally:
        made.close()


def told(kind: type[TransloadError], call: Callable[[], Any]) -> str:
    with pytest.raises(kind) as caught:
        call()
    (finding,) = caught.value.findings
    text = finding.line()
    assert "PRIVATE KEY" not in text
    assert PASSPHRASE not in text
    return text


@pytest.mark.parametrize("armor", [True, False])
@pytest.mark.parametrize(("encrypted", "signed"), [(True, True), (True, False), (False, True)])
def test_what_one_side_writes_the_other_reads(
    settings: Settings, us: Somebody, them: Somebody, armor: bool, encrypted: bool, signed: bool
) -> None:
    agreed = {"encrypted": encrypted, "signed": signed, "armor": armor}
    wrapped = wrap(settings(us, them, **agreed))
    assert wrapped.startswith(b"-----BEGIN PGP MESSAGE") == armor
    assert TEXT not in wrapped
    found = unwrap(settings(them, us, **agreed), wrapped)
    assert (found.content, found.name) == (TEXT, "a.edi")
    assert found.metadata == ({"signed_by": us.fingerprint} if signed else {})
    them("--import", stdin=us.public)
    seen = them("--status-fd", "1", "--decrypt", stdin=wrapped)
    assert TEXT in seen
    assert (b"GOODSIG" in seen) == signed


@pytest.mark.parametrize("more", [(), ("--armor",), ("-z", "0"), ("--compress-algo", "bzip2"), ("--textmode",)])
def test_partners_write_in_many_ways(settings: Settings, us: Somebody, them: Somebody, more: tuple[str, ...]) -> None:
    arrived = them.sends(us, more=more)
    found = unwrap(settings(us, them), arrived, "orders.gpg")
    assert (found.content, found.name) == (TEXT, "orders")
    assert found.metadata == {"signed_by": them.fingerprint}


def test_a_partner_with_another_program(settings: Settings, tmp_path: Path, us: Somebody) -> None:
    sequoia = pytest.importorskip("pysequoia", reason="needs pysequoia")
    key = sequoia.Tsk.generate("Sequoia <sq@example>", profile=sequoia.Profile.RFC4880)
    cert, ours = key.extract_certificate(), sequoia.Cert.from_bytes(us.public)
    (tmp_path / "sq.asc").write_text(str(cert))
    options = settings(us, partner_keys=[tmp_path / "sq.asc"])
    arrived = sequoia.encrypt(recipients=[ours], signer=key.signer(), bytes=TEXT)
    assert unwrap(options, arrived).metadata == {"signed_by": cert.fingerprint.upper()}
    opened = sequoia.decrypt(
        wrap(settings(us, partner_keys=[tmp_path / "sq.asc"], signed=False)), decryptor=key.decryptor()
    )
    assert opened.bytes == TEXT


def test_two_keys_of_the_partner_while_one_takes_the_place_of_the_other(
    settings: Settings, us: Somebody, them: Somebody, stranger: Somebody
) -> None:
    both = settings(us, them, stranger)
    wrapped = wrap(both)
    for one in (them, stranger):
        one("--import", stdin=us.public)
        assert one("--decrypt", stdin=wrapped) == TEXT
        assert unwrap(both, one.sends(us)).content == TEXT


def test_a_former_key_of_ours_still_opens(
    settings: Settings, people: Callable[..., Somebody], us: Somebody, them: Somebody
) -> None:
    former = people("Former", life="2d", past=True)
    arrived = Somebody.sends(them, former, more=("--faked-system-time", f"{PAST:%Y%m%dT%H%M%S}!"), sign=False)
    options = settings(us, them, former_keys=[former.private], signed=False)
    assert unwrap(options, arrived).content == TEXT


def test_refusals(settings: Settings, us: Somebody, them: Somebody, stranger: Somebody) -> None:
    options = settings(us, them)
    for junk in (TEXT, b"", b"\x00" * 100):
        assert told(Reject, lambda: unwrap(options, junk)) == (  # noqa: B023
            "byte 0: error E-PGP a.edi.pgp is no OpenPGP message (it was damaged on the way, or is no OpenPGP message;"
            " ask the partner to send it again)"
        )
    for clear in (them.sends(), them.sends(more=("--armor",)), them("--clearsign", stdin=TEXT)):
        assert told(Reject, lambda: unwrap(options, clear)) == (  # noqa: B023
            "byte 0: error E-PGP-CLEAR a.edi.pgp is not encrypted (ask the partner to encrypt it, or write encrypted:"
            " false where that is agreed)"
        )
    assert told(Reject, lambda: unwrap(options, them.sends(us, sign=False))) == (
        "byte 0: error E-PGP-UNSIGNED a.edi.pgp has no signature (ask the partner to sign it, or write signed: false"
        " where that is agreed)"
    )
    assert told(Reject, lambda: unwrap(options, stranger.sends(us))) == (
        f"byte 0: error E-PGP-SIGNATURE a.edi.pgp is signed by {stranger.short}, which is no key of the partner (ask"
        f" the partner whether it has a new key; known are: {them.short} Them <them@example>)"
    )
    assert "E-PGP-SIGNATURE" in told(Reject, lambda: unwrap(options, us.sends(us)))  # our own key is no partner's
    text = told(Reject, lambda: unwrap(options, them.sends(stranger)))
    assert text.startswith("byte 0: error E-PGP-RECIPIENT a.edi.pgp is encrypted for ")
    assert text.endswith(
        ", and not for our keys (give the partner the public key of ours; a key from before belongs under former_keys;"
        f" ours: {us.short} Us <us@example>)"
    )


def test_damage_is_refused(settings: Settings, us: Somebody, them: Somebody) -> None:
    options, good = settings(us, them), them.sends(us)
    assert told(Reject, lambda: unwrap(options, good[:-40])).startswith("byte 0: error E-PGP a.edi.pgp cannot be ")
    for cut in (1, len(good) // 2, len(good) - 20):
        assert " error E-PGP" in told(Reject, lambda: unwrap(options, good[:-cut]))  # noqa: B023
    for at in (len(good) - 60, len(good) // 2):
        changed = good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :]
        assert " error E-PGP" in told(Reject, lambda: unwrap(options, changed))  # noqa: B023
    signed = them.sends(more=("-z", "0"))
    at = signed.index(b"9520002000002")
    changed = signed[:at] + b"8" + signed[at + 1 :]
    assert told(Reject, lambda: unwrap(settings(us, them, encrypted=False), changed)) == (
        f"byte 0: error E-PGP-SIGNATURE the signature of a.edi.pgp by {them.short} is wrong (it was changed on the"
        " way; ask for it again)"
    )
    two = them.sends(more=("-z", "0")) + them.sends(more=("-z", "0"))
    assert " error E-PGP" in told(Reject, lambda: unwrap(settings(us, them, encrypted=False), two))


def test_keys_that_are_wrong_for_every_payload(
    settings: Settings, tmp_path: Path, us: Somebody, them: Somebody
) -> None:
    good = them.sends(us)
    private = "(give the whole text of an armored private key; gpg --export-secret-keys --armor writes it)"
    assert told(Stop, lambda: unwrap(settings(None, them, private_key="secret"), good)) == (
        f"error E-PGP-KEY the private key cannot be read {private}"
    )
    assert told(Stop, lambda: unwrap(settings(None, them, private_key=us.public.decode()), good)) == (
        f"error E-PGP-KEY a public key stands where our private key is needed {private}"
    )
    assert told(Stop, lambda: unwrap(settings(None, them), good)) == (
        "error E-PGP-KEY the filter pgp needs 'private_key', as what arrives is decrypted (write private_key:, or"
        " encrypted: false where that is agreed)"
    )
    assert told(Stop, lambda: wrap(settings(us))) == (
        "error E-PGP-KEY the filter pgp needs 'partner_keys', as what leaves is encrypted (write partner_keys:, or"
        " encrypted: false where that is agreed)"
    )
    public = "(name a file with public keys, armored or not; gpg --export --armor writes it)"
    assert told(Stop, lambda: unwrap(settings(us, partner_keys=[tmp_path / "gone.asc"]), good)) == (
        f"error E-PGP-KEY the public key gone.asc cannot be read: No such file or directory {public}"
    )
    (tmp_path / "junk.asc").write_text("junk")
    assert told(Stop, lambda: wrap(settings(us, partner_keys=[tmp_path / "junk.asc"]))) == (
        f"error E-PGP-KEY the file junk.asc holds no OpenPGP key {public}"
    )
    (tmp_path / "both.asc").write_text(them.private)
    assert told(Stop, lambda: wrap(settings(us, partner_keys=[tmp_path / "both.asc"]))) == (
        "error E-PGP-KEY the file both.asc holds a private key (a partner's private key is the partner's alone; name"
        " its public key)"
    )
    for passphrase in (None, "wrong"):
        locked = settings(us, them, passphrase=passphrase)
        expected = (
            f"error E-PGP-KEY the passphrase of our private key {us.short} Us <us@example> is wrong or missing (look"
            " at what 'passphrase' stands for)"
        )
        assert told(Stop, lambda: wrap(locked)) == expected  # noqa: B023
        assert told(Stop, lambda: unwrap(locked, good)) == expected  # noqa: B023
    damaged = good[:40] + bytes([good[40] ^ 1]) + good[41:]  # in the session key: gpg tells the same then
    assert "error E-PGP a.edi.pgp cannot be decrypted" in told(Reject, lambda: unwrap(settings(us, them), damaged))


def test_expired_keys_are_named(
    settings: Settings, people: Callable[..., Somebody], us: Somebody, them: Somebody
) -> None:
    old = people("Old", life="2d", past=True)
    day = f"{PAST + timedelta(days=2):%Y-%m-%d}"
    assert told(Stop, lambda: wrap(settings(us, old))) == (
        f"error E-PGP-EXPIRED no key of the partner can be encrypted for: {old.short} Old <old@example> has expired on"
        f" {day} (ask the partner for a key that is good, and name its file in partner_keys)"
    )
    them("--import", stdin=us.public)
    assert them("--decrypt", stdin=wrap(settings(us, old, them))) == TEXT
    assert told(Stop, lambda: wrap(settings(old, them))) == (
        f"error E-PGP-EXPIRED our private key {old.short} Old <old@example> has expired on {day} (extend it and give"
        " the partner the new public key, or make another one)"
    )
    remarks: list[Finding] = []
    everybody_earlier = people("Early", past=True)
    early = settings(everybody_earlier, old)
    assert unwrap(early, old.sends(everybody_earlier), remarks=remarks).content == TEXT
    assert [finding.line() for finding in remarks] == [
        f"warning W-PGP-EXPIRED a.edi.pgp was signed while the key {old.short} Old <old@example> was good, which has"
        f" expired on {day} since (ask the partner for the key that takes its place)"
    ]


def test_a_key_whose_encrypting_part_alone_has_expired(settings: Settings, us: Somebody) -> None:
    late = Somebody("Late")
    try:
        rows = late("--list-keys", "--with-colons").decode().splitlines()
        part = [row.split(":")[9] for row in rows if row.startswith("fpr")][1]
        late("--quick-set-expire", late.fingerprint, "seconds=1", part)
        time.sleep(2.2)
        late.public = late("--armor", "--export", late.fingerprint)
    finally:
        late.close()
    assert "has a part that encrypts, but it has expired on" in told(Stop, lambda: wrap(settings(us, late)))


def test_a_revoked_key_is_not_used(settings: Settings, us: Somebody) -> None:
    gone = Somebody("Gone")
    try:
        arrived = gone.sends(us)
        paper = (gone.home / "openpgp-revocs.d" / f"{gone.fingerprint}.rev").read_text().replace(":-----", "-----")
        gone("--import", stdin=paper.encode())
        gone.public = gone("--armor", "--export", gone.fingerprint)
    finally:
        gone.close()
    assert told(Stop, lambda: wrap(settings(us, gone))).startswith(
        f"error E-PGP-EXPIRED no key of the partner can be encrypted for: {gone.short} Gone <gone@example> is revoked"
    )
    assert told(Reject, lambda: unwrap(settings(us, gone), arrived)) == (
        f"byte 0: error E-PGP-EXPIRED the signature of a.edi.pgp does not hold: {gone.short} Gone <gone@example> is"
        " revoked (ask the partner for the key that takes its place, and add its file to partner_keys)"
    )


def test_a_bomb_is_refused_within_bounded_memory(settings: Settings, tmp_path: Path, us: Somebody) -> None:
    """500 MB of zeros, which OpenPGP's own compression shrinks before it is encrypted."""
    with (tmp_path / "zeros").open("wb") as stream:
        stream.truncate(500 * 1024**2)
    bomb = tmp_path / "bomb"
    us("-z9", "-o", str(bomb), "--encrypt", "-r", us.fingerprint, str(tmp_path / "zeros"))
    content = bomb.read_bytes()
    assert len(content) < 2 * 1024**2
    assert "E-BOMB a.edi.pgp grows beyond 200 times its" in told(
        Reject, lambda: unwrap(settings(us, signed=False), content)
    )
    loose = settings(us, signed=False, ratio=10**6, largest=50_000_000)
    assert "E-BOMB a.edi.pgp grows beyond the 50000000 bytes" in told(Reject, lambda: unwrap(loose, content))


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"encrypted": False, "signed": False}, "one of encrypted and signed must be true"),
        ({}, "private_key, partner_keys, or both are needed"),
    ],
)
def test_settings_that_say_nothing(values: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        PgpFilter.Options.model_validate(values)


def test_the_home_is_gone_afterwards_and_nothing_is_printed(settings: Settings, us: Somebody, them: Somebody) -> None:
    made = PgpFilter(settings(us, them))
    made.wrap(TEXT, {})
    assert made._program._folder is not None
    home = Path(made._program._folder.name)
    assert home.stat().st_mode & 0o777 == 0o700
    assert "PRIVATE KEY" not in f"{made.options!r} {made._keys!r} {made._program!r}"
    made.close()
    assert not home.exists()
    assert subprocess.run(["pgrep", "-f", str(home)], check=False, capture_output=True).stdout == b""


@pytest.mark.parametrize("often", [1, 2])
def test_a_program_that_fails_for_another_reason_is_run_again(
    settings: Settings, us: Somebody, them: Somebody, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, often: int
) -> None:
    """As when its helper ends in the midst of it; that is no wrong passphrase."""
    real, script = shutil.which("gpg"), tmp_path / "bin/gpg"
    script.parent.mkdir()
    script.write_text(
        "#!/bin/sh\n"
        f'case "$*" in *--sign*) if [ $(ls {tmp_path}/failed-* 2>/dev/null | wc -l) -lt {often} ]; then\n'
        f"touch {tmp_path}/failed-$$\n"
        'while [ "$1" != --status-file ]; do shift; done\n'
        'echo "[GNUPG:] FAILURE sign-encrypt 67108924" > "$2"; exit 2; fi;; esac\n'
        f'exec {real} "$@"\n'
    )
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{script.parent}:{os.environ['PATH']}")
    if often == 1:
        wrapped = wrap(settings(us, them))
        assert unwrap(settings(them, us), wrapped).content == TEXT
    else:
        assert told(Reject, lambda: wrap(settings(us, them))) == (
            "error E-PGP gpg did not sign; it told: sign-encrypt 67108924 (look at the keys with gpg, then replay it)"
        )


def test_a_machine_without_the_program(
    settings: Settings, us: Somebody, them: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = settings(us, them)
    monkeypatch.setenv("PATH", "/nowhere")
    assert told(Stop, lambda: wrap(options)) == (
        "error E-STOP there is no program gpg here (install GnuPG, on Debian: apt install gnupg)"
    )


def test_a_program_that_comes_to_no_end(
    settings: Settings, us: Somebody, tmp_path: Path, them: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = settings(us, them)
    (tmp_path / "gpg").write_text("#!/bin/sh\nexec sleep 60\n")
    (tmp_path / "gpg").chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(gpg_program, "PATIENCE", 0.3)
    assert told(Retry, lambda: wrap(options)) == "error E-RETRY gpg did not end within 0.3 seconds"
