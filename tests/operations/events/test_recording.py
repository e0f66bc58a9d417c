"""Every business event is written by the transaction that causes it, with a sequence in its aggregate."""

import asyncio
from collections.abc import Sequence
from contextvars import Context
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from app.billing import DeploymentState
from app.database import PLATFORM, UnitOfWork
from app.operations.calls.refusal import Refusal
from app.operations.deployments import transition_by_system, transition_deployment, update_deployment
from app.operations.dunning import evaluate_tenant
from app.operations.events import record_tenant
from app.operations.invoices import issue_invoice, mark_invoice_paid, void_invoice
from app.operations.payments import reverse_payment
from app.operations.subscriptions import (
    apply_pending_plan_changes,
    attach_addon,
    change_plan_version,
    detach_addon,
)
from app.operations.tenants import close_tenant, create_tenant, update_tenant
from app.tables.events import EventType
from tests.operations.events.told_events import events_of, parts
from tests.operations.given import Given
from tests.operations.months import APRIL, MAY, meter, roll_up, subscribed
from tests.operations.receivables import credit, drafted, figure_1, issued, pay


async def test_a_tenants_life(given: Given) -> None:
    tenant_id = await given.tenant()
    await update_tenant(given.platform, tenant_id=tenant_id, name="Acme Limited")
    await update_tenant(given.platform, tenant_id=tenant_id)  # changes nothing
    await close_tenant(given.platform, tenant_id=tenant_id)
    told = await events_of(given, tenant_id)
    assert [sequence for sequence, _, _ in told] == [1, 2, 3]
    assert parts(told, "name", "closedAt") == [
        ("tenant.created", "Acme", None),
        ("tenant.updated", "Acme Limited", None),
        ("tenant.updated", "Acme Limited", given.clock().isoformat().replace("+00:00", "Z")),
    ]
    assert told[0][2] == {
        "tenantId": str(tenant_id),
        "code": "acme",
        "name": "Acme",
        "country": "AU",
        "currency": "AUD",
        "taxExempt": False,
        "closedAt": None,
    }


async def test_a_deployments_life(given: Given) -> None:
    given.clock.set(2026, 4, 10)
    await figure_1(given)
    await given.plan("large", base_price_cents=9000)
    _, deployment_id = await subscribed(given)
    addon_id = await attach_addon(given.platform, deployment_id=deployment_id, addon_code="storage_50gb")
    await detach_addon(given.platform, subscription_addon_id=addon_id)
    await change_plan_version(
        given.platform, deployment_id=deployment_id, plan_code="large", effective_on=date(2026, 5, 1)
    )
    given.clock.set(2026, 5, 1)
    assert await apply_pending_plan_changes(given.platform) == 1
    await transition_deployment(given.platform, deployment_id=deployment_id, to=DeploymentState.PAUSED, reason="rest")
    told = await events_of(given, deployment_id)
    assert parts(told, "fromState", "toState", "change", "planCode", "status", "addonCode") == [
        ("deployment.transitioned", None, "ACTIVE", None, None, None, None),
        ("subscription.changed", None, None, "SUBSCRIBED", "studio", "ACTIVE", None),
        ("subscription.changed", None, None, "ADDON_ATTACHED", "studio", "ACTIVE", "storage_50gb"),
        ("subscription.changed", None, None, "ADDON_DETACHED", "studio", "ACTIVE", "storage_50gb"),
        ("subscription.changed", None, None, "PLAN_CHANGED", "studio", "ACTIVE", None),
        ("subscription.changed", None, None, "PLAN_CHANGED", "large", "ACTIVE", None),
        ("deployment.transitioned", "ACTIVE", "PAUSED", None, None, None, None),
        ("subscription.changed", None, None, "TRANSITION", "large", "PAUSED", None),
    ]
    assert [data.get("effectiveOn") for _, _, data in told][4:6] == ["2026-05-01", "2026-05-01"]


async def test_a_withheld_transition_is_no_transition(given: Given) -> None:
    deployment_id = await given.deployment(await given.tenant())
    await update_deployment(given.platform, deployment_id=deployment_id, billing_action_suspended=True)
    await transition_by_system(given.platform, deployment_id=deployment_id, to=DeploymentState.PAST_DUE)
    assert parts(await events_of(given, deployment_id), "toState") == [("deployment.transitioned", "ACTIVE")]


MONEY = ("totalCents", "balanceCents", "amountCents", "creditCents", "settledBy")


async def test_the_money_of_figure_4_in_the_order_of_its_events(given: Given) -> None:
    """7064 issued, note 739 -> 6325, 4000 -> 2325, 3000 -> 0 and 675 to the credit balance."""
    await figure_1(given)
    tenant_id, invoice_id = await issued(given)
    await credit(given, invoice_id, (2, 672))
    await pay(given, tenant_id, 4000, "bank-1")
    payment_id = await pay(given, tenant_id, 3000, "bank-2")
    await reverse_payment(given.platform, payment_id=payment_id, reason="bounced")
    told = await events_of(given, tenant_id)
    assert parts(told, *MONEY)[1:] == [
        ("invoice.drafted", 7064, None, None, None, None),
        ("invoice.issued", 7064, 7064, None, None, None),
        ("credit_note.issued", 739, None, None, 0, None),
        ("payment.recorded", None, None, 4000, 0, None),
        ("payment.recorded", None, None, 3000, 675, None),
        ("invoice.paid", 7064, 0, None, None, "PAYMENT"),
        ("payment.reversed", None, None, 3000, None, None),
        ("invoice.reopened", 7064, 2325, None, None, None),
    ]
    assert [sequence for sequence, _, _ in told] == list(range(1, 10))
    assert told[5][2]["invoices"] == [{"invoiceId": str(invoice_id), "amountCents": 2325}]
    assert told[7][2]["invoices"] == [{"invoiceId": str(invoice_id), "amountCents": 2325}]
    assert {type(value) for _, _, data in told for name, value in data.items() if name.endswith("Cents")} <= {
        int,
        type(None),
    }


async def test_credit_pays_the_next_invoice_and_a_void_invoice_gives_it_back(given: Given) -> None:
    await figure_1(given)
    given.settings = replace(given.settings, apply_credit=True)
    tenant_id, _ = await drafted(given)
    await pay(given, tenant_id, 8000)
    row = await given.row("SELECT id FROM tenant_invoices")
    await issue_invoice(given.platform, invoice_id=row["id"])
    await void_invoice(given.platform, invoice_id=row["id"])
    assert parts(await events_of(given, tenant_id), "status", *MONEY)[2:] == [
        ("payment.recorded", None, None, None, 8000, 8000, None),
        ("invoice.issued", "ISSUED", 7064, 7064, None, None, None),
        ("invoice.paid", "PAID", 7064, 0, None, None, "CREDIT"),
        ("invoice.reopened", "ISSUED", 7064, 7064, None, None, None),
        ("invoice.voided", "VOID", 7064, 0, None, None, None),
    ]


async def test_an_invoice_marked_as_paid_earlier(given: Given) -> None:
    await figure_1(given)
    tenant_id, invoice_id = await issued(given)
    given.clock.set(2026, 5, 20)
    await mark_invoice_paid(
        given.platform, invoice_id=invoice_id, reference="wire", paid_at=given.clock().replace(day=18)
    )
    rows = await given.rows("SELECT type, occurred_at FROM events WHERE aggregate_id = $1 ORDER BY sequence", tenant_id)
    assert [(row["type"], row["occurred_at"]) for row in rows][-2:] == [
        ("payment.recorded", given.clock()),
        ("invoice.paid", given.clock()),
    ]


async def test_a_month_that_falls_after_it_was_issued_and_the_rollups(given: Given) -> None:
    await figure_1(given)
    tenant_id, deployment_id = await subscribed(given)
    given.clock.set(2026, 5, 2)
    first = await roll_up(given, APRIL)
    row = await given.row("SELECT id FROM tenant_invoices")
    await issue_invoice(given.platform, invoice_id=row["id"])
    await meter(given, deployment_id, "1500", 2026, 4, 10)
    given.clock.set(2026, 6, 2)
    await roll_up(given, MAY)
    (corrected,) = [data for _, name, data in await events_of(given, tenant_id) if name == "month.corrected"]
    assert (corrected["month"], corrected["differenceCents"], corrected["creditedCents"]) == ("2026-04-01", 12, 0)
    assert parts(await events_of(given, first["id"]), "status", "invoicesCreated", "totalCents", "dryRun") == [
        ("rollup.finished", "SUCCEEDED", 1, 5500, False)
    ]
    (owner,) = await given.rows("SELECT DISTINCT tenant_id FROM events WHERE type = 'rollup.finished'")
    assert owner["tenant_id"] is None


async def test_dunning_tells_of_its_steps_and_of_the_deployments_it_moves(given: Given) -> None:
    await figure_1(given)
    tenant_id, invoice_id = await issued(given)
    due_on = (await given.row("SELECT due_on FROM invoice_balances"))["due_on"]
    given.clock.set(due_on.year, due_on.month, due_on.day + 8)
    await evaluate_tenant(given.platform, tenant_id=tenant_id)
    await evaluate_tenant(given.platform, tenant_id=tenant_id)
    assert parts(await events_of(given, tenant_id), "invoiceId", "kind", "days")[-2:] == [
        ("dunning.step", str(invoice_id), "NOTICE", 1),
        ("dunning.step", str(invoice_id), "PAST_DUE", 7),
    ]
    deployment = await given.row("SELECT id FROM cloud_deployments")
    assert parts(await events_of(given, deployment["id"]), "toState", "cause")[-1] == (
        *("deployment.transitioned", "PAST_DUE", "DUNNING"),
    )


async def test_a_refused_operation_tells_nothing(given: Given) -> None:
    await figure_1(given)
    tenant_id, _ = await issued(given)
    await pay(given, tenant_id, 1000, "bank-1")
    before = await events_of(given, tenant_id)
    with pytest.raises(Refusal):
        await pay(given, tenant_id, 2000, "bank-1")
    await pay(given, tenant_id, 1000, "bank-1")  # the same again: recorded before
    assert await events_of(given, tenant_id) == before


async def told_by_a_failed_transaction(given: Given, writing: Sequence[asyncio.Task[None]] = ()) -> list[str]:
    tenant_id = await given.tenant("doomed")
    with pytest.raises(ZeroDivisionError):
        async with given.database.unit_of_work(PLATFORM) as unit:
            await record_tenant(unit, EventType.TENANT_UPDATED, tenant_id, given.clock())
            raise ZeroDivisionError
    await asyncio.gather(*writing)
    return [event_type for _, event_type, _ in await events_of(given, tenant_id)][1:]


async def test_an_event_is_rolled_back_with_its_transaction(given: Given) -> None:
    assert await told_by_a_failed_transaction(given) == []


async def test_an_event_written_outside_its_transaction_is_noticed(
    given: Given, monkeypatch: pytest.MonkeyPatch
) -> None:
    writing: list[asyncio.Task[None]] = []

    def write_elsewhere(_unit: UnitOfWork, writer: Any, items: Any) -> None:
        async def write() -> None:
            async with given.database.unit_of_work(PLATFORM) as other:
                await writer(other, items)

        writing.append(asyncio.get_running_loop().create_task(write(), context=Context()))

    monkeypatch.setattr(UnitOfWork, "collect", write_elsewhere)
    assert await told_by_a_failed_transaction(given, writing) == ["tenant.updated"]


async def test_a_part_that_is_rolled_back_takes_its_events_with_it(given: Given) -> None:
    tenant_id = await given.tenant()
    async with given.database.unit_of_work(PLATFORM) as unit:
        await record_tenant(unit, EventType.TENANT_UPDATED, tenant_id, given.clock())
        with pytest.raises(ZeroDivisionError):
            async with unit.attempt():
                await record_tenant(unit, EventType.TENANT_UPDATED, tenant_id, given.clock())
                raise ZeroDivisionError
    assert [sequence for sequence, _, _ in await events_of(given, tenant_id)] == [1, 2]


async def test_racing_transactions_give_an_aggregate_one_sequence_without_a_gap(given: Given) -> None:
    """Two aggregates, named in opposite orders by many transactions at once: no deadlock, no gap."""
    first, second = await given.tenant("one"), await given.tenant("two")

    async def change(*order: UUID) -> None:
        async def work(unit: UnitOfWork) -> None:
            for tenant_id in order:
                await record_tenant(unit, EventType.TENANT_UPDATED, tenant_id, given.clock())

        await given.database.run_in_transaction(PLATFORM, work)

    await asyncio.gather(*(change(first, second) if at % 2 else change(second, first) for at in range(20)))
    for tenant_id in (first, second):
        assert [sequence for sequence, _, _ in await events_of(given, tenant_id)] == list(range(1, 22))


async def test_a_tenants_own_change_is_told_under_its_own_role(given: Given) -> None:
    tenant_id = await given.tenant()
    deployment_id = await given.deployment(tenant_id)
    await transition_deployment(given.admin(tenant_id), deployment_id=deployment_id, to=DeploymentState.PAUSED)
    assert parts(await events_of(given, deployment_id), "cause")[-1] == ("deployment.transitioned", "TENANT")


async def test_a_refused_tenant_is_not_created_and_not_told_of(given: Given) -> None:
    await given.tenant()
    with pytest.raises(Refusal):
        await create_tenant(given.platform, code="acme", name="Another")
    assert len(await given.rows("SELECT FROM events")) == 1
