"""One-off charges: added to a tenant's month, and gathered with what the month is rated from."""

from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from app.billing import ChargeInputs, ChargeTerms, DeploymentState, Period, UnsubscribedCharge
from app.database import PLATFORM
from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.charges import add_charge
from app.operations.deployments import transition_deployment
from app.operations.monthly_charges import charges_of
from app.operations.rating_inputs import billable_deployments, gather
from app.tables.ids import new_id
from tests.operations.given import Given
from tests.operations.months import APRIL, subscribed

PERIOD = Period(APRIL, ZoneInfo("UTC"))
LAST_DAY = PERIOD.last_day


async def charge(given: Given, tenant_id: UUID, deployment_id: UUID | None, description: str, on: date = APRIL) -> UUID:
    return await add_charge(
        given.platform,
        tenant_id=tenant_id,
        deployment_id=deployment_id,
        description=description,
        net_cents=-250 if description.startswith("credit") else 1000,
        on=on,
    )


async def gathered(
    given: Given, *tenants: UUID
) -> tuple[dict[str | None, list[str]], dict[UUID, list[tuple[str | None, str]]]]:
    """The descriptions of the charges of each subscribed deployment, and by tenant, with their slugs, of the others."""
    async with given.database.unit_of_work(PLATFORM) as unit:
        inputs = await gather(unit, PERIOD, await billable_deployments(unit, PERIOD, tenants))
        of_subscriptions = {one.deployment_id: [each.description for each in one.charges] for one in inputs}
        others = await charges_of(unit, PERIOD, tenants)
    return of_subscriptions, {
        tenant_id: [(each.slug, each.charge.description) for each in apart.charges]
        for tenant_id, apart in others.items()
    }


async def test_a_charge_is_kept_as_it_was_asked_for(given: Given) -> None:
    tenant_id = await given.tenant()
    charge_id = await charge(given, tenant_id, None, "credit", LAST_DAY)
    assert await given.row("SELECT * FROM charges") == {
        "id": charge_id,
        "tenant_id": tenant_id,
        "deployment_id": None,
        "description": "credit",
        "net_cents": -250,
        "charged_on": date(2026, 4, 30),
        "created_by": "platform_admin@example.com",
        "created_at": given.clock(),
    }


async def test_charges_are_of_a_subscription_or_of_none(given: Given) -> None:
    await given.plan()
    tenant_id, pilot = await subscribed(given)
    bare = await given.deployment(tenant_id, "bare")
    later, gone = await given.deployment(tenant_id, "later"), await given.deployment(tenant_id, "gone")
    await given.subscription(later, starts_on=date(2026, 5, 1))
    given.clock.set(2026, 5, 1, 4)
    await given.subscription(gone, starts_on=date(2026, 4, 30))
    await transition_deployment(given.platform, deployment_id=gone, to=DeploymentState.CANCELLED)
    other, others_pilot = await subscribed(given, "other")
    for deployment_id, name in ((pilot, "pilot"), (bare, "bare"), (later, "later"), (gone, "gone"), (None, "own")):
        await charge(given, tenant_id, deployment_id, f"{name} 1", LAST_DAY)
        await charge(given, tenant_id, deployment_id, f"{name} 2")
        await charge(given, tenant_id, deployment_id, "of May", date(2026, 5, 1))
        await charge(given, tenant_id, deployment_id, "of March", date(2026, 3, 31))
    await charge(given, tenant_id, pilot, "credit")
    await charge(given, other, others_pilot, "other")

    of_subscriptions, apart = await gathered(given, tenant_id, other)

    assert of_subscriptions == {
        str(gone): ["gone 1", "gone 2"],
        str(pilot): ["pilot 1", "pilot 2"],
        str(others_pilot): ["other"],
    }
    assert apart == {
        tenant_id: [
            (None, "own 1"),
            (None, "own 2"),
            ("bare", "bare 1"),
            ("bare", "bare 2"),
            ("later", "later 1"),
            ("later", "later 2"),
            ("pilot", "credit"),
        ]
    }


async def test_the_terms_of_a_charge(given: Given) -> None:
    await given.plan()
    tenant_id, pilot = await subscribed(given)
    charge_id = await charge(given, tenant_id, pilot, "Setup", date(2026, 4, 3))
    credit_id = await charge(given, tenant_id, pilot, "credit", date(2026, 4, 3))
    async with given.database.unit_of_work(PLATFORM) as unit:
        (inputs,) = await gather(unit, PERIOD, await billable_deployments(unit, PERIOD, [tenant_id]))
        apart = await charges_of(unit, PERIOD, [tenant_id])
    assert inputs.charges == (ChargeTerms(str(charge_id), "Setup", 1000, date(2026, 4, 3)),)
    credit = ChargeTerms(str(credit_id), "credit", -250, date(2026, 4, 3))
    assert apart == {tenant_id: ChargeInputs((UnsubscribedCharge("pilot", str(pilot), credit),))}


@pytest.mark.parametrize(
    ("arguments", "code", "path"),
    [
        ({"net_cents": 0}, ProblemCode.VALIDATION_FAILED, "netCents"),
        ({"net_cents": 10**15}, ProblemCode.VALIDATION_FAILED, "netCents"),
        ({"net_cents": -(10**15)}, ProblemCode.VALIDATION_FAILED, "netCents"),
        ({"description": ""}, ProblemCode.VALIDATION_FAILED, "description"),
        ({"description": "x" * 201}, ProblemCode.VALIDATION_FAILED, "description"),
        ({"description": "nul\0"}, ProblemCode.VALIDATION_FAILED, "description"),
        ({"on": date(1999, 12, 31)}, ProblemCode.VALIDATION_FAILED, "on"),
        ({"on": date.max}, ProblemCode.VALIDATION_FAILED, "on"),
        ({"tenant_id": new_id()}, ProblemCode.NOT_FOUND, "tenantId"),
        ({"deployment_id": new_id()}, ProblemCode.NOT_FOUND, "deploymentId"),
        ({"deployment_id": "another tenant's"}, ProblemCode.NOT_FOUND, "deploymentId"),
    ],
)
async def test_bad_input_is_refused(given: Given, arguments: dict[str, Any], code: ProblemCode, path: str) -> None:
    tenant_id = await given.tenant()
    if arguments.get("deployment_id") == "another tenant's":
        arguments = {"deployment_id": await given.deployment(await given.tenant("other"))}
    before = await given.contents()
    sound: dict[str, Any] = {"tenant_id": tenant_id, "description": "Setup", "net_cents": 1, "on": APRIL}
    with pytest.raises(Refusal) as refused:
        await add_charge(given.platform, **sound | arguments)
    assert (refused.value.code, refused.value.path) == (code, (path,))
    assert await given.contents() == before
