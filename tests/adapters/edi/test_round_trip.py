"""Every sample that is accepted is written back byte for byte, the whole file, from its messages and envelopes.

A file is accepted when reading finds no error, by guide or by envelope alone; warnings are no obstacle.
"""

from collections import Counter

import pytest

from transload.adapters.base import Reject
from transload.adapters.edi import EdifactFormat, X12Format
from transload.adapters.edi.options import EdifactOptions, X12Options

FORMATS = {"edifact": (EdifactFormat, EdifactOptions), "x12": (X12Format, X12Options)}
NOT_EXACT: dict[str, str] = {}
"""Accepted samples that cannot be written as they stood, with the reason."""
LEAST = {"edifact": (39, 42), "x12": (73, 74)}
"""So many samples are accepted by guide, and by envelope alone."""


def outcome(format_, payload, again, context):
    """``exact``, ``differs`` or ``refused`` for a payload written again, and whether reading found an error."""
    reading = format_.read(payload)
    messages = list(reading)
    findings = [*reading.findings, *(finding for message in messages for finding in message.findings)]
    wrong = any(finding.is_error for finding in findings)
    if not messages:
        return "nothing", True
    envelopes = [message.envelope for message in messages]
    try:
        written = format_.write([again(message) for message in messages], envelope=envelopes, context=context)
    except Reject as refused:
        return f"refused {refused.findings[0].code}", wrong
    return "exact" if written == payload else "differs", wrong


@pytest.mark.parametrize("check", ["guide", "envelope"])
@pytest.mark.parametrize("standard", FORMATS)
def test_all_accepted_samples_are_written_back_byte_for_byte(shared, again, context, standard, check):
    make, options = FORMATS[standard]
    format_ = make(options(check=check))
    counted = Counter()
    for path in sorted((shared / "samples" / standard).iterdir()):
        result, wrong = outcome(format_, path.read_bytes(), again, context)
        counted["with errors" if wrong else result] += 1
        if not wrong:
            assert result == ("differs" if path.name in NOT_EXACT else "exact"), path.name
    print(f"{standard}, checked by {check}: {dict(counted)}")
    assert counted["exact"] + counted["differs"] >= LEAST[standard][check == "envelope"]
    assert counted["differs"] == len(NOT_EXACT)


@pytest.mark.parametrize("standard", FORMATS)
def test_what_has_errors_is_written_too_or_refused_with_findings(shared, again, context, standard):
    """With all deviations granted: counts, references and missing trailers are mended, and nothing is raised."""
    make, options = FORMATS[standard]
    granted = options.model_json_schema()["properties"]["lenient"]["items"]
    names = granted.get("enum") or [name for part in granted["anyOf"] for name in part.get("enum", [part.get("const")])]
    format_ = make(options(check="envelope", lenient=tuple(names)))
    counted = Counter(
        outcome(format_, path.read_bytes(), again, context)[0]
        for path in sorted((shared / "samples" / standard).iterdir())
    )
    print(f"{standard}, all granted: {dict(counted)}")
    assert counted["exact"] > LEAST[standard][1]
    assert {result for result in counted if result.startswith("refused")} == {"refused E-DOMAIN"}
