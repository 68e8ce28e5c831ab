"""docs/acknowledgements.md: its tables are current, and it names every option, verdict and finding."""

import re
from pathlib import Path

import pytest

from transload.adapters.base.acknowledgement import Verdict
from transload.adapters.edi.acknowledge.documentation import renewed
from transload.adapters.edi.options import AcknowledgementPolicy

_ROOT = Path(__file__).parents[4]
_PAGE = (_ROOT / "docs" / "acknowledgements.md").read_text("utf-8")


def test_the_tables_are_current() -> None:
    again = "python -m transload.adapters.edi.acknowledge.documentation docs/acknowledgements.md"
    assert renewed(_PAGE) == _PAGE, f"make them again: {again}"


def test_a_page_without_marks() -> None:
    with pytest.raises(ValueError, match="no marks"):
        renewed("# Acknowledgements\n")


def test_every_option_is_explained_with_its_values() -> None:
    for name, field in AcknowledgementPolicy.model_fields.items():
        row = next(line for line in _PAGE.splitlines() if line.startswith(f"| `acknowledgement.{name}` "))
        for value in getattr(field.annotation, "__args__", ("true", "false")):
            assert f"`{value}`" in row
    assert "| `reject` | `message`, `group`, `interchange` |" in _PAGE


def test_every_verdict_and_finding_is_explained() -> None:
    for verdict in Verdict:
        assert f"`{verdict}`" in _PAGE
    sources = [*(_ROOT / "adapters/edi/acknowledge").rglob("*.py"), _ROOT / "runner/reading/reconciliation.py"]
    codes = {code for file in sources for code in re.findall(r'"([EW]-ACK-[A-Z]+)"', file.read_text())}
    assert len(codes) >= 10
    assert [code for code in sorted(codes) if f"`{code}`" not in _PAGE] == []
