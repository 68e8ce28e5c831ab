"""What every adapter must keep to, as tests: a plug-in's author runs them against his own adapter.

Write a harness (`SourceHarness`, `TargetHarness`, `EndpointHarness`, `FormatHarness`, `FilterHarness`) that says how to
reach a partner or gives payloads, hand it over as pytest's fixture ``harness``, and derive a test class::

    class TestSource(SourceContract):
        @pytest.fixture
        def harness(self, tmp_path: Path) -> MyHarness:
            return MyHarness(tmp_path)

Each ``test_`` method is one case, and its docstring is what it demands.  A case that the harness or the partner
makes no sense of is skipped with the reason.  Nothing here imports pytest: the cases are plain methods that take a
harness and raise `Breach`, so they can be run by anything; ``pip install 'transload[contract]'`` brings pytest.
"""

from transload.adapters.contract.calling import EndpointHarness
from transload.adapters.contract.endpoints import EndpointContract
from transload.adapters.contract.filters import FilterContract
from transload.adapters.contract.formats import FormatContract, FormatHarness
from transload.adapters.contract.harness import Harness, NotPossible, SourceHarness, TargetHarness
from transload.adapters.contract.judging import Breach
from transload.adapters.contract.ledger import Ledger, Notes, Pass, run_pass
from transload.adapters.contract.sources import SourceContract
from transload.adapters.contract.targets import TargetContract
from transload.adapters.contract.wire import Wire
from transload.adapters.contract.wrapping import FilterHarness

__all__ = [
    "Breach",
    "EndpointContract",
    "EndpointHarness",
    "FilterContract",
    "FilterHarness",
    "FormatContract",
    "FormatHarness",
    "Harness",
    "Ledger",
    "NotPossible",
    "Notes",
    "Pass",
    "SourceContract",
    "SourceHarness",
    "TargetContract",
    "TargetHarness",
    "Wire",
    "run_pass",
]
