"""Supplier and buyer of a document, as they are kept when it is issued."""

import msgspec

from app.operations.calls.refusal import ProblemCode, Refusal
from app.settings import Settings

AUSTRALIA = "AU"
PLACEHOLDER_ABN = "00000000000"
"""Its check digits are wrong, so that it cannot be taken for an ABN."""


class Supplier(msgspec.Struct):
    """Who supplies and is to be paid. bsb: the number of the account's bank and branch."""

    name: str
    abn: str | None
    address: tuple[str, ...] = ()
    email: str | None = None
    account_name: str | None = None
    bsb: str | None = None
    account_number: str | None = None


class Buyer(msgspec.Struct):
    """The tenant. reference: what the tenant wants to see on its invoices, such as an order number."""

    name: str
    country: str
    address: str | None = None
    abn: str | None = None
    email: str | None = None
    reference: str | None = None


class Parties(msgspec.Struct):
    """The supplier and the buyer of a document."""

    supplier: Supplier
    buyer: Buyer


BUYER_JSON = """jsonb_build_object('name', coalesce(t.legal_name, t.name), 'country', t.country,
    'address', t.billing_address, 'abn', t.abn, 'email', t.email, 'reference', t.buyer_reference)"""
"""SQL: a row `t` of tenants as a Buyer."""


def supplier_of(settings: Settings) -> Supplier:
    """Returns the supplier of the settings. Outside production, what is not set is a placeholder that says so."""
    supplier = Supplier(
        settings.supplier_name or "",
        settings.supplier_abn,
        settings.supplier_address,
        settings.supplier_email,
        settings.supplier_account_name,
        settings.supplier_bsb,
        settings.supplier_account_number,
    )
    if settings.production:
        return supplier
    return Supplier(
        supplier.name or "Placeholder: set ARCADIA_SUPPLIER_NAME",
        supplier.abn or PLACEHOLDER_ABN,
        supplier.address or ("Placeholder: set ARCADIA_SUPPLIER_ADDRESS",),
        supplier.email,
        supplier.account_name or "Placeholder: set ARCADIA_SUPPLIER_ACCOUNT_NAME",
        supplier.bsb or "000-000",
        supplier.account_number or "00000000",
    )


def refuse_incomplete_supplier(supplier: Supplier) -> None:
    """Raises SUPPLIER_INCOMPLETE unless a tax invoice can name its supplier as the law asks."""
    missing = [
        name
        for name, value in (("ARCADIA_SUPPLIER_NAME", supplier.name), ("ARCADIA_SUPPLIER_ABN", supplier.abn))
        if not value
    ]
    if missing:
        raise Refusal(
            ProblemCode.SUPPLIER_INCOMPLETE,
            f"a tax invoice of an Australian tenant names its supplier: {' and '.join(missing)} must be set",
        )
