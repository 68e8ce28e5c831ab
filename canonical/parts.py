"""Parts that several documents are made of: parties, references, terms, allowances and charges, taxes."""

from typing import Literal

from transload.canonical.model import (
    Country,
    Currency,
    Day,
    Duns,
    Exact,
    Gln,
    Model,
    Text,
    Unit,
    known,
)


class Party(Model):
    """A company or place in a document: buyer, seller, where to deliver (UBL Party, EN 16931 BG-4, BG-7)."""

    gln: Gln | None = known("GS1 Global Location Number", "NAD 3039", "N1 04[UL]", "cbc:EndpointID")
    duns: Duns | None = known("D-U-N-S number, nine digits or thirteen with the suffix", "N1 04[1]", "N1 04[9]")
    id: Text | None = known(
        "Number that one of the two partners gave this party", "NAD 3039", "N1 04[92]", "cac:PartyIdentification"
    )
    name: Text | None = known("Name (UBL PartyName/Name, BT-27, BT-44)", "NAD 3036", "N1 02", "cbc:Name")
    name_2: Text | None = known("Second line of the name: department, trading name", "NAD 3036", "N2 01")
    street: Text | None = known("Street and number (BT-35, BT-50)", "NAD 3042", "N3 01", "cbc:StreetName")
    street_2: Text | None = known("Second address line (BT-36, BT-51)", "NAD 3042", "N3 02", "cbc:AdditionalStreetName")
    city: Text | None = known("City (BT-37, BT-52)", "NAD 3164", "N4 01", "cbc:CityName")
    region: Text | None = known(
        "State, province or other subdivision (BT-39, BT-54)", "NAD 3229", "N4 02", "cbc:CountrySubentity"
    )
    postcode: Text | None = known("Postal code (BT-38, BT-53)", "NAD 3251", "N4 03", "cbc:PostalZone")
    country: Country | None = known(
        "Country, ISO 3166-1 alpha-2 (BT-40, BT-55)", "NAD 3207", "N4 04", "cbc:IdentificationCode"
    )
    vat: Text | None = known(
        "VAT registration number with its country prefix (BT-31, BT-48)", "RFF 1154[VA]", "REF 02[VX]", "cbc:CompanyID"
    )
    registration: Text | None = known("Number in the trade register (BT-30, BT-47, BT-61)", "RFF 1154[XA]")
    tax_number: Text | None = known(
        "Number with the tax office that is no VAT number (BT-32)", "RFF 1154[FC]", "REF 02[TJ]"
    )
    contact: Text | None = known("Person to speak to (BT-41, BT-56)", "CTA 3412", "PER 02", "cac:Contact/cbc:Name")
    phone: Text | None = known("Telephone number (BT-42, BT-57)", "COM 3148[TE]", "PER 04[TE]", "cbc:Telephone")
    email: Text | None = known("E-mail address (BT-43, BT-58)", "COM 3148[EM]", "PER 04[EM]", "cbc:ElectronicMail")


class Reference(Model):
    """Another document that this one refers to, where no field of its own exists for it."""

    kind: Text = known("What is referred to, in lower case words: price_list, project, promotion, ...", required=True)
    number: Text = known("Its number", "RFF 1154", "REF 02", required=True)
    issued_on: Day | None = known("Its date", "DTM 2380[171]")


class DeliveryTerms(Model):
    """Who carries cost and risk up to where (UBL DeliveryTerms)."""

    code: Text | None = known("Incoterms code (DAP, FCA, EXW, ...)", "TOD 4053", "FOB 05", "cac:DeliveryTerms/cbc:ID")
    place: Text | None = known("Named place of the term", "LOC 3224[1]", "FOB 07")
    payment: Text = known(
        "Who pays the freight: prepaid, collect, ...; as_agreed where the order does not say",
        "TOD 4215",
        "FOB 01",
        default="as_agreed",
    )
    text: Text | None = known("Terms in words", "TOD 4052", "cbc:SpecialTerms")


class PaymentTerms(Model):
    """When to pay, and what may be deducted for paying early (UBL PaymentTerms, BT-20)."""

    text: Text | None = known("Terms in words (BT-20)", "PAT 4276", "ITD 12", "cac:PaymentTerms/cbc:Note")
    due_days: int | None = known("Net days", "PAT 2152", "ITD 07", ge=0)
    due_on: Day | None = known("Net date (BT-9)", "DTM 2380[13]", "ITD 06", "cbc:DueDate")
    discount_percent: Exact | None = known("Cash discount in percent", "PCD 5482[12]", "ITD 03")
    discount_days: int | None = known("Days within which the discount applies", "PAT 2152", "ITD 05", ge=0)
    discount_on: Day | None = known("Last date for the discount", "DTM 2380[12]", "ITD 04")


class AllowanceCharge(Model):
    """A deduction or an addition to a price (UBL AllowanceCharge, BG-20, BG-21, BG-27, BG-28)."""

    kind: Literal["allowance", "charge"] = known("Deduction or addition", "ALC 5463", "SAC 01", required=True)
    code: Text | None = known("Reason as a code of UNCL 5189 or 7161 (BT-98, BT-105)", "ALC 7161", "SAC 02")
    reason: Text | None = known("Reason in words (BT-97, BT-104)", "ALC 7160", "SAC 15")
    percent: Exact | None = known("Percentage (BT-94, BT-101)", "PCD 5482", "SAC 07")
    amount: Exact | None = known("Amount, never negative (BT-92, BT-99)", "MOA 5004[8]", "SAC 05")
    base_amount: Exact | None = known("What the percentage is taken of (BT-93, BT-100)", "MOA 5004[25]")
    tax_category: Text | None = known(
        "UNCL 5305 category of the tax on it (BT-95, BT-102)", "cac:AllowanceCharge/cac:TaxCategory/cbc:ID"
    )
    tax_rate: Exact | None = known(
        "Rate of that tax in percent (BT-96, BT-103)", "cac:AllowanceCharge/cac:TaxCategory/cbc:Percent"
    )
    sequence: int | None = known("Order of calculation, from 1", "ALC 1227", ge=1)


class Tax(Model):
    """A tax that applies (UBL TaxSubtotal, BG-23)."""

    kind: Text = known(
        "Kind of tax: VAT, GST, ST (sales tax), EXC (excise), ENV, OTH; others by their code of X12 963",
        "TAX 5153",
        "TXI 01",
        default="VAT",
    )
    category: Text | None = known("UNCL 5305 category: S standard, Z zero, E exempt, AE reverse (BT-118)", "TAX 5305")
    rate: Exact | None = known("Rate in percent (BT-119)", "TAX 5278", "TXI 03", "cbc:Percent")
    taxable_amount: Exact | None = known("Amount that is taxed (BT-116)", "MOA 5004[125]", "cbc:TaxableAmount")
    amount: Exact | None = known("Tax amount (BT-117)", "MOA 5004[124]", "TXI 02", "cbc:TaxAmount")
    exemption: Text | None = known("Why no tax applies (BT-120)", "FTX 4440[TXD]", "cbc:TaxExemptionReason")
    exemption_code: Text | None = known("The same as a code of the VATEX list (BT-121)", "cbc:TaxExemptionReasonCode")


class Transport(Model):
    """How the goods travel, as far as an order says."""

    mode: Text | None = known(
        "Mode by UN/ECE Recommendation 19: 10 sea, 20 rail, 30 road, 40 air", "TDT 8067", "TD5 04"
    )
    carrier: Text | None = known("Carrier's code (SCAC) or name", "TDT 3127", "TD5 03")
    service: Text | None = known("Service level", "TD5 12")
    routing: Text | None = known("Routing in words", "TD5 05")


class Packaging(Model):
    """How many packages of which kind (UBL Package)."""

    count: int | None = known("Number of packages", "PAC 7224", ge=0)
    kind: Text | None = known("Kind by UN/ECE Recommendation 21: CT carton, PX pallet", "PAC 7065", "TD1 01")
    content: Exact | None = known("Quantity in one package", "QTY 6060[52]", "PO4 01")
    content_uom: Unit | None = known("Unit of that quantity", "QTY 6411[52]", "PO4 03")


class Measures(Model):
    """Weight and volume of goods or packages."""

    gross_weight: Exact | None = known("Weight with packaging", "MEA 6314[AAB]", "MEA 6314[G]", "TD1 07", ge=0)
    net_weight: Exact | None = known("Weight without packaging", "MEA 6314[AAA]", "MEA 6314[N]", ge=0)
    weight_uom: Unit | None = known("Unit of the weights: KGM, LBR, ...", "MEA 6411[AAB]", "TD1 08")
    volume: Exact | None = known("Volume", "MEA 6314[AAW]", "TD1 09", ge=0)
    volume_uom: Unit | None = known("Unit of the volume: MTQ, DMQ, ...", "MEA 6411[AAW]", "TD1 10")


class Period(Model):
    """From one day to another, both included (UBL Period, BG-14, BG-26)."""

    starts_on: Day | None = known("First day (BT-73, BT-134)", "DTM 2380[167]", "DTM 2380[194]", "cbc:StartDate")
    ends_on: Day | None = known("Last day (BT-74, BT-135)", "DTM 2380[168]", "DTM 2380[206]", "cbc:EndDate")


class Totals(Model):
    """Sums as the sender states them; they are kept as stated, and checked by who computes (BG-22)."""

    lines_amount: Exact | None = known(
        "Sum of line amounts (BT-106)", "MOA 5004[79]", "AMT 02[TT]", "cbc:LineExtensionAmount"
    )
    allowances_amount: Exact | None = known("Sum of allowances (BT-107)", "MOA 5004[260]", "cbc:AllowanceTotalAmount")
    charges_amount: Exact | None = known("Sum of charges (BT-108)", "MOA 5004[259]", "cbc:ChargeTotalAmount")
    net_amount: Exact | None = known("Total without tax (BT-109)", "MOA 5004[125]", "cbc:TaxExclusiveAmount")
    tax_amount: Exact | None = known("Sum of taxes (BT-110)", "MOA 5004[124]", "MOA 5004[176]")
    declared_tax_amount: Exact | None = known(
        "Sum of taxes in the currency in which tax is declared, where that is another one (BT-111)",
        "cac:TaxTotal/cbc:TaxAmount",
    )
    total_amount: Exact | None = known(
        "Total with tax (BT-112)",
        "MOA 5004[77]",
        "MOA 5004[86]",
        "MOA 5004[128]",
        "cbc:TaxInclusiveAmount",
        "cac:AnticipatedMonetaryTotal/cbc:PayableAmount",
    )
    prepaid_amount: Exact | None = known("Paid already (BT-113)", "MOA 5004[113]", "cbc:PrepaidAmount")
    rounding_amount: Exact | None = known(
        "Added to the total so that the amount due is round (BT-114)", "cbc:PayableRoundingAmount"
    )
    due_amount: Exact | None = known("What is to be paid (BT-115)", "MOA 5004[9]", "TDS 01", "cbc:PayableAmount")
    currency: Currency | None = known("Currency of the sums, where it differs from the document's", "MOA 6345")
