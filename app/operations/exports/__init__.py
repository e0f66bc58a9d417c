"""Exports of invoices, their lines, payments and the ledger, as CSV and JSON lines."""

from app.operations.exports.record_export import export_records
from app.operations.exports.record_text import ExportFormat
from app.operations.exports.statements import ExportedRecords

__all__ = ["ExportFormat", "ExportedRecords", "export_records"]
