"""Reads every field of every type, from test data in which every field that can have a value has one."""

from datetime import date
from decimal import Decimal
from uuid import UUID

from graphql import get_named_type, is_required_argument

from app.billing import Step, StepKind, Tier
from app.operations.billing_months import waive_month
from app.operations.catalog import ResourceDraft, archive_plan
from app.operations.charges import add_charge
from app.operations.costs import withdraw_cloud_invoice
from app.operations.credit_notes import CreditRequest, issue_credit_note
from app.operations.dunning import dispute_invoice, hold_dunning, release_dunning, run_dunning, set_dunning_policy
from app.operations.invoices import issue_invoice
from app.operations.issue_runs import issue_invoices, issue_run_here
from app.operations.payments import (
    NewRecovery,
    allocate_credit,
    record_recovery,
    refund_credit,
    reverse_payment,
    write_off_invoice,
)
from app.operations.subscriptions import change_plan_version, detach_addon
from app.operations.tenants import close_tenant, update_tenant
from app.tables.credit_notes import CreditReason
from app.tables.ids import new_id
from app.tables.payments import PaymentMethod
from tests.operations.costs.bills import bill, import_bill, row
from tests.operations.given import Given
from tests.operations.months import correct, meter, roll_up
from tests.operations.receivables import credit, pay
from tests.schema.api import Api
from tests.schema.example_data import APRIL, ExampleData, create_example_data
from tests.schema.selections import conforms, fields_of, query_type, readable_types

DEPTH = 5


async def test_every_field_of_every_type_is_answered_as_the_schema_says(api: Api) -> None:
    story = await create_example_data(api.given)
    await _invoice_in_dollars(api.given)
    await _change_terms(api.given, story)
    await _months(api.given)
    await _money(api.given)
    await _fallen(api.given)
    owing = await _dun(api.given)
    await _issue(api.given)
    await _deliver(api.given)
    await _push(api.given)
    await api.mutate("createTenant", {"code": "acme", "name": "Taken"})  # for the reason of an audit entry
    await api.mutate("recordUsage", {"events": []}, "__typename")  # whose audit entry has a result
    withdrawn = await import_bill(api.given.platform, bill(row("data", "$1.00")), external_id="withdrawn")
    await withdraw_cloud_invoice(api.given.platform, cloud_invoice_id=withdrawn.cloud_invoice_id, reason="wrong")
    note = CreditRequest(
        invoice_id=story.invoice, reason=CreditReason.GOODWILL, description="a slow week", gross_cents=739
    )
    await issue_credit_note(api.given.platform, note)
    answers = [await api.data(text) for text in _documents(story)]
    policy = f'{{ dunningPolicy(tenantId: "{owing}") {{ tenant {{ id }} }} }}'
    answers.append(await api.data(policy))
    answers.append(await api.data("{ viewer { tenant { id } } }", caller=api.given.viewer(story.acme)))
    answered = {field for answer in answers for field in conforms(answer, query_type())}
    every = {f"{type_.name}.{name}" for type_ in readable_types() for name in type_.fields}
    assert every - answered == set()


async def _invoice_in_dollars(given: Given) -> None:
    """Revenue that the margin lists beside its own currency."""
    await given.plan("dollar", currency="USD")
    tenant_id = await given.tenant("american", currency="USD")
    await given.subscription(await given.deployment(tenant_id, "abroad"), "dollar", starts_on=APRIL)
    await roll_up(given, tenant_ids=[tenant_id])
    invoice = await given.row("SELECT id FROM tenant_invoices WHERE tenant_id = $1", tenant_id)
    await issue_invoice(given.platform, invoice_id=invoice["id"])


async def _months(given: Given) -> None:
    """A month without a tax rate, a waived one, one with an open credit, and one that cannot be rated."""
    abroad = await given.tenant("untaxed", country="NZ")
    await given.subscription(await given.deployment(abroad, "abroad"), "studio", starts_on=APRIL)
    spared = await given.tenant("spared")
    await waive_month(given.platform, tenant_id=spared, period_start=APRIL, reason="it never started")
    huge = ResourceDraft("egress_gb", Decimal(0), (Tier(None, Decimal(10) ** 15 - 1),))
    await given.plan("huge", resources=[huge])
    overflowing = await given.tenant("overflowing")
    deployment_id = await given.deployment(overflowing, "big")
    await given.subscription(deployment_id, "huge", starts_on=APRIL)
    await meter(given, deployment_id, "999999999", kind="egress_gb")
    credited = await given.tenant("credited")
    await add_charge(given.platform, tenant_id=credited, description="Goodwill", net_cents=-500, on=APRIL)
    await roll_up(given, tenant_ids=[abroad, overflowing, credited])


async def _dun(given: Given) -> UUID:
    """An invoice that is disputed after its steps, a tenant on hold, an ended hold, and a run with a failure."""
    await given.plan("owed", base_price_cents=100)
    tenant_id = await given.tenant("owing")
    await given.subscription(await given.deployment(tenant_id, "owing"), "owed", starts_on=APRIL)
    await roll_up(given, tenant_ids=[tenant_id])
    invoice = await given.row("SELECT id FROM tenant_invoices WHERE tenant_id = $1", tenant_id)
    await issue_invoice(given.platform, invoice_id=invoice["id"])
    now = given.clock.now
    given.clock.set(2026, 5, 22, 9)
    await run_dunning(given.platform)
    await dispute_invoice(given.platform, invoice_id=invoice["id"], reason="not as ordered")
    for held in (tenant_id, await given.tenant("held")):
        await hold_dunning(given.platform, tenant_id=held, until=date(2026, 5, 22), reason="promised to pay")
    await release_dunning(given.platform, tenant_id=tenant_id)
    await set_dunning_policy(given.platform, tenant_id=tenant_id, steps=[Step(StepKind.NOTICE, 1)])
    await given.rows(
        "INSERT INTO dunning_failures (id, run_id, tenant_id, code, message, failed_at)"
        " SELECT $1, id, $2, 'INTERNAL_ERROR', 'it broke', started_at FROM dunning_runs RETURNING id",
        new_id(),
        tenant_id,
    )
    given.clock.now = now
    return tenant_id


async def _deliver(given: Given) -> None:
    """An endpoint that was disabled, and a delivery that was answered with a failure."""
    await given.rows(
        "UPDATE webhook_endpoints SET description = 'books', event_types = '{invoice.paid}', previous_secret = secret,"
        " previous_secret_until = now(), failing_since = now(), disabled_at = now(), disabled_reason = 'gone'"
        " RETURNING id"
    )
    await given.rows(
        "UPDATE webhook_deliveries SET last_attempt_at = now(), duration_ms = 5, response_status = 500,"
        " response_body = 'broken', error = 'the receiver answered 500' RETURNING id"
    )


async def _push(given: Given) -> None:
    """A push that was answered with a failure, a comparison that found an invoice out of step, and one that failed."""
    await given.rows(
        "UPDATE finance_pushes SET response_status = 422, response_body = 'no account', external_id = 'AR-7',"
        " error = 'the finance system answered 422' WHERE status = 'BLOCKED' RETURNING id"
    )
    await given.rows(
        "INSERT INTO finance_reconciliations"
        " (id, requested_at, requested_by, reason, finished_at, compared, out_of_step, error) VALUES"
        " (gen_random_uuid(), now(), 'someone', 'month end', now(), 2, 1, NULL),"
        " (gen_random_uuid(), now(), 'someone', NULL, now(), NULL, NULL, 'no answer')"
    )
    await given.rows(
        "INSERT INTO receivables_out_of_step"
        " (id, tenant_id, invoice_id, receivable_id, currency, balance_cents, finance_balance_cents, found_at)"
        " SELECT gen_random_uuid(), tenant_id, id, id, currency, balance_cents, balance_cents + 1, now()"
        " FROM invoice_balances LIMIT 1"
    )


async def _issue(given: Given) -> None:
    """An issue run with an issued invoice, and a draft that failed."""
    run_id = await issue_invoices(given.platform, period_start=APRIL)
    await issue_run_here(given.platform, run_id=run_id)
    spared = await given.row("SELECT id FROM tenants WHERE code = 'spared'")
    await given.rows(
        "INSERT INTO issue_outcomes (id, run_id, tenant_id, outcome, total_cents, failure)"
        " VALUES (gen_random_uuid(), $1, $2, 'FAILED', 0, 'DivisionByZeroError: division by zero')",
        run_id,
        spared["id"],
    )


async def _change_terms(given: Given, story: ExampleData) -> None:
    """A tenant with every detail and one that is closed; a plan that is archived, and pending; an add-on's last day."""
    await update_tenant(
        given.platform,
        tenant_id=story.acme,
        email="accounts@example.com",
        billing_address="1 High Street, Sydney",
        abn="51824753556",
        buyer_reference="PO 7",
        legal_name="Acme Pty Ltd",
        tax_exempt=False,
        tax_exempt_reason="the certificate ended",
    )
    await close_tenant(given.platform, tenant_id=await given.tenant("gone"))
    await given.plan("past", base_price_cents=1)
    await change_plan_version(given.admin(story.acme), deployment_id=story.deployment, plan_code="past")
    await archive_plan(given.platform, plan_code="past")
    attached = await given.row("SELECT id FROM subscription_addons LIMIT 1")
    await detach_addon(given.platform, subscription_addon_id=attached["id"])
    await add_charge(
        given.platform,
        tenant_id=story.acme,
        deployment_id=story.deployment,
        description="Setup",
        net_cents=5,
        on=date(2026, 5, 1),
    )


async def _money(given: Given) -> None:
    """An overdue invoice, paid in part, with a payment that bounced and credit; and one that was written off."""
    late = await given.tenant("late")
    march = date(2026, 3, 1)
    await given.subscription(await given.deployment(late, "late"), "studio", starts_on=march)
    await roll_up(given, march, tenant_ids=[late])
    given.clock.set(2026, 4, 2)
    invoice = await given.row("SELECT id FROM tenant_invoices WHERE tenant_id = $1", late)
    await issue_invoice(given.platform, invoice_id=invoice["id"])
    given.clock.set(2026, 5, 1, 3)
    await pay(given, late, 20, "bank-1", payer_text="for March", allocations=[])
    await allocate_credit(given.platform, tenant_id=late)
    bounced = await pay(given, late, 30, "bank-2")
    await reverse_payment(given.platform, payment_id=bounced, reason="dishonoured")
    await pay(given, late, 40, "bank-3", allocations=[])
    day = given.clock().date()
    await refund_credit(given.platform, tenant_id=late, amount_cents=5, paid_out_on=day, reference="out-1")
    gone = await given.row(
        "SELECT i.id FROM tenant_invoices i JOIN tenants t ON t.id = i.tenant_id WHERE t.code = 'american'"
    )
    await write_off_invoice(given.platform, invoice_id=gone["id"], reason="insolvent")
    await record_recovery(given.platform, NewRecovery(gone["id"], 7, day, PaymentMethod.CARD, "card-1"))


async def _fallen(given: Given) -> None:
    """March, credited as a whole, whose usage then falls: the correction in April is absorbed."""
    fallen, march = await given.tenant("fallen"), date(2026, 3, 1)
    deployment_id = await given.deployment(fallen, "fallen")
    await given.subscription(deployment_id, "studio", starts_on=march)
    await meter(given, deployment_id, "5000", 2026, 3, 3)
    await roll_up(given, march, tenant_ids=[fallen])
    invoice = await given.row("SELECT id FROM tenant_invoices WHERE tenant_id = $1", fallen)
    await issue_invoice(given.platform, invoice_id=invoice["id"])
    await credit(given, invoice["id"])
    await correct(given, deployment_id, "0")
    await roll_up(given, APRIL, tenant_ids=[fallen])


def _documents(story: ExampleData) -> list[str]:
    """Yields a query for every root field, which selects every field below it to a depth of this number of objects."""
    arguments = {
        "quote": """(input: {planCode: "scale", addons: [{code: "storage_50gb"}], usage: [
            {resourceKind: "egress_gb", quantity: "300"}, {resourceKind: "llm_input_tokens", quantity: "1"}]})""",
        "agedReceivables": "",
        "exportLink": '(records: LEDGER, from: "2026-05-01", to: "2026-06-01")',
        "margin": """(from: "2026-04-01", to: "2026-05-01",
            groupBy: [TENANT, DEPLOYMENT, RESOURCE_KIND, LINE_KIND, MONTH])""",
        "creditNotePreview": f"""(input: {{
            invoiceId: "{story.invoice}", reason: GOODWILL, description: "a slow week", grossCents: 11}})""",
    }
    documents = []
    for name, field in query_type().fields.items():
        required = any(map(is_required_argument, field.args.values()))
        if name in arguments or not (required or name in {"invoice", "tenant", "nodes", "creditNote"}):
            documents.append(
                f"{{ {name}{arguments.get(name, '')} {{ {fields_of(get_named_type(field.type), DEPTH)} }} }}"
            )
    type_ = next(one for one in readable_types() if one.name == "Statement")
    statement = f'statement(from: "2026-01-01", to: "2026-06-01") {{ {fields_of(type_, 2)} }}'
    documents.append(f'{{ tenant(code: "late") {{ __typename {statement} }} }}')
    return documents
