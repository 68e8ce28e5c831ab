"""The purchase order, ``order/1``: UBL Order, EDIFACT ORDERS, X12 850."""

from typing import ClassVar, Literal

from transload.canonical.model import Country, Currency, Day, Exact, Gtin, Instant, Model, Text, Unit, known
from transload.canonical.parts import (
    AllowanceCharge,
    DeliveryTerms,
    Packaging,
    Party,
    PaymentTerms,
    Reference,
    Tax,
    Totals,
    Transport,
)


class OrderLine(Model):
    """One ordered item (UBL OrderLine/LineItem)."""

    number: Text | None = known("Line number, if the buyer gave one", "LIN 1082", "PO1 01", "cac:LineItem/cbc:ID")
    gtin: Gtin | None = known(
        "GS1 Global Trade Item Number", "LIN 7140[EN]", "LIN 7140[SRV]", "PO1 07[UK]", "PO1 07[UP]"
    )
    supplier_item: Text | None = known(
        "The seller's item number", "PIA 7140[SA]", "PO1 07[VP]", "PO1 07[VN]", "cac:SellersItemIdentification"
    )
    buyer_item: Text | None = known(
        "The buyer's item number", "PIA 7140[IN]", "PO1 07[BP]", "PO1 07[IN]", "cac:BuyersItemIdentification"
    )
    manufacturer_item: Text | None = known(
        "The maker's item number", "PIA 7140[MF]", "PO1 07[MG]", "cac:ManufacturersItemIdentification"
    )
    description: Text | None = known("What the item is, in words", "IMD 7008", "PID 05", "cac:Item/cbc:Name")
    quantity: Exact = known("Ordered quantity", "QTY 6060[21]", "PO1 02", "cbc:Quantity", required=True, ge=0)
    uom: Unit | None = known("Unit of the quantity, UN/ECE Recommendation 20", "QTY 6411[21]", "PO1 03", "@unitCode")
    price: Exact | None = known("Net price", "PRI 5118[AAA]", "PO1 04", "cbc:PriceAmount", ge=0)
    gross_price: Exact | None = known("Price before allowances", "PRI 5118[AAB]", "CTP 03", ge=0)
    price_quantity: Exact | None = known(
        "Quantity that the price is for, 1 if absent", "PRI 5284", "cbc:BaseQuantity", gt=0
    )
    price_uom: Unit | None = known("Unit of that quantity", "PRI 6411")
    amount: Exact | None = known("Line amount as the buyer states it", "MOA 5004[203]", "cbc:LineExtensionAmount")
    origin: Country | None = known("Country of origin", "ALI 3239", "cac:OriginCountry")
    requested_on: Day | None = known(
        "Requested delivery date, where it differs from the order's", "DTM 2380[2]", "DTM 02[002]"
    )
    earliest_on: Day | None = known("Deliver not before", "DTM 2380[64]", "DTM 02[064]")
    latest_on: Day | None = known("Deliver not after", "DTM 2380[63]", "DTM 02[063]")
    contract: Text | None = known("Contract that the line calls off", "RFF 1154[CT]")
    ship_to: Party | None = known("Where to deliver this line, where it differs from the order's")
    packaging: Packaging | None = known("How the item is to be packed")
    notes: tuple[Text, ...] = known("Free text about the line", "FTX 4440[LIN]", "MSG 01", "cbc:Note", default=())
    references: tuple[Reference, ...] = known("Other references", default=())
    allowances_charges: tuple[AllowanceCharge, ...] = known("Deductions and additions on this line", default=())
    taxes: tuple[Tax, ...] = known("Taxes on this line", default=())


class Order(Model):
    """A purchase order as the buyer sends it."""

    document: ClassVar[str] = "order/1"

    number: Text = known("Order number", "BGM 1004", "BEG 03", "cbc:ID", required=True)
    kind: Literal[
        "order", "blanket_order", "call_off", "rush_order", "repair_order", "consignment_order", "sample_order"
    ] = known("What sort of order", "BGM 1001", "BEG 02", "cbc:OrderTypeCode", default="order")
    purpose: Literal["original", "replace", "cancel", "change", "duplicate", "confirmation"] = known(
        "What the message does to earlier ones of the same number", "BGM 1225", "BEG 01", default="original"
    )
    issued_on: Day = known("Date of the order", "DTM 2380[137]", "BEG 05", "cbc:IssueDate", required=True)
    issued_at: Instant | None = known("Moment of issue, where the sender gives one with its zone")
    requested_on: Day | None = known("Requested delivery date", "DTM 2380[2]", "DTM 02[002]", "cbc:EndDate")
    earliest_on: Day | None = known("Deliver not before", "DTM 2380[64]", "DTM 02[064]", "cbc:StartDate")
    latest_on: Day | None = known("Deliver not after", "DTM 2380[63]", "DTM 02[063]")
    ship_on: Day | None = known("Requested shipping date", "DTM 2380[10]", "DTM 02[010]")
    cancel_after: Day | None = known("The order lapses if not delivered by then", "DTM 2380[61]", "DTM 02[001]")
    currency: Currency | None = known("Currency of all prices", "CUX 6345", "CUR 02", "cbc:DocumentCurrencyCode")
    contract: Text | None = known("Contract or frame agreement", "RFF 1154[CT]", "REF 02[CT]", "cac:Contract")
    quotation: Text | None = known("Quotation that is accepted", "RFF 1154[AAG]", "cac:QuotationDocumentReference")
    price_list: Text | None = known("Price list that applies", "RFF 1154[PL]", "REF 02[PL]")
    buyer_reference: Text | None = known(
        "Reference that the buyer wants repeated (BT-10)", "RFF 1154[CR]", "REF 02[CR]"
    )
    previous_order: Text | None = known("Order that this one replaces or calls off", "RFF 1154[ON]", "REF 02[OP]")
    release: Text | None = known("Number of this release of a blanket order", "RFF 1154[RE]", "BEG 04")
    references: tuple[Reference, ...] = known("Other references", default=())
    notes: tuple[Text, ...] = known("Free text about the order", "FTX 4440[AAI]", "MSG 01", "cbc:Note", default=())
    buyer: Party | None = known("Who orders; X12 leaves it out where the envelope says it", "NAD 3035[BY]", "N1 01[BY]")
    seller: Party | None = known("Who is to deliver", "NAD 3035[SU]", "N1 01[SE]")
    ship_to: Party | None = known("Where to deliver", "NAD 3035[DP]", "N1 01[ST]")
    ship_from: Party | None = known("Where the goods come from", "NAD 3035[SF]", "N1 01[SF]")
    bill_to: Party | None = known("Who gets the invoice", "NAD 3035[IV]", "N1 01[BT]")
    final_recipient: Party | None = known("Who uses the goods in the end", "NAD 3035[UC]", "N1 01[MA]")
    delivery_terms: DeliveryTerms | None = known("Terms of delivery")
    payment_terms: tuple[PaymentTerms, ...] = known("Terms of payment", default=())
    transport: Transport | None = known("How the goods travel")
    allowances_charges: tuple[AllowanceCharge, ...] = known("Deductions and additions on the whole order", default=())
    taxes: tuple[Tax, ...] = known("Taxes on the whole order", default=())
    totals: Totals | None = known("Sums as the buyer states them")
    lines: tuple[OrderLine, ...] = known("What is ordered", default=())
