"""Masked values that are known, taken out of texts which may repeat them: file names, answers of servers, headers."""

import json
import re
from collections.abc import Iterable, Iterator
from html import escape

from transload.runner.masking.fields import MASKED

SHORTEST = 3
"""Shorter values stand everywhere by chance; they are masked by their field alone."""
_DAY = re.compile(r"(\d\d)(\d\d)-(\d\d)-(\d\d)(?:T.*)?")
_DECIMAL = re.compile(r"-?\d+\.\d+")


class Values:
    """Some masked values, and the forms in which a wire or a server writes them.

    ``partners`` are those whose documents are told of, by which it is known what is masked in these; None: anybody's.
    """

    def __init__(self, texts: Iterable[str] = (), partners: frozenset[str] | None = None) -> None:
        self.partners = partners
        forms = {form for text in texts for form in _forms(text) if len(form) >= SHORTEST}
        self._forms = sorted(((form.casefold(), form) for form in forms), key=lambda pair: (-len(pair[1]), pair[1]))

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self._forms)

    def about(self, partners: frozenset[str] | None) -> "Values":
        """The same values, to tell of documents of ``partners``."""
        found = Values(partners=partners)
        found._forms = self._forms
        return found

    def out_of(self, text: str) -> str:
        """``text`` with `MASKED` for each of them that stands in it as a word of its own, in capitals or not."""
        folded = text.casefold()
        for known, form in self._forms:
            if known in folded:
                text = re.sub(rf"(?<![^\W_]){re.escape(form)}(?![^\W_])", MASKED, text, flags=re.IGNORECASE)
        return text


def _forms(text: str) -> Iterator[str]:
    text = text.strip()
    yield from (text, escape(text), escape(text, quote=False), json.dumps(text)[1:-1], repr(text)[1:-1])
    yield json.dumps(text, ensure_ascii=False)[1:-1]
    if day := _DAY.fullmatch(text):
        century, year, month, date = day.groups()
        for whole in (f"{century}{year}", year):
            yield from (f"{whole}{month}{date}", f"{date}.{month}.{whole}", f"{date}/{month}/{whole}")
            yield from (f"{month}/{date}/{whole}", f"{whole}-{month}-{date}")
    if _DECIMAL.fullmatch(text):
        short = text.rstrip("0").rstrip(".")
        yield from (short, text.replace(".", ","), short.replace(".", ","))
