"""Fingerprints of failures: the same for the same fault, whatever the document says.

A code, the field that it is about and the words of its message count; values, numbers and places do not.
"""

import re
from collections.abc import Iterable
from hashlib import sha256

from transload.canonical.findings import Finding, errors_of

_QUOTED = re.compile(r"'.*?'(?!\w)|\".*?\"(?!\w)|\u201c.*?\u201d|\u00ab.*?\u00bb", re.DOTALL)
"""What stands in quotes; an apostrophe in the midst of a word ends nothing."""
_NUMBERED = re.compile(r"\S*\d\S*|\b[0-9a-fA-F]{8,}\b")
"""Words with digits in them: numbers, dates, addresses, names of files."""
_INDEX = re.compile(r"\[\d*\]|\d+")


def fingerprint(findings: Iterable[Finding]) -> str:
    """12 hexadecimal digits for ``findings`` in their order; each fault counts once, however often it occurs."""
    faults = dict.fromkeys(f"{found.code} {_INDEX.sub('', found.field or '')} {_words(found)}" for found in findings)
    return sha256("\n".join(faults).encode()).hexdigest()[:12]


def fingerprint_of(findings: Iterable[Finding]) -> str | None:
    """The fingerprint of the errors among ``findings``; None where there are none."""
    errors = errors_of(findings)
    return fingerprint(errors) if errors else None


def _words(finding: Finding) -> str:
    text = finding.message
    value = (finding.value or "").strip()
    if value and not any(value in quote for quote in _QUOTED.findall(text)):
        # it may stand in the sentence as it is, with quotes of its own
        text = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", "#", text)
    return " ".join(_NUMBERED.sub("#", _QUOTED.sub("#", text)).split())
