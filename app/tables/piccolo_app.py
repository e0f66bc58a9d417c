"""Piccolo's configuration of the tables, for its migrations."""

from pathlib import Path

from piccolo.conf.apps import AppConfig, table_finder

APP_CONFIG = AppConfig(
    app_name="arcadia",
    migrations_folder_path=str(Path(__file__).parent / "migrations"),
    table_classes=table_finder(
        modules=[
            f"app.tables.{noun}"
            for noun in (
                "tenants",
                "catalog",
                "deployments",
                "subscriptions",
                "usage",
                "invoices",
                "billing_months",
                "ledger",
                "credit_notes",
                "issued_documents",
                "payments",
                "dunning",
                "costs",
                "rollups",
                "issue_runs",
                "events",
                "webhooks",
                "finance",
                "audit",
                "rate_limits",
                "installation",
            )
        ],
        exclude_imported=True,
    ),
)
