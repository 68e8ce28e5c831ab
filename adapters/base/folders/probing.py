"""Looking at folders of a partner, and trying in them what picking up and handing over will do."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from uuid import uuid4

from transload.adapters.base.folders.handover import HandOver
from transload.adapters.base.folders.names import joined, parent, shown
from transload.adapters.base.folders.options import Move, PickUp
from transload.adapters.base.folders.pickup import missing_folders
from transload.adapters.base.folders.store import Denied, Entry, FileFault, FileStore
from transload.adapters.base.probing import remark, trouble, warning
from transload.adapters.base.transport import Probe
from transload.canonical.errors import TransloadError
from transload.canonical.findings import Finding

Trial = Callable[[FileStore], Iterator[Finding]]
_TRIAL = ".transload-probe-{}.tmp"
"""Names of the files that are written for a trial: hidden, and with an ending that nobody picks up."""
_CONTENT = b"a trial of transload probe, which removes it again\n"
_SKEW = 30.0
"""Seconds that two clocks may differ without being told as a warning."""


def probe(opened: Callable[[], FileStore], folders: Sequence[str], *trials: Trial) -> Probe:
    """Connect, look whether ``folders`` are there and what the server can do, and go through ``trials``."""
    found: list[Finding] = []
    try:
        store = opened()
        found += store.abilities()
        found += missing_folders(store, folders)
        if not any(finding.is_error for finding in found):
            for trial in trials:
                found += trial(store)
    except TransloadError as error:
        return Probe(ok=False, summary=error.message, findings=(*found, *error.findings))
    except FileFault as fault:
        return Probe(ok=False, summary=str(fault), findings=tuple(found))
    wrong = [finding for finding in found if finding.is_error]
    summary = wrong[0].message if wrong else f"{store.describe()}, folder {shown(folders[0])}"
    return Probe(ok=not wrong, summary=summary, findings=tuple(found))


def source_folders(options: PickUp) -> tuple[str, ...]:
    """The folders that must be there: that of the files, and the one in which an archive or claims would be made."""
    archive, claim = options.afterwards, options.claim
    more = [parent(archive.move)] if isinstance(archive, Move) else []
    more += [parent(claim.into)] if claim is not None else []
    return tuple(dict.fromkeys((options.folder, *more)))


def waiting(options: PickUp) -> Trial:
    """How many files lie in the folder, and how many of them are meant."""

    def look(store: FileStore) -> Iterator[Finding]:
        entries = store.list(options.folder)
        meant = sum(any(fnmatchcase(entry.name, pattern) for pattern in options.pattern) for entry in entries)
        folder, patterns = shown(options.folder), ", ".join(options.pattern)
        message = f"{len(entries)} files lie in {folder}, {meant} of them with names like {patterns}"
        yield remark("P-FILES", message)

    return look


def clearing(options: PickUp) -> Trial:
    """Write a file where the partner's lie, and move or remove it as theirs will be."""

    def attempts(store: FileStore, path: str) -> Iterator[Finding]:
        try:
            store.write(path, _CONTENT)
        except Denied:
            message = f"we may not write into {shown(options.folder)}"
            yield remark("P-WRITE", f"{message}: whether files may be moved or removed shows with the first one")
            return
        yield from _as_written(store, path)
        for folder in _destinations(options):
            yield from _moved_there(store, path, folder)

    return lambda store: _tidied(store, attempts, [joined(options.folder, _name())])


def handing_over(options: HandOver) -> Trial:
    """Write two files, and let one take the place of the other, as handing over may."""

    def attempts(store: FileStore, one: str, two: str) -> Iterator[Finding]:
        store.write(one, _CONTENT)
        yield from _as_written(store, one)
        store.write(two, _CONTENT)
        store.move(one, two, replace=True)
        yield remark("P-WRITE", f"files were written, measured, renamed and replaced in {shown(options.folder)}")

    return lambda store: _tidied(store, attempts, [joined(options.folder, _name()) for _ in "12"])


def _name() -> str:
    return _TRIAL.format(uuid4().hex[:12])


def _tidied(store: FileStore, attempts: Callable[..., Iterator[Finding]], paths: Sequence[str]) -> Iterator[Finding]:
    """What ``attempts`` find out with files at ``paths``, which are removed at the end, whatever happens."""
    try:
        yield from attempts(store, *paths)
    except (FileFault, TransloadError):
        list(_remove(store, paths))
        raise
    yield from _remove(store, paths)


def _remove(store: FileStore, paths: Sequence[str]) -> Iterator[Finding]:
    for path in paths:
        try:
            if store.look(path) is not None:
                store.remove(path)
        except FileFault as fault:
            message = f"{shown(path)} cannot be removed: {fault.reason or fault.said}"
            yield trouble("P-LEFT", message, "have the partner remove it, and allow us to remove files")
        except TransloadError as error:
            yield trouble("P-LEFT", f"{shown(path)} may lie there still: {error.message}", "remove it by hand")


def _destinations(options: PickUp) -> list[str]:
    found = [options.claim.into] if options.claim is not None else []
    return found + ([options.afterwards.move] if isinstance(options.afterwards, Move) else [])


def _moved_there(store: FileStore, path: str, folder: str) -> Iterator[Finding]:
    """Move the file into ``folder`` and back."""
    store.make_folder(folder)
    there = joined(folder, path.rpartition("/")[2])
    try:
        store.move(path, there)
        store.move(there, path)
    except FileFault as fault:
        hint = "have the partner allow renames, or write afterwards: keep and leave claim out"
        yield trouble("P-MOVE", f"files cannot be moved to {shown(folder)}: {fault.reason or fault.said}", hint)
    else:
        yield remark("P-MOVE", f"a file was moved to {shown(folder)} and back")


def _as_written(store: FileStore, path: str) -> Iterator[Finding]:
    """Whether what was written is there, and what time it is by the clock of who keeps it."""
    found = store.look(path)
    if found is None or found.size != len(_CONTENT):
        held = "nothing" if found is None else f"{found.size} bytes"
        message = f"{shown(path)} holds {held} after {len(_CONTENT)} bytes were written"
        yield trouble("P-SIZE", message, "ask the partner what happens to files when they arrive")
        return
    yield _clock(found)


def _clock(found: Entry) -> Finding:
    ahead = found.changed / 1e9 - datetime.now(UTC).timestamp()
    message = f"the server's clock is {abs(ahead):.0f} seconds {'ahead of' if ahead > 0 else 'behind'} ours"
    if abs(ahead) > _SKEW:
        hint = "files are judged by our own clock, so nothing depends on it; but times in its logs are other ones"
        return warning("P-CLOCK", message, hint)
    return remark("P-CLOCK", message if abs(ahead) >= 2 else "both clocks agree")
