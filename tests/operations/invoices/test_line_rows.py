"""Lines and inputs as PostgreSQL reads the rows that are made of them by hand."""

from datetime import date
from decimal import Decimal
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.billing import Line, LineKind, TaxTerms
from app.billing.charges import TaxCharge
from app.database import PLATFORM
from app.operations.invoices.line_rows import StagedInvoice, stage_inputs, stage_lines
from app.tables.ids import new_id, new_ids
from tests.operations.given import Given

_text = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=60)
_decimals = st.decimals(0, Decimal(10) ** 15, places=12)
_ids = st.uuids().map(str)
_charge = TaxCharge(TaxTerms("GST", Decimal("0.1")), 0)  # what a line was made from is not written with it


def _lines(owner: tuple[str | None, str | None]) -> st.SearchStrategy[Line]:
    deployment_id, subscription_id = owner
    return st.builds(
        Line,
        key=_text,
        kind=st.sampled_from(LineKind),
        description=_text,
        resource_kind=st.none() | _text,
        quantity=_decimals,
        unit_price_cents=_decimals,
        amount_cents=st.integers(-(2**63), 2**63 - 1),
        deployment_id=st.just(deployment_id),
        subscription_id=st.just(subscription_id),
        addon_id=st.none() | _ids,
        charge=st.just(_charge),
        charge_id=st.none() | _ids,
    )


_owners = st.just((None, None)) | st.tuples(_ids, st.none() | _ids)
_months = st.dates(date(1999, 1, 1), date(2199, 1, 1))
_numbered = st.lists(st.tuples(_owners.flatmap(_lines), _months), max_size=20)
_documents = st.lists(st.tuples(st.none() | _ids, _text, st.none() | _months), max_size=20)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(numbered=_numbered)
async def test_lines_that_are_staged_are_the_lines_given(given: Given, numbered: list[tuple[Line, date]]) -> None:
    tenant_id, invoice_id, ids = new_id(), new_id(), new_ids(len(numbered))
    rows = StagedInvoice(tenant_id, invoice_id)
    async with given.database.unit_of_work(PLATFORM) as unit:
        await stage_lines(unit, [rows.line(ids[at], at, line, month) for at, (line, month) in enumerate(numbered)])
        staged = await unit.connection.fetch(
            "SELECT *, quantity::numeric AS units, unit_price_cents::numeric AS price FROM pg_temp.staged_invoice_lines"
            " ORDER BY position"
        )
    assert [
        (
            *(row["tenant_id"], row["invoice_id"], row["id"], row["position"], row["period_start"]),
            *(row["key"], row["kind"], row["description"], row["resource_kind"]),
            *(row["units"], row["price"], row["amount_cents"]),
            *(str(row[name]) if row[name] else None for name in ("deployment_id", "subscription_id")),
            *(str(row[name]) if row[name] else None for name in ("subscription_addon_id", "charge_id")),
        )
        for row in staged
    ] == [
        (tenant_id, invoice_id, ids[at], at, month, *line[:10], line.charge_id)
        for at, (line, month) in enumerate(numbered)
    ]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(documents=_documents)
async def test_documents_that_are_staged_are_those_given(
    given: Given, documents: list[tuple[str | None, str, date | None]]
) -> None:
    tenant_id, invoice_id, ids = new_id(), new_id(), new_ids(len(documents))
    rows = StagedInvoice(tenant_id, invoice_id)
    async with given.database.unit_of_work(PLATFORM) as unit:
        await stage_inputs(unit, [rows.document(ids[at], at, *document) for at, document in enumerate(documents)])
        staged = await unit.connection.fetch("SELECT * FROM pg_temp.staged_invoice_inputs ORDER BY position")
    assert [dict(row) for row in staged] == [
        {
            "tenant_id": tenant_id,
            "invoice_id": invoice_id,
            "id": ids[at],
            "position": at,
            "subscription_id": None if subscription_id is None else UUID(subscription_id),
            "document": text,
            "late_month": late_month,
        }
        for at, (subscription_id, text, late_month) in enumerate(documents)
    ]
