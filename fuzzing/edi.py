"""Fuzzing of the EDI readers by coverage: what no test thought of.

    pip install atheris
    python fuzzing/edi.py [libFuzzer options] FOLDER...

for example ``python fuzzing/edi.py -max_total_time=600 corpus ../shared/samples/edifact``: the first folder takes what
is found on the way, the others give the first inputs.  An input is a fault of ours when reading raises, when a finding
has no place, when a file reads otherwise than its bytes in memory, when an accepted interchange is not written
back byte for byte, or when an acknowledgement cannot be made.
"""

import sys
import warnings
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import atheris

with atheris.instrument_imports(include=["transload.adapters.edi", "transload.adapters.base.content"]):
    from transload.adapters.base import Encoded, Message
    from transload.adapters.base import content as windows
    from transload.adapters.base.content import Content
    from transload.adapters.edi import EdifactFormat, TradacomsFormat, X12Format
    from transload.adapters.edi.options import EdifactOptions, TradacomsOptions, X12Options
    from transload.canonical.context import Context
    from transload.canonical.errors import TransloadError

windows.WINDOW, windows.REACH = 256, 64
FORMATS = (EdifactFormat(EdifactOptions()), X12Format(X12Options()), TradacomsFormat(TradacomsOptions()))
CONTEXT = Context(now=datetime(2026, 1, 15, 8, 30, tzinfo=UTC))
SCRATCH = Path(TemporaryDirectory().name)


def encoded(message: Message) -> Encoded:
    body = message.body

    def text(segment: list[str]) -> str:
        joined = "\x1d".join(segment)
        if segment[0] in ("BIN", "BDS") or message.kind == "UNO":
            return joined
        for own, control in ((body.component, "\x1f"), (body.repetition, "\x1e")):
            joined = joined.replace(own, control) if own else joined
        return joined

    return Encoded(kind=message.kind, version=message.version, body=[text(segment) for segment in body.segments])


def seen(reading: object) -> list[object]:
    return [
        reading.findings,
        [(m.kind, m.version, m.reference, m.start, m.end, m.body.segments, m.findings) for m in reading],
    ]


def one_input(payload: bytes) -> None:
    SCRATCH.mkdir(exist_ok=True)
    path = SCRATCH / "input"
    path.write_bytes(payload)
    for format_ in FORMATS:
        reading = format_.read(payload, file="x")
        messages = list(reading)
        findings = [*reading.findings, *(finding for message in messages for finding in message.findings)]
        for finding in findings:
            assert finding.message
            assert finding.place
            assert 0 <= finding.place.byte <= max(len(payload) - 1, 0), finding
        with Content.open(path) as file:
            assert seen(format_.read(file, file="x")) == seen(reading), format_.standard
        for kind in sorted(format_.acknowledgements):
            with suppress(TransloadError):
                list(format_.acknowledge(payload, kind=kind, context=CONTEXT))
        if messages and not any(finding.severity.value != "remark" for finding in findings):
            bodies = [encoded(message) for message in messages]
            written = format_.write(bodies, envelope=[message.envelope for message in messages], context=CONTEXT)
            start = next(iter(reading.interchanges)).start
            assert written.strip() == payload[start:].strip(), (written, payload)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
