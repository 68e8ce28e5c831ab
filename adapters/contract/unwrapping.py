"""Wrapping and unwrapping as a runner does, and what is looked at each time: what the cases of filters are made of."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import chdir, closing, contextmanager
from pathlib import Path
from typing import Any

from transload.adapters.base.filter import Filter, Payload
from transload.adapters.contract.judging import Breach, hold, judge, only_ours, see_no_secret
from transload.adapters.contract.ledger import storable
from transload.adapters.contract.wrapping import FilterHarness
from transload.canonical.errors import Reject, TransloadError
from transload.canonical.findings import Finding

_OUTSIDE = Path("/absolute.edi")


def text_of(harness: FilterHarness) -> bytes:
    """The first of the contents."""
    contents = harness.contents()
    hold(contents, "the harness has no content", do="give one in contents() that can be wrapped")
    return next(iter(contents.values()))


def wrapped(harness: FilterHarness, content: bytes) -> bytes:
    """``content`` wrapped by a new filter, which must succeed."""
    with closing(harness.filter()) as one, works("wrapping a content that can be wrapped"):
        payload = one.wrap(content, harness.filled())
    hold(isinstance(payload, bytes), f"wrap gave {type(payload).__name__}", do="give bytes")
    return payload


def contents_of(harness: FilterHarness, payload: bytes) -> list[bytes]:
    """What a new filter finds in a good payload; it must find no error."""
    with closing(harness.filter()) as one, works("unwrapping a good payload"):
        return [found.content for found in payloads(harness, one, payload)]


@contextmanager
def works(during: str) -> Iterator[None]:
    """Turn any exception into a `Breach`: nothing is wrong, so nothing may be raised."""
    try:
        with only_ours(during):
            yield
    except TransloadError as error:
        raise Breach(
            f"{during} raised {type(error).__name__}: {error}", do="raise an error only for what is wrong"
        ) from error


def payloads(
    harness: FilterHarness,
    one: Filter[Any],
    content: bytes,
    *,
    name: str = "contract.dat",
    metadata: Mapping[str, str] | None = None,
    remarks: list[Finding] | None = None,
) -> list[Payload]:
    """What ``one`` finds in a payload, each looked at; remarks are put into ``remarks``.  Raises what it raises."""
    told: list[Finding] = [] if remarks is None else remarks
    found = list(one.unwrap(Payload(content=content, name=name, metadata=metadata or {}), told.append))
    for finding in told:
        _fair(finding, harness)
    for payload in found:
        hold(isinstance(payload.content, bytes), f"a content is {type(payload.content).__name__}", do="give bytes")
        for what, text in (("name", payload.name), *payload.metadata.items()):
            hold(
                isinstance(text, str) and storable(text),
                f"a payload has the {what} {text!a:.200}, which cannot be stored or printed",
                do="escape control characters and what is no Unicode: transload.adapters.base.folders.names.shown does",
            )
        hold(payload.name, "a payload has no name", do="keep the name that was given, where it has none of its own")
    return found


def refusal(
    harness: FilterHarness,
    one: Filter[Any],
    payload: bytes,
    *,
    during: str,
    placed: bool = False,
    remarks: list[Finding] | None = None,
) -> tuple[list[bytes], TransloadError | None]:
    """The contents of a payload that may be bad, or its `Reject`, judged; ``placed``: which byte it is must be said."""
    try:
        with only_ours(during):
            return [found.content for found in payloads(harness, one, payload, remarks=remarks)], None
    except TransloadError as error:
        judge(error, harness, during=during, allowed=(Reject,))
        places = [finding.place.byte for finding in error.findings if finding.place is not None]
        bytes_told = [byte for byte in places if byte is not None]
        hold(
            all(0 <= byte <= len(payload) for byte in bytes_told),
            f"{during} was refused for byte {bytes_told} of {len(payload)}",
            do="let places be offsets in the payload that the filter was given",
        )
        hold(
            bytes_told or not placed,
            f"{during} was refused without a byte: {error}",
            do="Finding(place=Place(byte=...)): where is it wrong? transload.adapters.base.bounds.refused takes it",
        )
        return [], error


@contextmanager
def alone(during: str) -> Iterator[None]:
    """In this context the current folder and the one for temporary files are empty ones, and must stay so."""
    there = _OUTSIDE.exists()
    with tempfile.TemporaryDirectory() as folder:
        inner = Path(folder) / "a" / "b"
        inner.mkdir(parents=True)
        usual, tempfile.tempdir = tempfile.tempdir, str(inner)
        try:
            with chdir(inner):
                yield
        finally:
            tempfile.tempdir = usual
        made = [str(path.relative_to(folder)) for path in Path(folder).rglob("*") if path not in (inner, inner.parent)]
        if _OUTSIDE.exists() and not there:
            made.append(str(_OUTSIDE))
        hold(
            not made,
            f"{during} made files: {', '.join(map(ascii, made[:5]))}",
            do="name nothing after a partner's name, and keep in memory what is unpacked",
        )


def _fair(finding: Finding, harness: FilterHarness) -> None:
    hold(
        finding.code and finding.message.strip() and "\n" not in finding.message and not finding.is_error,
        f"a remark is {finding.severity} {finding.code!r}: {finding.message!r}",
        do="give it a code and one sentence; what is an error is raised as Reject",
    )
    see_no_secret(str(finding.as_dict()), harness, "a remark")
