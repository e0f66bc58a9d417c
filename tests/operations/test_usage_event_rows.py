"""Rows encoded for COPY are decoded correctly by PostgreSQL."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from hashlib import sha256
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.billing import decimal_text
from app.database import PLATFORM
from app.operations.usage import MeteredEvent
from app.operations.usage.event_days import event_days
from app.operations.usage.event_rows import StagedDeployment, encoded, stage
from app.operations.usage.metered_events import MAX_KEY_LENGTH, epoch_microseconds, fingerprint
from app.tables.ids import new_ids
from tests.operations.given import Given

SYDNEY = ZoneInfo("Australia/Sydney")

_text = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=MAX_KEY_LENGTH)
_zones = st.sampled_from([UTC, timezone(timedelta(hours=10)), timezone(-timedelta(hours=3, minutes=30))])
_events = st.lists(
    st.builds(
        MeteredEvent,
        id=_text,
        source=_text,
        deployment_id=st.uuids(),
        resource_kind=st.sampled_from(["droplet_hours", "storage_gb"]),
        quantity=st.decimals(0, Decimal(999999999999999), places=12),
        occurred_at=st.datetimes(datetime(1999, 12, 1), datetime(2199, 12, 30), timezones=_zones),  # noqa: DTZ001 - bounds, of which st.datetimes makes aware ones
        resource_id=st.none() | st.uuids(),
    ),
    max_size=20,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(events=_events, tenant_id=st.uuids())
async def test_what_is_staged_is_what_was_given(given: Given, events: list[MeteredEvent], tenant_id: UUID) -> None:
    ids = new_ids(len(events))
    owners = [StagedDeployment.of(tenant_id, event.deployment_id) for event in events]
    instants = [epoch_microseconds(event.occurred_at) for event in events]
    days = [event_days(SYDNEY).of(instant) for instant in instants]
    async with given.database.unit_of_work(PLATFORM) as unit:
        await stage(unit, [encoded(*of) for of in zip(ids, events, owners, instants, days, strict=True)])
        staged = await unit.connection.fetch(
            "SELECT *, quantity::numeric AS number FROM pg_temp.staged_usage ORDER BY id"
        )
    assert [dict(one) for one in staged] == [
        {
            "tenant_id": tenant_id,
            "deployment_id": event.deployment_id,
            "resource_kind": event.resource_kind,
            "source": event.source,
            "id": row_id,
            "event_id": event.id,
            "quantity": decimal_text(event.quantity),
            "number": event.quantity,
            "occurred_at": event.occurred_at,
            "day": event.occurred_at.astimezone(SYDNEY).date(),
            "resource_id": event.resource_id,
            "fingerprint": fingerprint(
                event, str(event.deployment_id), decimal_text(event.quantity), epoch_microseconds(event.occurred_at)
            ),
        }
        for row_id, event in zip(ids, events, strict=True)
    ]


def test_a_fingerprint_is_the_same_for_good() -> None:
    """Stored fingerprints were computed from exactly these values."""
    event = MeteredEvent(
        id="1",
        deployment_id=new_ids(1)[0],
        resource_kind="storage_gb",
        quantity=Decimal("1.50"),
        occurred_at=datetime(2026, 4, 1, 10, tzinfo=timezone(timedelta(hours=10))),
    )
    owner, instant = StagedDeployment.of(new_ids(1)[0], event.deployment_id), epoch_microseconds(event.occurred_at)
    told = encoded(new_ids(1)[0], event, owner, instant, event_days(SYDNEY).of(instant))[-16:]
    assert told == fingerprint(event, str(event.deployment_id), "1.5", 1_775_001_600_000_000)
    said = "x storage_gb 1.5 1775001600000000"
    assert fingerprint(event, "x", "1.5", 1_775_001_600_000_000).hex() == sha256(said.encode()).hexdigest()[:32]
