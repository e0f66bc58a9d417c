"""Issuing, paying and voiding: permissions, allowed states, and invoice numbers without gaps."""

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest

from app.operations.calls.context import Context
from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.invoices import issue_invoice, mark_invoice_paid, verify_invoice, void_invoice
from app.tables.invoices import InvoiceStatus
from tests.operations.given import Given
from tests.operations.months import invoices, roll_up, subscribed


@pytest.fixture
async def invoice_id(given: Given) -> UUID:
    await given.plan()
    await subscribed(given)
    await roll_up(given)
    (invoice,) = await invoices(given)
    found: UUID = invoice["id"]
    return found


async def test_issuing_gives_a_number_and_a_due_date(given: Given, invoice_id: UUID) -> None:
    await issue_invoice(given.platform, invoice_id=invoice_id)
    (invoice,) = await invoices(given)
    names = ("status", "number", "issued_at", "issued_on", "due_on")
    days = (date(2026, 5, 1), date(2026, 5, 15))
    assert tuple(invoice[name] for name in names) == ("ISSUED", "INV-2026-000001", given.clock(), *days)


async def test_a_year_that_ends_while_an_invoice_is_issued_divides_none_of_it(given: Given, invoice_id: UUID) -> None:
    """Each reading of the clock is one second later than the previous one; the second reading is in the next year."""
    given.clock.set(2026, 12, 31, 23, 59, 59)
    first = given.clock()

    def clock() -> datetime:
        read = given.clock()
        given.clock.advance(seconds=1)
        return read

    await issue_invoice(replace(given.platform, clock=clock), invoice_id=invoice_id)
    (invoice,) = await invoices(given)
    names = ("number", "issued_at", "issued_on", "due_on")
    days = (date(2026, 12, 31), date(2027, 1, 14))
    assert tuple(invoice[name] for name in names) == ("INV-2026-000001", first, *days)


async def test_numbers_have_no_gap_even_when_issued_at_once_and_start_anew_each_year(given: Given) -> None:
    await given.plan()
    for number in range(12):
        await subscribed(given, f"tenant-{number:02}")
    await roll_up(given)
    drafts = [invoice["id"] for invoice in await invoices(given)]
    twice = [*drafts[:8], *drafts[:8]]
    results = await asyncio.gather(
        *(issue_invoice(given.platform, invoice_id=draft) for draft in twice), return_exceptions=True
    )
    refused = [result for result in results if isinstance(result, Refusal)]
    assert [refusal.code for refusal in refused] == [ProblemCode.INVOICE_NOT_DRAFT] * 8
    given.clock.set(2026, 12, 31, 23, 59)
    await issue_invoice(given.platform, invoice_id=drafts[8])
    given.clock.set(2027, 1, 1)
    await issue_invoice(given.platform, invoice_id=drafts[9])
    sydney = replace(given.platform, settings=replace(given.settings, billing_time_zone=ZoneInfo("Australia/Sydney")))
    given.clock.set(2027, 12, 31, 14)  # next year in Sydney
    await issue_invoice(sydney, invoice_id=drafts[10])

    numbers = sorted(invoice["number"] for invoice in await invoices(given) if invoice["number"])
    assert numbers == [*(f"INV-2026-{n:06}" for n in range(1, 10)), "INV-2027-000001", "INV-2028-000001"]


async def test_paying_records_when_and_by_what(given: Given, invoice_id: UUID) -> None:
    await issue_invoice(given.platform, invoice_id=invoice_id)
    paid_at = given.clock() + timedelta(minutes=30)
    given.clock.advance(hours=1)
    await mark_invoice_paid(given.platform, invoice_id=invoice_id, paid_at=paid_at, reference="BPAY 17")
    (invoice,) = await invoices(given)
    names = ("status", "paid_at", "payment_reference", "number")
    assert tuple(invoice[name] for name in names) == ("PAID", paid_at, "BPAY 17", "INV-2026-000001")


@pytest.mark.parametrize("issued", [False, True])
async def test_voiding_keeps_the_number_and_the_reason(given: Given, invoice_id: UUID, issued: bool) -> None:
    if issued:
        await issue_invoice(given.platform, invoice_id=invoice_id)
    await void_invoice(given.platform, invoice_id=invoice_id, reason="a duplicate")
    (invoice,) = await invoices(given)
    names = ("status", "void_reason", "voided_at", "number")
    assert tuple(invoice[name] for name in names) == (
        "VOID",
        "a duplicate",
        given.clock(),
        "INV-2026-000001" if issued else None,
    )


async def bring_to(given: Given, invoice_id: UUID, status: InvoiceStatus) -> None:
    if status in {InvoiceStatus.ISSUED, InvoiceStatus.PAID}:
        await issue_invoice(given.platform, invoice_id=invoice_id)
    if status is InvoiceStatus.PAID:
        await mark_invoice_paid(given.platform, invoice_id=invoice_id, reference="T-1")
    if status is InvoiceStatus.VOID:
        await void_invoice(given.platform, invoice_id=invoice_id)


async def issue(context: Context, invoice_id: UUID) -> None:
    await issue_invoice(context, invoice_id=invoice_id)


async def pay(context: Context, invoice_id: UUID) -> None:
    await mark_invoice_paid(context, invoice_id=invoice_id, reference="T-2")


async def void(context: Context, invoice_id: UUID) -> None:
    await void_invoice(context, invoice_id=invoice_id)


async def verify(context: Context, invoice_id: UUID) -> None:
    await verify_invoice(context, invoice_id=invoice_id)


@pytest.mark.parametrize(
    ("status", "operation", "code"),
    [
        (InvoiceStatus.ISSUED, issue, ProblemCode.INVOICE_NOT_DRAFT),
        (InvoiceStatus.PAID, issue, ProblemCode.INVOICE_NOT_DRAFT),
        (InvoiceStatus.VOID, issue, ProblemCode.INVOICE_NOT_DRAFT),
        (InvoiceStatus.DRAFT, pay, ProblemCode.CONFLICT),
        (InvoiceStatus.PAID, pay, ProblemCode.INVOICE_PAID),
        (InvoiceStatus.VOID, pay, ProblemCode.CONFLICT),
        (InvoiceStatus.PAID, void, ProblemCode.INVOICE_PAID),
        (InvoiceStatus.VOID, void, ProblemCode.CONFLICT),
    ],
)
async def test_what_the_status_does_not_allow_changes_nothing(
    given: Given, invoice_id: UUID, status: InvoiceStatus, operation: object, code: ProblemCode
) -> None:
    await bring_to(given, invoice_id, status)
    before = await given.contents()
    with pytest.raises(Refusal) as refused:
        await operation(given.platform, invoice_id)  # type: ignore[operator]  # of a table
    assert (refused.value.code, refused.value.path) == (code, ("invoiceId",))
    assert await given.contents() == before


@pytest.mark.parametrize("operation", [issue, pay, void, verify])
async def test_unknown_invoices_and_tenants_are_refused(given: Given, invoice_id: UUID, operation: object) -> None:
    (invoice,) = await invoices(given)
    with pytest.raises(Refusal) as refused:
        await operation(given.platform, uuid4())  # type: ignore[operator]  # of a table
    assert refused.value.code is ProblemCode.NOT_FOUND
    with pytest.raises(Refusal) as refused:
        await operation(given.admin(invoice["tenant_id"]), invoice_id)  # type: ignore[operator]  # of a table
    assert refused.value.code is ProblemCode.PERMISSION_DENIED


@pytest.mark.parametrize(
    ("payment", "path"),
    [
        ({"reference": " "}, ("reference",)),
        ({"reference": "T-1", "paid_at": datetime(2026, 5, 1, 4, 0, 1, tzinfo=UTC)}, ("paidAt",)),
        ({"reference": "T-1", "paid_at": datetime(2026, 5, 1, 2, 59, 59, tzinfo=UTC)}, ("paidAt",)),
    ],
    ids=["without a reference", "in the future", "before the issue"],
)
async def test_a_payment_needs_a_reference_and_is_made_between_the_issue_and_now(
    given: Given, invoice_id: UUID, payment: dict[str, object], path: tuple[str, ...]
) -> None:
    await issue_invoice(given.platform, invoice_id=invoice_id)
    given.clock.advance(hours=1)
    with pytest.raises(Refusal) as refused:
        await mark_invoice_paid(given.platform, invoice_id=invoice_id, **payment)  # type: ignore[arg-type]  # of a table
    assert (refused.value.code, refused.value.path) == (ProblemCode.VALIDATION_FAILED, path)
