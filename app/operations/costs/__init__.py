"""What providers charge us, and the margin between that and what tenants are invoiced."""

from app.operations.costs.importing import ImportOutcome, Progress, import_cloud_invoice
from app.operations.costs.layouts import BUILT_IN, BillField, ColumnOfField
from app.operations.costs.margin import InvoicedRevenue, MarginDimension, MarginResult, MarginResultRow, margin
from app.operations.costs.rematching import RematchOutcome, rematch_cloud_invoice
from app.operations.costs.withdrawing import withdraw_cloud_invoice

__all__ = [
    "BUILT_IN",
    "BillField",
    "ColumnOfField",
    "ImportOutcome",
    "InvoicedRevenue",
    "MarginDimension",
    "MarginResult",
    "MarginResultRow",
    "Progress",
    "RematchOutcome",
    "import_cloud_invoice",
    "margin",
    "rematch_cloud_invoice",
    "withdraw_cloud_invoice",
]
