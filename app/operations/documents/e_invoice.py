"""Writes documents as e-invoices: UBL 2.1 by Peppol's PINT A-NZ, types 380 (invoice) and 381 (credit note)."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from xml.etree.ElementTree import Element, SubElement, register_namespace, tostring

from app.billing import decimal_text, round_half_away
from app.operations.currencies import CURRENCIES
from app.operations.documents.document_data import DocumentData, DocumentKind, DocumentLine
from app.operations.documents.layout import REASONS
from app.operations.documents.parties import AUSTRALIA, Buyer, Supplier

CUSTOMIZATION = "urn:peppol:pint:billing-1@aunz-1"
PROFILE = "urn:peppol:bis:billing"
ABN_SCHEME = "0151"
EMAIL_SCHEME = "EM"

_UBL = "urn:oasis:names:specification:ubl:schema:xsd:"
_AGGREGATE = f"{_UBL}CommonAggregateComponents-2"
_BASIC = f"{_UBL}CommonBasicComponents-2"
_UNITS = {"h": "HUR", "GB": "E34"}
"""UN/ECE Recommendation 20's codes of units; C62 (one) for all others."""
_CREDIT_TRANSFER = "30"

register_namespace("cac", _AGGREGATE)
register_namespace("cbc", _BASIC)


def e_invoice(document: DocumentData) -> bytes:
    """Returns the XML of an issued document, in UTF-8."""
    return _Writer(document).write()


class _Writer:
    def __init__(self, document: DocumentData) -> None:
        self._document = document
        self._invoice = document.kind is DocumentKind.INVOICE
        self._noun = "Invoice" if self._invoice else "CreditNote"
        self._digits = CURRENCIES[document.currency].minor_units

    def write(self) -> bytes:
        root = Element(f"{{{_UBL}{self._noun}-2}}{self._noun}")
        self._head(root)
        self._supplier(_aggregate(root, "AccountingSupplierParty"), self._document.parties.supplier)
        self._buyer(_aggregate(root, "AccountingCustomerParty"), self._document.parties.buyer)
        self._payment(root, self._document.parties.supplier)
        self._taxes(root)
        self._totals(root)
        lines = [line for group in self._document.groups for line in group.lines]
        for number, line in enumerate(lines, 1):
            self._line(root, number, line)
        body: bytes = tostring(root, encoding="UTF-8", xml_declaration=True)
        return body

    def _head(self, root: Element) -> None:
        document, credited = self._document, self._document.credited
        _basic(root, "CustomizationID", CUSTOMIZATION)
        _basic(root, "ProfileID", PROFILE)
        _basic(root, "ID", str(document.number))
        _basic(root, "IssueDate", f"{document.issued_on}")
        if document.due_on is not None:
            _basic(root, "DueDate", f"{document.due_on}")
        _basic(root, f"{self._noun}TypeCode", "380" if self._invoice else "381")
        note = document.title
        if credited is not None:
            note = f"{note}. {REASONS[credited.reason]}: {credited.description}"
        _basic(root, "Note", note)
        _basic(root, "DocumentCurrencyCode", document.currency)
        buyer = document.parties.buyer
        _basic(root, "BuyerReference", buyer.reference or buyer.name)
        if credited is not None:
            reference = _aggregate(_aggregate(root, "BillingReference"), "InvoiceDocumentReference")
            _basic(reference, "ID", credited.number)
            _basic(reference, "IssueDate", f"{credited.issued_on}")

    def _supplier(self, root: Element, supplier: Supplier) -> None:
        party = _aggregate(root, "Party")
        if supplier.abn is not None:
            _basic(party, "EndpointID", supplier.abn, schemeID=ABN_SCHEME)
        _address(party, supplier.address, AUSTRALIA)
        self._registration(party, supplier.name, supplier.abn)
        if supplier.email is not None:
            _basic(_aggregate(party, "Contact"), "ElectronicMail", supplier.email)

    def _buyer(self, root: Element, buyer: Buyer) -> None:
        party = _aggregate(root, "Party")
        if buyer.abn is not None:
            _basic(party, "EndpointID", buyer.abn, schemeID=ABN_SCHEME)
        elif buyer.email is not None:
            _basic(party, "EndpointID", buyer.email, schemeID=EMAIL_SCHEME)
        lines = [line.strip() for line in (buyer.address or "").splitlines() if line.strip()]
        _address(party, lines, buyer.country)
        self._registration(party, buyer.name, buyer.abn)
        if buyer.email is not None:
            _basic(_aggregate(party, "Contact"), "ElectronicMail", buyer.email)

    def _registration(self, party: Element, name: str, abn: str | None) -> None:
        if abn is not None:
            scheme = _aggregate(party, "PartyTaxScheme")
            _basic(scheme, "CompanyID", abn)
            _basic(_aggregate(scheme, "TaxScheme"), "ID", "GST")
        entity = _aggregate(party, "PartyLegalEntity")
        _basic(entity, "RegistrationName", name)
        if abn is not None:
            _basic(entity, "CompanyID", abn, schemeID=ABN_SCHEME)

    def _payment(self, root: Element, supplier: Supplier) -> None:
        if not self._invoice or supplier.account_number is None:
            return
        means = _aggregate(root, "PaymentMeans")
        _basic(means, "PaymentMeansCode", _CREDIT_TRANSFER)
        _basic(means, "PaymentID", str(self._document.number))
        account = _aggregate(means, "PayeeFinancialAccount")
        _basic(account, "ID", supplier.account_number)
        if supplier.account_name is not None:
            _basic(account, "Name", supplier.account_name)
        if supplier.bsb is not None:
            _basic(_aggregate(account, "FinancialInstitutionBranch"), "ID", supplier.bsb)

    def _taxes(self, root: Element) -> None:
        document = self._document
        total = _aggregate(root, "TaxTotal")
        self._amount(total, "TaxAmount", document.tax_cents)
        untaxed = [line.amount_cents for group in document.groups for line in group.lines if not line.taxes]
        for tax in document.taxes:
            self._subtotal(total, tax.taxable_cents, tax.tax_cents, tax.rate)
        if untaxed or not document.taxes:
            self._subtotal(total, sum(untaxed), 0, None)

    def _subtotal(self, total: Element, taxable_cents: int, tax_cents: int, rate: Decimal | None) -> None:
        subtotal = _aggregate(total, "TaxSubtotal")
        self._amount(subtotal, "TaxableAmount", taxable_cents)
        self._amount(subtotal, "TaxAmount", tax_cents)
        self._category(subtotal, "TaxCategory", rate)

    def _category(self, parent: Element, name: str, rate: Decimal | None) -> None:
        """S is taxed at a rate; E is exempt; O, of other countries, is not subject to the tax and has no rate."""
        exempt = self._document.parties.buyer.country == AUSTRALIA
        category = _aggregate(parent, name)
        _basic(category, "ID", "S" if rate is not None else "E" if exempt else "O")
        if rate is not None or exempt:
            _basic(category, "Percent", decimal_text((rate or Decimal()) * 100))
        if rate is None and name == "TaxCategory":
            _basic(category, "TaxExemptionReason", "GST-free" if exempt else "Not subject to GST")
        _basic(_aggregate(category, "TaxScheme"), "ID", "GST")

    def _totals(self, root: Element) -> None:
        document = self._document
        totals = _aggregate(root, "LegalMonetaryTotal")
        self._amount(totals, "LineExtensionAmount", document.subtotal_cents)
        self._amount(totals, "TaxExclusiveAmount", document.subtotal_cents)
        self._amount(totals, "TaxInclusiveAmount", document.total_cents)
        if document.applied_credit_cents:
            self._amount(totals, "PrepaidAmount", document.applied_credit_cents)
        self._amount(totals, "PayableAmount", document.due_cents)

    def _line(self, root: Element, number: int, line: DocumentLine) -> None:
        quantity, price, unit = _quantity_and_price(line)
        element = _aggregate(root, f"{self._noun}Line")
        _basic(element, "ID", str(number))
        _basic(
            element, "InvoicedQuantity" if self._invoice else "CreditedQuantity", decimal_text(quantity), unitCode=unit
        )
        self._amount(element, "LineExtensionAmount", line.amount_cents)
        item = _aggregate(element, "Item")
        if line.explanation:
            _basic(item, "Description", line.explanation)
        _basic(item, "Name", line.description)
        for _, rate in line.taxes:
            self._category(item, "ClassifiedTaxCategory", rate)
        if not line.taxes:
            self._category(item, "ClassifiedTaxCategory", None)
        price_text = decimal_text(price.scaleb(-self._digits))
        _basic(_aggregate(element, "Price"), "PriceAmount", price_text, currencyID=self._document.currency)

    def _amount(self, parent: Element, name: str, cents: int) -> None:
        text = f"{Decimal(cents).scaleb(-self._digits):.{self._digits}f}"
        _basic(parent, name, text, currencyID=self._document.currency)


def _quantity_and_price(line: DocumentLine) -> tuple[Decimal, Decimal, str]:
    """The quantity, the price and the unit's code, whose product is the line's amount, as the profile asks.

    Where several prices or a part of a month make the amount, the line is one unit of it. A price is never negative.
    """
    price = line.unit_price_cents
    if price is not None and price >= 0 and round_half_away(Fraction(line.quantity * price)) == line.amount_cents:
        return line.quantity, price, _UNITS.get(line.unit or "", "C62")
    return Decimal(-1 if line.amount_cents < 0 else 1), Decimal(abs(line.amount_cents)), "C62"


def _address(party: Element, lines: Sequence[str], country: str) -> None:
    address = _aggregate(party, "PostalAddress")
    for name, line in zip(("StreetName", "AdditionalStreetName"), lines, strict=False):
        _basic(address, name, line)
    if len(lines) > 2:
        _basic(_aggregate(address, "AddressLine"), "Line", ", ".join(lines[2:]))
    _basic(_aggregate(address, "Country"), "IdentificationCode", country)


def _aggregate(parent: Element, name: str) -> Element:
    return SubElement(parent, f"{{{_AGGREGATE}}}{name}")


def _basic(parent: Element, name: str, text: str, **attributes: str) -> None:
    SubElement(parent, f"{{{_BASIC}}}{name}", attributes).text = text
