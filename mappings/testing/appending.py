"""One case more at the end of ``tests:``, with the rest of the file left as it is."""

from pathlib import Path

import yaml
from yaml.nodes import MappingNode, SequenceNode

from transload.canonical.errors import ConfigurationError
from transload.mappings.testing.insertion import plain

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def with_case(text: str, file: Path, case: str) -> str:
    """``text`` of a YAML file with ``case``, a table in braces, as the last one under ``tests:``.

    Raises `ConfigurationError` where the tests are not written one below the other, or are an alias.
    """
    root = yaml.compose(text, Loader=_LOADER)
    tests = _tests(root)
    if tests is None:
        ending = "" if text.endswith("\n") else "\n"
        changed = f"{text}{ending}\ntests:\n  - {case}\n"
    elif tests.flow_style or not tests.value:
        raise _refusal(file)
    else:
        at = tests.value[-1].end_mark.index
        at = at if text[:at].endswith("\n") else _after_line(text, at)
        ending = "" if text[:at].endswith("\n") else "\n"
        indent = tests.start_mark.column
        changed = f"{text[:at]}{ending}{' ' * indent}- {case}\n{text[at:]}"
    again = yaml.compose(changed, Loader=_LOADER)
    found = _tests(again)
    if found is None or plain(found.value.pop()) != plain(yaml.compose(case, Loader=_LOADER)):
        raise _refusal(file)
    if tests is None and isinstance(again, MappingNode):
        again.value.pop()
    if plain(again) != plain(root):
        raise _refusal(file)
    return changed


def _tests(root: yaml.nodes.Node | None) -> SequenceNode | None:
    for key, value in root.value if isinstance(root, MappingNode) else ():
        if key.value == "tests" and isinstance(value, SequenceNode):
            return value
    return None


def _after_line(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end + 1


def _refusal(file: Path) -> ConfigurationError:
    return ConfigurationError(
        f"a test cannot be added to {file} without changing more of it",
        hint="write the tests one below the other, each after a dash",
    )
