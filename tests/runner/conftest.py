"""Shared by the tests of ledger and engine."""

import importlib.util
import shutil
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from tests import rabbitmq as brokers
from tests.postgresql import Server

from transload.runner.ledger import Ledger, Store


@pytest.fixture(scope="session")
def house_module() -> ModuleType:
    """`engine/house.py`: a workspace in code, shared with processes that tests start."""
    path = Path(__file__).parent / "engine" / "house.py"
    if "transload_test_house" not in sys.modules:
        spec = importlib.util.spec_from_file_location("transload_test_house", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
    return sys.modules["transload_test_house"]


@pytest.fixture(scope="session")
def rabbitmq() -> Iterator[brokers.Broker]:
    """A running broker; without one, or without Celery, tests that need it are skipped."""
    if importlib.util.find_spec("celery") is None:
        pytest.skip("no Celery: pip install 'transload[celery]'")
    script = brokers.program()
    if script is None:
        pytest.skip("no RabbitMQ: apt-get install rabbitmq-server")
    with brokers.running(script) as broker:
        yield broker


@pytest.fixture(scope="session")
def keep_empty(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], None]:
    """Puts an empty ledger into a file: a copy, since making its tables takes forty times as long."""
    made = tmp_path_factory.mktemp("ledger") / "ledger.db"
    with Ledger(f"sqlite:///{made}"):
        pass

    def keep(file: Path) -> None:
        file.parent.mkdir(exist_ok=True)
        shutil.copy(made, file)

    return keep


@pytest.fixture
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """Where a ledger may be kept, and is not yet or is empty; see `pytest_generate_tests`."""
    if request.param == "sqlite":
        if request.path.parent.name != "ledger":  # those look at how it is made
            request.getfixturevalue("keep_empty")(tmp_path / "var/ledger.db")
        return Store(url=f"sqlite:///{tmp_path}/var/ledger.db")
    server: Server = request.getfixturevalue("postgresql")
    return Store(url=server.url(server.clean_database()))


@pytest.fixture
def make_house(house_module: ModuleType, tmp_path: Path, store: Store) -> Callable[..., Any]:
    """Makes a house below the test's folder."""
    (tmp_path / "store").write_text(store.url)
    return lambda **options: house_module.House(root=tmp_path, **options)


@pytest.fixture
def script(house_module: ModuleType) -> Any:
    """The class of scripted faults."""
    return house_module.Script


class Hands:
    """A clock that stands until it is turned."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def turn(self, **span: float) -> None:
        self.now += timedelta(**span)


@pytest.fixture
def hands() -> Hands:
    """A clock that a test turns."""
    return Hands()


@pytest.fixture
def ledger(store: Store) -> Iterator[Ledger]:
    """An open ledger."""
    with Ledger(store) as opened:
        yield opened


_BOTH = ("test_bulk", "test_crash", "test_delivery", "test_replay", "test_serve", "test_watch")
"""Beside the ledger's own tests, those that run on both databases; what others do to it is the same on each."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Leave PostgreSQL out where it would only take time."""
    own = any(mark.args[0] == "store" for mark in metafunc.definition.iter_markers("parametrize"))
    module = Path(str(metafunc.module.__file__))
    if "store" in metafunc.fixturenames and not own:
        both = module.parent.name == "ledger" or module.stem in _BOTH
        metafunc.parametrize("store", ["sqlite", "postgresql"] if both else ["sqlite"], indirect=True)
