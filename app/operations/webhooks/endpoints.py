"""Webhook endpoints: made, changed, deleted and tested by the admins of a tenant, or of the platform."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

from msgspec import UNSET, UnsetType
from piccolo.columns.combination import And

from app.billing import InputFault
from app.database import UnitOfWork
from app.operations.calls import validation
from app.operations.calls.access import Action, authorise, not_found, tenant_for
from app.operations.calls.context import Context
from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.calls.transaction import transact
from app.operations.events import Aggregate, EndpointData, record_event
from app.operations.webhooks.addresses import Resolver, resolve
from app.operations.webhooks.disabling import disable_endpoints
from app.operations.webhooks.endpoint_secrets import encrypt, new_secret
from app.operations.webhooks.endpoint_url import url_faults
from app.tables.events import AggregateType, EventType
from app.tables.ids import new_id
from app.tables.webhooks import WebhookEndpoints

ROTATION = timedelta(hours=24)
"""How long the previous secret signs too."""

_LOCK = """
SELECT id, tenant_id, url, secret, disabled_at FROM webhook_endpoints
WHERE id = $1 AND ($2::uuid IS NULL OR tenant_id = $2) FOR UPDATE
"""
_DELETE = (
    "DELETE FROM delivery_queues WHERE tenant_id IS NOT DISTINCT FROM $2 AND endpoint_id = $1",
    "DELETE FROM webhook_deliveries WHERE tenant_id IS NOT DISTINCT FROM $2 AND endpoint_id = $1",
    "DELETE FROM webhook_endpoints WHERE tenant_id IS NOT DISTINCT FROM $2 AND id = $1",
)
_ROTATE = """
UPDATE webhook_endpoints SET previous_secret = secret, previous_secret_until = $4, secret = $3
WHERE tenant_id IS NOT DISTINCT FROM $2 AND id = $1
"""
_ENABLE = """
UPDATE webhook_endpoints SET disabled_at = NULL, disabled_reason = NULL, failing_since = NULL
WHERE tenant_id IS NOT DISTINCT FROM $2 AND id = $1
"""


class EndpointSecret(NamedTuple):
    """An endpoint and its new secret, which is not shown again; None if the same request was carried out before."""

    endpoint_id: UUID
    secret: str | None


async def create_webhook_endpoint(
    context: Context,
    *,
    url: str,
    event_types: Sequence[str] = (),
    description: str | None = None,
    tenant_id: UUID | None = None,
    resolver: Resolver = resolve,
) -> EndpointSecret:
    """Makes an endpoint for events of the types, of all types if none is named. A platform admin may name a tenant;
    an endpoint without one gets the events of all tenants and of the platform.

    Raises VALIDATION_FAILED, NOT_FOUND.
    """
    authorise(context, Action.MANAGE_WEBHOOKS)
    owner = (
        None if tenant_id is None and context.principal.is_platform_admin else tenant_for(context.principal, tenant_id)
    )
    faults = [*_type_faults(event_types), *validation.free_text("description", description)]
    allow_loopback = not context.settings.production
    validation.refuse(faults + await url_faults(url, allow_loopback=allow_loopback, resolver=resolver))
    made: list[str] = []

    async def work(unit: UnitOfWork) -> UUID:
        if owner is not None and await unit.connection.fetchval("SELECT id FROM tenants WHERE id = $1", owner) is None:
            raise not_found("tenant", owner, ("tenantId",))
        made[:] = [new_secret()]
        endpoint = WebhookEndpoints(
            id=new_id(),
            tenant_id=owner,
            url=url,
            description=description,
            event_types=sorted(set(event_types)),
            secret=encrypt(context.settings, made[0]),
            previous_secret=None,
            previous_secret_until=None,
            created_at=context.clock(),
            created_by=context.principal.subject,
            failing_since=None,
            disabled_at=None,
            disabled_reason=None,
        )
        await WebhookEndpoints.insert(endpoint)
        return UUID(str(endpoint.id))

    return EndpointSecret(await transact(context, work, UUID), made[0] if made else None)


async def update_webhook_endpoint(
    context: Context,
    *,
    endpoint_id: UUID,
    url: str | None = None,
    event_types: Sequence[str] | None = None,
    description: str | UnsetType | None = UNSET,
    enabled: bool | None = None,
    resolver: Resolver = resolve,
) -> UUID:
    """Changes what is given. Events that were published while the endpoint was disabled are not delivered by
    themselves. Raises NOT_FOUND, VALIDATION_FAILED.
    """
    authorise(context, Action.MANAGE_WEBHOOKS)
    text = None if isinstance(description, UnsetType) else description
    faults = [*_type_faults(event_types or ()), *validation.free_text("description", text)]
    if url is not None:
        faults += await url_faults(url, allow_loopback=not context.settings.production, resolver=resolver)
    validation.refuse(faults)
    changes: dict[Any, Any] = {} if url is None else {"url": url}
    if event_types is not None:
        changes["event_types"] = sorted(set(event_types))
    if not isinstance(description, UnsetType):
        changes["description"] = description

    async def work(unit: UnitOfWork) -> UUID:
        row = await lock_endpoint(unit, context, endpoint_id)
        if changes:
            await WebhookEndpoints.update(changes).where(_is(row))
        if enabled is True:
            await unit.connection.execute(_ENABLE, endpoint_id, row["tenant_id"])
        elif enabled is False:
            reason = f"disabled by {context.principal.subject}"
            await disable_endpoints(unit, {endpoint_id: reason}, context.clock())
        return endpoint_id

    return await transact(context, work, UUID)


async def delete_webhook_endpoint(context: Context, *, endpoint_id: UUID) -> UUID:
    """Deletes the endpoint with its deliveries. Raises NOT_FOUND."""
    authorise(context, Action.MANAGE_WEBHOOKS)

    async def work(unit: UnitOfWork) -> UUID:
        row = await lock_endpoint(unit, context, endpoint_id)
        for statement in _DELETE:
            await unit.connection.execute(statement, endpoint_id, row["tenant_id"])
        return endpoint_id

    return await transact(context, work, UUID)


async def rotate_webhook_secret(context: Context, *, endpoint_id: UUID) -> EndpointSecret:
    """Makes a new secret. For a day each delivery has a second signature, by the previous one. Raises NOT_FOUND."""
    authorise(context, Action.MANAGE_WEBHOOKS)
    made: list[str] = []

    async def work(unit: UnitOfWork) -> UUID:
        row = await lock_endpoint(unit, context, endpoint_id)
        made[:] = [new_secret()]
        stored = encrypt(context.settings, made[0])
        await unit.connection.execute(_ROTATE, endpoint_id, row["tenant_id"], stored, context.clock() + ROTATION)
        return endpoint_id

    return EndpointSecret(await transact(context, work, UUID), made[0] if made else None)


async def send_test_event(context: Context, *, endpoint_id: UUID) -> UUID:
    """Records an event of the type webhook_endpoint.test, which is delivered to this endpoint only. Raises NOT_FOUND,
    CONFLICT for one that is disabled.
    """
    authorise(context, Action.MANAGE_WEBHOOKS)

    async def work(unit: UnitOfWork) -> UUID:
        row = await lock_endpoint(unit, context, endpoint_id)
        require_enabled(row)
        data = EndpointData(endpoint_id=endpoint_id, tenant_id=row["tenant_id"], url=row["url"], reason=None)
        aggregate = Aggregate(AggregateType.WEBHOOK_ENDPOINT, endpoint_id, row["tenant_id"])
        record_event(unit, EventType.WEBHOOK_ENDPOINT_TEST, aggregate, data, context.clock())
        return endpoint_id

    return await transact(context, work, UUID)


async def lock_endpoint(unit: UnitOfWork, context: Context, endpoint_id: UUID) -> Any:
    """Locks an endpoint that the caller may manage, and returns its row. Raises NOT_FOUND."""
    principal = context.principal
    owner = None if principal.is_platform_admin else tenant_for(principal, None)
    row = await unit.connection.fetchrow(_LOCK, endpoint_id, owner)
    if row is None:
        raise not_found("webhook endpoint", endpoint_id, ("endpointId",))
    return row


def _is(row: Any) -> And:
    tenant_id = WebhookEndpoints.tenant_id
    of_owner = tenant_id.is_null() if row["tenant_id"] is None else tenant_id == row["tenant_id"]
    its_own: And = of_owner & (WebhookEndpoints.id == row["id"])
    return its_own


def require_enabled(row: Any) -> None:
    """Raises CONFLICT for an endpoint that is disabled."""
    if row["disabled_at"] is not None:
        raise Refusal(ProblemCode.CONFLICT, "the endpoint is disabled; enable it first", ("endpointId",))


def _type_faults(event_types: Sequence[str]) -> list[InputFault]:
    known = {event_type.value for event_type in EventType}
    return [
        InputFault(("event_types", str(at)), f"{name!r} is not a type of event; docs/events.md lists them")
        for at, name in enumerate(event_types)
        if name not in known
    ]
