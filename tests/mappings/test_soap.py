"""Mappings of SOAP: results, faults, and which of the two a message is."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from transload.adapters.base import Message
from transload.adapters.soap import SoapFormat, SoapOptions
from transload.canonical.context import Context

S11 = "http://schemas.xmlsoap.org/soap/envelope/"
RESULT = """
mapping: get-order
document: order/1
format: {type: soap, operation: GetOrder, part: response, namespaces: {o: "urn:o"}%s}
layout:
  o:GetOrderResponse:
    - o:Result: {o:Code: "0"}
    - o:Order: {"@no": =number, "@date": =issued_on | date(iso)}
"""
FAULT = """
mapping: get-order-fault
document: order_response/1
format: {type: soap, part: fault, namespaces: {o: "urn:o"}}
codes: {status: {Client: rejected, Server: received}}
layout:
  soap:Fault:
    faultcode: =status | code(status)
    faultstring: =order_number
    detail: {o:No: =number, o:Day: =issued_on | date(iso)}
"""
REFUSAL = """
mapping: get-order-refusal
document: order_response/1
format: {type: soap, part: response, namespaces: {o: "urn:o"}}
codes: {status: {"7": rejected}}
layout:
  o:GetOrderResponse:
    o:Result: {o:Code: =status | code(status), o:No: =number, o:Order: =order_number, o:Day: =issued_on | date(iso)}
"""

JSON = """
mapping: x
document: order/1
format: {type: json}
layout: {a: =number, b: =issued_on | date(iso)}
"""


def wire(body: str) -> Message:
    payload = f'<s:Envelope xmlns:s="{S11}" xmlns:o="urn:o"><s:Body>{body}</s:Body></s:Envelope>'.encode()
    (message,) = SoapFormat(SoapOptions()).read(payload, file="in.xml")
    return message


def result(code: str) -> Message:
    return wire(
        f'<o:GetOrderResponse><o:Result><o:Code>{code}</o:Code></o:Result><o:Order no="1" date="2026-01-05"/>'
        "</o:GetOrderResponse>"
    )


FAULTED = (
    "<s:Fault><faultcode>s:Client</faultcode><faultstring>PO1</faultstring>"
    "<detail><o:No>R1</o:No><o:Day>2026-01-05</o:Day></detail></s:Fault>"
)
REFUSED = (
    "<o:GetOrderResponse><o:Result><o:Code>7</o:Code><o:No>R2</o:No><o:Order>PO1</o:Order><o:Day>2026-01-05</o:Day>"
    "</o:Result></o:GetOrderResponse>"
)


def test_a_literal_that_does_not_hold_refuses_the_message(bench):
    mapping = bench.load(RESULT % "")
    assert mapping.decode(result("0")).documents[0].number == "1"
    (finding,) = mapping.decode(result("7")).findings
    assert (finding.code, finding.value, finding.is_error) == ("E-VALUE", "7", True)
    assert finding.message == ("o:Result is meant, but o:Code is '7', and the mapping accepts '0'")
    assert finding.place.path == "/s:Envelope/s:Body/o:GetOrderResponse/o:Result"
    assert mapping.decode(result("7")).documents == ()


def test_faults_are_read_by_the_mappings_that_faults_names(bench):
    bench.file(FAULT, "fault.yaml")
    bench.file(REFUSAL, "refusal.yaml")
    mapping = bench.load(RESULT % ", faults: [fault.yaml, refusal.yaml]")
    for message, name in (
        (result("0"), "get-order"), (wire(FAULTED), "get-order-fault"), (wire(REFUSED), "get-order-refusal"),
    ):  # fmt: skip
        reader = mapping.reader_of(message)
        assert reader is not None
        assert reader.name == name
        decoded = reader.decode(message)
        assert decoded.findings == ()
        (document,) = decoded.documents
        encoded = reader.encode(document, Context(now=datetime(2026, 1, 1, tzinfo=UTC)))
        made = SoapFormat(SoapOptions()).write([encoded], context=bench.context)
        (again,) = SoapFormat(SoapOptions()).read(made)
        assert reader.decode(again).documents == (document,)
    assert mapping.reader_of(wire("<o:Other/>")) is None


def test_without_a_mapping_for_it_a_fault_is_for_nobody(bench):
    assert bench.load(RESULT % "").reader_of(wire(FAULTED)) is None


def test_a_changed_fault_mapping_is_seen(bench):
    bench.file(FAULT, "fault.yaml")
    bench.load(RESULT % ", faults: fault.yaml")
    bench.file(FAULT.replace("get-order-fault", "another"), "fault.yaml")
    assert bench.load(RESULT % ", faults: fault.yaml").faults[0].name == "another"


@pytest.mark.parametrize(
    ("more", "files", "line"),
    [
        (", faults: none.yaml", {}, "the mapping of faults, none.yaml: "),
        (", faults: {a: b}", {}, "faults: names a mapping file, or a list of them"),
        (", faults: map.yaml", {}, "a mapping of faults names no faults: of its own"),
        (", faults: x.yaml", {"x.yaml": JSON},
         "the mapping of faults, x.yaml, is of the format json"),
        (", part: answer", {}, "part: is request, response, fault, and not answer"),
        (", part: fault", {}, "part: fault has the root element soap:Fault of its version"),
    ],
)  # fmt: skip
def test_static_findings(bench, more, files, line):
    for name, text in files.items():
        bench.file(text, name)
    text = (RESULT % more).replace("part: response, ", "") if "part" in more else RESULT % more
    assert any(line in found for found in bench.static(text))


def test_a_fault_is_no_response(bench):
    text = FAULT.replace("part: fault", "part: response").replace('o: "urn:o"', f'o: "urn:o", soap: "{S11}"')
    assert bench.static(text) == ["map.yaml:7:3: error M-VALUE a fault is no response (write part: fault)"]


def test_the_prototype_wire_is_read_and_written_back(bench, shared: Path):
    text = (
        (shared / "design/prototype/maps/orders-soap.yaml").read_text().replace("document: Order", "document: order/1")
    )
    mapping = bench.load(text)
    payload = (shared / "design/prototype/samples/orders-soap.txt").read_bytes()
    form = SoapFormat(SoapOptions.model_validate(mapping.format_options))
    (message,) = form.read(payload)
    decoded = mapping.decode(message)
    assert decoded.findings == ()
    made = form.write(
        [mapping.encode(decoded.documents[0], bench.context)], envelope=message.envelope, context=bench.context
    )
    assert made == payload
