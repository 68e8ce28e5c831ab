"""``transload init``: a small workspace that runs."""

from importlib.resources import as_file, files
from pathlib import Path
from typing import Annotated

import typer

from transload.canonical.errors import TransloadError
from transload.canonical.findings import Finding
from transload.runner.cli.guard import guarded
from transload.runner.cli.options import AsJson
from transload.runner.cli.screen import say, say_json

_FOLDERS = ("exchange/acme/out", "exchange/acme/in", "exchange/erp/in")
_PRIVATE = ("keys", "var")
_SAMPLE = "mappings/acme/samples/orders.edi"
_ARRIVAL = "exchange/acme/out/orders-0001.edi"
_IGNORED = "/exchange/\n/keys/\n/secrets/\n/var/\n"


@guarded
def init(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where to put it: a new or empty folder.")],
    as_json: AsJson = False,
) -> None:
    """Make a small workspace that runs: EDIFACT orders in a folder become JSON files in another.

    It has two partners, a mapping for each with samples and tests, and one order waiting
    to be picked up. Everything in it is plain text, meant to be read and changed.

    \b
    Examples:
      transload init first-steps
      cd first-steps && transload check && transload test && transload run
      transload documents
    """
    _refuse_used(folder)
    written = write_template(folder)
    if as_json:
        say_json({"folder": str(folder), "files": written})
        return
    for name in written:
        say(f"{folder / name}")
    say(f"a workspace in {folder}; now: cd {folder} && transload check && transload test && transload run")


def write_template(folder: Path) -> list[str]:
    """Write the files of the sample workspace into ``folder``; gives their names below it."""
    written = []
    with as_file(files("transload.runner.cli") / "template") as template:
        contents = {
            path.relative_to(template).as_posix(): path.read_bytes() for path in template.rglob("*") if path.is_file()
        }
    contents[_ARRIVAL] = contents[_SAMPLE]
    contents[".gitignore"] = _IGNORED.encode()
    try:
        for name in _FOLDERS:
            (folder / name).mkdir(parents=True, exist_ok=True)
        for name in _PRIVATE:
            (folder / name).mkdir(mode=0o700, exist_ok=True)
        for name, content in sorted(contents.items()):
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            written.append(name)
    except OSError as error:
        raise _refusal(f"{folder} cannot be written: {error.strerror}", None) from error
    return written


def _refuse_used(folder: Path) -> None:
    """Nothing is ever overwritten: a folder with anything in it is refused."""
    try:
        used = folder.exists() and (not folder.is_dir() or any(folder.iterdir()))
    except OSError as error:
        raise _refusal(f"{folder} cannot be read: {error.strerror}", None) from error
    if used:
        raise _refusal(f"{folder} is not empty", "name a new folder")


def _refusal(message: str, hint: str | None) -> TransloadError:
    return TransloadError(message, hint=hint, findings=[Finding(code="E-FILE", message=message, hint=hint)])
