"""What the tests of reading and writing share."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from transload.adapters.base import Context, Encoded, Finding, Message
from transload.adapters.edi import EdifactFormat, X12Format
from transload.adapters.edi.options import EdifactOptions, X12Options

ISA = "ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *260114*0915*{11}*{12}*{13}*0*P*{16}"


def encode_again(message: Message) -> Encoded:
    """A read message as a mapping would write it."""
    body: Any = message.body

    def text(segment: list[str]) -> str:
        joined = "\x1d".join(segment)
        if segment[0] in ("BIN", "BDS"):
            return joined
        for own, control in ((body.component, "\x1f"), (body.repetition, "\x1e")):
            joined = joined.replace(own, control) if own else joined
        return joined

    return Encoded(kind=message.kind, version=message.version, body=[text(segment) for segment in body.segments])


@pytest.fixture(scope="session")
def again() -> Callable[[Message], Encoded]:
    return encode_again


@pytest.fixture
def context() -> Context:
    return Context(now=datetime(2026, 1, 15, 8, 30, tzinfo=UTC))


@pytest.fixture(scope="session")
def edifact() -> Callable[..., EdifactFormat]:
    """An EDIFACT format that checks envelopes alone, with options."""
    return lambda **options: EdifactFormat(EdifactOptions.model_validate({"check": "envelope", **options}))


@pytest.fixture(scope="session")
def x12() -> Callable[..., X12Format]:
    """An X12 format that checks envelopes alone, with options."""
    return lambda **options: X12Format(X12Options.model_validate({"check": "envelope", **options}))


@pytest.fixture(scope="session")
def interchange() -> Callable[..., bytes]:
    """An EDIFACT interchange around ``messages``, one text of segments each, with any of its parts given otherwise."""

    def build(*messages: str, unb: str = "UNB+UNOC:3+S:14+R:14+260114:0915+REF1'", unz: str | None = None) -> bytes:
        body = "".join(
            f"UNH+{number}+ORDERS:D:96A:UN'{text}UNT+{text.count(chr(39)) + 2}+{number}'"
            for number, text in enumerate(messages, 1)
        )
        return (unb + body + (f"UNZ+{len(messages)}+REF1'" if unz is None else unz)).encode("latin-1")

    return build


@pytest.fixture(scope="session")
def sets() -> Callable[..., bytes]:
    """An X12 interchange around transaction sets, one text of segments each."""

    def build(*texts: str, version: str = "00401", repetition: str = "U", component: str = ">", isa: str = "") -> bytes:
        head = isa or ISA.format(*[""] * 11, repetition, version, "000000007", "", "", component) + "~"
        body = "".join(
            f"ST*850*{number:04}~{text}SE*{text.count('~') + 2}*{number:04}~" for number, text in enumerate(texts, 1)
        )
        group = f"GS*PO*SENDER*RECEIVER*20260114*0915*7*X*004010~{body}GE*{len(texts)}*7~"
        return (head + group + "IEA*1*000000007~").encode()

    return build


@pytest.fixture(scope="session")
def codes() -> Callable[[Any], list[str]]:
    """The codes of findings, in their order."""

    def listed(findings: Any) -> list[str]:
        found: list[Finding] = list(findings)
        return [finding.code for finding in found]

    return listed
