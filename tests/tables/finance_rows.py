"""A valid row of every table of a tenant's pushes to the finance system."""

from tests.tables.platform_rows import MOMENT, Row, key


def finance(tenant: int) -> dict[str, Row]:
    return {
        "finance_queues": {"id": key(11, tenant), "last_sequence": 1, "blocked_at": MOMENT},
        "finance_pushes": {
            "id": key(64, tenant),
            "invoice_id": key(11, tenant),
            "sequence": 1,
            "kind": "INVOICE_ISSUED",
            "source_id": key(11, tenant),
            "amount_cents": 750,
            "recorded_at": MOMENT,
            "status": "BLOCKED",
            "body": "{}",
            "attempts": 1,
        },
        "receivables_out_of_step": {
            "id": key(65, tenant),
            "invoice_id": key(11, tenant),
            "receivable_id": key(11, tenant),
            "currency": "AUD",
            "balance_cents": 600,
            "finance_balance_cents": 601,
            "found_at": MOMENT,
        },
    }
