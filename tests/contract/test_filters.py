"""All built-in filters keep to the contract; partners' payloads are made by other programs than ours."""

import gzip
import io
import os
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from email.mime.application import MIMEApplication
from email.mime.multipart import MIMEMultipart
from email.policy import SMTP
from pathlib import Path
from typing import Any

import pytest

from transload.adapters import as2, filters, pgp
from transload.adapters.as2 import mime
from transload.adapters.as2.files import FilesFilter
from transload.adapters.base import Filter
from transload.adapters.contract import FilterContract, FilterHarness, NotPossible
from transload.adapters.filters import CharsetFilter, GzipFilter, ZipFilter
from transload.adapters.pgp import PgpFilter
from transload.adapters.pgp import program as gpg_program

PASSPHRASE, WRONG = "Kaffee-und-Kuchen", "Wasser-und-Brot"
TEXT = b"UNB+UNOC:3+9520001000003:14+9520002000002:14+260302:0800+1'\n" * 10


class Gzip(FilterHarness):
    adapter = filters.GZIP
    repeatable = True

    def filter(self) -> Filter[Any]:
        return GzipFilter(GzipFilter.Options())

    def samples(self) -> Mapping[str, tuple[bytes, Sequence[bytes]]]:
        one, two = gzip.compress(b"one\n", mtime=1), gzip.compress(b"two\n", 1)
        found = {"two members and a tape's zeros": (one + two + bytes(512), [b"one\ntwo\n"])}
        with io.BytesIO() as buffer:
            with gzip.GzipFile("../a b.edi", "wb", fileobj=buffer) as file:
                file.write(TEXT)
            found["one with a name"] = (buffer.getvalue(), [TEXT])
        if shutil.which("gzip"):
            done = subprocess.run(["gzip", "-9", "--rsyncable"], input=TEXT, capture_output=True, check=True)
            found["the program gzip"] = (done.stdout, [TEXT])
        return found

    def limited(self) -> Filter[Any]:
        return GzipFilter(GzipFilter.Options(largest=self.limit))

    def bombs(self, size: int) -> Mapping[str, bytes]:
        member = gzip.compress(bytes(self.limit // 2))
        return {"zeros": gzip.compress(bytes(size)), "many members": member * (2 * size // self.limit)}

    def broken(self) -> Mapping[str, bytes]:
        good = gzip.compress(TEXT)
        return {"something behind it": good + b"more", "a zip archive's beginning": b"PK\x03\x04" + good}


def archive(entries: Sequence[tuple[str, bytes]], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    with io.BytesIO() as buffer:
        with zipfile.ZipFile(buffer, "w", method) as packed:
            for name, content in entries:
                try:
                    packed.writestr(zipfile.ZipInfo(name), content, method)
                except UnicodeEncodeError:
                    raise NotPossible("no zip program writes such a name") from None
        return buffer.getvalue()


class Zip(FilterHarness):
    adapter = filters.ZIP
    repeatable = True

    def filter(self) -> Filter[Any]:
        return ZipFilter(ZipFilter.Options())

    def samples(self) -> Mapping[str, tuple[bytes, Sequence[bytes]]]:
        entries = [("d/b.edi", TEXT), ("a.edi", b"a"), ("empty", b"")]
        stored = archive(entries, zipfile.ZIP_STORED)
        with io.BytesIO(b"#!/bin/sh\n") as buffer:
            buffer.seek(0, io.SEEK_END)
            with zipfile.ZipFile(buffer, "a") as packed:
                packed.comment = b"by a partner"
                packed.writestr("a.edi", TEXT)
            behind = buffer.getvalue()[10:]  # its offsets count from a beginning that is not there
        contents = [content for _, content in entries]
        return {
            "deflated": (archive(entries), contents),
            "stored": (stored, contents),
            "with other offsets and a comment": (behind, [TEXT]),
            "no entry": (archive([]), []),
        }

    def packed(self, entries: Sequence[tuple[str, bytes]]) -> bytes:
        return archive(entries)

    def limited(self) -> Filter[Any]:
        return ZipFilter(ZipFilter.Options(largest=self.limit))

    def bombs(self, size: int) -> Mapping[str, bytes]:
        whole = archive([("zeros", bytes(size))])
        parts = archive([(f"{number}", bytes(size // 100)) for number in range(100)])
        lying = bytearray(whole)
        for mark, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):  # the sizes unpacked, as they are claimed
            start = lying.rindex(mark) + at
            lying[start : start + 4] = (1).to_bytes(4, "little")
        return {"one entry": whole, "many entries": parts, "an entry that claims to be one byte": bytes(lying)}

    def broken(self) -> Mapping[str, bytes]:
        link = zipfile.ZipInfo("link")
        link.external_attr = 0o120777 << 16
        with io.BytesIO() as buffer:
            with zipfile.ZipFile(buffer, "w") as packed:
                packed.writestr(link, "/etc/passwd")
            linked = buffer.getvalue()
        return {
            "a symbolic link": linked,
            "another method": archive([("a", TEXT)], zipfile.ZIP_BZIP2),
            "an archive in it": archive([("a.zip", archive([("a", TEXT)]))]),
            "a folder that has bytes": archive([("a/", TEXT)]),
        }


class Charset(FilterHarness):
    adapter = filters.CHARSET
    guards = False
    repeatable = True
    charset, beyond = "cp500", "Ж"
    options: Mapping[str, Any] = {}

    def filter(self) -> Filter[Any]:
        return CharsetFilter(CharsetFilter.Options.model_validate({"charset": self.charset, **self.options}))

    def contents(self) -> Mapping[str, bytes]:
        return {"text": TEXT, "signs": "Köln, 10 £\n".encode(), "a line end": b"\n"}

    def large(self, size: int) -> bytes:
        return (TEXT * (size // len(TEXT) + 1))[:size]

    def samples(self) -> Mapping[str, tuple[bytes, Sequence[bytes]]]:
        if shutil.which("iconv") is None:
            raise NotPossible("there is no program iconv here")
        done = subprocess.run(
            ["iconv", "-f", "utf-8", "-t", self.charset],
            input="Köln\r\n".encode(),
            capture_output=True,
            check=True,
        )
        return {"the program iconv": (done.stdout, ["Köln\r\n".encode()])}

    def unwrappable(self) -> Mapping[str, bytes]:
        return {"a sign that is not in it": f"Köln {self.beyond}".encode(), "bytes that are no utf-8": b"K\xf6ln"}


class Utf16(Charset):
    repeatable = False
    charset = "utf-16"

    def unwrappable(self) -> Mapping[str, bytes]:
        return {"bytes that are no utf-8": b"K\xf6ln"}


class Utf16ToLatin(Utf16):
    options = {"format": "latin-1"}  # noqa: RUF012

    def contents(self) -> Mapping[str, bytes]:
        return {"text": TEXT, "signs": "Köln, 10 £\n".encode("latin-1")}

    def samples(self) -> Mapping[str, tuple[bytes, Sequence[bytes]]]:
        return {"a byte order mark": ("Köln".encode("utf-16"), ["Köln".encode("latin-1")])}

    def broken(self) -> Mapping[str, bytes]:
        return {"a sign that the format does not have": "a €".encode("utf-16")}

    def unwrappable(self) -> Mapping[str, bytes]:
        return FilterHarness.unwrappable(self)


class Ebcdic(Charset):
    repeatable = False
    options = {"next_line": "line feed"}  # noqa: RUF012


class Person:
    """Somebody with GnuPG and a key."""

    def __init__(self, home: Path, name: str, passphrase: str = "") -> None:
        self.home, self.passphrase = home / name, passphrase
        self.home.mkdir(mode=0o700)
        self("--quick-gen-key", f"{name}@example", "future-default", "default", "never")
        self.public = self("--armor", "--export")
        self.file = home / f"{name}.asc"
        self.file.write_bytes(self.public)
        self.private = self("--armor", "--export-secret-keys").decode()

    def __call__(self, *arguments: str, stdin: bytes = b"") -> bytes:
        command = ["gpg", "--batch", "--yes", "--quiet", "--trust-model", "always", "--pinentry-mode", "loopback"]
        whole = [*command, "--homedir", str(self.home), "--passphrase", self.passphrase, *arguments]
        done = subprocess.run(whole, input=stdin, capture_output=True, check=True)
        return done.stdout

    def sends(self, to: "Person", content: bytes, *more: str) -> bytes:
        self("--import", stdin=to.public)
        return self(*more, "--sign", "--encrypt", "--recipient", to.home.name, stdin=content)

    def close(self) -> None:
        subprocess.run(["gpgconf", "--homedir", str(self.home), "--kill", "all"], check=False)


class Pgp(FilterHarness):
    """We are Ann and so is our partner, so that what we wrap can be unwrapped here too."""

    adapter = pgp.ADAPTER
    secrets = (PASSPHRASE, WRONG)
    most = 12  # each takes a run of gpg
    huge = 3_000_000
    copies = 5.0
    seconds = 1.0
    options: Mapping[str, Any] = {}

    def __init__(self, ann: Person, bob: Person, memory: Path) -> None:
        self.ann, self.bob, self.place = ann, bob, memory
        self.secrets = (PASSPHRASE, WRONG, ann.private.splitlines()[5])

    def made(self, **options: Any) -> Filter[Any]:
        given = {
            "private_key": self.ann.private,
            "passphrase": PASSPHRASE,
            "partner_keys": [str(self.ann.file), str(self.bob.file)],
        }
        return PgpFilter(PgpFilter.Options.model_validate({**given, **self.options, **options}))

    def filter(self) -> Filter[Any]:
        return self.made()

    def contents(self) -> Mapping[str, bytes]:
        return {"text": TEXT, "every byte": bytes(range(256)), "chance": self.large(70_000)}

    def samples(self) -> Mapping[str, tuple[bytes, Sequence[bytes]]]:
        return {
            "another's": (self.bob.sends(self.ann, TEXT), [TEXT]),
            "armored": (self.bob.sends(self.ann, TEXT, "--armor"), [TEXT]),
        }

    def limited(self) -> Filter[Any]:
        return self.made(largest=self.limit)

    def bombs(self, size: int) -> Mapping[str, bytes]:
        return {"zeros": self.bob.sends(self.ann, bytes(size), "--compress-level", "9")}

    def broken(self) -> Mapping[str, bytes]:
        return {
            "no encryption": self.bob("--sign", stdin=TEXT),
            "no signature": self.bob("--encrypt", "--recipient", "ann", stdin=TEXT),
            "another recipient": self.bob.sends(self.bob, TEXT),
        }

    def strangers(self) -> Mapping[str, Filter[Any]]:
        return {
            "a wrong passphrase": self.made(passphrase=WRONG),
            "no private key": self.made(private_key="no key"),
            "a file that is not there": self.made(partner_keys=[str(self.place / "none.asc")]),
        }

    @contextmanager
    def away(self) -> Iterator[None]:
        usual = os.environ["PATH"]
        os.environ["PATH"] = str(self.place)
        try:
            yield
        finally:
            os.environ["PATH"] = usual

    def traces(self) -> Sequence[str]:
        running = [
            command.read_bytes().decode(errors="replace")
            for command in Path("/proc").glob("[0-9]*/cmdline")
            if command.exists()
        ]
        return [
            *super().traces(),
            *(f"folder {path.name}" for path in self.place.iterdir()),
            *(f"program {one!r}" for one in running if str(self.place) in one),
        ]


class PgpSigned(Pgp):
    options = {"encrypted": False}  # noqa: RUF012

    def samples(self) -> Mapping[str, tuple[bytes, Sequence[bytes]]]:
        return {"another's": (self.bob("--sign", stdin=TEXT), [TEXT])}

    def bombs(self, size: int) -> Mapping[str, bytes]:
        return {"zeros": self.bob("--compress-level", "9", "--sign", stdin=bytes(size))}

    def broken(self) -> Mapping[str, bytes]:
        return {"no signature": self.bob("--store", stdin=TEXT)}


class As2Files(FilterHarness):
    adapter = as2.ADAPTER
    guards = False
    repeatable = True

    def filter(self) -> Filter[Any]:
        return FilesFilter(FilesFilter.Options())

    def packed(self, entries: Sequence[tuple[str, bytes]]) -> bytes:
        parts = []
        for name, content in entries:
            if not name.isprintable() or not name.isascii():
                raise NotPossible("no header has such a name")
            head = {"Content-Type": "application/edifact", "Content-Disposition": f"attachment; {mime.named(name)}"}
            parts.append(mime.render(head, content))
        whole = {"Content-Type": 'multipart/related; type="application/edifact"; boundary="between files"'}
        return mime.render(whole, mime.multipart(parts, "between files"))

    def samples(self) -> Mapping[str, tuple[bytes, Sequence[bytes]]]:
        made = MIMEMultipart("mixed")
        for content in (TEXT, b"two\n"):
            made.attach(MIMEApplication(content, "edifact"))
        by_python = b"Content-Type: " + made.as_bytes(policy=SMTP).partition(b"Content-Type: ")[2]
        return {"one file": (TEXT, [TEXT]), "by Python's email": (by_python, [TEXT, b"two\n"])}

    def broken(self) -> Mapping[str, bytes]:
        good = self.packed([("a.edi", TEXT), ("b.edi", TEXT)])
        return {"cut off": good[:-10], "no boundary": good.replace(b"boundary=", b"border=")}

    def unwrappable(self) -> Mapping[str, bytes]:
        return {"several files": self.packed([("a.edi", TEXT)])}


HARNESSES: list[Any] = [Gzip, Zip, Charset, Utf16, Utf16ToLatin, Ebcdic, As2Files]
KEYED: list[Any] = [Pgp, PgpSigned]


class TestFilter(FilterContract):
    @pytest.fixture(params=HARNESSES, ids=lambda kind: kind.__name__)
    def harness(self, request: pytest.FixtureRequest) -> FilterHarness:
        made: FilterHarness = request.param()
        return made


@pytest.fixture(scope="module")
def people() -> Iterator[tuple[Person, Person]]:
    home = Path(tempfile.mkdtemp(prefix="tl-"))  # a short path, as gpg's sockets take no longer one
    ann, bob = Person(home, "ann", PASSPHRASE), Person(home, "bob")
    ann("--import", stdin=bob.public)
    bob("--import", stdin=ann.public)
    yield ann, bob
    for one in (ann, bob):
        one.close()
    shutil.rmtree(home, ignore_errors=True)


@pytest.mark.skipif(shutil.which("gpg") is None, reason="needs gpg")
class TestPgp(FilterContract):
    @pytest.fixture(params=KEYED, ids=lambda kind: kind.__name__)
    def harness(
        self, request: pytest.FixtureRequest, people: tuple[Person, Person], monkeypatch: pytest.MonkeyPatch
    ) -> Iterator[FilterHarness]:
        memory = Path(tempfile.mkdtemp(prefix="tl-"))
        monkeypatch.setattr(gpg_program, "_MEMORY", memory)
        made: FilterHarness = request.param(*people, memory)
        yield made
        shutil.rmtree(memory, ignore_errors=True)
