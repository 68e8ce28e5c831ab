"""What people bring themselves: a file that is submitted, and the correction of what was quarantined."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import file_digest, sha256
from pathlib import Path

from transload.canonical.errors import ConfigurationError, TransloadError
from transload.canonical.findings import Finding, errors_of
from transload.runner.ledger import Ledger, State
from transload.runner.ledger.receipts import Arrival, Correction, Receipt
from transload.runner.ledger.references import Ref
from transload.runner.ledger.reopening import Stuck
from transload.runner.ledger.repeating import NotPossible, Who
from transload.runner.lines.lines import Line, lines_of
from transload.runner.reading.drafting import Origin
from transload.runner.reading.reading import Reader
from transload.runner.workspace.model import Workspace, choose


def submission(
    workspace: Workspace, route: str, content: bytes | Path, name: str, *, who: Who, again: str = ""
) -> Arrival:
    """A file as it is to arrive on ``route``: the same bytes once, unless ``again`` makes them another arrival.

    ``name`` is what it is called.  Raises `ConfigurationError` for a route or file that there is not.
    """
    line = choose(lines_of(workspace), route, "route")
    if isinstance(content, bytes):
        digest = sha256(content).hexdigest()
    else:
        if content.exists() and not content.is_file():  # a pipe can be read once only, and a device may never end
            raise ConfigurationError(f"{content} is no file", hint="give what comes out of a pipe as -, with --name")
        try:
            with content.open("rb") as stream:
                digest = file_digest(stream, "sha256").hexdigest()
        except OSError as error:
            raise ConfigurationError(f"{content} cannot be read: {error.strerror or error}") from error
    if not name.strip():
        raise ConfigurationError("what is submitted has no name", hint="say --name")
    told = {"submitted_by": who.by, **({"submitted_because": who.reason} if who.reason else {})}
    return Arrival(
        route=line.route.ref,
        lane=line.lane,
        connection=line.route.connection.ref,
        source_key=json.dumps(["submitted", line.route.ref, digest, again]),
        origin=name,
        content=content,
        metadata=told,
        detail=who.detail(submitted=True),
    )


@dataclass(frozen=True, kw_only=True)
class Corrected:
    """A correction that fits: its ``arrival``, how many messages of it are read, and what is still wrong with them."""

    arrival: Arrival
    messages: int
    errors: tuple[Finding, ...]


def correction(
    workspace: Workspace, ledger: Ledger, stuck: Stuck, content: bytes, now: datetime, *, who: Who
) -> Corrected:
    """``content`` in the place of what is ``stuck``: the whole payload mended, or the wrong messages alone.

    Raises `NotPossible` where it is neither, and `ConfigurationError` where the route is no more.
    """
    receipt = stuck.receipt
    line = lines_of(workspace).get(receipt.route)
    if line is None:
        raise ConfigurationError(f"the workspace has no route {receipt.route}", hint="restore it, so that it is read")
    count, complaint = _count(line, receipt, content, now)
    if complaint is not None:
        raise NotPossible(f"the correction cannot be read: {complaint}", hint="mend it, and try again")
    which = _which(line, ledger, stuck, count, now)
    arrival = Arrival(
        route=receipt.route,
        lane=line.lane,
        connection=receipt.connection,
        source_key=json.dumps(["corrected", receipt.id, sha256(content).hexdigest()]),
        origin=receipt.origin,
        content=content,
        metadata={**_plain(receipt), "corrected_by": who.by},
        detail=who.detail(corrects=receipt.id),
        made_of=receipt.id,
        correction=which,
    )
    errors = tuple(_errors(line, receipt, content, which, now))
    return Corrected(arrival=arrival, messages=len(which.messages or range(count)), errors=errors)


def _which(line: Line, ledger: Ledger, stuck: Stuck, count: int, now: datetime) -> Correction:
    """The messages of the correction that are read, and what they replace."""
    numbers = sorted(stuck.wrong)
    if stuck.whole:
        wanted = tuple(number for number in range(1, count + 1) if number not in stuck.good)
        replaces = {number: document for number, document in stuck.wrong.items() if number in wanted}
        return Correction(messages=wanted if stuck.good else None, replaces=replaces)
    before = ledger.arrivals.payload(stuck.receipt.digest)
    total, complaint = _count(line, stuck.receipt, before, now)
    if count == total and complaint is None:
        return Correction(messages=tuple(numbers), replaces=dict(stuck.wrong))
    if count == len(numbers):
        replaces = {place: stuck.wrong[number] for place, number in enumerate(numbers, start=1)}
        return Correction(messages=None, replaces=replaces)
    raise NotPossible(
        f"the correction holds {count} messages; {Ref('receipt', stuck.receipt.id)} holds {total},"
        f" of which {len(numbers)} are to be corrected",
        hint="give the whole payload with these messages mended, or these messages alone",
    )


def _count(line: Line, receipt: Receipt, content: bytes, now: datetime) -> tuple[int, str | None]:
    """How many messages a payload has, and why it cannot be read to its end."""
    count = 0
    try:
        _, messages = Reader(line=line).messages(content, Origin(receipt=receipt, now=now))
        for _ in messages:
            count += 1
    except TransloadError as error:
        return count, error.message
    return count, None if count else "it holds no message"


def _errors(line: Line, receipt: Receipt, content: bytes, which: Correction, now: datetime) -> Iterator[Finding]:
    """What would still be wrong."""
    origin = Origin(receipt=receipt, now=now)
    try:
        reader = Reader(line=line)
        _, messages = reader.messages(content, origin)
        for number, message in messages:
            if which.messages is None or number in which.messages:
                for parsed in reader.parse(number, message, content, origin):
                    if parsed.state is State.QUARANTINED:
                        yield from errors_of(parsed.findings)
    except TransloadError as error:
        yield from errors_of(error.findings)
    finally:
        origin.wrappings.close()


def _plain(receipt: Receipt) -> dict[str, str]:
    return {name: value for name, value in receipt.metadata.items() if not name.startswith("evidence.")}
