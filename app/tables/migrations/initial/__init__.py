"""The schema as the first migration makes it: tables declared in Python, all else in SQL files, a pair for each noun.

It never changes once released, so it imports nothing of app.tables: a later change is a migration of its own.
"""

from pathlib import Path
from typing import Any

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table

from app.tables.migrations.initial import (
    audit,
    billing_months,
    catalog,
    costs,
    credit_notes,
    deployments,
    dunning,
    events,
    finance,
    installation,
    invoices,
    issue_runs,
    issued_documents,
    ledger,
    payments,
    rate_limits,
    rollups,
    subscriptions,
    tenants,
    usage,
    webhooks,
)

_MODULES = (
    tenants,
    catalog,
    deployments,
    subscriptions,
    usage,
    invoices,
    billing_months,
    payments,
    ledger,
    credit_notes,
    issued_documents,
    dunning,
    costs,
    rollups,
    issue_runs,
    events,
    webhooks,
    finance,
    audit,
    rate_limits,
    installation,
)
_SCRIPTS = (
    "months.sql",
    "append_only.sql",
    "usage.sql",
    "tenant_references.sql",
    "catalog.sql",
    "deployments.sql",
    "subscriptions.sql",
    "invoices.sql",
    "billing_months.sql",
    "ledger.sql",
    "credit_notes.sql",
    "issued_documents.sql",
    "payments.sql",
    "receivables.sql",
    "dunning.sql",
    "costs.sql",
    "rollups.sql",
    "issue_runs.sql",
    "events.sql",
    "webhooks.sql",
    "finance.sql",
    "audit.sql",
    "rate_limits.sql",
    "new_database.sql",
)


class TablesThenScripts(MigrationManager):
    """Piccolo runs the raw part of a migration before it creates tables. Here the scripts come after them."""

    async def _run_add_tables(self, backwards: bool = False) -> None:  # noqa: FBT001, FBT002 - Piccolo's signature
        await super()._run_add_tables(backwards=backwards)
        if not backwards:
            engine: Any = tenants.TENANTS._meta.db
            connection = engine.current_transaction.get().connection
            for script in _SCRIPTS:
                await connection.execute((Path(__file__).parent / script).read_text(encoding="utf-8"))


def create_schema(**of_migration: Any) -> MigrationManager:
    """The manager of the first migration; the keywords are MigrationManager's."""
    manager = TablesThenScripts(**of_migration)
    for module in _MODULES:
        for table in module.TABLES:
            _add_table(manager, table)
    return manager


def _add_table(manager: MigrationManager, table: type[Table]) -> None:
    class_name, tablename = table.__name__, table._meta.tablename
    manager.add_table(class_name, tablename)
    for column in table._meta.columns:
        manager.add_column(
            class_name,
            tablename,
            column._meta.name,
            column_class=type(column),
            params=column._meta.params,
        )
    for constraint in table._meta.constraints:
        manager.add_constraint(class_name, tablename, constraint._meta.name, type(constraint), constraint._meta.params)
