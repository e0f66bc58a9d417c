"""Pushes to the finance system that violate a check, and the checks that must find them."""

PUSHES = "the pushes of an invoice to the finance system add up to its balance"
DUE = "a pending push to the finance system is due, or blocked, or waits for a PDF"

# What is done to the rows, and the checks that find it.
BROKEN_PUSHES: dict[str, tuple[str, set[str]]] = {
    "a push that is gone": ("DELETE FROM finance_pushes WHERE kind = 'INVOICE_ISSUED'", {PUSHES}),
    "a push of another amount": (
        "UPDATE finance_pushes SET amount_cents = amount_cents + 1 WHERE kind = 'INVOICE_ISSUED'",
        {PUSHES},
    ),
    "a queue that is never due": ("UPDATE finance_queues SET next_attempt_at = NULL", {DUE}),
}
