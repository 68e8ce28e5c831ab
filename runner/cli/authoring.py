"""``transload adapters new``: a package for an adapter of one's own, whose tests pass as it is."""

import re
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Annotated

import typer

from transload.adapters.base import adapter_names
from transload.adapters.base.registry import ABILITIES
from transload.canonical.errors import TransloadError
from transload.canonical.findings import Finding
from transload.runner.cli.guard import guarded
from transload.runner.cli.options import AsJson
from transload.runner.cli.screen import say, say_json

KINDS = ABILITIES
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_LONGEST = 40
_COMMANDS = ("new", "show")
_CLASSES = {
    "source": "ItemSource",
    "target": "ItemTarget",
    "endpoint": "ItemEndpoint",
    "format": "LineFormat",
    "filter": "SealFilter",
}
_STEPS = {
    "settings": "`src/%s/settings.py`: what a user writes about a connection.",
    "client": "`src/%s/client.py`: how the partner is called, and what his errors mean.",
    "source": "`src/%s/source.py`: what is fetched, by which key it is known, and how it is settled.",
    "target": "`src/%s/target.py`: how a delivery is handed over, and how one asks whether it arrived.",
    "endpoint": "`src/%s/endpoint.py`: how a caller proves who he is, and by which key his message is known.",
    "format": "`src/%s/format.py`: how a payload is read and written.",
    "filter": "`src/%s/filter.py`: how a payload is unwrapped and wrapped, and what is refused.",
    "tests": "`tests/`: the partner of the tests, and the harnesses by which the cases reach him.",
}


@guarded
def new_adapter(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What partner files call it after adapter: or type:.")],
    kind: Annotated[
        list[str] | None,
        typer.Option(metavar="KINDS", help=f"{', '.join(KINDS)}, or several with commas; else source,target."),
    ] = None,
    into: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder to make the package's folder in; else the current one.")
    ] = Path(),
    as_json: AsJson = False,
) -> None:
    """Make a package for an adapter of your own: it can be installed, and its tests pass.

    The tests run it against the contract that every adapter keeps to (transload.adapters.contract),
    with a partner that they start themselves. Then put your partner in the place of that one.

    \b
    Examples:
      transload adapters new acme-api
      transload adapters new acme-file --kind format,filter --into ~/src
    """
    kinds = _kinds(kind or ["source,target"])
    check_name(name)
    folder = into / f"transload-{name}"
    if folder.exists():
        raise _refusal(f"{folder} is there already", "choose another name or --into")
    written = write_package(folder, name, kinds)
    if as_json:
        say_json({"folder": str(folder), "files": written})
        return
    for path in written:
        say(f"{folder / path}")
    say(f"an adapter in {folder}; now: cd {folder} && pip install -e '.[dev]' && pytest")


def check_name(name: str) -> None:
    """Raise `TransloadError` for a ``name`` that no new adapter can have."""
    if len(name) > _LONGEST or not _NAME.fullmatch(name):
        hint = f"use small letters, digits and single hyphens, at most {_LONGEST}, such as acme-api"
        raise _refusal(f"{name[:60]!r} cannot be the name of an adapter", hint)
    if name in _COMMANDS:
        raise _refusal(f"{name!r} is a command of transload adapters", "choose another name")
    if name in adapter_names():
        raise _refusal(f"an adapter named {name!r} is installed already", "choose another name")


def write_package(folder: Path, name: str, kinds: Sequence[str]) -> list[str]:
    """Write the package of an adapter with these abilities into ``folder``; gives the names of its files."""
    facts = _facts(name, kinds)
    written = []
    try:
        for source, place in _places(facts["module"], kinds):
            path = folder / place
            path.parent.mkdir(parents=True, exist_ok=True)
            text = _text(f"{source}.txt") if source else ""
            path.write_text(Template(text).substitute(facts), encoding="utf-8")
            written.append(place)
    except OSError as error:
        raise _refusal(f"{folder} cannot be written: {error.strerror}", None) from error
    return written


def _text(name: str) -> str:
    """A file of the template."""
    return (files("transload.runner.cli") / "plugin" / name).read_text(encoding="utf-8")


def _places(module: str, kinds: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The template's files and where they go; an empty name makes an empty file."""
    yield "pyproject.toml", "pyproject.toml"
    yield "README.md", "README.md"
    yield "__init__.py", f"src/{module}/__init__.py"
    yield "", f"src/{module}/py.typed"
    if _calls(kinds) or "endpoint" in kinds:
        yield "settings.py", f"src/{module}/settings.py"
    if _calls(kinds):
        yield "client.py", f"src/{module}/client.py"
        yield "partner.py", "tests/partner.py"
    for kind in kinds:
        yield f"{kind}.py", f"src/{module}/{kind}.py"
        yield f"test_{kind}.py", f"tests/test_{kind}.py"


def _calls(kinds: Sequence[str]) -> bool:
    """Whether the adapter calls its partner."""
    return "source" in kinds or "target" in kinds


def _facts(name: str, kinds: Sequence[str]) -> dict[str, str]:
    module = f"transload_{name.replace('-', '_')}"
    calls, called = _calls(kinds), "endpoint" in kinds
    imports = [f"from {module}.{kind} import {_CLASSES[kind]}" for kind in kinds]
    given = [f"{kind}={_CLASSES[kind]}" for kind in kinds]
    if calls or called:
        imports.append(f"from {module}.settings import Connection")
        given.insert(0, "connection=Connection")
    needed = {"settings": calls or called, "client": calls}
    steps = [_STEPS[step] for step in ("settings", "client", *kinds, "tests") if needed.get(step, True)]
    return {
        "name": name,
        "module": module,
        "abilities": _listed([f"{'an' if kind == 'endpoint' else 'a'} {kind}" for kind in kinds]),
        "imports": "\n" + "".join(f"{line}\n" for line in sorted(imports)),
        "abilities_given": "".join(f"    {line},\n" for line in given),
        "dependencies": '"transload", "pydantic>=2.12"' + (', "requests>=2.31"' if calls else ""),
        "stubs": ', "types-requests"' if calls else "",
        "steps": "".join(
            f"{number}. {step % module if '%' in step else step}\n" for number, step in enumerate(steps, 1)
        ),
        **_connection(calls=calls, called=called),
    }


def _connection(*, calls: bool, called: bool) -> dict[str, str]:
    """What the connection's settings hold, and what the tests of one kind must give for the sake of the other."""
    imports = []
    if calls:
        imports.append("from pydantic import Field")
        imports.append(f"from transload.adapters.base import Duration, Secret{'' if called else ', Settings'}")
    if called:
        imports.append("from transload.adapters.base.callers import CalledConnection, Secrets, Tolerance")
    fields = (["settings_out.txt"] if calls else []) + (["settings_in.txt"] if called else [])
    return {
        "settings_imports": "\n" + "".join(f"{line}\n" for line in imports),
        "settings_base": "CalledConnection" if called else "Settings",
        "settings_about": " and ".join(
            (["An account at the partner's service"] if calls else [])
            + ([f"{'an' if calls else 'An'} address of ours that the partner calls"] if called else [])
        )
        + ".",
        "settings_fields": "".join(_text(name) for name in fields).rstrip(),
        "also_calling": _entries({"path": "/in", "secret": "another-secret"}) if called else "",
        "also_called": _entries({"url": "http://127.0.0.1", "token": "another-token"}) if calls else "",
    }


def _listed(words: Sequence[str]) -> str:
    """``words`` as a sentence has them."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def _entries(given: Mapping[str, str]) -> str:
    """Lines of a dictionary in a test."""
    return "".join(f'            "{name}": "{value}",\n' for name, value in given.items())


def _kinds(given: Sequence[str]) -> list[str]:
    """The kinds in our order.  Raises `TransloadError` for one that there is not."""
    wanted = {part.strip() for text in given for part in text.split(",")}
    strange = sorted(wanted - set(KINDS))
    if strange:
        raise _refusal(f"there is no kind {', '.join(map(repr, strange))}", f"kinds are {', '.join(KINDS)}")
    if {"source", "endpoint"} <= wanted:
        hint = "make two packages, or one and a second entry point in it"
        raise _refusal("an adapter has a source or an endpoint, since 'from' of a route can mean one only", hint)
    return [kind for kind in KINDS if kind in wanted]


def _refusal(message: str, hint: str | None) -> TransloadError:
    return TransloadError(message, hint=hint, findings=[Finding(code="E-FILE", message=message, hint=hint)])
