"""What the provider charges us, and the margin between that and what tenants are invoiced."""

from app.operations.costs.importing import CloudInvoiceImported, import_cloud_invoice
from app.operations.costs.margin import CurrencyRevenue, MarginDimension, MarginReport, MarginRow, margin

__all__ = [
    "CloudInvoiceImported",
    "CurrencyRevenue",
    "MarginDimension",
    "MarginReport",
    "MarginRow",
    "import_cloud_invoice",
    "margin",
]
