"""Billing months."""

from app.operations.billing_months.changes import Change, first_open_day, record_changes

__all__ = ["Change", "first_open_day", "record_changes"]
