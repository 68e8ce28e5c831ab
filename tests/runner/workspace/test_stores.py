"""Where a workspace's ledger is kept: what may be written, what is wrong with it, and that no secret is shown."""

from datetime import timedelta
from pathlib import Path

import pytest

from transload.canonical.errors import Stop
from transload.runner.ledger import Ledger, LedgerError
from transload.runner.workspace import load_store, load_workspace
from transload.runner.workspace.effective import effective

SECRET = "p@ss/w:ord#?&"


def written(text):
    return {"transload": [("secrets: [env, file]\n", f"secrets: [env, file]\n{text}\n")]}


ADDRESSES = {
    "a reference within": "store: postgresql://us:${env:LEDGER}@db.example:5433/edi?sslmode=verify-full",
    "a reference beside": "store: {url: 'postgresql://us@db.example:5433/edi?sslmode=verify-full', password: "
    "'${env:LEDGER}'}",
    "an older scheme": "store: postgres://us:${env:LEDGER}@db.example:5433/edi?sslmode=verify-full",
    "a reference in the query": "store: postgresql://us:${env:LEDGER}@db.example:5433/edi?sslmode=${env:MODE}",
    "a file": "store: postgresql://us:${file:secrets/ledger}@db.example:5433/edi?sslmode=verify-full",
}


@pytest.mark.parametrize("text", ADDRESSES.values(), ids=ADDRESSES)
def test_an_address_and_its_secret(write, monkeypatch, text):
    folder = write(**written(text))
    store = load_store(folder)
    assert store.shown == "postgresql://us@db.example:5433/edi"
    monkeypatch.setenv("LEDGER", SECRET)
    monkeypatch.setenv("MODE", "verify-full")
    (folder / "secrets").mkdir()
    (folder / "secrets/ledger").write_text(f"{SECRET}\n")
    url = store.address()
    assert (url.drivername, url.username, url.password) == ("postgresql+psycopg", "us", SECRET)
    assert (url.host, url.port, url.database, dict(url.query)) == (
        "db.example",
        5433,
        "edi",
        {"sslmode": "verify-full"},
    )
    assert SECRET not in repr(store)
    assert SECRET not in repr(load_workspace(folder))
    assert SECRET not in repr(effective(load_workspace(folder)))


def test_a_reference_may_stand_for_the_whole_address(write, monkeypatch, tmp_path):
    store = load_store(write(**written("store: ${env:STORE}")))
    assert store.shown == "${env:STORE}"
    monkeypatch.setenv("STORE", "sqlite:///here/ledger.db")
    assert store.address().database == str(tmp_path / "here/ledger.db")
    monkeypatch.setenv("STORE", "postgresql://us:secret@db/edi")
    assert store.address().password == "secret"


def test_a_secret_that_cannot_be_had_is_said(write, monkeypatch):
    monkeypatch.delenv("LEDGER", raising=False)
    store = load_store(write(**written("store: postgresql://us:${env:LEDGER}@db/edi")))
    with pytest.raises(Stop, match="the environment variable LEDGER is not set") as caught:
        Ledger(store).open()
    assert caught.value.findings[0].mapping.line == 4


def test_settings_of_a_store(write):
    text = "store: {url: 'postgresql://db/edi', schema: edi, pool: 5, connect_timeout: 3s, lock_timeout: 2s}"
    store = load_store(write(**written(text)))
    assert (store.schema, store.pool, store.connect_timeout, store.statement_timeout, store.lock_timeout) == (
        "edi",
        5,
        timedelta(seconds=3),
        timedelta(minutes=1),
        timedelta(seconds=2),
    )


def test_each_environment_has_its_own(write):
    text = "store: {test: sqlite:///var/test.db, production: {url: postgresql://db/edi, pool: 5}}"
    folder = write(**written(text))
    assert load_store(folder).url == f"sqlite:///{folder.resolve()}/var/test.db"
    assert load_store(folder, environment="production").pool == 5


@pytest.mark.parametrize(
    "text",
    ["shared/blobs", "{url: shared/blobs}", "${env:PLACE}", "{url: 'shared/${env:LAST}'}", "file://${env:WHOLE}"],
)
def test_a_folder_for_large_payloads(write, monkeypatch, tmp_path, text):
    monkeypatch.setenv("PLACE", "shared/blobs")
    monkeypatch.setenv("WHOLE", str(tmp_path.resolve() / "shared/blobs"))
    monkeypatch.setenv("LAST", "blobs")
    root = write(**written(f"blobs: {text}"))
    with Ledger(load_store(root)) as ledger:
        assert ledger.database.shelf.folder == root.resolve() / "shared/blobs"


def test_an_object_store_for_large_payloads(write, monkeypatch):
    text = "blobs: {url: s3://edi/blobs, options: {key: me, secret: '${env:S3}', anon: false, client_kwargs: {x: 1}}}"
    store = load_store(write(**written(text)))
    monkeypatch.setenv("S3", SECRET)
    with Ledger(store) as ledger:
        assert ledger.database.shelf.name == "s3://edi/blobs"
    assert store.resolve(store.blobs.options) == {
        "key": "me",
        "secret": SECRET,
        "anon": False,
        "client_kwargs": {"x": 1},
    }
    assert SECRET not in repr(store)


LITERAL = "error C-LITERAL a secret stands here in plain text (put it into an environment variable or a file, and write"
LITERAL += " ${env:NAME} or ${file:PATH})"
ADDRESS = "(write sqlite:///var/ledger.db, or postgresql://user@host/database)"
FAULTS = {
    "another database": (
        "store: mysql://db/edi",
        [f"transload:4:8: error C-VALUE a ledger cannot be kept in 'mysql' {ADDRESS}"],
    ),
    "no database": ("store: postgresql://db", [f"transload:4:8: error C-VALUE store: names no database {ADDRESS}"]),
    "no address": ("store: {url: hello}", [f"transload:4:14: error C-VALUE store: is no database address {ADDRESS}"]),
    "a password": ("store: postgresql://us:hello@db/edi", [f"transload:4:8: {LITERAL}"]),
    "a password in the query": ("store: postgresql://us@db/edi?password=hello", [f"transload:4:8: {LITERAL}"]),
    "a password beside": ("store: {url: postgresql://us@db/edi, password: hello}", [f"transload:4:48: {LITERAL}"]),
    "a provider": (
        "store: {url: postgresql://us@db/edi, password: '${vault:a/b#c}'}",
        [
            "transload:4:48: error C-SECRET the secrets provider 'vault' is not allowed here (add it to secrets: in"
            " transload.yaml)"
        ],
    ),
    "a secret of an object store": (
        "blobs: {url: s3://x/y, options: {secret: hello, client_kwargs: {aws_session_token: hello}}}",
        [f"transload:4:42: {LITERAL}", f"transload:4:84: {LITERAL}"],
    ),
    "a password of an object store": (
        "blobs: sftp://us:hello@host/x",
        [
            "transload:4:8: error C-VALUE the address of an object store names no user and no password (write them"
            " below options: as the file system calls them, as references)"
        ],
    ),
    "a key": (
        "store: {url: postgresql://db/edi, pol: 5}",
        ["transload:4:35: error C-KEY 'store' of transload.yaml has no key 'pol' (did you mean 'pool'?)"],
    ),
    "a bound": (
        "store: {url: postgresql://db/edi, pool: 1}",
        [
            "transload:4:41: error C-VALUE 'store.pool' of transload.yaml must be at least 2 (PostgreSQL: connections"
            " that a process has at most, beside one)"
        ],
    ),
}


@pytest.mark.parametrize(("text", "lines"), FAULTS.values(), ids=FAULTS)
def test_fault(faults, text, lines):
    assert faults(**written(text)) == lines


def test_without_psycopg_it_is_said_what_to_install(write, monkeypatch):
    monkeypatch.setattr("transload.runner.ledger.databases.postgresql.find_spec", lambda name: None)
    with pytest.raises(Exception, match="a ledger on PostgreSQL needs psycopg, which is not installed") as caught:
        Ledger("postgresql://db/edi").open()
    assert caught.value.hint == 'install it with: pip install "transload[postgresql]"'


def test_nobody_there_is_said(tmp_path: Path):
    with pytest.raises(LedgerError) as caught:
        Ledger("postgresql://us:hello@127.0.0.1:9/edi").open()
    assert caught.value.message.startswith(
        "the ledger postgresql://us@127.0.0.1:9/edi cannot be reached: connection failed"
    )
    assert "refused" in caught.value.message
    assert caught.value.hint == "see that PostgreSQL runs, and that the host and port of store: are right"
    assert "hello" not in caught.value.message


def test_what_is_in_force_shows_references(write):
    text = "store: {url: 'postgresql://us:${env:LEDGER}@db/edi', lock_timeout: 2s}\nblobs: s3://edi/blobs"
    shown = [line for setting in effective(load_workspace(write(**written(text)))) for line in setting.lines()]
    assert shown[1:10] == [
        "store:",
        "  url: postgresql://us:${env:LEDGER}@db/edi",
        "  schema: transload",
        "  pool: 10",
        "  connect_timeout: 10s",
        "  statement_timeout: 1m",
        "  lock_timeout: 2s",
        "blobs: s3://edi/blobs",
        "environment: test",
    ]
