"""The UBL invoices stand by EN 16931: each business term is at the element that the standard's UBL binding names.

Numbers and elements are those of EN 16931-1 and CEN/TS 16931-3-2, as Peppol BIS Billing 3 publishes them too.
"""

from collections.abc import Callable
from typing import Any

import pytest
from lxml import etree

from transload.canonical.documents import as_json, document_model

ADDRESS = "cac:PostalAddress"
SELLER = "cac:AccountingSupplierParty/cac:Party"
BUYER = "cac:AccountingCustomerParty/cac:Party"
TAXER = "cac:TaxRepresentativeParty"
PLACE = "cac:Delivery/cac:DeliveryLocation"
VAT = "cac:PartyTaxScheme[cac:TaxScheme/cbc:ID='VAT']/cbc:CompanyID"
ALLOWANCE = "cac:AllowanceCharge[cbc:ChargeIndicator='false']"
CHARGE = "cac:AllowanceCharge[cbc:ChargeIndicator='true']"
TOTAL = "cac:LegalMonetaryTotal"
SUBTOTAL = "cac:TaxTotal/cac:TaxSubtotal"
DECLARED = "cac:TaxTotal[not(cac:TaxSubtotal)]"
LINE = "cac:InvoiceLine"
MEANS = "cac:PaymentMeans"
DOCUMENT = "cac:AdditionalDocumentReference[not(cbc:DocumentTypeCode)]"
ACCOUNT = f"{MEANS}/cac:PayeeFinancialAccount"

TERMS: dict[int, tuple[str, str, str]] = {  # number: where in UBL, where in the document, a value
    1: ("cbc:ID", "number", "R-1"),
    2: ("cbc:IssueDate", "issued_on", "2026-03-20"),
    3: ("cbc:InvoiceTypeCode", "kind", "384"),
    5: ("cbc:DocumentCurrencyCode", "currency", "EUR"),
    6: ("cbc:TaxCurrencyCode", "tax_currency", "SEK"),
    7: ("cbc:TaxPointDate", "tax_point_on", "2026-03-18"),
    8: ("cac:InvoicePeriod/cbc:DescriptionCode", "tax_point_code", "35"),
    9: ("cbc:DueDate", "due_on", "2026-04-19"),
    10: ("cbc:BuyerReference", "buyer_reference", "DEPT 40"),
    11: ("cac:ProjectReference/cbc:ID", "project", "P-100"),
    12: ("cac:ContractDocumentReference/cbc:ID", "contract", "RC-14"),
    13: ("cac:OrderReference/cbc:ID", "order_number", "KW-81"),
    14: ("cac:OrderReference/cbc:SalesOrderID", "sales_order", "A-99"),
    15: ("cac:ReceiptDocumentReference/cbc:ID", "receiving_advice", "WE-5"),
    16: ("cac:DespatchDocumentReference/cbc:ID", "despatch_advice", "L-11"),
    17: ("cac:OriginatorDocumentReference/cbc:ID", "tender", "LOT-9"),
    18: ("cac:AdditionalDocumentReference[cbc:DocumentTypeCode='130']/cbc:ID", "billed_object", "METER 77"),
    19: ("cbc:AccountingCost", "accounting", "4711/22"),
    20: ("cac:PaymentTerms/cbc:Note", "payment_terms.0.text", "net thirty days"),
    22: ("cbc:Note", "notes.0", "Thank you"),
    25: ("cac:BillingReference/cac:InvoiceDocumentReference/cbc:ID", "preceding.0.number", "R-0"),
    26: ("cac:BillingReference/cac:InvoiceDocumentReference/cbc:IssueDate", "preceding.0.issued_on", "2026-02-27"),
    27: (f"{SELLER}/cac:PartyLegalEntity/cbc:RegistrationName", "seller.name", "Tornado KG"),
    28: (f"{SELLER}/cac:PartyName/cbc:Name", "seller.name_2", "Tornado"),
    29: (f"{SELLER}/cac:PartyIdentification/cbc:ID[not(@schemeID)]", "seller.id", "V-204"),
    30: (f"{SELLER}/cac:PartyLegalEntity/cbc:CompanyID", "seller.registration", "FN 99887 x"),
    31: (f"{SELLER}/{VAT}", "seller.vat", "ATU98765432"),
    32: (f"{SELLER}/cac:PartyTaxScheme[cac:TaxScheme/cbc:ID!='VAT']/cbc:CompanyID", "seller.tax_number", "98 123"),
    33: (f"{SELLER}/cac:PartyLegalEntity/cbc:CompanyLegalForm", "seller.legal_form", "Kommanditgesellschaft"),
    34: (f"{SELLER}/cbc:EndpointID[@schemeID='0088']", "seller.gln", "9521102000004"),
    35: (f"{SELLER}/{ADDRESS}/cbc:StreetName", "seller.street", "Ringweg 9"),
    36: (f"{SELLER}/{ADDRESS}/cbc:AdditionalStreetName", "seller.street_2", "Halle 2"),
    37: (f"{SELLER}/{ADDRESS}/cbc:CityName", "seller.city", "Steyr"),
    38: (f"{SELLER}/{ADDRESS}/cbc:PostalZone", "seller.postcode", "4400"),
    39: (f"{SELLER}/{ADDRESS}/cbc:CountrySubentity", "seller.region", "OOE"),
    40: (f"{SELLER}/{ADDRESS}/cac:Country/cbc:IdentificationCode", "seller.country", "AT"),
    41: (f"{SELLER}/cac:Contact/cbc:Name", "seller.contact", "Karl Vogt"),
    42: (f"{SELLER}/cac:Contact/cbc:Telephone", "seller.phone", "+43 7252 1000"),
    43: (f"{SELLER}/cac:Contact/cbc:ElectronicMail", "seller.email", "ar@tornado.example"),
    44: (f"{BUYER}/cac:PartyLegalEntity/cbc:RegistrationName", "buyer.name", "Klarwasser GmbH"),
    45: (f"{BUYER}/cac:PartyName/cbc:Name", "buyer.name_2", "Einkauf"),
    46: (f"{BUYER}/cac:PartyIdentification/cbc:ID", "buyer.id", "C-7"),
    47: (f"{BUYER}/cac:PartyLegalEntity/cbc:CompanyID", "buyer.registration", "FN 11 a"),
    48: (f"{BUYER}/{VAT}", "buyer.vat", "ATU12345675"),
    49: (f"{BUYER}/cbc:EndpointID[@schemeID='9915']", "buyer.endpoint", "B:KLARWASSER"),
    50: (f"{BUYER}/{ADDRESS}/cbc:StreetName", "buyer.street", "Seestrasse 4"),
    51: (f"{BUYER}/{ADDRESS}/cbc:AdditionalStreetName", "buyer.street_2", "Haus B"),
    52: (f"{BUYER}/{ADDRESS}/cbc:CityName", "buyer.city", "Hallein"),
    53: (f"{BUYER}/{ADDRESS}/cbc:PostalZone", "buyer.postcode", "5400"),
    54: (f"{BUYER}/{ADDRESS}/cbc:CountrySubentity", "buyer.region", "SB"),
    55: (f"{BUYER}/{ADDRESS}/cac:Country/cbc:IdentificationCode", "buyer.country", "DE"),
    56: (f"{BUYER}/cac:Contact/cbc:Name", "buyer.contact", "Eva Kern"),
    57: (f"{BUYER}/cac:Contact/cbc:Telephone", "buyer.phone", "+43 6245 80001"),
    58: (f"{BUYER}/cac:Contact/cbc:ElectronicMail", "buyer.email", "ap@klarwasser.example"),
    59: ("cac:PayeeParty/cac:PartyName/cbc:Name", "payee.name", "Factor Bank AG"),
    60: ("cac:PayeeParty/cac:PartyIdentification/cbc:ID", "payee.id", "F-1"),
    61: ("cac:PayeeParty/cac:PartyLegalEntity/cbc:CompanyID", "payee.registration", "FN 1 a"),
    62: (f"{TAXER}/cac:PartyName/cbc:Name", "tax_representative.name", "Steuer & Partner"),
    63: (f"{TAXER}/{VAT}", "tax_representative.vat", "DE123456789"),
    64: (f"{TAXER}/{ADDRESS}/cbc:StreetName", "tax_representative.street", "Am Markt 1"),
    65: (f"{TAXER}/{ADDRESS}/cbc:AdditionalStreetName", "tax_representative.street_2", "2. Stock"),
    66: (f"{TAXER}/{ADDRESS}/cbc:CityName", "tax_representative.city", "Passau"),
    67: (f"{TAXER}/{ADDRESS}/cbc:PostalZone", "tax_representative.postcode", "94032"),
    68: (f"{TAXER}/{ADDRESS}/cbc:CountrySubentity", "tax_representative.region", "BY"),
    69: (f"{TAXER}/{ADDRESS}/cac:Country/cbc:IdentificationCode", "tax_representative.country", "CH"),
    70: ("cac:Delivery/cac:DeliveryParty/cac:PartyName/cbc:Name", "ship_to.name", "Lager Sued"),
    71: (f"{PLACE}/cbc:ID[@schemeID='0088']", "ship_to.gln", "9521101000098"),
    72: ("cac:Delivery/cbc:ActualDeliveryDate", "delivered_on", "2026-03-17"),
    73: ("cac:InvoicePeriod/cbc:StartDate", "period.starts_on", "2026-03-01"),
    74: ("cac:InvoicePeriod/cbc:EndDate", "period.ends_on", "2026-03-31"),
    75: (f"{PLACE}/cac:Address/cbc:StreetName", "ship_to.street", "Industriezeile 1"),
    76: (f"{PLACE}/cac:Address/cbc:AdditionalStreetName", "ship_to.street_2", "Tor 4"),
    77: (f"{PLACE}/cac:Address/cbc:CityName", "ship_to.city", "Graz"),
    78: (f"{PLACE}/cac:Address/cbc:PostalZone", "ship_to.postcode", "8020"),
    79: (f"{PLACE}/cac:Address/cbc:CountrySubentity", "ship_to.region", "ST"),
    80: (f"{PLACE}/cac:Address/cac:Country/cbc:IdentificationCode", "ship_to.country", "IT"),
    81: (f"{MEANS}/cbc:PaymentMeansCode", "payment_means.0.kind", "59"),
    82: (f"{MEANS}/cbc:PaymentMeansCode/@name", "payment_means.0.text", "SEPA direct debit"),
    83: (f"{MEANS}/cbc:PaymentID", "payment_means.0.remittance", "R-1 / C-7"),
    84: (f"{ACCOUNT}/cbc:ID", "payment_means.0.account", "AT611904300234573201"),
    85: (f"{ACCOUNT}/cbc:Name", "payment_means.0.account_name", "Tornado account"),
    86: (f"{ACCOUNT}/cac:FinancialInstitutionBranch/cbc:ID", "payment_means.0.bank", "BKAUATWW"),
    87: (f"{MEANS}/cac:CardAccount/cbc:PrimaryAccountNumberID", "payment_means.0.card.number", "1234"),
    88: (f"{MEANS}/cac:CardAccount/cbc:HolderName", "payment_means.0.card.holder", "Eva Kern"),
    89: (f"{MEANS}/cac:PaymentMandate/cbc:ID", "payment_means.0.mandate", "M-5"),
    90: (f"{SELLER}/cac:PartyIdentification/cbc:ID[@schemeID='SEPA']", "seller.creditor", "AT12ZZZ00000000001"),
    91: (f"{MEANS}/cac:PaymentMandate/cac:PayerFinancialAccount/cbc:ID", "payment_means.0.debited_account", "AT02"),
    92: (f"{ALLOWANCE}/cbc:Amount", "allowances_charges.0.amount", "53.01"),
    93: (f"{ALLOWANCE}/cbc:BaseAmount", "allowances_charges.0.base_amount", "1060.01"),
    94: (f"{ALLOWANCE}/cbc:MultiplierFactorNumeric", "allowances_charges.0.percent", "5.01"),
    95: (f"{ALLOWANCE}/cac:TaxCategory/cbc:ID", "allowances_charges.0.tax_category", "S"),
    96: (f"{ALLOWANCE}/cac:TaxCategory/cbc:Percent", "allowances_charges.0.tax_rate", "20.1"),
    97: (f"{ALLOWANCE}/cbc:AllowanceChargeReason", "allowances_charges.0.reason", "Quantity discount"),
    98: (f"{ALLOWANCE}/cbc:AllowanceChargeReasonCode", "allowances_charges.0.code", "95"),
    99: (f"{CHARGE}/cbc:Amount", "allowances_charges.1.amount", "25.02"),
    100: (f"{CHARGE}/cbc:BaseAmount", "allowances_charges.1.base_amount", "250.2"),
    101: (f"{CHARGE}/cbc:MultiplierFactorNumeric", "allowances_charges.1.percent", "10.02"),
    102: (f"{CHARGE}/cac:TaxCategory/cbc:ID", "allowances_charges.1.tax_category", "Z"),
    103: (f"{CHARGE}/cac:TaxCategory/cbc:Percent", "allowances_charges.1.tax_rate", "0.1"),
    104: (f"{CHARGE}/cbc:AllowanceChargeReason", "allowances_charges.1.reason", "Freight"),
    105: (f"{CHARGE}/cbc:AllowanceChargeReasonCode", "allowances_charges.1.code", "FC"),
    106: (f"{TOTAL}/cbc:LineExtensionAmount", "totals.lines_amount", "1060.00"),
    107: (f"{TOTAL}/cbc:AllowanceTotalAmount", "totals.allowances_amount", "53.00"),
    108: (f"{TOTAL}/cbc:ChargeTotalAmount", "totals.charges_amount", "25.00"),
    109: (f"{TOTAL}/cbc:TaxExclusiveAmount", "totals.net_amount", "1032.00"),
    110: ("cac:TaxTotal/cbc:TaxAmount", "totals.tax_amount", "206.40"),
    111: (f"{DECLARED}/cbc:TaxAmount[@currencyID='SEK']", "totals.declared_tax_amount", "2270.40"),
    112: (f"{TOTAL}/cbc:TaxInclusiveAmount", "totals.total_amount", "1238.40"),
    113: (f"{TOTAL}/cbc:PrepaidAmount", "totals.prepaid_amount", "38.42"),
    114: (f"{TOTAL}/cbc:PayableRoundingAmount", "totals.rounding_amount", "0.02"),
    115: (f"{TOTAL}/cbc:PayableAmount", "totals.due_amount", "1200.01"),
    116: (f"{SUBTOTAL}/cbc:TaxableAmount", "taxes.0.taxable_amount", "1032.03"),
    117: (f"{SUBTOTAL}/cbc:TaxAmount", "taxes.0.amount", "206.43"),
    118: (f"{SUBTOTAL}/cac:TaxCategory/cbc:ID", "taxes.0.category", "E"),
    119: (f"{SUBTOTAL}/cac:TaxCategory/cbc:Percent", "taxes.0.rate", "20.5"),
    120: (f"{SUBTOTAL}/cac:TaxCategory/cbc:TaxExemptionReason", "taxes.0.exemption", "Exempt by law"),
    121: (f"{SUBTOTAL}/cac:TaxCategory/cbc:TaxExemptionReasonCode", "taxes.0.exemption_code", "VATEX-EU-132"),
    122: (f"{DOCUMENT}/cbc:ID", "attachments.0.number", "TS-1"),
    123: (f"{DOCUMENT}/cbc:DocumentDescription", "attachments.0.description", "Time sheet"),
    124: (
        f"{DOCUMENT}/cac:Attachment/cac:ExternalReference/cbc:URI",
        "attachments.0.location",
        "https://tornado.example/ts-1.pdf",
    ),
    125: (f"{DOCUMENT}/cac:Attachment/cbc:EmbeddedDocumentBinaryObject", "attachments.0.content", "TXIuIFZvZ3Q7OA=="),
    126: (f"{LINE}/cbc:ID", "lines.0.number", "10"),
    127: (f"{LINE}/cbc:Note", "lines.0.notes.0", "Batch number on each bag"),
    128: (f"{LINE}/cac:DocumentReference[cbc:DocumentTypeCode='130']/cbc:ID", "lines.0.billed_object", "METER 78"),
    129: (f"{LINE}/cbc:InvoicedQuantity", "lines.0.quantity", "1000"),
    130: (f"{LINE}/cbc:InvoicedQuantity/@unitCode", "lines.0.uom", "KGM"),
    131: (f"{LINE}/cbc:LineExtensionAmount", "lines.0.amount", "850.00"),
    132: (f"{LINE}/cac:OrderLineReference/cbc:LineID", "lines.0.order_line", "3"),
    133: (f"{LINE}/cbc:AccountingCost", "lines.0.accounting", "4711/23"),
    134: (f"{LINE}/cac:InvoicePeriod/cbc:StartDate", "lines.0.period.starts_on", "2026-03-02"),
    135: (f"{LINE}/cac:InvoicePeriod/cbc:EndDate", "lines.0.period.ends_on", "2026-03-15"),
    136: (f"{LINE}/{ALLOWANCE}/cbc:Amount", "lines.0.allowances_charges.0.amount", "5.03"),
    137: (f"{LINE}/{ALLOWANCE}/cbc:BaseAmount", "lines.0.allowances_charges.0.base_amount", "55.03"),
    138: (f"{LINE}/{ALLOWANCE}/cbc:MultiplierFactorNumeric", "lines.0.allowances_charges.0.percent", "9.1"),
    139: (f"{LINE}/{ALLOWANCE}/cbc:AllowanceChargeReason", "lines.0.allowances_charges.0.reason", "Discount"),
    140: (f"{LINE}/{ALLOWANCE}/cbc:AllowanceChargeReasonCode", "lines.0.allowances_charges.0.code", "100"),
    141: (f"{LINE}/{CHARGE}/cbc:Amount", "lines.0.allowances_charges.1.amount", "5.04"),
    142: (f"{LINE}/{CHARGE}/cbc:BaseAmount", "lines.0.allowances_charges.1.base_amount", "55.04"),
    143: (f"{LINE}/{CHARGE}/cbc:MultiplierFactorNumeric", "lines.0.allowances_charges.1.percent", "9.2"),
    144: (f"{LINE}/{CHARGE}/cbc:AllowanceChargeReason", "lines.0.allowances_charges.1.reason", "Packing"),
    145: (f"{LINE}/{CHARGE}/cbc:AllowanceChargeReasonCode", "lines.0.allowances_charges.1.code", "PC"),
    146: (f"{LINE}/cac:Price/cbc:PriceAmount", "lines.0.price", "85.00"),
    148: (f"{LINE}/cac:Price/cac:AllowanceCharge/cbc:BaseAmount", "lines.0.gross_price", "90.00"),
    149: (f"{LINE}/cac:Price/cbc:BaseQuantity", "lines.0.price_quantity", "100"),
    150: (f"{LINE}/cac:Price/cbc:BaseQuantity/@unitCode", "lines.0.price_uom", "GRM"),
    151: (f"{LINE}/cac:Item/cac:ClassifiedTaxCategory/cbc:ID", "lines.0.tax_category", "AE"),
    152: (f"{LINE}/cac:Item/cac:ClassifiedTaxCategory/cbc:Percent", "lines.0.tax_rate", "20.7"),
    153: (f"{LINE}/cac:Item/cbc:Name", "lines.0.name", "Flat gasket"),
    154: (f"{LINE}/cac:Item/cbc:Description", "lines.0.description", "Nitrile rubber"),
    155: (f"{LINE}/cac:Item/cac:SellersItemIdentification/cbc:ID", "lines.0.supplier_item", "D-204"),
    156: (f"{LINE}/cac:Item/cac:BuyersItemIdentification/cbc:ID", "lines.0.buyer_item", "77-1"),
    157: (f"{LINE}/cac:Item/cac:StandardItemIdentification/cbc:ID[@schemeID='0160']", "lines.0.gtin", "9521102000011"),
    158: (
        f"{LINE}/cac:Item/cac:CommodityClassification/cbc:ItemClassificationCode",
        "lines.0.classifications.0.code",
        "44423400",
    ),
    159: (f"{LINE}/cac:Item/cac:OriginCountry/cbc:IdentificationCode", "lines.0.origin", "PL"),
    160: (f"{LINE}/cac:Item/cac:AdditionalItemProperty/cbc:Name", "lines.0.properties.0.name", "Colour"),
    161: (f"{LINE}/cac:Item/cac:AdditionalItemProperty/cbc:Value", "lines.0.properties.0.value", "black"),
    162: (f"{SELLER}/{ADDRESS}/cac:AddressLine/cbc:Line", "seller.street_3", "Tor 1"),
    163: (f"{BUYER}/{ADDRESS}/cac:AddressLine/cbc:Line", "buyer.street_3", "2. Stock"),
    164: (f"{TAXER}/{ADDRESS}/cac:AddressLine/cbc:Line", "tax_representative.street_3", "Hof"),
    165: (f"{PLACE}/cac:Address/cac:AddressLine/cbc:Line", "ship_to.street_3", "Rampe 2"),
}

FIXED: dict[int, tuple[str, str]] = {  # what follows, or is the same in each invoice
    23: ("cbc:ProfileID", "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"),
    24: ("cbc:CustomizationID", "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0"),
    147: (f"{LINE}/cac:Price/cac:AllowanceCharge/cbc:Amount", "5.00"),  # the gross price less the net one
}

IN_ANOTHER = {21: ("cbc:Note", "notes.0")}
"""The subject of a note, ``#AAI#Thank you``, is a part of the note's text in UBL."""

GROUPS: dict[int, tuple[str, str]] = {  # number: the element in UBL, what holds it in the document
    1: ("cbc:Note", "notes"),
    2: ("cbc:ProfileID", ""),
    3: ("cac:BillingReference", "preceding"),
    4: (SELLER, "seller"),
    5: (f"{SELLER}/{ADDRESS}", "seller"),
    6: (f"{SELLER}/cac:Contact", "seller"),
    7: (BUYER, "buyer"),
    8: (f"{BUYER}/{ADDRESS}", "buyer"),
    9: (f"{BUYER}/cac:Contact", "buyer"),
    10: ("cac:PayeeParty", "payee"),
    11: (TAXER, "tax_representative"),
    12: (f"{TAXER}/{ADDRESS}", "tax_representative"),
    13: ("cac:Delivery", "ship_to"),
    14: ("cac:InvoicePeriod", "period"),
    15: (f"{PLACE}/cac:Address", "ship_to"),
    16: (MEANS, "payment_means"),
    17: (ACCOUNT, "payment_means"),
    18: (f"{MEANS}/cac:CardAccount", "payment_means.0.card"),
    19: (f"{MEANS}/cac:PaymentMandate", "payment_means"),
    20: (ALLOWANCE, "allowances_charges.0"),
    21: (CHARGE, "allowances_charges.1"),
    22: (TOTAL, "totals"),
    23: (SUBTOTAL, "taxes"),
    24: (DOCUMENT, "attachments"),
    25: (LINE, "lines"),
    26: (f"{LINE}/cac:InvoicePeriod", "lines.0.period"),
    27: (f"{LINE}/{ALLOWANCE}", "lines.0.allowances_charges.0"),
    28: (f"{LINE}/{CHARGE}", "lines.0.allowances_charges.1"),
    29: (f"{LINE}/cac:Price", "lines.0"),
    30: (f"{LINE}/cac:Item/cac:ClassifiedTaxCategory", "lines.0"),
    31: (f"{LINE}/cac:Item", "lines.0"),
    32: (f"{LINE}/cac:Item/cac:AdditionalItemProperty", "lines.0.properties"),
}

IN_CREDIT_NOTES = {  # where CreditNote has it otherwise
    3: ("cbc:CreditNoteTypeCode", "kind", "381"),
    9: (f"{MEANS}/cbc:PaymentDueDate", "due_on", "2026-04-19"),
    11: ("cac:AdditionalDocumentReference[cbc:DocumentTypeCode='50']/cbc:ID", "project", "P-100"),
    129: (f"{LINE}/cbc:CreditedQuantity", "lines.0.quantity", "1000"),
    130: (f"{LINE}/cbc:CreditedQuantity/@unitCode", "lines.0.uom", "KGM"),
}
BESIDE: dict[str, Any] = {  # what is no term of its own, and needed
    "kind": "corrected_invoice",
    "buyer.endpoint_scheme": "9915",
    "attachments.0.media_type": "text/csv",
    "attachments.0.filename": "ts-1.csv",
    "allowances_charges.0.kind": "allowance",
    "allowances_charges.1.kind": "charge",
    "lines.0.allowances_charges.0.kind": "allowance",
    "lines.0.allowances_charges.1.kind": "charge",
    "lines.0.classifications.0.scheme": "STI",
}


def put(value: Any, path: list[str], found: Any) -> Any:
    """The value with something at a path of names and numbers."""
    if not path:
        return found
    name, rest = path[0], path[1:]
    if name.isdigit():
        value = value or []
        while len(value) <= int(name):
            value.append(None)
        value[int(name)] = put(value[int(name)], rest, found)
        return value
    value = value or {}
    value[name] = put(value.get(name), rest, found)
    return value


def document(terms: dict[int, tuple[str, str, str]], **beside: Any) -> Any:
    value: Any = {}
    for _, path, found in terms.values():
        value = put(value, path.split("."), found)
    for path, found in {**BESIDE, **beside}.items():
        value = put(value, path.split("."), found)
    return document_model("invoice/1").model_validate(value)


def at(root: Any, path: str) -> Any:
    """The text or attribute that an XPath finds first, as EN 16931's binding is written."""
    spaces = {prefix: uri for prefix, uri in root.nsmap.items() if prefix}
    found = root.xpath(path, namespaces=spaces)
    assert found, path
    return found[0] if isinstance(found[0], str) else found[0].text


def test_the_tables_have_every_business_term_and_every_group_once() -> None:
    """BT-1 to BT-165, of which BT-4 does not exist, and BG-1 to BG-32."""
    assert sorted([*TERMS, *FIXED, *IN_ANOTHER]) == [number for number in range(1, 166) if number != 4]
    assert sorted(GROUPS) == [*range(1, 33)]


@pytest.mark.parametrize(
    ("name", "terms", "beside"),
    [
        ("ubl/invoice-2.1", TERMS, {}),
        ("ubl/credit-note-2.1", {**TERMS, **IN_CREDIT_NOTES}, {"kind": "credit_note"}),
    ],
)
def test_each_business_term_stands_at_the_element_of_the_binding(
    desk: Callable[..., Any], name: str, terms: dict[int, tuple[str, str, str]], beside: dict[str, Any]
) -> None:
    ours = desk(name)
    made = document(terms, **beside)
    payload = ours.encode(made)
    root = etree.fromstring(payload)
    line = "cac:CreditNoteLine" if "credit" in name else LINE
    found = {number: at(root, path.replace(LINE, line)) for number, (path, _, _) in terms.items()}
    assert found == {number: value for number, (_, _, value) in terms.items()}
    assert {number: at(root, path.replace(LINE, line)) for number, (path, _) in FIXED.items()} == {
        number: value for number, (_, value) in FIXED.items()
    }
    assert as_json(ours.decode(payload)) == as_json(made)
    for element, held in GROUPS.values():
        assert root.xpath(element.replace(LINE, line), namespaces={p: uri for p, uri in root.nsmap.items() if p})
        assert not held or of(as_json(made), held)


def of(value: Any, path: str) -> Any:
    """What stands at a path of names and numbers."""
    for step in path.split("."):
        value = value[int(step)] if step.isdigit() else value[step]
    return value


SECOND = '<cac:PartyIdentification><cbc:ID schemeID="0184">7</cbc:ID></cac:PartyIdentification>'


def test_a_second_number_of_the_seller_is_told_of(desk: Callable[..., Any]) -> None:
    """BT-29 repeats, and a party of a document has one number; what follows the first is never taken for it."""
    ours = desk("ubl/invoice-2.1")
    payload = ours.encode(document(TERMS)).decode()
    (message,), _ = ours.read(payload.replace("<cac:PartyName>", f"{SECOND}<cac:PartyName>", 1).encode())
    decoded = ours.mapping.decode(message)
    assert [finding.code for finding in decoded.findings] == ["E-UNMAPPED"]
    assert decoded.documents[0].seller.id == "V-204"


def test_sums_of_taxes_in_two_currencies_are_never_taken_for_each_other(desk: Callable[..., Any]) -> None:
    ours = desk("ubl/invoice-2.1")
    root = etree.fromstring(ours.encode(document(TERMS)))
    spaces = {prefix: uri for prefix, uri in root.nsmap.items() if prefix}
    first, second = root.xpath("cac:TaxTotal", namespaces=spaces)
    first.addprevious(second)
    (message,), _ = ours.read(etree.tostring(root))
    codes = [finding.code for finding in ours.mapping.decode(message).findings if finding.is_error]
    assert "E-CLASH" in codes
