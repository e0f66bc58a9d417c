"""Rows of payments, the ledger, balances and credit notes, each of which breaks one CHECK constraint."""

from typing import Any

from tests.tables.platform_rows import MOMENT, key

CURRENCIES = ("aud", "AUDX", "AU", "AUD\n")

# Constraint -> changes to a valid row of its table, each of which breaks it.
BROKEN_RECEIVABLES: dict[str, list[dict[str, Any]]] = {
    "payments_amount_cents_check": [{"amount_cents": 0}, {"credit_cents": -1}, {"credit_cents": 751}],
    "payments_method_check": [{"method": "BARTER"}],
    "payments_currency_check": [{"currency": currency} for currency in CURRENCIES],
    "payments_reversed_check": [{"reversed_at": MOMENT}, {"reversed_by": "ada", "reversal_reason": "bounced"}],
    "invoice_applications_amount_cents_check": [
        {"amount_cents": 0, "undone_cents": 0},
        {"undone_cents": -1},
        {"undone_cents": 751},
    ],
    "invoice_application_reversals_amount_cents_check": [{"amount_cents": 0}],
    "refunds_amount_cents_check": [{"amount_cents": 0}],
    "write_offs_amount_cents_check": [
        {"amount_cents": 0, "rest_cents": 0},
        {"remaining_cents": -1},
        {"rest_cents": 51},
        {"rest_cents": -1},
    ],
    "recoveries_amount_cents_check": [{"amount_cents": 0}],
    "recoveries_method_check": [{"method": "BARTER"}],
    "journal_entries_kind_check": [{"kind": "GIFT"}],
    "journal_entries_currency_check": [{"currency": currency} for currency in CURRENCIES],
    "journal_postings_account_check": [{"account": "PETTY_CASH"}],
    "journal_postings_amount_cents_check": [{"amount_cents": 0}],
    "journal_postings_line_kind_check": [{"account": "REVENUE", "line_kind": "GIFT"}],
    "journal_postings_revenue_check": [
        {"account": "REVENUE"},
        {"account": "TAX_PAYABLE"},
        {"line_kind": "ADDON"},
        {"tax": "tax:GST:0.1"},
        {"resource_kind": "storage_gb"},
    ],
    "invoice_balances_balance_check": [
        {"balance_cents": 601},
        {"paid_cents": 1},
        {"paid_cents": 601, "balance_cents": -1},
    ],
    "invoice_balances_parts_check": [
        *[
            {part: -1, "balance_cents": balance}
            for part, balance in (("paid_cents", 601), ("credit_cents", 601), ("noted_cents", 701))
        ],
        {"written_off_cents": -1, "recovered_cents": -1, "balance_cents": 651},
        {"recovered_cents": -1},
        {"recovered_cents": 51},
        {"voided_cents": 1, "balance_cents": 599},
    ],
    "invoice_balances_settled_by_check": [{"settled_by": "LUCK", "paid_cents": 600, "balance_cents": 0}],
    "invoice_balances_settled_check": [{"settled_by": "PAYMENT"}],
    "invoice_balances_disputed_check": [{"disputed_at": MOMENT}, {"dispute_reason": "not ordered"}],
    "tenant_balances_credit_cents_check": [{"credit_cents": -1}],
    "issued_documents_source_check": [
        {"credit_note_id": None},
        {"invoice_id": key(11, 1)},
        {"id": key(11, 1)},
    ],
    "issued_documents_pdf_check": [
        {"pdf": "\\x25"},
        {"pdf_sha256": "0" * 64},
        {"pdf": "\\x25", "pdf_sha256": "0" * 64},
    ],
    "credit_notes_reason_check": [{"reason": "BOREDOM"}],
    "credit_notes_total_cents_check": [{"net_cents": 101}, {"tax_cents": 1}, {"credit_cents": 1}],
    "credit_notes_parts_check": [
        {"written_off_cents": -1, "credit_cents": 1},
        {"receivable_cents": -1, "credit_cents": 101},
        {"receivable_cents": 101, "credit_cents": -1},
        {"net_cents": -100, "total_cents": -100, "receivable_cents": -100},
    ],
    "credit_note_number_sequences_last_number_check": [{"last_number": 0}],
    "absorbed_corrections_absorbed_cents_check": [{"absorbed_cents": 0}],
}
