"""The cost of the cloud providers' bills, and the margin between cost and revenue."""

from app.operations.costs.importing import ImportOutcome, Progress, import_cloud_invoice
from app.operations.costs.layouts import BillField, ColumnOfField
from app.operations.costs.margin import InvoicedRevenue, MarginDimension, MarginResult, MarginResultRow, margin
from app.operations.costs.rematching import rematch_cloud_invoice
from app.operations.costs.withdrawing import withdraw_cloud_invoice

__all__ = [
    "BillField",
    "ColumnOfField",
    "ImportOutcome",
    "InvoicedRevenue",
    "MarginDimension",
    "MarginResult",
    "MarginResultRow",
    "Progress",
    "import_cloud_invoice",
    "margin",
    "rematch_cloud_invoice",
    "withdraw_cloud_invoice",
]
