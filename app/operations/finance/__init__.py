"""The push to the finance system: what changes an invoice's balance, invoice by invoice. See docs/adr/0044."""
