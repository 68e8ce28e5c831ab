"""No built-in adapter is left out: each ability that the contract has a suite for is tried by it."""

from typing import Any

import pytest
from tests.contract import (
    test_as2,
    test_files,
    test_filters,
    test_formats,
    test_ftp,
    test_http,
    test_mail,
    test_rest,
    test_sftp,
    test_soap,
)

from transload.adapters.base import Adapter, adapter, adapter_names
from transload.adapters.base.registry import ABILITIES, origin
from transload.adapters.contract import EndpointContract, SourceContract, TargetContract

SUITES: dict[str, tuple[type[Any], list[Any]]] = {
    "source": (SourceContract, [test_files, test_sftp, test_ftp, test_mail, test_rest, test_soap]),
    "target": (TargetContract, [test_files, test_sftp, test_ftp, test_mail, test_rest, test_soap, test_as2]),
    "endpoint": (EndpointContract, [test_http, test_soap, test_as2]),
}
NAMES = [name for name in adapter_names() if origin(name).startswith("transload ")]


@pytest.mark.parametrize("ability", SUITES)
def test_every_transport_is_tried(ability: str) -> None:
    contract, modules = SUITES[ability]
    tried = {
        kind
        for module in modules
        if any(isinstance(one, type) and contract in one.__bases__ for one in vars(module).values())
        for one in vars(module).values()
        if isinstance(one, Adapter)
        for kind in [getattr(one, ability)]
        if kind
    }
    assert tried == {kind for name in NAMES if (kind := getattr(adapter(name), ability))}


def test_every_format_is_tried() -> None:
    tried = {kind.adapter.format for kind in test_formats.HARNESSES}
    assert tried == {kind for name in NAMES if (kind := adapter(name).format)}


def test_every_filter_is_tried() -> None:
    tried = {kind.adapter.filter for kind in [*test_filters.HARNESSES, *test_filters.KEYED]}
    assert tried == {kind for name in NAMES if (kind := adapter(name).filter)}


def test_every_ability_has_a_suite() -> None:
    assert {*SUITES, "format", "filter"} == {*ABILITIES}
