"""Rows of pushes to the finance system that a CHECK constraint refuses, and changes that a trigger refuses."""

from typing import Any

from tests.tables.platform_rows import MOMENT

BROKEN_PUSHES: dict[str, list[dict[str, Any]]] = {
    "finance_queues_last_sequence_check": [{"last_sequence": 0}],
    "finance_queues_blocked_check": [{"next_attempt_at": MOMENT}],
    "finance_pushes_kind_check": [{"kind": "CREDIT_REFUNDED"}],
    "finance_pushes_status_check": [{"status": "LOST"}],
    "finance_pushes_sequence_check": [{"sequence": 0}, {"attempts": -1}],
    "finance_pushes_body_check": [{"body": None}],
    "finance_reconciliations_finished_check": [
        {"finished_at": MOMENT},
        {"compared": 1, "out_of_step": 0},
        {"finished_at": MOMENT, "compared": 1},
        {"finished_at": MOMENT, "compared": 1, "out_of_step": 0, "error": "no answer"},
    ],
    "receivables_out_of_step_invoice_check": [{"invoice_id": None}, {"balance_cents": None}],
    "receivables_out_of_step_balance_check": [
        {"tenant_id": None, "invoice_id": None, "balance_cents": None, "finance_balance_cents": None}
    ],
}

# The steps that lead up to a change, and the change that finance_pushes_guard refuses.
REFUSED_CHANGES: list[tuple[list[str], str]] = [
    ([], "UPDATE finance_pushes SET amount_cents = 1"),
    ([], "UPDATE finance_pushes SET body = '[]'"),
    (["UPDATE finance_pushes SET status = 'SENT'"], "UPDATE finance_pushes SET status = 'PENDING'"),
    ([], "DELETE FROM finance_pushes"),
]
