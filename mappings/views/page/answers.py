"""What happens to messages with errors: what is found, and how the partner is answered."""

from transload.adapters.edi.catalogue import rows as catalogue
from transload.mappings.language.meaning import Meaning
from transload.mappings.views.page.html import Child, element
from transload.mappings.views.page.tables import rows, table

_KINDS = {
    "edifact": "A CONTRL answers each interchange, where it was agreed: it accepts messages, or rejects them with the "
    "codes of data element 0085 at the segment and element. Faults of the structure and of values by the message "
    "guide are answered so.",
    "x12": "A 999 or 997 answers each functional group, and a TA1 the interchange, where it was agreed: transaction "
    "sets are accepted or rejected with the codes at the segment and element. Faults of the structure and of values "
    "by the implementation guide are answered so.",
}
_OTHERWISE = (
    "This format has no acknowledgement of its own: a message with errors waits for a person, who will tell you."
)
_FINDINGS = (
    ("E-VALUE", "a value is not what is expected at its place: no number, no date, too long", "error"),
    ("E-CODE", "a code is not in its code table", "error"),
    ("E-MISSING", "something that our system needs is not there", "error"),
    ("E-DUP", "something that may stand once stands twice", "error"),
    ("E-CLASH", "the message contradicts itself", "error"),
    ("E-ORDER", "a part stands where it cannot be told what it belongs to", "error"),
    ("E-UNMAPPED", "something that we do not expect and do not read", ""),
    ("W-SUM", "a sum that is stated is not the sum of its parts", "warning"),
    ("W-COUNT", "a count that is stated is not the number of items", "warning"),
)


def answers(meaning: Meaning) -> Child:
    """The section."""
    unmapped = "error" if meaning.strict else "warning"
    found = table(
        "Findings",
        ["Finding", "What is wrong", "Weight"],
        rows([[element("code", code), words, weight or unmapped] for code, words, weight in _FINDINGS]),
    )
    intro = "A message with an error gives no document: it waits for a person. Warnings are kept with the document."
    application = "What our system thinks of the content (prices, items, dates) is answered by a document of its own."
    return [
        element("p", intro),
        found,
        element("h3", "How you are answered"),
        element("p", _KINDS.get(meaning.format_type, _OTHERWISE)),
        element("p", application) if meaning.family == "records" else None,
        _acknowledged(meaning.format_type),
    ]


def _acknowledged(format_type: str) -> Child:
    """The findings that are answered with a code of the standard."""
    known = [(row, getattr(row, format_type, ())) for row in catalogue()]
    answered = [
        [element("code", row.code), row.title, element("code", ", ".join(codes))] for row, codes in known if codes
    ]
    if not answered:
        return None
    body = table("Answered findings", ["Finding", "What is wrong", "Codes"], rows(answered))
    return element("details", element("summary", "All findings that are answered with a code"), body)
