"""The invoice and the credit note, ``invoice/1``: UBL Invoice and CreditNote (EN 16931), EDIFACT INVOIC, X12 810."""

from typing import ClassVar, Literal

from transload.canonical.model import Country, Currency, Day, Exact, Gtin, Model, Text, Unit, known
from transload.canonical.parts import (
    AllowanceCharge,
    DeliveryTerms,
    Party,
    PaymentTerms,
    Period,
    Reference,
    Tax,
    Totals,
)


class PrecedingInvoice(Model):
    """An invoice that this one corrects or credits (BG-3)."""

    number: Text = known(
        "Its number (BT-25)", "RFF 1154[OI]", "RFF 1154[IV]", "cac:InvoiceDocumentReference/cbc:ID", required=True
    )
    issued_on: Day | None = known("Its date (BT-26)", "DTM 2380[171]", "cac:InvoiceDocumentReference/cbc:IssueDate")


class InvoiceParty(Party):
    """A party of an invoice, with what EN 16931 knows of it besides."""

    endpoint: Text | None = known(
        "Electronic address, where it is neither GLN nor D-U-N-S number (BT-34, BT-49)", "cbc:EndpointID"
    )
    endpoint_scheme: Text | None = known("Its scheme, a code of the EAS list: 0192, 9930, EM, ...", "@schemeID")
    street_3: Text | None = known(
        "Third address line (BT-162 to BT-165)", "NAD 3042", "cac:PostalAddress/cac:AddressLine/cbc:Line"
    )
    legal_form: Text | None = known(
        "Legal form, share capital and the like (BT-33)", "cac:PartyLegalEntity/cbc:CompanyLegalForm"
    )
    creditor: Text | None = known(
        "Number of who collects direct debits, given by a bank (BT-90)", "cac:PartyIdentification/cbc:ID"
    )


class PaymentCard(Model):
    """The card that an invoice was paid with (BG-18)."""

    number: Text = known("The last digits of its number (BT-87)", "cbc:PrimaryAccountNumberID", required=True)
    network: Text = known("Its network, such as VISA; NA where nobody says it", "cbc:NetworkID", default="NA")
    holder: Text | None = known("Who holds it (BT-88)", "cbc:HolderName")


class PaymentMeans(Model):
    """How the invoice is to be paid (BG-16 to BG-19)."""

    kind: Text | None = known(
        "Means as a code of UNCL 4461: 30 credit transfer, 58 SEPA transfer, 59 SEPA debit (BT-81)",
        "PAI 4461",
        "cbc:PaymentMeansCode",
    )
    text: Text | None = known("Means in words (BT-82)", "cbc:PaymentMeansCode/@name")
    remittance: Text | None = known("What the payer is to state (BT-83)", "RFF 1154[PQ]", "cbc:PaymentID")
    account: Text | None = known("Account that receives the money: IBAN or number (BT-84)", "FII 3194", "cbc:ID")
    account_name: Text | None = known("Name of the account (BT-85)", "FII 3192", "cac:PayeeFinancialAccount/cbc:Name")
    bank: Text | None = known("The bank's BIC (BT-86)", "FII 3433", "cac:FinancialInstitutionBranch/cbc:ID")
    card: PaymentCard | None = known("The card that it was paid with (BG-18)", "cac:CardAccount")
    mandate: Text | None = known("Mandate of a direct debit (BT-89)", "cac:PaymentMandate/cbc:ID")
    debited_account: Text | None = known("Account that is debited (BT-91)", "cac:PayerFinancialAccount/cbc:ID")


class Attachment(Model):
    """A document that supports the invoice (BG-24)."""

    number: Text = known("Its reference (BT-122)", "cac:AdditionalDocumentReference/cbc:ID", required=True)
    kind: Text | None = known("What it is, as a code of UNCL 1001", "cbc:DocumentTypeCode")
    description: Text | None = known("What it is (BT-123)", "cbc:DocumentDescription")
    location: Text | None = known("Where it can be had, as a URL (BT-124)", "cbc:URI")
    content: Text | None = known("The document itself, in base64 (BT-125)", "cbc:EmbeddedDocumentBinaryObject")
    media_type: Text | None = known("Media type of the content: application/pdf, text/csv, ...", "@mimeCode")
    filename: Text | None = known("Name of the content as a file", "@filename")


class Property(Model):
    """A property of an item, by name and value (BG-32)."""

    name: Text = known("Its name, such as colour (BT-160)", "cac:AdditionalItemProperty/cbc:Name", required=True)
    value: Text = known("Its value (BT-161)", "cac:AdditionalItemProperty/cbc:Value", required=True)


class Classification(Model):
    """What sort of item it is, by a list of such codes (BT-158)."""

    code: Text = known("The code", "cbc:ItemClassificationCode", required=True)
    scheme: Text | None = known("The list, by its code of UNCL 7143: STI for CPV, TST for UNSPSC", "@listID")


class InvoiceLine(Model):
    """One invoiced item (BG-25)."""

    number: Text | None = known("Line number (BT-126)", "LIN 1082", "IT1 01", "cac:InvoiceLine/cbc:ID")
    order_number: Text | None = known(
        "Order of the line, where it differs from the invoice's", "RFF 1154[ON]", "cac:OrderReference/cbc:ID"
    )
    order_line: Text | None = known("Line of the order (BT-132)", "RFF 1156[ON]", "RFF 1154[LI]", "cbc:LineID")
    despatch_advice: Text | None = known("Despatch advice of the line, where it differs", "RFF 1154[AAK]", "REF 02[MA]")
    gtin: Gtin | None = known(
        "GS1 Global Trade Item Number (BT-157)",
        "LIN 7140[EN]",
        "LIN 7140[SRV]",
        "IT1 07[UP]",
        "IT1 07[UK]",
        "IT1 07[EN]",
        "cac:StandardItemIdentification",
    )
    supplier_item: Text | None = known(
        "The seller's item number (BT-155)", "PIA 7140[SA]", "IT1 07[VN]", "IT1 07[VP]", "cac:SellersItemIdentification"
    )
    buyer_item: Text | None = known(
        "The buyer's item number (BT-156)", "PIA 7140[IN]", "IT1 07[IN]", "IT1 07[BP]", "cac:BuyersItemIdentification"
    )
    name: Text | None = known("What the item is, in words (BT-153)", "IMD 7008", "PID 05", "cac:Item/cbc:Name")
    description: Text | None = known("More about it (BT-154)", "cac:Item/cbc:Description")
    quantity: Exact = known(
        "Invoiced quantity; of a credit note the credited one, positive (BT-129)",
        "QTY 6060[47]",
        "IT1 02",
        "cbc:InvoicedQuantity",
        "cbc:CreditedQuantity",
        required=True,
    )
    uom: Unit | None = known(
        "Unit of the quantity, UN/ECE Recommendation 20 (BT-130)", "QTY 6411[47]", "IT1 03", "@unitCode"
    )
    price: Exact | None = known("Net price (BT-146)", "PRI 5118[AAA]", "IT1 04", "cbc:PriceAmount", ge=0)
    gross_price: Exact | None = known("Price before the discount (BT-148)", "PRI 5118[AAB]", ge=0)
    price_quantity: Exact | None = known(
        "Quantity that the price is for, 1 if absent (BT-149)", "PRI 5284", "cbc:BaseQuantity", gt=0
    )
    price_uom: Unit | None = known("Unit of that quantity (BT-150)", "PRI 6411", "cbc:BaseQuantity/@unitCode")
    amount: Exact | None = known(
        "Net amount of the line (BT-131)", "MOA 5004[203]", "cac:InvoiceLine/cbc:LineExtensionAmount"
    )
    tax_category: Text | None = known(
        "UNCL 5305 category: S standard, Z zero, E exempt, AE reverse charge (BT-151)",
        "TAX 5305",
        "cac:ClassifiedTaxCategory/cbc:ID",
    )
    tax_rate: Exact | None = known(
        "Rate in percent (BT-152)", "TAX 5278", "cac:ClassifiedTaxCategory/cbc:Percent", ge=0
    )
    origin: Country | None = known("Country of origin (BT-159)", "ALI 3239", "cac:OriginCountry")
    accounting: Text | None = known("Where the buyer books it (BT-133)", "cac:InvoiceLine/cbc:AccountingCost")
    period: Period | None = known("When it was delivered or used (BG-26)", "cac:InvoicePeriod")
    ship_to: Party | None = known("Where this line went, where it differs from the invoice's", "NAD 3035[DP]")
    notes: tuple[Text, ...] = known("Free text about the line (BT-127)", "FTX 4440[LIN]", "cbc:Note", default=())
    billed_object: Text | None = known(
        "What is billed: a meter, a telephone number, a subscription (BT-128)", "cac:DocumentReference/cbc:ID"
    )
    classifications: tuple[Classification, ...] = known("Codes of the item in lists of items (BT-158)", default=())
    properties: tuple[Property, ...] = known("Properties of the item (BG-32)", default=())
    allowances_charges: tuple[AllowanceCharge, ...] = known(
        "Deductions and additions on this line (BG-27, BG-28)", default=()
    )
    references: tuple[Reference, ...] = known("Other references", default=())


class Invoice(Model):
    """What the seller asks to be paid, or credits.

    Amounts and quantities of a credit note are positive: ``kind`` says which way the money goes.
    """

    document: ClassVar[str] = "invoice/1"

    number: Text = known("Invoice number (BT-1)", "BGM 1004", "BIG 02", "cbc:ID", required=True)
    kind: Literal["invoice", "credit_note", "debit_note", "corrected_invoice", "self_billed", "prepayment"] = known(
        "What sort of invoice: UNCL 1001 380, 381, 383, 384, 389, 386 (BT-3)",
        "BGM 1001",
        "BIG 07",
        "cbc:InvoiceTypeCode",
        "cbc:CreditNoteTypeCode",
        default="invoice",
    )
    purpose: Literal["original", "replace", "cancel", "duplicate"] = known(
        "What the message does to earlier ones of the same number", "BGM 1225", "BIG 08", default="original"
    )
    issued_on: Day = known("Date of the invoice (BT-2)", "DTM 2380[137]", "DTM 2380[3]", "BIG 01", required=True)
    due_on: Day | None = known("When it is to be paid (BT-9)", "DTM 2380[13]", "DTM 2380[140]", "cbc:DueDate")
    tax_point_on: Day | None = known("When the tax falls due (BT-7)", "DTM 2380[131]", "cbc:TaxPointDate")
    tax_point_code: Text | None = known(
        "The same by an event, as a code of UNCL 2005: 3 invoice, 35 delivery, 432 payment (BT-8)",
        "cac:InvoicePeriod/cbc:DescriptionCode",
    )
    delivered_on: Day | None = known(
        "When the goods were delivered (BT-72)", "DTM 2380[35]", "DTM 02[035]", "cbc:ActualDeliveryDate"
    )
    despatched_on: Day | None = known("When the goods were despatched", "DTM 2380[11]", "DTM 02[011]")
    period: Period | None = known("What time it is for (BG-14)", "cac:InvoicePeriod")
    currency: Currency | None = known(
        "Currency of all amounts (BT-5)", "CUX 6345", "CUR 02", "cbc:DocumentCurrencyCode"
    )
    tax_currency: Currency | None = known("Currency in which tax is declared (BT-6)", "cbc:TaxCurrencyCode")
    order_number: Text | None = known(
        "The buyer's order (BT-13)", "RFF 1154[ON]", "BIG 04", "cac:OrderReference/cbc:ID"
    )
    order_issued_on: Day | None = known("Date of that order", "BIG 03", "cac:OrderReference/cbc:IssueDate")
    sales_order: Text | None = known(
        "The seller's own number of the order (BT-14)", "RFF 1154[VN]", "REF 02[VN]", "cbc:SalesOrderID"
    )
    despatch_advice: Text | None = known(
        "Despatch advice (BT-16); a delivery note is one of the references",
        "RFF 1154[AAK]",
        "REF 02[MA]",
        "cac:DespatchDocumentReference",
    )
    receiving_advice: Text | None = known("Receiving advice (BT-15)", "RFF 1154[ALO]", "cac:ReceiptDocumentReference")
    contract: Text | None = known("Contract (BT-12)", "RFF 1154[CT]", "REF 02[CT]", "cac:ContractDocumentReference")
    project: Text | None = known("Project (BT-11)", "RFF 1154[AEP]", "REF 02[JB]", "cac:ProjectReference")
    billed_object: Text | None = known(
        "The object that the invoice is about, such as a meter (BT-18)", "cac:AdditionalDocumentReference/cbc:ID"
    )
    tender: Text | None = known("Tender or lot that led to the contract (BT-17)", "cac:OriginatorDocumentReference")
    buyer_reference: Text | None = known(
        "Reference that the buyer wants repeated (BT-10)", "RFF 1154[CR]", "REF 02[CR]", "cbc:BuyerReference"
    )
    accounting: Text | None = known("Where the buyer books it (BT-19)", "cbc:AccountingCost")
    preceding: tuple[PrecedingInvoice, ...] = known("Invoices that this one corrects or credits (BG-3)", default=())
    references: tuple[Reference, ...] = known("Other references", default=())
    attachments: tuple[Attachment, ...] = known("Supporting documents, by reference (BG-24)", default=())
    notes: tuple[Text, ...] = known(
        "Free text about the invoice (BT-22)", "FTX 4440[AAI]", "NTE 02", "cbc:Note", default=()
    )
    seller: InvoiceParty | None = known("Who sells (BG-4)", "NAD 3035[SU]", "NAD 3035[SE]", "N1 01[SE]", "N1 01[VN]")
    buyer: InvoiceParty | None = known("Who buys (BG-7)", "NAD 3035[BY]", "N1 01[BY]")
    bill_to: Party | None = known("Who gets the invoice, where it is not the buyer", "NAD 3035[IV]", "N1 01[BT]")
    ship_to: InvoiceParty | None = known("Where the goods went (BG-13)", "NAD 3035[DP]", "N1 01[ST]", "cac:Delivery")
    ship_from: Party | None = known("Where the goods came from", "NAD 3035[SF]", "N1 01[SF]")
    payee: Party | None = known("Who is paid, where it is not the seller (BG-10)", "NAD 3035[PE]", "N1 01[RE]")
    tax_representative: InvoiceParty | None = known(
        "Who declares the seller's tax (BG-11)", "cac:TaxRepresentativeParty"
    )
    delivery_terms: DeliveryTerms | None = known("Terms of delivery")
    payment_terms: tuple[PaymentTerms, ...] = known("Terms of payment (BT-20)", default=())
    payment_means: tuple[PaymentMeans, ...] = known("How it is to be paid (BG-16)", default=())
    allowances_charges: tuple[AllowanceCharge, ...] = known(
        "Deductions and additions on the whole invoice (BG-20, BG-21)", default=()
    )
    taxes: tuple[Tax, ...] = known("Taxes by category and rate (BG-23)", default=())
    totals: Totals | None = known("Sums as the seller states them (BG-22)")
    lines: tuple[InvoiceLine, ...] = known("What is invoiced", default=())
