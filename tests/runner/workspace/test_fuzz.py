"""Whatever stands in the files: a workspace, or findings that all have a place; never another exception."""

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from transload.canonical.errors import ConfigurationError
from transload.runner.workspace import load_workspace

EXAMPLE = Path(__file__).parents[3] / "fixtures" / "workspace"
FILES = {
    path.relative_to(EXAMPLE).as_posix(): path.read_text(encoding="utf-8").splitlines()
    for path in sorted(EXAMPLE.rglob("*.yaml"))
}
EDITED = ["transload.yaml", "mappings/acme/partner.yaml", "mappings/erp/partner.yaml"]
ODD = (
    *("", "null", "true", "-1", "1e999", "[]", "{}", "[[]]", "{a: b}", "{test: 1}", "&a [*a]", "- x", "? y", "\t"),
    *("${env:}", "${file:/x}", "'${env:X}'", '"\\0"', "x" * 300, "9" * 40, "0x10", "!!int 5", "1.10"),
    "{test: {production: x}}",
)
VALUES = st.sampled_from(ODD) | st.text(max_size=12)


@st.composite
def edits(draw: st.DrawFn) -> tuple[str, list[str]]:
    """One of the files with some of its lines dropped, doubled, moved in or given other values."""
    name = draw(st.sampled_from(EDITED))
    lines = list(FILES[name])
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(lines) - 1))
        kind = draw(st.sampled_from(["drop", "double", "indent", "value", "line"]))
        line = lines[at]
        if kind == "drop" and len(lines) > 1:
            del lines[at]
        elif kind == "double":
            lines.insert(at, line)
        elif kind == "indent":
            lines[at] = f"  {line}"
        elif kind == "value" and ":" in line:
            lines[at] = f"{line.partition(':')[0]}: {draw(VALUES)}"
        else:
            lines[at] = draw(VALUES)
    return name, lines


@settings(max_examples=150)
@given(edit=edits(), environment=st.sampled_from([None, "test", "production", "other"]))
def test_every_edit_loads_or_is_told(edit: tuple[str, list[str]], environment: str | None) -> None:
    name, lines = edit
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        for file, original in FILES.items():
            path = folder / file
            path.parent.mkdir(parents=True, exist_ok=True)
            text = "\n".join(lines if file == name else original)
            path.write_bytes(text.encode(errors="replace"))
        try:
            found = load_workspace(folder, environment=environment).findings
        except ConfigurationError as error:
            found = error.findings
            assert any(finding.is_error for finding in found)
    for finding in found:
        assert finding.mapping is not None, finding
        assert finding.mapping.line >= 1
        assert finding.code.startswith("C-"), finding
