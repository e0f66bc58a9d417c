"""The documents of invoices and credit notes: PDF, HTML and e-invoice, and the links to them."""
