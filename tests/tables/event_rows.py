"""A valid row of every table of a tenant's events and webhooks."""

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
            "version": 1,
            "data": "{}",
            "position": tenant,
        },
        "webhook_endpoints": {
            "id": key(61, tenant),
            "url": "https://example.com/hook",
            "event_types": [],
            "secret": "encrypted",
            "previous_secret": "encrypted",
            "previous_secret_until": MOMENT,
            "created_at": MOMENT,
            "created_by": "someone",
        },
        "webhook_deliveries": {
            "id": key(62, tenant),
            "endpoint_id": key(61, tenant),
            "event_id": key(60, tenant),
            "aggregate_id": key(1, tenant),
            "position": tenant,
            "status": "PENDING",
            "attempts": 0,
            "created_at": MOMENT,
        },
        "delivery_queues": {
            "id": key(63, tenant),
            "endpoint_id": key(61, tenant),
            "aggregate_id": key(1, tenant),
            "next_attempt_at": MOMENT,
        },
    }
