"""Fingerprints: the same fault in two files is the same, whatever the documents say."""

from hypothesis import example, given
from hypothesis import strategies as st

from transload.canonical.findings import Finding, Severity
from transload.runner.ledger.fingerprints import fingerprint, fingerprint_of

WORDS = st.text(st.characters(codec="utf-8", exclude_characters="'\"", exclude_categories=["C", "Z"]), min_size=1)


def of(message, **more):
    return fingerprint([Finding(code=more.pop("code", "E-X"), message=message, **more)])


@given(WORDS, WORDS, st.integers(0, 10**9))
@example("0", "\u00ab\u00bb", 0)
@example("\u201c", "\u201d", 0)
def test_no_value_of_the_document_counts(one, other, number):
    def found(value):
        return of(f"code {value!r} of line {number} is not in table 'uom'", value=value, field=f"lines[{number}].uom")

    assert found(one) == found(other) == of("code 'X' of line 7 is not in table 'uom'", value="X", field="lines[0].uom")
    bare, another = f"~{one}", f"~{other}"  # none of the words of the sentence itself
    assert of(f"the order {bare} is unknown", value=bare) == of(f"the order {another} is unknown", value=another)


def test_numbers_names_and_dates_without_quotes_do_not_count():
    assert of("order PO-ABC17 refused at 2026-03-02T08:00") == of("order X-9 refused at 2026-04-01T09:30")
    assert of("the file of O'Brien & Sons ('O'Brien') is gone") == of("the file of O'Brien & Sons ('Smith') is gone")
    assert of('said "no, 12" to us') == of('said "maybe" to us')


def test_code_words_and_field_do():
    assert len({of("refused"), of("lost"), of("refused", code="E-Y"), of("refused", field="lines[1].uom")}) == 4


def test_how_often_a_fault_occurs_does_not_count_and_warnings_do_not():
    fault = Finding(code="E-X", message="line 1 is wrong")
    again = Finding(code="E-X", message="line 2 is wrong")
    warning = Finding(code="W-X", severity=Severity.WARNING, message="odd")
    assert fingerprint_of([warning, fault, again]) == fingerprint_of([again]) == fingerprint([fault])
    assert fingerprint_of([warning]) is None
