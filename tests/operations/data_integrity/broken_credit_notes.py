"""Credit notes that violate a check, and the checks that must find them."""

SUMS = "the lines of a credit note sum to its totals"
OF_INVOICE = "a credit note is of its invoice's lines"
EXCEEDED = "no more of a line is credited than it has"
TAX = "what is left of a tax is due on what is left of its lines"
BALANCE = "an invoice's balance has its credit notes"
NUMBERS = "credit note numbers have no gap"
POSTED = "a credit note is posted with its amounts"
TOTAL = "an invoice's balance is its total less what was applied to it"
DOCUMENT = "a journal entry has its document"

HAS_DOCUMENT = "an issued invoice or credit note has its document"
ABSORBED = "no more of a correction is absorbed than other credit notes took off the line"
MONTHS = "a billing month's state agrees with its invoices"

# What is done to the rows, and the checks that find it.
BROKEN_CREDIT_NOTES: dict[str, tuple[str, set[str]]] = {
    "a credit note line's amount": (
        "UPDATE credit_note_lines SET amount_cents = amount_cents - 1 WHERE taxed_net_cents IS NULL",
        {SUMS, POSTED},
    ),
    "a credit note's tax rounded by another rule, and everything in agreement": (
        """
        UPDATE credit_note_lines SET amount_cents = amount_cents - 1 WHERE taxed_net_cents IS NOT NULL;
        UPDATE credit_notes SET tax_cents = tax_cents - 1, total_cents = total_cents - 1,
            receivable_cents = 0, credit_cents = total_cents - 1;
        UPDATE invoice_balances SET credited_tax_cents = credited_tax_cents - 1 WHERE credited_tax_cents > 0
        """,
        {TAX, POSTED},
    ),
    "a credit note line lost": (
        "DELETE FROM credit_note_lines WHERE taxed_net_cents IS NULL",
        {SUMS, TAX, POSTED},
    ),
    "a credit note of another invoice": (
        "UPDATE credit_notes SET invoice_id = (SELECT id FROM tenant_invoices WHERE status = 'VOID' LIMIT 1)",
        {OF_INVOICE, BALANCE, TOTAL},
    ),
    "a credit note in another currency": (
        "UPDATE credit_notes SET currency = 'NZD'",
        {OF_INVOICE, DOCUMENT},
    ),
    "more credited of a line than it has": (
        """
        UPDATE credit_note_lines SET amount_cents = 1000000 WHERE taxed_net_cents IS NULL;
        UPDATE credit_notes SET net_cents = 1000000, total_cents = 1000000 + tax_cents,
            receivable_cents = 0, credit_cents = 1000000 + tax_cents;
        UPDATE invoice_balances SET credited_net_cents = 1000000 WHERE credited_net_cents > 0
        """,
        {EXCEEDED, TAX, POSTED},
    ),
    "more absorbed of a correction than goodwill took off the line": (
        """
        INSERT INTO absorbed_corrections (id, tenant_id, invoice_line_id, run_id, absorbed_cents, recorded_at)
        SELECT gen_random_uuid(), c.tenant_id, c.invoice_line_id, gen_random_uuid(), c.amount_cents + 1, now()
        FROM credit_note_lines c JOIN credit_notes n ON n.id = c.credit_note_id AND n.reason <> 'LATE_CORRECTION'
        WHERE c.taxed_net_cents IS NULL
        """,
        {ABSORBED, MONTHS},
    ),
    "more used up of what was absorbed than there is": (
        """
        INSERT INTO absorbed_corrections (id, tenant_id, invoice_line_id, run_id, absorbed_cents, recorded_at)
        SELECT gen_random_uuid(), c.tenant_id, c.invoice_line_id, gen_random_uuid(), -1, now()
        FROM credit_note_lines c WHERE c.taxed_net_cents IS NULL LIMIT 1
        """,
        {ABSORBED, MONTHS},
    ),
    "a balance without its credit note": (
        "UPDATE invoice_balances SET credited_net_cents = 0, credited_tax_cents = 0",
        {BALANCE, TOTAL},
    ),
    "the document of a credit note lost": (
        "DELETE FROM issued_documents WHERE credit_note_id IS NOT NULL",
        {HAS_DOCUMENT},
    ),
    "the document of an invoice lost": (
        "DELETE FROM issued_documents WHERE invoice_id IS NOT NULL",
        {HAS_DOCUMENT},
    ),
    "a credit note number taken back": (
        "UPDATE credit_note_number_sequences SET last_number = 2",
        {NUMBERS},
    ),
    "a credit note number never given": (
        "UPDATE credit_notes SET number = 'CRN-2026-000009'",
        {NUMBERS},
    ),
}
