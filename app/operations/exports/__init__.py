"""Exports of invoices, their lines, payments and the ledger, as CSV and JSON lines."""

from app.operations.exports.export_links import SignedExport, export_urls
from app.operations.exports.export_request import ExportRequest, allowed_export
from app.operations.exports.export_statements import ExportedRecords
from app.operations.exports.record_export import export_records
from app.operations.exports.record_text import ExportFormat

__all__ = [
    "ExportFormat",
    "ExportRequest",
    "ExportedRecords",
    "SignedExport",
    "allowed_export",
    "export_records",
    "export_urls",
]
