"""What is on its way, ``despatch_advice/1``: UBL DespatchAdvice, EDIFACT DESADV, X12 856.

Goods stand in the package that they travel in: in ``packages[].packages[].lines`` where cartons stand on a pallet,
in ``packages[].lines`` where there is one level of packages, and in ``lines`` where the advice says nothing about
packages.  A line is in one of these places only.
"""

from typing import Annotated, ClassVar, Literal

from pydantic import StringConstraints

from transload.canonical.model import Country, Day, Exact, Gtin, Instant, Model, Text, Unit, known
from transload.canonical.parts import DeliveryTerms, Measures, Party, Reference, Transport

Sscc = Annotated[str, StringConstraints(pattern=r"^\d{18}$")]
"""A GS1 Serial Shipping Container Code."""


class DespatchLine(Model):
    """One item on its way, as much of it as is in one place."""

    number: Text | None = known("Line number of the advice", "LIN 1082", "LIN 01", "cac:DespatchLine/cbc:ID")
    order_number: Text | None = known(
        "Order of the line, where it differs from the advice's", "RFF 1154[ON]", "cac:OrderReference/cbc:ID"
    )
    order_line: Text | None = known("Line of the order", "RFF 1156[ON]", "RFF 1154[LI]", "cbc:LineID")
    gtin: Gtin | None = known(
        "GS1 Global Trade Item Number", "LIN 7140[EN]", "LIN 7140[SRV]", "LIN 03[UP]", "LIN 03[UK]", "LIN 03[EN]"
    )
    supplier_item: Text | None = known("The seller's item number", "PIA 7140[SA]", "LIN 03[VN]", "LIN 03[VP]")
    buyer_item: Text | None = known("The buyer's item number", "PIA 7140[IN]", "LIN 03[IN]", "LIN 03[BP]")
    description: Text | None = known("What the item is, in words", "IMD 7008", "PID 05", "cac:Item/cbc:Name")
    quantity: Exact = known(
        "Despatched quantity", "QTY 6060[12]", "SN1 02", "cbc:DeliveredQuantity", required=True, ge=0
    )
    uom: Unit | None = known("Unit of the quantities, UN/ECE Recommendation 20", "QTY 6411[12]", "SN1 03", "@unitCode")
    ordered_quantity: Exact | None = known("Quantity that was ordered", "QTY 6060[21]", "SN1 05", ge=0)
    outstanding_quantity: Exact | None = known(
        "Quantity that follows later", "QVR 6064", "cbc:OutstandingQuantity", ge=0
    )
    batch: Text | None = known("Batch or lot number", "GIN 7402[BX]", "PIA 7140[NB]", "REF 02[LT]", "cbc:LotNumberID")
    serial_numbers: tuple[Text, ...] = known("Serial numbers", "GIN 7402[BN]", "REF 02[SE]", default=())
    best_before: Day | None = known("Best before", "DTM 2380[361]", "cbc:BestBeforeDate")
    expires_on: Day | None = known("Expiry date", "DTM 2380[36]", "DTM 02[036]", "cbc:ExpiryDate")
    produced_on: Day | None = known("Date of production", "DTM 2380[94]", "cbc:ManufactureDate")
    origin: Country | None = known("Country of origin", "ALI 3239", "cac:OriginCountry")
    measures: Measures | None = known("Weight and volume of these goods")
    notes: tuple[Text, ...] = known("Free text about the line", "FTX 4440[LIN]", "cbc:Note", default=())
    references: tuple[Reference, ...] = known("Other references", default=())


class InnerPackage(Model):
    """A package that holds goods: a carton, or a pallet that is not divided further."""

    sscc: Sscc | None = known("Serial Shipping Container Code, 18 digits", "GIN 7402[BJ]", "MAN 02[GM]", "cbc:ID")
    tracking: Text | None = known("The carrier's number of the package", "MAN 02[CP]", "cbc:TraceID")
    kind: Text | None = known("Kind by UN/ECE Recommendation 21: CT carton, PX pallet", "PAC 7065", "TD1 01")
    count: int | None = known("How many alike packages this entry stands for, 1 if absent", "PAC 7224", "TD1 02", ge=1)
    measures: Measures | None = known("Weight and volume of the package")
    lines: tuple[DespatchLine, ...] = known("What is in it", default=())


class Package(InnerPackage):
    """A package as it is handed over: it holds goods, or further packages."""

    packages: tuple[InnerPackage, ...] = known("Packages in it", default=())


class DespatchAdvice(Model):
    """What the seller has sent, announced before it arrives."""

    document: ClassVar[str] = "despatch_advice/1"

    number: Text = known("Number of the despatch advice", "BGM 1004", "BSN 02", "cbc:ID", required=True)
    purpose: Literal["original", "replace", "cancel", "duplicate"] = known(
        "What the message does to earlier ones of the same number", "BGM 1225", "BSN 01", default="original"
    )
    issued_on: Day = known(
        "Date of the advice", "DTM 2380[137]", "BSN 03", "cac:DespatchAdvice/cbc:IssueDate", required=True
    )
    issued_at: Instant | None = known("Moment of issue, where the sender gives one with its zone")
    despatched_on: Day | None = known("When the goods left", "DTM 2380[11]", "DTM 02[011]", "cbc:ActualDespatchDate")
    expected_on: Day | None = known(
        "When they will arrive", "DTM 2380[17]", "DTM 2380[132]", "DTM 02[017]", "cbc:EstimatedDeliveryDate"
    )
    order_number: Text | None = known("The buyer's order", "RFF 1154[ON]", "PRF 01", "cac:OrderReference/cbc:ID")
    order_issued_on: Day | None = known("Date of that order", "DTM 2380[171]", "PRF 04")
    sales_order: Text | None = known("The seller's own number of the order", "RFF 1154[VN]", "REF 02[VN]")
    delivery_note: Text | None = known("Delivery note", "RFF 1154[DQ]", "RFF 1154[AAU]", "REF 02[PK]")
    bill_of_lading: Text | None = known("Bill of lading", "RFF 1154[BM]", "REF 02[BM]")
    carrier_reference: Text | None = known("The carrier's number of the consignment", "RFF 1154[CN]", "REF 02[CN]")
    contract: Text | None = known("Contract or frame agreement", "RFF 1154[CT]", "REF 02[CT]")
    references: tuple[Reference, ...] = known("Other references", default=())
    notes: tuple[Text, ...] = known("Free text about the despatch", "FTX 4440[AAI]", "cbc:Note", default=())
    buyer: Party | None = known("Who ordered", "NAD 3035[BY]", "N1 01[BY]")
    seller: Party | None = known("Who sends", "NAD 3035[SU]", "N1 01[SE]", "N1 01[VN]")
    ship_from: Party | None = known("Where the goods come from", "NAD 3035[SF]", "N1 01[SF]")
    ship_to: Party | None = known("Where the goods go", "NAD 3035[DP]", "N1 01[ST]")
    final_recipient: Party | None = known("Who uses the goods in the end", "NAD 3035[UC]", "N1 01[Z7]")
    carrier: Party | None = known("Who carries them", "NAD 3035[CA]", "N1 01[CA]")
    delivery_terms: DeliveryTerms | None = known("Terms of delivery")
    transport: Transport | None = known("How the goods travel")
    vehicle: Text | None = known("Licence plate, or number of trailer or container", "TDT 8212", "EQD 8260", "TD3 03")
    measures: Measures | None = known("Weight and volume of all")
    package_count: int | None = known("Number of packages in all", "PAC 7224", "TD1 02", ge=0)
    packages: tuple[Package, ...] = known("The packages, with what is in them", default=())
    lines: tuple[DespatchLine, ...] = known("Goods of which the advice names no package", default=())
