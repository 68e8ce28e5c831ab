"""What a backup says of itself: a folder with a manifest, the digests of its files, the database, and large payloads.

    manifest.json   written last
    SHA256SUMS      of all files but these two; `sha256sum -c` reads it
    ledger.db       the database, where it is SQLite
    ledger.dump     the schema, where it is PostgreSQL, as pg_dump writes it (custom format)
    blobs/ab/cd...  payloads that lie outside of the database, as they lie there

A backup is whole if its manifest is there: the folder has another name until then.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from transload.adapters.base.regular import read_regular
from transload.canonical.errors import ConfigurationError
from transload.canonical.findings import Finding
from transload.runner.ledger.columns import compact_json

MANIFEST, SUMS, SQLITE_FILE, DUMP_FILE, BLOBS = "manifest.json", "SHA256SUMS", "ledger.db", "ledger.dump", "blobs"
FORMAT = "transload-backup/1"
LARGEST_MANIFEST = 1024 * 1024
LARGEST_LINE = 200
_CHUNK = 1024 * 1024
_LINE = re.compile(r"([0-9a-f]{64})  (ledger\.db|ledger\.dump|blobs/[0-9a-f]{2}/[0-9a-f]{62})\n")
_SHOWN = 20


class BackupError(ConfigurationError):
    """A backup is damaged, is none, or does not fit where it is to be restored."""

    code = "E-BACKUP"


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What a backup holds.

    ``made_at`` is the moment that it shows, in ISO form.  ``schema`` is the version of the tables, ``name`` that of
    PostgreSQL's schema (None for SQLite).  ``counts`` are rows by table; ``payloads`` lie in files, ``size`` is that of
    all files in bytes.  ``lacking`` are payloads that were missing or damaged already when it was made.  ``sums`` is
    the SHA-256 of SHA256SUMS.
    """

    id: str
    made_at: str
    product: str
    ledger: str
    database: str
    schema: int
    name: str | None
    environment: str | None
    counts: Mapping[str, int]
    payloads: int
    size: int
    lacking: tuple[str, ...]
    sums: str

    def as_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {"format": FORMAT, **asdict(self), "lacking": list(self.lacking)}

    @property
    def file(self) -> str:
        """The name of the file that holds the database."""
        return SQLITE_FILE if self.database == "sqlite" else DUMP_FILE


def read_manifest(folder: Path) -> Manifest:
    """The manifest of the backup in ``folder``.  Raises `BackupError` where there is no whole backup."""
    path = folder / MANIFEST
    if not path.exists():
        raise BackupError(
            f"{folder} is no whole backup: it has no {MANIFEST}",
            hint="name the folder that `transload ledger backup` wrote; one called .unfinished is a part of one",
        )
    try:
        values = json.loads(read_regular(path, LARGEST_MANIFEST))
    except (ValueError, OSError, RecursionError):
        raise BackupError(f"{path} cannot be read", hint="take another backup") from None
    if not isinstance(values, dict) or values.get("format") != FORMAT:
        raise BackupError(f"{path} is no manifest of a backup that this version of Transload knows")
    if values.pop("digest", None) != _sum_of(values):
        raise BackupError(f"{path} was changed", hint="take another backup")
    del values["format"]
    try:
        return _checked(Manifest(**{**values, "lacking": tuple(values["lacking"])}))
    except (TypeError, KeyError, ValueError):
        raise BackupError(f"{path} is no manifest of a backup", hint="take another backup") from None


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write it, with its own digest."""
    values = manifest.as_dict()
    text = compact_json({**values, "digest": _sum_of(values)})
    (folder / MANIFEST).write_text(f"{text}\n", encoding="utf-8")


def _sum_of(values: Mapping[str, Any]) -> str:
    return sha256(compact_json(values).encode()).hexdigest()


def check_backup(folder: Path) -> Manifest:
    """Read every file of a backup and compare its digest.

    Raises `BackupError` that names the files which are missing or changed, in a finding for each.
    """
    manifest = read_manifest(folder)
    faults: list[str] = []
    known: set[str] = set()
    if digest_of(folder / SUMS) != manifest.sums:
        faults.append(f"{folder / SUMS} is missing or was changed")
    else:
        for digest, name in listed(folder):
            known.add(name if not name.startswith(BLOBS) else BLOBS)
            found = digest_of(folder / name)
            if found != digest:
                faults.append(f"{folder / name} {'is missing' if found is None else 'was changed'}")
        if manifest.file not in known:
            faults.append(f"{folder / SUMS} does not name {manifest.file}")
    if faults:
        raise damaged(folder, faults)
    return manifest


def damaged(folder: Path, faults: list[str]) -> BackupError:
    """The error that names what is wrong with a backup."""
    hint = "take another backup"
    more = [f"and {len(faults) - _SHOWN} more"] if len(faults) > _SHOWN else []
    findings = [Finding(code="E-BACKUP", message=text, hint=hint) for text in [*faults[:_SHOWN], *more]]
    return BackupError(f"the backup {folder} is damaged: {faults[0]}", hint=hint, findings=findings)


def listed(folder: Path) -> Iterator[tuple[str, str]]:
    """Digests and names of the files, as SHA256SUMS has them; raises `BackupError` for a name that is none of ours."""
    with (folder / SUMS).open(encoding="ascii", errors="replace", newline="") as lines:
        while line := lines.readline(LARGEST_LINE):
            match = _LINE.fullmatch(line)
            if match is None:
                raise BackupError(f"{folder / SUMS} names a file that no backup has", hint="take another backup")
            yield match[1], match[2]


def digest_of(path: Path) -> str | None:
    """The SHA-256 of a file, or None where there is none."""
    checksum = sha256()
    try:
        if path.is_symlink() or not path.is_file():
            return None
        with path.open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                checksum.update(chunk)
    except OSError as error:
        raise BackupError(f"{path} cannot be read: {error.strerror}") from error
    return checksum.hexdigest()


def _checked(manifest: Manifest) -> Manifest:
    """Raises `ValueError` for what no manifest of ours says: a backup may come from elsewhere."""
    texts = (manifest.id, manifest.made_at, manifest.product, manifest.ledger, manifest.sums, *manifest.lacking)
    numbers = (manifest.schema, manifest.payloads, manifest.size, *manifest.counts.values())
    name = str if manifest.database == "postgresql" else type(None)
    fits = all(isinstance(text, str) for text in texts) and all(type(number) is int for number in numbers)
    if not fits or manifest.database not in ("sqlite", "postgresql") or not isinstance(manifest.name, name):
        raise ValueError("no manifest")
    return manifest
