"""Packages whose names are imported when they are asked for."""

import subprocess
import sys
from importlib import import_module

import pytest

PACKAGES = ["transload.adapters.base", "transload.adapters.edi"]


@pytest.mark.parametrize("package", PACKAGES)
def test_every_public_name_is_found(package: str) -> None:
    module = import_module(package)
    for name in module.__all__:
        assert getattr(module, name) is not None
    with pytest.raises(AttributeError, match=f"module '{package}' has no attribute 'nosuch'"):
        _ = module.nosuch
    with pytest.raises(ImportError):
        exec(f"from {package} import nosuch")


@pytest.mark.parametrize("package", PACKAGES)
def test_nothing_heavy_is_loaded_for_the_package_alone(package: str) -> None:
    code = f"import sys, {package}; assert 'pydantic' not in sys.modules, sorted(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_version_is_known() -> None:
    import transload

    assert transload.__version__
    with pytest.raises(AttributeError):
        _ = transload.nosuch
