"""Transactions on the ledger's database, whichever that is."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import local
from time import monotonic
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, Executable, Row
from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random

from transload.runner.ledger.columns import carry
from transload.runner.ledger.databases import Backend, backend_of
from transload.runner.ledger.databases.backend import ProcessLock
from transload.runner.ledger.databases.wake_schema import WakeSchema
from transload.runner.ledger.encryption import Keyring
from transload.runner.ledger.encryption.proofs import prove
from transload.runner.ledger.errors import LedgerError, NoLedger, passes, translated
from transload.runner.ledger.migrations import UNFINISHED_TABLE, VERSION_TABLE, migrate, version_of
from transload.runner.ledger.schema import VERSION
from transload.runner.ledger.shelves import FolderShelf, ObjectShelf, Shelf
from transload.runner.ledger.store import Store
from transload.runner.ledger.turns import Turn, Turns

T = TypeVar("T")

ATTEMPTS = 6
"""How often a transaction is begun that fails since others were at the same rows."""
_EVERYBODY = ""


class _Own(local):
    """What a thread has for its questions."""

    stack: ExitStack | None = None
    connection: Connection | None = None


class Database:
    """Reads and writes of one ledger, kept in ``store``.

    Many threads write.  In SQLite all that wait are written by one commit; where several transactions may write at
    once, those of a lane are.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self._backend: Backend | None = None
        self._engine: Engine | None = None
        self._shelf: Shelf | None = None
        self._lock: ProcessLock | None = None
        self._keys = Keyring()
        self._turns = Turns(self._commit)
        self._own = _Own()
        self.committed: Callable[[int, float, bool], None] | None = None
        """Hears of each transaction: how many works it held, the seconds that it took, whether it went well."""

    @property
    def name(self) -> str:
        """What people call it: the path of the file, or the address without its password."""
        return self._backend.name if self._backend is not None else self.store.shown

    @property
    def shelf(self) -> Shelf | None:
        """The place for large payloads; None where they are kept in the database."""
        return self._shelf

    @property
    def keys(self) -> Keyring:
        """The keys under which payloads are."""
        return self._keys

    @property
    def scratch(self) -> Path:
        """A folder of this machine for what may be lost."""
        backend, _ = self._opened
        return backend.scratch

    @property
    def wakes(self) -> WakeSchema | None:
        """Where services that share the ledger wake each other; None where one process at a time works on it."""
        backend, _ = self._opened
        return backend.wakes

    @property
    def folders(self) -> tuple[Path, ...]:
        """The folders of this machine that fill as the ledger does."""
        backend, _ = self._opened
        shelf = (self._shelf.folder,) if isinstance(self._shelf, FolderShelf) else ()
        scratch = next(path for path in (backend.scratch, *backend.scratch.parents) if path.exists())
        return tuple(dict.fromkeys((*([backend.folder] if backend.folder is not None else []), *shelf, scratch)))

    def open(self, *, create: bool = True) -> None:
        """Open the database; its tables are made, or brought up to this version, where they are not.

        Raises `NoLedger` where there is none and ``create`` is False; `LedgerError` when it cannot be opened, is no
        ledger, or was made by a newer version; `LedgerBusy` when its tables are to be changed and a process works with
        them; `ConfigurationError` when the address is none, `Stop` or `Retry` when a secret of it cannot be had.
        """
        self._backend = backend_of(self.store.address(), self.store)
        self._keys = self.store.keyring()
        self._shelf = shelf_of(self.store, self._backend, self._keys)
        if not create and not self._backend.exists():
            raise self._missing()
        try:
            with self._translated():
                self._engine = self._backend.engine()
            carry(self._engine.dialect, self._keys)
            self._bring_up(create=create)
            prove(self)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close all connections."""
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None

    @property
    def is_local(self) -> bool:
        """Whether it is a file, in which one writes at a time."""
        return not self._opened[0].several_write

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that sees one moment of the ledger; it must not write."""
        backend, engine = self._opened
        with self._translated(), backend.reading(engine) as connection:
            yield connection

    @contextmanager
    def asking(self) -> Iterator[Connection]:
        """A connection for one query, which costs less than `read` and sees one moment too."""
        backend, engine = self._opened
        with self._translated(), backend.asking(engine) as connection:
            yield connection

    @contextmanager
    def asking_often(self) -> Iterator[None]:
        """Let the questions of this thread (`rows`) share a connection: to take one costs as much as most of them.

        What others raise meanwhile stays as it is, also where it comes from a database of theirs.
        """
        with ExitStack() as stack:
            self._own.stack = stack
            try:
                yield
            finally:
                self._own.stack = self._own.connection = None

    def rows(self, query: Executable, values: Mapping[str, Any]) -> Sequence[Row[Any]]:
        """What one query gives."""
        own = self._own
        if own.stack is None:
            with self.asking() as connection:
                return connection.execute(query, values).all()
        backend, engine = self._opened
        with self._translated():
            own.connection = own.connection or own.stack.enter_context(backend.asking(engine))
            return own.connection.execute(query, values).all()

    def write(self, work: Callable[[Connection], T], *, lane: str | None = None) -> T:
        """Do ``work`` in a transaction that is on disk when this returns, together with others' work.

        ``lane`` is that whose journal it writes; works of one lane share a commit.  Where others were at the same rows,
        ``work`` is done again from its beginning, so it must change nothing but the database.
        When it raises, nothing of it is kept, others' work is, and the error is raised here.  Raises `LedgerError` when
        the commit fails; then nothing of it is kept, unless the error says that this is not known.
        """
        backend, _ = self._opened
        if not backend.several_write:
            turn = self._turns.take(_EVERYBODY, work)
        elif lane is not None:
            turn = self._turns.take(lane, work)
        else:
            turn = Turn(work)
            self._commit([turn])
        with self._translated():
            return turn.result()

    def forget(self) -> None:
        """Let nothing of what was overwritten or removed stay in the database's files, as far as it can be told to."""
        backend, engine = self._opened
        with self._translated():
            backend.forget(engine)

    @contextmanager
    def exclusively(self, what: str) -> Iterator[ProcessLock]:
        """The right to work alone, which every write has then; ``what`` is named to who asks for it meanwhile.

        Raises `LedgerBusy`.
        """
        backend, _ = self._opened
        with backend.lock(what) as lock, self._guarded(lock):
            yield lock

    @contextmanager
    def together(self, what: str) -> Iterator[ProcessLock]:
        """The right to work beside others who have it, where the database lets several; as `exclusively` else.

        Raises `LedgerBusy` while a process works alone.
        """
        backend, _ = self._opened
        with backend.join(what) as lock, self._guarded(lock):
            yield lock

    @contextmanager
    def _guarded(self, lock: ProcessLock) -> Iterator[None]:
        self._lock = lock
        try:
            yield
        finally:
            self._lock = None

    def _commit(self, turns: Sequence[Turn[Any]]) -> None:
        again = Retrying(
            retry=retry_if_exception(passes),
            stop=stop_after_attempt(ATTEMPTS),
            wait=wait_random(0, 0.05),
            reraise=True,
        )
        began, well = monotonic(), False
        try:
            with self._translated():
                again(self._transaction, turns)
            well = True
        except Exception as error:  # noqa: BLE001  # everyone who waits for this commit must learn of it
            for turn in turns:
                turn.error = turn.error or error
        except BaseException:  # an interrupt is the affair of the thread that has the turn
            for turn in turns:
                turn.error = turn.error or LedgerError(f"a commit to the ledger {self.name} was interrupted")
            raise
        finally:
            for turn in turns:
                turn.done = True
            if self.committed is not None:
                self.committed(len(turns), monotonic() - began, well)

    def _transaction(self, turns: Sequence[Turn[Any]]) -> None:
        backend, engine = self._opened
        with backend.writing(engine) as connection:
            if self._lock is not None and backend.disturbed.is_set():
                self._lock.keep()
                backend.disturbed.clear()
            for turn in turns:
                turn.error = None
                if len(turns) == 1:
                    turn.run(connection)
                else:
                    _run_apart(turn, connection)

    @property
    def _opened(self) -> tuple[Backend, Engine]:
        if self._engine is None or self._backend is None:
            raise LedgerError(f"the ledger {self.name} is not open", hint="use it inside `with ledger:`")
        return self._backend, self._engine

    def _translated(self) -> Any:
        return translated(self.name, *(self._backend.secrets if self._backend is not None else ()))

    def _missing(self) -> NoLedger:
        return NoLedger(f"there is no ledger {self.name}", hint="nothing has run yet; `transload run` makes it")

    def _bring_up(self, *, create: bool) -> None:
        backend, _ = self._opened
        with self.read() as connection:
            found = self._version(backend, connection)
        if found is None:
            if not create:
                raise self._missing()
            self._migrate()
        elif found < VERSION:
            with self.exclusively("a change of its tables"):  # whoever works with the old ones must not meet new ones
                self._migrate()

    def _version(self, backend: Backend, connection: Connection) -> int | None:
        tables = backend.tables(connection)
        if not tables:
            return None
        if UNFINISHED_TABLE in tables:
            raise LedgerError(
                f"a restore of the ledger {self.name} was begun and has not ended",
                hint="give the same `transload ledger restore` again",
            )
        if VERSION_TABLE not in tables:
            raise LedgerError(
                f"the database {self.name} is no ledger: it holds other tables", hint="choose another one for store:"
            )
        found = version_of(connection)
        if found > VERSION:
            raise LedgerError(
                f"the ledger {self.name} has schema {found}, and this version of Transload knows {VERSION}",
                hint="install the version of Transload that wrote it, or a newer one",
            )
        return found

    def _migrate(self) -> None:
        """Change the tables to this version's, all or nothing; whoever is second finds it done."""
        backend, engine = self._opened
        with self._translated(), backend.migrating(engine) as connection:
            found = self._version(backend, connection)
            if found != VERSION:
                migrate(connection)


def shelf_of(store: Store, backend: Backend, keys: Keyring) -> Shelf | None:
    """Where large payloads of a ledger lie; None where its database keeps them."""
    blobs = store.blobs
    if blobs is None:
        return FolderShelf(backend.blobs, keys, parents=False) if backend.blobs is not None else None
    place = store.resolve(blobs.place)
    if place.startswith("file://"):
        return FolderShelf(
            Path(place.removeprefix("file://")), keys
        )  # which writes files whole, and forces them to disk
    if "://" in place:
        return ObjectShelf(place, lambda: store.resolve(blobs.options), keys)
    return FolderShelf(store.base / Path(place).expanduser(), keys)


def _run_apart(turn: Turn[Any], connection: Connection) -> None:
    try:
        with connection.begin_nested():
            turn.run(connection)
    except (IntegrityError, DataError) as error:
        turn.error = error
    except SQLAlchemyError:
        raise  # a full disk, say: the database may have ended the whole transaction
    except Exception as error:  # noqa: BLE001  # it belongs to the caller of this turn alone
        turn.error = error
