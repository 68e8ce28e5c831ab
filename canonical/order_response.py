"""The seller's answer to an order, ``order_response/1``: UBL OrderResponse, EDIFACT ORDRSP, X12 855."""

from typing import ClassVar, Literal

from transload.canonical.model import Currency, Day, Exact, Gtin, Model, Text, Unit, known
from transload.canonical.parts import DeliveryTerms, Party, PaymentTerms, Reference, Totals


class OrderResponseSplit(Model):
    """What becomes of a further part of a line: the rest comes later, or another item comes instead."""

    status: Literal["accepted", "changed", "rejected", "added", "backordered"] = known(
        "What becomes of this part", "ACK 01", default="accepted"
    )
    quantity: Exact | None = known("Quantity of this part", "ACK 02", ge=0)
    uom: Unit | None = known("Unit of the quantity, UN/ECE Recommendation 20", "ACK 03")
    promised_on: Day | None = known("Promised delivery date of this part", "ACK 05[068]")
    gtin: Gtin | None = known("GS1 Global Trade Item Number of what comes instead", "ACK 08[UK]", "ACK 08[UP]")
    supplier_item: Text | None = known("The seller's number of what comes instead", "ACK 08[VP]", "ACK 08[VN]")
    buyer_item: Text | None = known("The buyer's number of what comes instead", "ACK 08[BP]", "ACK 08[IN]")
    manufacturer_item: Text | None = known("The maker's number of what comes instead", "ACK 08[MG]")


class OrderResponseLine(Model):
    """The answer to one line of the order."""

    number: Text | None = known("Line number of the response, if it has one", "LIN 1082", "PO1 01")
    order_line: Text | None = known("Line number of the order, where it differs", "RFF 1156[ON]", "RFF 1154[LI]")
    status: Literal["accepted", "changed", "rejected", "added", "backordered"] = known(
        "What becomes of the line", "LIN 1229", "ACK 01", default="accepted"
    )
    gtin: Gtin | None = known("GS1 Global Trade Item Number", "LIN 7140[EN]", "PO1 07[UK]", "PO1 07[UP]")
    supplier_item: Text | None = known("The seller's item number", "PIA 7140[SA]", "PO1 07[VP]", "PO1 07[VN]")
    buyer_item: Text | None = known("The buyer's item number", "PIA 7140[IN]", "PO1 07[BP]", "PO1 07[IN]")
    manufacturer_item: Text | None = known(
        "The maker's item number", "PIA 7140[MF]", "PO1 07[MG]", "cac:ManufacturersItemIdentification"
    )
    description: Text | None = known("What the item is, in words", "IMD 7008", "PID 05")
    ordered_quantity: Exact | None = known("Quantity that was ordered", "QTY 6060[21]", "PO1 02", ge=0)
    quantity: Exact | None = known("Quantity that will be delivered", "QTY 6060[113]", "ACK 02", ge=0)
    uom: Unit | None = known("Unit of the quantities, UN/ECE Recommendation 20", "QTY 6411", "PO1 03", "ACK 03")
    price: Exact | None = known("Confirmed net price", "PRI 5118[AAA]", "PO1 04", ge=0)
    amount: Exact | None = known("Line amount as the seller states it", "MOA 5004[203]")
    promised_on: Day | None = known("Promised delivery date", "DTM 2380[69]", "ACK 05[068]", "DTM 02[069]")
    splits: tuple[OrderResponseSplit, ...] = known(
        "Further parts of the line, where they differ from what the line says", default=()
    )
    reason: Text | None = known("Why the line is changed or rejected", "FTX 4440[LIN]", "MSG 01")
    notes: tuple[Text, ...] = known("Free text about the line", default=())


class OrderResponse(Model):
    """What the seller answers to an order as a whole and line by line."""

    document: ClassVar[str] = "order_response/1"

    number: Text = known("Number of the response", "BGM 1004", "BAK 08", "cbc:ID", required=True)
    order_number: Text = known("Number of the order", "RFF 1154[ON]", "BAK 03", "cac:OrderReference", required=True)
    order_issued_on: Day | None = known("Date of the order", "DTM 2380[171]", "BAK 04")
    status: Literal["received", "accepted", "changed", "rejected"] = known(
        "What becomes of the order; received: looked at, answer follows",
        "BGM 4343",
        "BGM 1225",
        "BAK 02",
        required=True,
    )
    purpose: Literal["original", "replace", "cancel", "duplicate"] = known(
        "What the message does to earlier ones of the same number", "BGM 1225", "BAK 01", default="original"
    )
    issued_on: Day | None = known(
        "Date of the response; only X12 lets a seller leave it out", "DTM 2380[137]", "BAK 09", "cbc:IssueDate"
    )
    promised_on: Day | None = known("Promised delivery date", "DTM 2380[69]", "DTM 02[068]")
    currency: Currency | None = known("Currency of all prices", "CUX 6345", "CUR 02")
    contract: Text | None = known("Contract or frame agreement", "RFF 1154[CT]", "REF 02[CT]")
    references: tuple[Reference, ...] = known("Other references", default=())
    notes: tuple[Text, ...] = known("Free text about the response", "FTX 4440[AAI]", "MSG 01", default=())
    buyer: Party | None = known("Who ordered", "NAD 3035[BY]", "N1 01[BY]")
    seller: Party | None = known("Who answers", "NAD 3035[SU]", "N1 01[SE]")
    ship_to: Party | None = known("Where to deliver", "NAD 3035[DP]", "N1 01[ST]")
    bill_to: Party | None = known("Who gets the invoice", "NAD 3035[IV]", "N1 01[BT]")
    delivery_terms: DeliveryTerms | None = known("Terms of delivery")
    payment_terms: tuple[PaymentTerms, ...] = known("Terms of payment", default=())
    totals: Totals | None = known("Sums as the seller states them")
    lines: tuple[OrderResponseLine, ...] = known("The answer line by line", default=())
