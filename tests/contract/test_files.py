"""The files adapter keeps to the contract."""

from pathlib import Path

import pytest

from transload.adapters.contract import SourceContract, TargetContract
from transload.adapters.contract.folders import FolderSourceHarness, FolderTargetHarness
from transload.adapters.files import ADAPTER, FilesConnection, FilesSource, FilesTarget

OPTIONS = [
    {},
    {"stable": "2 polls"},
    {"stable": {"marker": "*.ready"}, "afterwards": "delete"},
    {"afterwards": "keep"},
]


class TestSource(SourceContract):
    @pytest.fixture(params=OPTIONS, ids=str)
    def harness(self, request: pytest.FixtureRequest, tmp_path: Path) -> FolderSourceHarness:
        connection = FilesConnection(root=tmp_path / "root")
        return FolderSourceHarness(
            connection.root, ADAPTER, lambda options: FilesSource(connection, options), options=request.param
        )


class TestTarget(TargetContract):
    @pytest.fixture(params=[{}, {"collision": "suffix"}, {"collision": "replace", "done_file": "*.done"}], ids=str)
    def harness(self, request: pytest.FixtureRequest, tmp_path: Path) -> FolderTargetHarness:
        connection = FilesConnection(root=tmp_path / "root")
        return FolderTargetHarness(
            connection.root, ADAPTER, lambda options: FilesTarget(connection, options), options=request.param
        )
