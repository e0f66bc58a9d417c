"""A valid row of every table of a tenant's ledger, balances and credit notes."""

from uuid import UUID

from tests.tables.platform_rows import MOMENT, Row, key


def ledger(tenant: int) -> dict[str, Row]:
    return {
        "journal_entries": {
            "id": key(60, tenant),
            "kind": "INVOICE_ISSUED",
            "currency": "AUD",
            "recorded_on": "2026-04-10",
            "recorded_at": MOMENT,
            "source_id": key(11, tenant),
            "description": "INV-2026-000001",
        },
        "journal_postings": {
            "id": key(61, tenant),
            "entry_id": key(60, tenant),
            "position": 0,
            "account": "ACCOUNTS_RECEIVABLE",
            "amount_cents": 750,
        },
        "invoice_balances": {
            "id": key(11, tenant),
            "currency": "AUD",
            "due_on": "2026-05-15",
            "total_cents": 750,
            "paid_cents": 0,
            "credit_cents": 0,
            "noted_cents": 100,
            "written_off_cents": 50,
            "voided_cents": 0,
            "recovered_cents": 10,
            "credited_net_cents": 100,
            "credited_tax_cents": 0,
            "balance_cents": 600,
        },
        "tenant_balances": {"id": key(62, tenant), "currency": "AUD", "credit_cents": 0},
    }


def counter_posting(posting: Row) -> Row:
    """Returns the posting that balances this one's entry: one statement must insert both."""
    revenue = {"account": "REVENUE", "line_kind": "ADDON", "resource_kind": "storage_gb"}
    tenant = UUID(posting["id"]).int >> 64
    return {**posting, **revenue, "id": key(63, tenant), "position": 1, "amount_cents": -posting["amount_cents"]}


def credit_notes(tenant: int) -> dict[str, Row]:
    """A credit note whose only line takes 100 cents off the invoice's line."""
    return {
        "credit_notes": {
            "id": key(64, tenant),
            "invoice_id": key(11, tenant),
            "number": f"CRN-2026-{tenant:06}",
            "reason": "GOODWILL",
            "description": "an outage",
            "currency": "AUD",
            "net_cents": 100,
            "tax_cents": 0,
            "total_cents": 100,
            "written_off_cents": 0,
            "receivable_cents": 100,
            "credit_cents": 0,
            "issued_on": "2026-04-10",
            "issued_at": MOMENT,
            "issued_by": "someone",
        },
        "credit_note_lines": {
            "id": key(65, tenant),
            "credit_note_id": key(64, tenant),
            "invoice_line_id": key(12, tenant),
            "position": 0,
            "amount_cents": 100,
        },
        "issued_documents": {
            "id": key(64, tenant),
            "credit_note_id": key(64, tenant),
            "parties": {"supplier": {}, "buyer": {}},
            "applied_credit_cents": 0,
            "created_at": MOMENT,
        },
        "absorbed_corrections": {
            "id": key(66, tenant),
            "invoice_line_id": key(12, tenant),
            "run_id": key(6),
            "absorbed_cents": 20,
            "recorded_at": MOMENT,
        },
    }
