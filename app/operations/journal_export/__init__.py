"""The journal of a period as text for accounting programs and spreadsheets."""

from app.operations.journal_export.exporting import JournalFormat, export_journal

__all__ = ["JournalFormat", "export_journal"]
