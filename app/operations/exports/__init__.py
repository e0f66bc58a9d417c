"""Exports of invoices, their lines, payments and the ledger, as CSV and JSON lines."""

from app.operations.exports.export_statements import ExportedRecords
from app.operations.exports.record_export import export_records
from app.operations.exports.record_text import ExportFormat

__all__ = ["ExportFormat", "ExportedRecords", "export_records"]
