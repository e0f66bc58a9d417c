"""What a worker reads of the database and the queue for its metrics."""

from math import isnan

from app.jobs.gauges import read_gauges
from app.metrics import REGISTRY, showing_gauges
from app.operations.data_integrity import record_pass
from tests.operations.given import Given
from tests.operations.months import roll_up, subscribed


def gauge(name: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(f"arcadia_{name}", labels)


async def test_the_gauges_are_what_the_database_holds(given: Given) -> None:
    with showing_gauges():
        await read_and_compare(given)
    assert gauge("queued_jobs") is None


async def read_and_compare(given: Given) -> None:
    await given.plan()
    await subscribed(given)
    given.clock.set(2026, 5, 4)
    await read_gauges(given.platform)
    assert (gauge("unbilled_months"), gauge("rollup_tenants", state="total"), gauge("rollup_runs_open")) == (1, 0, 0)
    unpublished = await given.row("SELECT count(*) FROM events WHERE position IS NULL")
    assert gauge("events_unpublished") == unpublished["count"]
    waiting = gauge("oldest_event_seconds")
    assert isnan(gauge("integrity_age_seconds") or 0)
    await record_pass(given.platform)
    await roll_up(given)
    given.clock.set(2026, 5, 5)
    await read_gauges(given.platform)
    assert (gauge("unbilled_months"), gauge("rollup_tenants", state="total")) == (0, 1)
    assert (gauge("rollup_tenants", state="done"), gauge("rollup_tenants", state="failed")) == (1, 0)
    assert (gauge("webhook_deliveries", state="pending"), gauge("webhook_endpoints_disabled")) == (0, 0)
    assert gauge("integrity_age_seconds") == 24 * 3600
    assert gauge("oldest_event_seconds") == (waiting or 0) + 24 * 3600
