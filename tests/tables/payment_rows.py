"""A valid row of every table of a tenant's payments, refunds, write-offs and recoveries."""

from tests.tables.platform_rows import MOMENT, Row, key

_RECORDED = {"recorded_at": MOMENT, "recorded_by": "someone"}


def payments(tenant: int) -> dict[str, Row]:
    rows: dict[str, Row] = {
        "payments": {
            "id": key(41, tenant),
            "amount_cents": 750,
            "currency": "AUD",
            "received_on": "2026-04-10",
            "method": "CARD",
            "reference": "card-1",
            "credit_cents": 0,
            **_RECORDED,
        },
        "invoice_applications": {
            "id": key(42, tenant),
            "invoice_id": key(11, tenant),
            "payment_id": key(41, tenant),
            "amount_cents": 750,
            "undone_cents": 50,
            "applied_at": MOMENT,
        },
        "invoice_application_reversals": {
            "id": key(43, tenant),
            "application_id": key(42, tenant),
            "amount_cents": 50,
            "reversed_at": MOMENT,
        },
    }
    return rows | _refunds_and_write_offs(tenant)


def _refunds_and_write_offs(tenant: int) -> dict[str, Row]:
    return {
        "refunds": {
            "id": key(44, tenant),
            "amount_cents": 5,
            "currency": "AUD",
            "paid_out_on": "2026-04-10",
            "reference": "out-1",
            **_RECORDED,
        },
        "write_offs": {
            "id": key(45, tenant),
            "invoice_id": key(11, tenant),
            "amount_cents": 50,
            "remaining_cents": 750,
            "rest_cents": 40,
            "reason": "insolvent",
            **_RECORDED,
        },
        "write_off_taxes": {
            "id": key(46, tenant),
            "write_off_id": key(45, tenant),
            "position": 1,
            "tax": "tax:GST:0.1",
            "tax_cents": 68,
        },
        "recoveries": {
            "id": key(47, tenant),
            "invoice_id": key(11, tenant),
            "amount_cents": 10,
            "received_on": "2026-04-10",
            "method": "CARD",
            "reference": "card-2",
            **_RECORDED,
        },
    }
