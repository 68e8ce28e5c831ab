"""Handing over files: whole or not at all, never over another one, and known again after a lost answer.

The bytes go to a temporary name in the same folder, are counted there, and get
their name by one rename; so who waits for the name never sees half a file.
"""

from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from typing import Literal

from pydantic import Field

from transload.adapters.base.folders.names import fault_of, joined, numbered, shown
from transload.adapters.base.folders.starred import Starred
from transload.adapters.base.folders.store import Denied, Entry, FileFault, FileStore, Missing, Taken
from transload.adapters.base.settings import Settings, Template
from transload.adapters.base.transport import Answer, Landing, Outbound
from transload.canonical.errors import Reject, Retry, Stop, TransloadError, Unknown
from transload.canonical.findings import Finding, Severity
from transload.canonical.places import Place


class HandOver(Settings):
    """Where a file is put, what it is called, and what happens when the name is in use."""

    folder: str = Field(
        default=".",
        min_length=1,
        description="Folder to put files in; a relative one counts from where the login begins",
    )
    file: Template = Field(
        min_length=1, description="Name of the file, without slashes", examples=["ORDRSP_{number:06}.edi"]
    )
    collision: Literal["fail", "suffix", "replace"] = Field(
        default="fail",
        description="When a file of that name with other content is there: fail, add a number (suffix), or replace it;"
        " with the same content it counts as handed over",
    )
    temporary: Starred = Field(
        default=".*.part", description="Name while the file is being written; * becomes a short hash of the delivery"
    )
    done_file: Starred | None = Field(
        default=None, description="Empty file to write last, as a signal; * becomes the file's name: *.done"
    )
    collected: bool = Field(
        default=False,
        description="The partner removes files soon after they appear: a file that is not there after a lost answer"
        " then waits for a person, instead of being sent again",
    )


def hand_over(store: FileStore, options: HandOver, outbound: Outbound) -> Answer:
    """Put ``outbound`` into the folder under its name.

    Raises `Reject` for a name that cannot be used or is in use, `Retry` when nothing arrived,
    `Stop` when folder or rights are wrong, `Unknown` when the connection broke after the rename began.
    """
    name = _name(options, outbound)
    try:
        path, is_there = _place_for(store, options, name, outbound.content)
        findings = () if is_there else _put(store, options, path, outbound)
        _signal(store, options, path)
    except FileFault as fault:
        raise _consequence(fault, options) from fault
    size = len(outbound.content)
    return Answer(
        summary=f"{shown(path)} was there already" if is_there else f"stored as {shown(path)}, {size} bytes",
        reference=shown(path),
        metadata={"path": shown(path)},
        findings=findings,
    )


def landed(store: FileStore, options: HandOver, outbound: Outbound) -> Landing:
    """Whether an earlier attempt at handing over ``outbound`` was completed."""
    name, temporary = _name(options, outbound), _temporary(options, outbound)
    try:
        for path in _candidates(options, name):
            found = store.look(path)
            if found is None:
                break
            if _holds(store, found, outbound.content):
                signal = _done_path(options, path)
                whole = signal is None or store.look(signal) is not None
                if whole and store.look(temporary) is not None:  # linked to its name, and we ended before it went
                    _tidy(store, temporary)
                return Landing.LANDED if whole else Landing.NOT_LANDED
        unfinished = store.look(temporary)
    except Denied:
        return Landing.CANNOT_TELL
    except FileFault as fault:
        raise _consequence(fault, options) from fault
    return Landing.CANNOT_TELL if options.collected and unfinished is None else Landing.NOT_LANDED


def _name(options: HandOver, outbound: Outbound) -> str:
    name = outbound.metadata.get("file", options.file)
    if fault := fault_of(name):
        finding = Finding(
            code="E-NAME",
            message=f"{shown(name)!r} cannot be the name of a file: {fault}",
            hint="correct the template file, or the field that it takes the name from",
            value=shown(name),
        )
        raise Reject(finding.message, findings=[finding])
    return name


def _candidates(options: HandOver, name: str) -> Iterator[str]:
    names = numbered(name) if options.collision == "suffix" else iter((name,))
    return (joined(options.folder, one) for one in names)


def _temporary(options: HandOver, outbound: Outbound) -> str:
    """One name for all attempts of a delivery, so that a retry writes over what an earlier one left."""
    return joined(options.folder, options.temporary.replace("*", sha256(outbound.key.encode()).hexdigest()[:16]))


def _done_path(options: HandOver, path: str) -> str | None:
    name = path.rpartition("/")[2]
    return joined(options.folder, options.done_file.replace("*", name)) if options.done_file else None


def _place_for(store: FileStore, options: HandOver, name: str, content: bytes) -> tuple[str, bool]:
    """The path to use, and whether the very content is there already."""
    path = joined(options.folder, name)
    for path in _candidates(options, name):
        found = store.look(path)
        if found is None:
            return path, False
        try:
            if _holds(store, found, content):
                return path, True
        except Denied:
            pass  # a drop box that may not be read: another content must be assumed
        if options.collision == "replace":
            return path, False
    finding = Finding(
        code="E-COLLISION",
        message=f"a file {shown(path)} with other content is there already",
        hint="give file a name that is unique ({number}), or set collision to suffix or replace",
        place=Place(file=shown(path)),
    )
    raise Reject(finding.message, findings=[finding])


def _holds(store: FileStore, found: Entry, content: bytes) -> bool:
    """Whether the file holds exactly ``content``; read back only when the size fits."""
    if found.size != len(content):
        return False
    position = 0
    for piece in store.read(found.path, found.size):
        if content[position : position + len(piece)] != piece:
            return False
        position += len(piece)
    return position == len(content)


def _put(store: FileStore, options: HandOver, path: str, outbound: Outbound) -> tuple[Finding, ...]:
    temporary = _temporary(options, outbound)
    size = len(outbound.content)
    try:
        store.write(temporary, outbound.content, passing=True)
        written = store.look(temporary)
        if written is None or written.size != size:
            held = "nothing" if written is None else f"{written.size} bytes"
            raise Retry(f"{shown(temporary)} holds {held} after {size} bytes were written")
        _rename(store, temporary, path, over=options.collision == "replace")
    except FileFault:
        _tidy(store, temporary)
        raise
    return _after_look(store, path, size)


def _rename(store: FileStore, temporary: str, path: str, *, over: bool) -> None:
    try:
        store.move(temporary, path, replace=over)
    except Taken as fault:  # it was free a moment ago: the next attempt looks again and decides
        _tidy(store, temporary)
        raise Retry(f"{shown(path)} was taken by somebody else just now") from fault
    except Retry as error:
        raise Unknown(
            f"the connection was lost while {shown(path)} got its name: {error.message}",
            findings=[replace(finding, place=Place(file=shown(path))) for finding in error.findings],
        ) from error


def _after_look(store: FileStore, path: str, size: int) -> tuple[Finding, ...]:
    """A last look: a file that is gone was collected at once; one of another size is worth a warning."""
    try:
        found = store.look(path)
    except (FileFault, TransloadError):
        return ()  # the rename was answered: the file has arrived, whatever happens to the connection now
    if found is None or found.size == size:
        return ()
    message = f"{shown(path)} has {found.size} bytes right after {size} bytes were stored"
    return (Finding(code="E-SIZE", severity=Severity.WARNING, message=message, place=Place(file=shown(path))),)


def _signal(store: FileStore, options: HandOver, path: str) -> None:
    signal = _done_path(options, path)
    if signal is None:
        return
    try:
        store.write(signal, b"")
    except Retry as error:
        raise Unknown(
            f"{shown(path)} is stored, but its signal file may be missing: {error.message}",
            findings=[replace(finding, place=Place(file=shown(signal))) for finding in error.findings],
        ) from error


def _tidy(store: FileStore, path: str) -> None:
    try:
        store.remove(path)
    except (FileFault, TransloadError):
        return  # the next attempt writes over it


def _consequence(fault: FileFault, options: HandOver) -> TransloadError:
    """What a refused path means for a delivery: a wrong folder or login stops, anything else is tried again."""
    said = fault.reason or fault.said
    if isinstance(fault, Missing):
        return Stop(
            f"{shown(fault.path)}: {said}",
            hint=f"correct folder ({shown(options.folder)}), or have the partner make it",
        )
    if isinstance(fault, Denied):
        return Stop(
            f"{shown(fault.path)}: {said}",
            hint="ask who keeps the folder for the right to create and rename files in it",
        )
    return Retry(f"{shown(fault.path)}: {said}")
