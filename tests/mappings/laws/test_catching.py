"""Each law, with a part that breaks it: the finding's text, its place in the file, and the counterexample."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from transload.adapters.base.format import Encoded
from transload.canonical.errors import Reject
from transload.canonical.findings import Finding
from transload.mappings import Mapping
from transload.mappings.language.converters.base import Converter
from transload.mappings.language.converters.chains import Chain
from transload.mappings.language.fields import Kind
from transload.mappings.laws import FAST, QUICK, Counterexample, Outcome, check_laws
from transload.mappings.laws.overriding import base_of, changed_fields
from transload.mappings.mapping import Trace

Load = Callable[[str], Mapping]
Changed = Callable[..., Mapping]


def broken(mapping: Mapping, place: str, read: Callable[[Any], Any], write: Callable[[Any], Any]) -> None:
    """Give the entries at a place another converter."""
    for slot in mapping.meaning.slots:
        if slot.at.place == place and slot.field is not None:
            slot.chain = Chain(
                steps=(Converter(name="test", read=read, write=write, gives=Kind.TEXT),), gives=Kind.TEXT
            )


def only(outcome: Outcome, code: str) -> Counterexample:
    found = [one for one in outcome.counterexamples if one.finding.code == code]
    assert found, [finding.line() for finding in outcome.findings]
    return found[0]


def line(finding: Finding) -> str:
    """The finding without its file."""
    return finding.line().rpartition(".yaml:")[2]


@pytest.mark.parametrize("name", ["edifact", "x12", "ubl", "json", "csv", "fixed", "soap"])
def test_a_good_mapping_breaks_no_law(acme: Load, name: str) -> None:
    outcome = check_laws(acme(name), QUICK)
    assert [finding.line() for finding in outcome.findings] == []
    assert outcome.documents == 40
    assert outcome.refused == 0
    assert outcome.mutations > 40


def test_carry(changed: Changed) -> None:
    one = only(check_laws(changed("edifact", "C504.6345: =currency", "C504.6345: =currency | elide(EUR)")), "L-CARRY")
    assert one.law == "L1 carry"
    assert line(one.finding) == (
        "34:25: error L-CARRY a document is written and read, and is not the same: currency: before 'EUR', after "
        "nothing (it is not read from where it is written, or not written at all)"
    )
    assert one.finding.field == "currency"
    assert [str(each) for each in one.differences] == ["currency: before 'EUR', after nothing"]
    assert one.document["currency"] == "EUR"
    assert "buyer" not in one.document, "what has nothing to do with it is dropped"
    assert "lines" not in one.document
    assert "UNS+S'" in one.wire


def test_what_is_written_cannot_be_read(changed: Changed) -> None:
    nodes = "  - RFF: {1153: CT, 1154: =contract}"
    more = f"{nodes}\n  - only: encode\n    RFF: {{1153: CT, 1154: =write(number)}}"
    found = check_laws(changed("edifact", nodes, more)).findings
    assert [line(finding) for finding in found if "cannot be read back" in finding.message] == [
        "18:5: error L-CARRY a document within the domain is written, and it cannot be read back: E-DUP RFF CT may "
        "come once here, and this is one more (give the node each: or max:, or tell the two apart by a literal)"
    ]


def test_stable(changed: Changed) -> None:
    one = only(
        check_laws(changed("edifact", "C504.6345: =currency", "C504.6345: =currency | default(USD)")), "L-STABLE"
    )
    assert one.law == "L3 stable"
    assert line(one.finding) == "1:1: error L-STABLE what is written is read and written again, and is not the same"
    (change,) = one.differences
    assert "CUX+2:USD" in change.after
    assert "CUX" not in change.before


def test_total(acme: Load) -> None:
    """A refusal that does not say what it speaks of."""
    mapping = acme("edifact")

    class Mute(Mapping):
        def encode(self, document: Any, context: Any) -> Encoded:
            try:
                return super().encode(document, context)
            except Reject as error:
                raise Reject("no", findings=[replace(f, field=None) for f in error.findings]) from error

    one = only(check_laws(Mute(mapping._written, mapping.meaning), QUICK), "L-TOTAL")
    assert one.law == "L4 total"
    assert one.finding.message == "a value of kind is refused, and no finding E-DOMAIN names the field and its place"


def test_normal_form(changed: Changed) -> None:
    found = check_laws(changed("edifact", "=quantity * price | round(2)", "=quantity + price | round(2)"), QUICK)
    one = only(found, "L-NORMAL")
    assert one.law == "L2 normal form"
    assert line(one.finding) == (
        "43:26: warning L-NORMAL orders.edi states another value than the mapping would write: 462.50 is stated, and "
        "251.85 follows from the message (either the sample is wrong, or what is computed is not what the partner "
        "means)"
    )


def test_a_sample_that_cannot_be_written_again(acme: Load) -> None:
    mapping = acme("edifact")

    def refuse(value: Any) -> str:
        if value == "RV-88":
            raise ValueError("not this one")
        return str(value)

    broken(mapping, "RFF 1154", str, refuse)
    one = only(check_laws(mapping, QUICK), "L-NORMAL")
    assert one.finding.message == "orders.edi is read, and cannot be written again: not this one"


def test_lineage(acme: Load) -> None:
    """A trace that names another field than the one that is read."""
    mapping = acme("edifact")

    class Confused(Mapping):
        def trace(self, message: Any, *, lineage: bool = True) -> Trace:
            found = super().trace(message, lineage=lineage)
            rows = [replace(row, field="contract") if row.field == "buyer.city" else row for row in found.lineage]
            return replace(found, lineage=tuple(rows))

    one = only(check_laws(Confused(mapping._written, mapping.meaning), FAST), "L-LINEAGE")
    assert one.law == "L5 lineage"
    assert line(one.finding) == (
        "26:7: error L-LINEAGE NAD 06 was 'Emden' and is changed to 'Emdeo': it is said to be contract, "
        "and it changes buyer.city"
    )


def test_nothing_silent(acme: Load) -> None:
    """A reading that keeps to itself what nothing takes."""
    mapping = acme("json")
    for element in mapping.meaning.elements:
        if element.tag == "contract":
            mapping.meaning.elements.remove(element)
            break

    class Quiet(Mapping):
        def trace(self, message: Any, *, lineage: bool = True) -> Trace:
            found = super().trace(message, lineage=lineage)
            return replace(found, findings=tuple(f for f in found.findings if f.code != "E-UNMAPPED"))

    one = only(check_laws(Quiet(mapping._written, mapping.meaning), QUICK), "L-SILENT")
    assert one.law == "L6 nothing silent"
    assert one.finding.message == "contract is 'RV-88' in page.json, and nothing reads, checks or reports it"


def test_converters(acme: Load) -> None:
    mapping = acme("edifact")
    broken(mapping, "RFF 1154", lambda text: text.strip(), str)
    one = only(check_laws(mapping, QUICK), "L-CONVERTER")
    assert one.law == "L7 converters"
    assert line(one.finding) == (
        "18:21: error L-CONVERTER =contract writes ' a', and reads it back as 'a' (the converters of an entry must "
        "undo each other for each value that they take)"
    )


def test_a_normal_form_that_is_none(acme: Load) -> None:
    mapping = acme("edifact")
    broken(mapping, "RFF 1154", lambda text: f"{text}0" if text == "0" else text, str)
    one = only(check_laws(mapping, QUICK), "L-CONVERTER")
    assert one.finding.code == "L-CONVERTER"


def test_override(bench: Any) -> None:
    mapping = bench.load(
        "mapping: derived\nextends: library:edifact/orders-d96a\nadd:\n  - after: RFF CT\n    only: encode\n"
        "    RFF: {1153: PL, 1154: =write(number)}\n"
    )
    one = only(check_laws(mapping, QUICK), "L-OVERRIDE")
    assert one.law == "L8 override"
    assert one.finding.message == (
        "price_list is not changed by this file, and is another one than with orders-d96a: price_list: before nothing, "
        f"after {one.document['number']!r}"
    )


def test_a_file_that_changes_a_table_changes_its_fields_only(bench: Any) -> None:
    mapping = bench.load("mapping: derived\nextends: library:edifact/orders-d96a\ncodes: {uom: {STK: EA}}\n")
    assert [finding.code for finding in check_laws(mapping, QUICK).findings] == ["L-SAMPLE"]


def test_a_node_whose_first_no_longer_counts_is_changed(bench: Any) -> None:
    mapping = bench.load("mapping: derived\nextends: library:edifact/orders-d96a\nchange: {RFF CT: {first: false}}\n")
    base = base_of(mapping)
    assert base is not None
    assert "contract" in changed_fields(base.meaning, mapping.meaning)


def test_losses(changed: Changed) -> None:
    mapping = changed("json", "  - contract: =contract\n", "")
    assert list(map(line, check_laws(mapping, QUICK).findings)) == [
        "1:1: warning L-LOSES contract: the mapping does not carry what loses: does not list "
        "(bind them, or write  loses: [contract])"
    ]
    mapping = changed("json", "loses: [", "loses: [contract, ")
    assert list(map(line, check_laws(mapping, QUICK).findings)) == [
        "1:1: warning L-LOSES contract: the mapping carries what it lists under loses: (take it out of the list)"
    ]


def test_hints(changed: Changed) -> None:
    mapping = changed("edifact", "3164: =city\n      3251: =postcode", "3164: =postcode\n      3251: =city")
    found = [line(finding) for finding in check_laws(mapping, QUICK).findings if finding.code == "L-HINT"]
    assert found[:2] == [
        "26:7: warning L-HINT NAD 3164 is the usual place of city, and postcode is bound to it (postcode usually "
        "stands at NAD 3251; leave it so if the partner's guide says so)",
        "27:7: warning L-HINT NAD 3251 is the usual place of postcode, and city is bound to it (city usually stands at "
        "NAD 3164; leave it so if the partner's guide says so)",
    ]


def test_a_mapping_without_a_sample_is_refused(changed: Changed) -> None:
    mapping = changed("json", "wire: samples/page.json, canonical: samples/order.json", "wire: x, fails: []")
    assert list(map(line, check_laws(mapping, QUICK).findings)) == [
        "1:1: error L-SAMPLE no test has a sample message together with the document that it must give (add one under "
        "tests: {name: ..., wire: SAMPLE, canonical: EXPECTED.json}; what is wrong the same way in both directions "
        "shows only there)"
    ]


def test_one_that_only_writes_needs_no_sample(bench: Any) -> None:
    mapping = bench.load(
        "mapping: out\ndocument: order/1\nformat: {type: json}\nlayout:\n  - only: encode\n"
        "    head: {number: =number}\n"
    )
    assert check_laws(mapping, QUICK).findings == []
