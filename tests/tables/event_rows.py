"""A valid row of every table of a tenant's events."""

from tests.tables.platform_rows import MOMENT, Row, key


def events(tenant: int) -> dict[str, Row]:
    return {
        "event_sequences": {"id": key(1, tenant), "last_sequence": 1},
        "events": {
            "id": key(60, tenant),
            "type": "tenant.updated",
            "aggregate_type": "TENANT",
            "aggregate_id": key(1, tenant),
            "sequence": 1,
            "occurred_at": MOMENT,
            "data": "{}",
            "position": tenant,
        },
    }
