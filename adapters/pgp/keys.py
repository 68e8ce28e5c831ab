"""The keys of both sides, brought into the program's home and looked at before they are used."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from transload.adapters.base import Finding, Stop
from transload.adapters.base.regular import read_regular
from transload.adapters.pgp.program import Program
from transload.adapters.pgp.settings import PgpOptions

_LARGEST = 1024 * 1024
_PRIVATE = "give the whole text of an armored private key; gpg --export-secret-keys --armor writes it"
_PUBLIC = "name a file with public keys, armored or not; gpg --export --armor writes it"
_OVER = {"e": "has expired", "r": "is revoked", "d": "is disabled", "i": "is not valid"}


@dataclass(frozen=True, kw_only=True)
class Key:
    """A key: its fingerprint, the IDs of all its parts, whether it may be used now, and what for.

    ``uses`` are the letters of what it can do at this moment: e encrypt, s sign.
    """

    fingerprint: str
    ids: frozenset[str]
    user: str
    uses: str
    over: str | None
    expires: datetime | None

    @property
    def name(self) -> str:
        """What people call it."""
        return f"{self.fingerprint[-16:]} {self.user}".strip()


@dataclass(frozen=True, kw_only=True)
class Keys:
    """Our keys, the one of now first, and the partner's."""

    ours: tuple[Key, ...]
    theirs: tuple[Key, ...]

    def signed_by(self, ids: set[str]) -> list[Key]:
        """The partner's keys among these fingerprints and IDs."""
        return [key for key in self.theirs if key.ids & ids]


def bring(options: PgpOptions, program: Program) -> Keys:
    """Put the keys into the program's home.

    Raises `Stop` (E-PGP-KEY) for a text or a file that is none; a private key is never part of an error.
    """
    texts = [] if options.private_key is None else [options.private_key.get_secret_value()]
    texts += [secret.get_secret_value() for secret in options.former_keys]
    ours = tuple(key for text in texts for key in _ours(program, text))
    theirs = tuple(key for path in options.partner_keys for key in _theirs(program, path))
    return Keys(ours=ours, theirs=theirs)


def wrong_key(code: str, message: str, hint: str) -> Stop:
    """A `Stop` with one finding: the key is wrong for every payload."""
    return Stop(message, findings=[Finding(code=code, message=message, hint=hint)])


def _ours(program: Program, text: str) -> list[Key]:
    ran = program.run("--import", stdin=text.encode())
    found = list(dict.fromkeys(line[1] for line in ran.of("IMPORT_OK") if int(line[0]) & 16))
    if not found:
        if ran.of("IMPORT_OK"):
            raise wrong_key("E-PGP-KEY", "a public key stands where our private key is needed", _PRIVATE)
        raise wrong_key("E-PGP-KEY", "the private key cannot be read", _PRIVATE)
    return [_look(program, fingerprint) for fingerprint in found]


def _theirs(program: Program, path: Path) -> list[Key]:
    try:
        content = read_regular(path, _LARGEST)
    except OSError as error:
        message = f"the public key {path.name} cannot be read: {error.strerror}"
        raise wrong_key("E-PGP-KEY", message, _PUBLIC) from error
    ran = program.run("--import", stdin=content)
    found = list(dict.fromkeys(line[1] for line in ran.of("IMPORT_OK")))
    if not found:
        raise wrong_key("E-PGP-KEY", f"the file {path.name} holds no OpenPGP key", _PUBLIC)
    if any(int(line[0]) & 16 for line in ran.of("IMPORT_OK")):
        message = f"the file {path.name} holds a private key"
        raise wrong_key("E-PGP-KEY", message, "a partner's private key is the partner's alone; name its public key")
    return [_look(program, fingerprint) for fingerprint in found]


def _look(program: Program, fingerprint: str) -> Key:
    """What gpg tells of a key (GnuPG's doc/DETAILS, format of the colon listings)."""
    ran = program.run("--with-colons", "--list-keys", fingerprint)
    rows = [row.split(":") for row in ran.output.decode(errors="replace").splitlines()]
    main = next(row for row in rows if row[0] == "pub")
    ids = {row[4] for row in rows if row[0] in ("pub", "sub")} | {row[9] for row in rows if row[0] == "fpr"}
    user = next((row[9] for row in rows if row[0] == "uid"), "")
    over = _OVER.get(main[1])
    expires = datetime.fromtimestamp(int(main[6]), UTC) if main[6] else None
    if over == _OVER["e"] and expires is not None:
        over = f"has expired on {expires:%Y-%m-%d}"
    uses = "".join(letter.lower() for letter in main[11] if letter.isupper())  # capitals: the whole key, at this moment
    if over is None and "e" not in uses:
        over = _without_encryption(rows)
    return Key(fingerprint=fingerprint, ids=frozenset(ids), user=user, uses=uses, over=over, expires=expires)


def _without_encryption(rows: list[list[str]]) -> str:
    """Why nothing can be encrypted for a key that is good itself."""
    ends = [int(row[6]) for row in rows if row[0] == "sub" and "e" in row[11] and row[6]]
    if not ends:
        return "has no part that encrypts"
    return f"has a part that encrypts, but it has expired on {datetime.fromtimestamp(max(ends), UTC):%Y-%m-%d}"
