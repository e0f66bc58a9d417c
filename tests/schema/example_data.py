"""Test data in which every type of the schema has a row and every field that can have a value has one."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

from app.billing import DeploymentState, PriceModel, Tier
from app.operations.calls.audit import auditing
from app.operations.calls.call import Call, RequestMetadata
from app.operations.catalog import ResourceDraft, create_plan, update_addon
from app.operations.deployments import create_deployment, end_resource, register_resource, transition_deployment
from app.operations.events import publish_events
from app.operations.invoices import issue_invoice, mark_invoice_paid, void_invoice
from app.operations.rollups import roll_up_period, roll_up_run
from app.operations.subscriptions import subscribe
from app.operations.usage import MeteredEvent, correct_usage, record_usage
from app.operations.webhooks import create_webhook_endpoint
from app.operations.webhooks.delivery_queue import add_deliveries
from tests.operations.costs.bills import import_bill
from tests.operations.given import Given

APRIL = date(2026, 4, 1)

BILL = """product,group_description,description,hours,start,end,USD,project_name,category
Droplets,,web-1 (s-1vcpu-2gb),720,2026-04-01 00:00:00 +0000,2026-05-01 00:00:00 +0000,$12.00,arcadia,iaas
Support,,Premium support,,2026-04-01 00:00:00 +0000,2026-05-01 00:00:00 +0000,$24.00,arcadia,support
"""


@dataclass(frozen=True)
class ExampleData:
    """The ids of what was made."""

    acme: UUID
    rival: UUID
    deployment: UUID
    subscription: UUID
    attached: UUID
    rivals_deployment: UUID
    bare_deployment: UUID
    resource: UUID
    invoice: UUID
    rivals_invoice: UUID
    run: UUID
    bill: UUID
    payment: UUID
    endpoint: UUID
    push: UUID


async def create_example_data(given: Given) -> ExampleData:
    """Acme's pilot is on Studio, metered past its allowance and in a kind that Studio does not know; its April is
    billed, issued and paid. Rival is subscribed since March, which nobody billed; its April is billed, withdrawn and
    billed again by a second, forced run, which acme's paid invoice fails. An hour of rival's came late for the first of
    the two, and one made the second stale. The clock stands on 1 May.
    """
    given.clock.set(2026, 4, 1)
    acme, rival = await given.tenant("acme"), await given.tenant("rival")
    await _offer(given)
    deployment, rivals = await _deployment(given, acme), await given.deployment(rival, "pilot")
    subscription = await given.subscription(deployment, "studio", addons=["storage_50gb"], starts_on=APRIL)
    attached = UUID(str((await given.row("SELECT id FROM subscription_addons"))["id"]))
    await given.subscription(rivals, "studio", starts_on=date(2026, 3, 1))
    bare = await given.deployment(rival, "bare")
    await _cancel_a_trial(given, acme)
    given.clock.set(2026, 5, 1, 3)
    await record_usage(given.meter(), events=_usage(deployment))
    await _correct(given, acme)
    run = await _roll_up(given)
    invoice, rivals_invoice = await _invoice(given, acme), await _invoice(given, rival)
    await issue_invoice(given.platform, invoice_id=invoice)
    await mark_invoice_paid(given.platform, invoice_id=invoice, reference="transfer 7")
    await issue_invoice(given.platform, invoice_id=rivals_invoice)
    await _meter_late(given, rivals, "late")
    await void_invoice(given.platform, invoice_id=rivals_invoice, reason="wrong plan")
    await _roll_up(given, force=True)
    await _meter_late(given, rivals, "to a draft")
    await _ask(given)
    bill, resource = await _import(given), await _end_a_resource(given, rivals)
    payment = UUID(str((await given.row("SELECT id FROM payments"))["id"]))
    return ExampleData(
        acme=acme,
        rival=rival,
        deployment=deployment,
        subscription=subscription,
        attached=attached,
        rivals_deployment=rivals,
        bare_deployment=bare,
        resource=resource,
        invoice=invoice,
        rivals_invoice=rivals_invoice,
        run=run,
        bill=bill,
        payment=payment,
        endpoint=await _deliveries(given, acme, rival),
        push=await _blocked_push(given, acme, invoice),
    )


async def _deliveries(given: Given, *tenants: UUID) -> UUID:
    """An endpoint of each tenant, with a pending delivery of each of its events; returns the first one's id."""
    endpoints = [
        await create_webhook_endpoint(given.admin(tenant_id), url="http://127.0.0.1:9/hook") for tenant_id in tenants
    ]
    await publish_events(given.platform, lambda unit, ids: add_deliveries(unit, ids, given.clock()))
    return endpoints[0].endpoint_id


async def _blocked_push(given: Given, tenant_id: UUID, invoice_id: UUID) -> UUID:
    """A push that the finance system refused, of an invoice; returns its id."""
    row = await given.row(
        "UPDATE finance_pushes SET status = 'BLOCKED', body = '{}', attempts = 1, last_attempt_at = recorded_at"
        " WHERE tenant_id = $1 AND invoice_id = $2 AND sequence = 1 RETURNING id",
        tenant_id,
        invoice_id,
    )
    await given.rows(
        "UPDATE finance_queues SET blocked_at = now(), next_attempt_at = NULL WHERE tenant_id = $1 AND id = $2",
        tenant_id,
        invoice_id,
    )
    return UUID(str(row["id"]))


async def _correct(given: Given, tenant_id: UUID) -> None:
    """Corrects one usage event of May twice: to a quantity of 2, then to 1."""
    asked = {"source": "api", "event_id": f"droplet_hours {datetime(2026, 5, 1, 2, tzinfo=UTC)}"}
    for quantity in (2, 1):
        await correct_usage(
            given.meter(), tenant_id=tenant_id, quantity=Decimal(quantity), reason="counted twice", **asked
        )


async def _end_a_resource(given: Given, deployment_id: UUID) -> UUID:
    resource_id = await register_resource(
        given.platform,
        deployment_id=deployment_id,
        provider="digitalocean",
        external_id="41",
        resource_kind="storage_gb",
        name="volume-1",
        created_at=datetime(2026, 4, 1, tzinfo=UTC),
    )
    return await end_resource(given.platform, resource_id=resource_id)


async def _ask(given: Given) -> None:
    """Executes a mutation as the API does, so that the audit log gets an entry."""
    call = Call(
        "updateAddon", "updateAddon", '{"code":"storage_50gb","active":true}', RequestMetadata("r1", "127.0.0.1")
    )
    async with auditing(given.platform, call) as context:
        await update_addon(context, code="storage_50gb", active=True)


async def _offer(given: Given) -> None:
    """Creates the plan Studio and its add-on, and an unused plan with bounded tiers and packages."""
    await given.plan("studio")
    await given.addon("storage_50gb")
    await create_plan(given.platform, code="scale", name="Scale", description="For many tokens")
    graduated = (Tier(Decimal("99.5"), Decimal(1), 10), Tier(None, Decimal("0.8")))
    resources = [
        ResourceDraft("egress_gb", Decimal(100), graduated, PriceModel.GRADUATED),
        ResourceDraft("llm_input_tokens", Decimal(0), (Tier(None, Decimal(90)),), PriceModel.PACKAGE, Decimal(1000)),
    ]
    await given.plan_version("scale", resources=resources)


async def _deployment(given: Given, tenant_id: UUID) -> UUID:
    """Creates a deployment from a template, with a droplet, which was paused for a moment."""
    deployment_id = await create_deployment(
        given.admin(tenant_id),
        slug="pilot",
        display_name="Pilot 試作",
        region="syd1",
        template_code="wiki",
        template_version="1.2",
    )
    for state in (DeploymentState.PAUSED, DeploymentState.ACTIVE):
        await transition_deployment(given.admin(tenant_id), deployment_id=deployment_id, to=state, reason="a rest")
    await register_resource(
        given.platform,
        deployment_id=deployment_id,
        provider="digitalocean",
        external_id="42",
        resource_kind="droplet_hours",
        name="web-1",
    )
    return deployment_id


async def _cancel_a_trial(given: Given, tenant_id: UUID) -> None:
    deployment_id = await given.deployment(tenant_id, "tryout")
    await subscribe(
        given.platform,
        deployment_id=deployment_id,
        plan_code="studio",
        starts_on=APRIL,
        trial_ends_at=datetime(2026, 5, 1, tzinfo=UTC),
    )
    await transition_deployment(given.platform, deployment_id=deployment_id, to=DeploymentState.CANCELLED)


def _usage(deployment_id: UUID) -> list[MeteredEvent]:
    """2,160 droplet hours, as three droplets over April, 7 GB of traffic, and an hour of May."""
    metered = [("droplet_hours", 72, datetime(2026, 4, day, 12, tzinfo=UTC)) for day in range(1, 31)]
    metered += [
        ("egress_gb", 7, datetime(2026, 4, 9, tzinfo=UTC)),
        ("droplet_hours", 1, datetime(2026, 5, 1, 2, tzinfo=UTC)),
    ]
    return [
        MeteredEvent(
            id=f"{kind} {at}",
            deployment_id=deployment_id,
            resource_kind=kind,
            quantity=Decimal(quantity),
            occurred_at=at,
        )
        for kind, quantity, at in metered
    ]


async def _meter_late(given: Given, deployment_id: UUID, event_id: str) -> None:
    event = MeteredEvent(
        id=event_id,
        deployment_id=deployment_id,
        resource_kind="droplet_hours",
        quantity=Decimal(1),
        occurred_at=datetime(2026, 4, 7, tzinfo=UTC),
    )
    await record_usage(given.meter(), events=[event])


async def _roll_up(given: Given, *, force: bool = False) -> UUID:
    run_id = await roll_up_period(given.platform, period_start=APRIL, force=force)
    await roll_up_run(given.platform, run_id=run_id)
    return run_id


async def _invoice(given: Given, tenant_id: UUID) -> UUID:
    row = await given.row("SELECT id FROM tenant_invoices WHERE tenant_id = $1", tenant_id)
    return UUID(str(row["id"]))


async def _import(given: Given) -> UUID:
    bill = await import_bill(given.platform, BILL, external_id="2026-04", exchange_rate=Decimal("1.5"))
    return bill.cloud_invoice_id
