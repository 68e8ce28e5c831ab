"""What the documents say can be done, can be done: every command they quote runs or resolves."""

import re
import shlex
import shutil
from pathlib import Path

import pytest
from tests.forks import Forks

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / name for name in ("README.md", "ARCHITECTURE.md", "CHANGELOG.md")] + sorted(
    (ROOT / "docs").glob("*.md")
)
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
EXPECTED = {"transload inspect fixtures/edifact/orders-broken.edi": 1}
"""Exit codes other than 0 that a quoted command is meant to have."""


def shell_lines(page: Path) -> list[str]:
    """The commands in a page's shell blocks, without comments."""
    blocks = [body for language, body in FENCE.findall(page.read_text(encoding="utf-8")) if language == "sh"]
    lines = (re.sub(r"\s+#.*", "", line).removeprefix("$ ") for block in blocks for line in block.splitlines())
    return [line for line in lines if line.strip()]


def test_the_readme_quotes_commands() -> None:
    lines = shell_lines(ROOT / "README.md")
    assert "make demo" in lines
    assert "make test" in lines
    assert len([line for line in lines if line.startswith("transload ")]) > 10


def test_every_transload_command_of_the_readme_runs(tmp_path: Path, forks: Forks) -> None:
    """In their order, in a folder that has what the project's folder has."""
    for name in ("fixtures", "mappings"):
        shutil.copytree(ROOT / name, tmp_path / name)
    for line in shell_lines(ROOT / "README.md"):
        words = shlex.split(line)
        if words[0] != "transload":
            continue
        if words[1] == "serve":  # it runs until it is told to stop; its own tests let it
            words = ["transload", "serve", "--help"]
        done = forks.run(*words[1:], cwd=tmp_path)
        assert done.returncode == EXPECTED.get(line, 0), f"{line}\n{done.stdout!r}\n{done.stderr!r}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_make_target_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    text = page.read_text(encoding="utf-8")
    quoted = {line.split()[1] for line in shell_lines(page) if line.startswith("make ")}
    quoted |= set(re.findall(r"`make ([a-z]+)`", text))
    assert quoted <= targets


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_in_the_text_is_one_of_ours(page: Path) -> None:
    from transload.runner.cli.app import COMMANDS

    quoted = set(re.findall(r"`transload ([a-z]+)", page.read_text(encoding="utf-8")))
    assert quoted <= set(COMMANDS)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_that_is_named_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    links = {link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link}
    folders = (
        "adapters|canonical|mappings/(?:source|language|compiler|reports|library)|runner|tests|fixtures|docs|benchmarks"
    )
    paths = set(re.findall(rf"`((?:{folders})/[\w./-]*)`", text))
    missing = [name for name in links if not (page.parent / name).exists()]
    missing += [name for name in paths if not (ROOT / name).exists()]
    assert not missing


def test_the_mapping_in_the_readme_compiles_and_its_fault_is_as_shown(tmp_path: Path) -> None:
    from transload.adapters.base import adapter
    from transload.mappings import load_mapping

    blocks = FENCE.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    (text,) = (body for language, body in blocks if language == "yaml")
    (shown,) = (body for language, body in blocks if not language and body.startswith("error E-CODE"))
    (tmp_path / "orders.yaml").write_text(text, encoding="utf-8")
    mapping = load_mapping("orders.yaml", base=tmp_path)
    segments = [
        "UNB+UNOC:3+5412345000013:14+4012345000009:14+260105:1030+IC0001",
        "UNH+1+ORDERS:D:96A:UN:EAN008",
        "BGM+220+PO-4711+9",
        "DTM+137:20260105:102",
        "NAD+BY+5412345000013::9++ACME Retail NV++Brussels+++BE",
        "NAD+SU+4012345000009::9",
        "LIN+1++4000862141404:EN",
        "QTY+21:100:STK",
        "PRI+AAA:12.5",
        "UNS+S",
        "CNT+2:1",
        "UNT+11+1",
        "UNZ+1+IC0001",
    ]
    payload = "".join(segment + "'\n" for segment in segments).encode()
    edifact = adapter("edifact").format
    assert edifact is not None
    (message,) = edifact(edifact.Options()).read(payload, file="order.edi")
    (finding,) = mapping.decode(message).findings
    assert str(finding).replace(str(tmp_path) + "/", "") == shown.rstrip("\n")
