"""Every statement names the tenant: in joins of tenant-owned tables, and where it locks, updates or deletes their rows.

What is checked are the statements that a story of all mutations, jobs and reads sends, and the texts of statements in
`app` besides, played or not. docs/adr/0035 says why.
"""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from graphql import get_named_type, is_required_argument

import app
from app.operations import billing_months, data_integrity, dunning, rate_limits, rollups, subscriptions, usage
from app.operations.calls import idempotency
from app.operations.deployments import move_resource, register_resource
from app.operations.usage import MeteredEvent
from tests.operations.given import Given
from tests.schema.api import Api
from tests.schema.example_data import create_example_data
from tests.schema.inputs import mutation_type
from tests.schema.selections import fields_of, query_type
from tests.schema.test_extremes import INPUTS, with_ids
from tests.sql.recorded import recorded_statements
from tests.sql.tenant_keys import faults_of

DEPTH = 4
"""How many objects deep every root field is read: each relation of each type is among these."""

_BY_ID = "a platform admin, who sees every tenant, names the row by its id: this is what tells whose it is"
_OF_ALL = "a job over all tenants"
_OF_DELIVERIES = "deliveries of all tenants, and of the platform's endpoints, which have none; ids tell whose they are"
EXCEPTIONS = {
    'FROM "cloud_deployments" WHERE "cloud_deployments"."id" = $1 LIMIT 1 FOR NO KEY UPDATE': _BY_ID,
    'FROM "tenant_invoices" WHERE "tenant_invoices"."id" = ANY($1) ORDER BY': _BY_ID,
    "FROM cloud_resources WHERE id = $1 FOR UPDATE": _BY_ID,
    "JOIN (SELECT tenant_id, period_start FROM tenant_invoices WHERE id = $1": _BY_ID,
    "SELECT tenant_id, id, pending_from FROM subscriptions WHERE pending_from <= $1": _OF_ALL,
    "SELECT id, aggregate_id, sequence FROM events WHERE position IS NULL": _OF_ALL,
    "FROM webhook_endpoints\nWHERE id = $1 AND ($2::uuid IS NULL OR tenant_id = $2) FOR UPDATE": _BY_ID,
    "UPDATE webhook_endpoints SET disabled_at = $2, disabled_reason = $3 WHERE id = $1": _OF_DELIVERIES,
    "UPDATE webhook_endpoints SET failing_since": _OF_DELIVERIES,
    "FROM events e JOIN webhook_endpoints w": _OF_DELIVERIES,
    "FROM webhook_endpoints w JOIN events e": _OF_DELIVERIES,
    "SELECT q.id FROM webhook_endpoints w CROSS JOIN LATERAL": _OF_DELIVERIES,
    "FROM delivery_queues q CROSS JOIN LATERAL": _OF_DELIVERIES,
    "(SELECT min(q.next_attempt_at) FROM delivery_queues q": _OF_DELIVERIES,
    "SELECT id FROM delivery_queues WHERE id = any($1::uuid[]) AND claim": _OF_DELIVERIES,
    "UPDATE delivery_queues q SET claim = NULL": _OF_DELIVERIES,
    "DELETE FROM delivery_queues q WHERE q.id": _OF_DELIVERIES,
    "UPDATE webhook_deliveries d SET status = r.status": _OF_DELIVERIES,
    "SELECT tenant_id, id FROM finance_queues WHERE next_attempt_at <= $1": _OF_ALL,
    "DELETE FROM receivables_out_of_step": _OF_ALL,
    "DELETE FROM idempotency_keys WHERE created_at <= $1": _OF_ALL,
    "DELETE FROM rate_limit_buckets WHERE full_at < now()": _OF_ALL,
    "FROM cloud_invoice_lines l LEFT JOIN cloud_resources r": "a data check: it finds whether the tenants agree",
    "UPDATE cloud_invoice_lines AS l SET": "a provider's bill is the platform's; matching again changes a row's tenant",
}
"""Statements without the tenant by design: a part of the text, and the reason."""


async def test_every_statement_names_the_tenant(api: Api) -> None:
    with recorded_statements() as sent:
        await _play(api)
    faulty = {text: faults for text in sorted(sent | set(_constants())) if (faults := faults_of(text))}
    unexplained = {text: faults for text, faults in faulty.items() if not any(part in text for part in EXCEPTIONS)}
    assert unexplained == {}
    assert [part for part in EXCEPTIONS if not any(part in text for text in faulty)] == []


async def _play(api: Api) -> None:
    """All mutations as a tenant's admin and as the platform's, then what they do at other times, jobs and reads."""
    given, story = api.given, await create_example_data(api.given)
    await _change_a_subscription(api, str(story.deployment))
    await _meter_a_level(given, story.deployment, story.bare_deployment)
    await _ask(api, "TenantClosed", "closeTenant", tenantId=str(await given.tenant("gone")))
    inputs = {name: with_ids(INPUTS[name], story) for name in mutation_type().fields}
    for name in sorted(inputs, key=("rollUpPeriod", "archivePlan", "closeTenant").count):
        for caller in (given.admin(story.acme), given.platform):
            await api.mutate(name, inputs[name], caller=caller)
    await _work(given)
    for text in _documents():
        await api.data(text)
        await api.body(text, caller=given.admin(story.acme))  # who may not read all of it


async def _ask(api: Api, expected: str, mutation: str, **asked: Any) -> None:
    assert await api.mutate(mutation, asked) == {"__typename": expected}, (mutation, asked)


async def _change_a_subscription(api: Api, deployment: str) -> None:
    """Plan changes that are put off, replaced and dropped, one that waits for its day, and the states that follow."""
    change = {"deploymentId": deployment, "planVersion": 1}
    await _ask(api, "PlanVersionChanged", "changePlanVersion", **change, planCode="scale", effectiveOn="2026-06-01")
    await _ask(api, "PlanVersionChanged", "changePlanVersion", **change, planCode="scale", effectiveOn="2026-05-15")
    for state in ("PAUSED", "ACTIVE"):
        await _ask(api, "DeploymentTransitioned", "transitionDeployment", deploymentId=deployment, to=state)


async def _meter_a_level(given: Given, deployment_id: UUID, other_id: UUID) -> None:
    """Records levels of a resource, also for the ended month, and then moves the resource to another deployment."""
    began = datetime(2026, 4, 29, tzinfo=UTC)
    resource_id = await register_resource(
        given.platform,
        deployment_id=deployment_id,
        provider="digitalocean",
        external_id="77",
        resource_kind="storage_gb_hours",
        name="volume-7",
        created_at=began,
    )
    for days in (1, 0, 2):
        event = MeteredEvent(
            id=f"level {days}",
            deployment_id=deployment_id,
            resource_kind="storage_gb_hours",
            quantity=Decimal(2),
            occurred_at=began + timedelta(days=days),
            resource_id=resource_id,
        )
        assert (await usage.record_usage(given.platform, events=[event])).accepted == 1
    await move_resource(given.platform, resource_id=resource_id, deployment_id=other_id)


async def _work(given: Given) -> None:
    """Runs the jobs and commands."""
    context = given.platform
    given.clock.set(2026, 6, 1, 4)
    done = {
        "plan changes": await subscriptions.apply_pending_plan_changes(context),
        "runs": await rollups.catch_up(context),
        "chunks": await rollups.resume(context),
        "unbilled": await billing_months.count_unbilled_months(context),
        "totals": [one async for one in usage.prove_totals(context, repair=True)],
        "violations": await data_integrity.check(context),
        "keys": await idempotency.purge(context),
        "buckets": await rate_limits.purge(context),
        "dunned": await dunning.run_dunning(context),
    }
    counts = {"plan changes": 1, "runs": 3, "chunks": 4, "unbilled": 5, "keys": 0, "buckets": 0, "dunned": 0}
    assert done == {**counts, "totals": [], "violations": []}


def _documents() -> Iterator[str]:
    """Returns a query for every root field without required arguments; together they select every type."""
    for name, field in query_type().fields.items():
        if not any(map(is_required_argument, field.args.values())) and name not in {"creditNote", "invoice", "tenant"}:
            yield f"{{ {name} {{ {fields_of(get_named_type(field.type), DEPTH)} }} }}"
    yield f"{{ nodes(ids: []) {{ {fields_of(get_named_type(query_type().fields['nodes'].type), 2)} }} }}"


def _constants() -> Iterator[str]:
    """The statements that the modules of `app` have as constants, but for those with a place for another part."""
    texts = set()
    for module in pkgutil.walk_packages(app.__path__, "app."):
        if module.name.startswith("app.operations"):
            texts |= {value for value in vars(importlib.import_module(module.name)).values() if isinstance(value, str)}
    statements = {text for text in texts if re.match(r"\s*(WITH|SELECT|INSERT|UPDATE|DELETE)\s", text)}
    parts = {text for text in statements if any(text in other and text != other for other in statements)}
    return iter(statements - parts - {text for text in statements if re.search(r"\{\w+\}", text)})
