from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.columns.column_types import Text
from piccolo.columns.column_types import Timestamptz
from piccolo.columns.indexes import IndexMethod
from piccolo.constraints import Check

ID = "2026-11-30T02:05:05:878915"
VERSION = "1.38.0"
DESCRIPTION = "Match states, withdrawal and reporting currency of provider bills"


async def forwards():
    manager = MigrationManager(
        migration_id=ID, app_name="arcadia", description=DESCRIPTION
    )

    manager.add_column(
        table_class_name="CloudInvoiceLines",
        tablename="cloud_invoice_lines",
        column_name="matched_by",
        db_column_name="matched_by",
        column_class_name="Text",
        column_class=Text,
        params={
            "default": None,
            "null": True,
            "primary_key": False,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    manager.add_column(
        table_class_name="CloudInvoiceLines",
        tablename="cloud_invoice_lines",
        column_name="unallocated_reason",
        db_column_name="unallocated_reason",
        column_class_name="Text",
        column_class=Text,
        params={
            "default": None,
            "null": True,
            "primary_key": False,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    manager.add_column(
        table_class_name="CloudInvoices",
        tablename="cloud_invoices",
        column_name="imported_by",
        db_column_name="imported_by",
        column_class_name="Text",
        column_class=Text,
        params={
            "default": None,
            "null": False,
            "primary_key": False,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    manager.add_column(
        table_class_name="CloudInvoices",
        tablename="cloud_invoices",
        column_name="matched_at",
        db_column_name="matched_at",
        column_class_name="Timestamptz",
        column_class=Timestamptz,
        params={
            "default": None,
            "null": False,
            "primary_key": False,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    manager.add_column(
        table_class_name="CloudInvoices",
        tablename="cloud_invoices",
        column_name="matched_by",
        db_column_name="matched_by",
        column_class_name="Text",
        column_class=Text,
        params={
            "default": None,
            "null": False,
            "primary_key": False,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    manager.add_column(
        table_class_name="CloudInvoices",
        tablename="cloud_invoices",
        column_name="reporting_currency",
        db_column_name="reporting_currency",
        column_class_name="Text",
        column_class=Text,
        params={
            "default": None,
            "null": False,
            "primary_key": False,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    manager.add_column(
        table_class_name="CloudInvoices",
        tablename="cloud_invoices",
        column_name="withdrawal_reason",
        db_column_name="withdrawal_reason",
        column_class_name="Text",
        column_class=Text,
        params={
            "default": None,
            "null": True,
            "primary_key": False,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    manager.add_column(
        table_class_name="CloudInvoices",
        tablename="cloud_invoices",
        column_name="withdrawn_at",
        db_column_name="withdrawn_at",
        column_class_name="Timestamptz",
        column_class=Timestamptz,
        params={
            "default": None,
            "null": True,
            "primary_key": False,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    manager.add_column(
        table_class_name="CloudInvoices",
        tablename="cloud_invoices",
        column_name="withdrawn_by",
        db_column_name="withdrawn_by",
        column_class_name="Text",
        column_class=Text,
        params={
            "default": None,
            "null": True,
            "primary_key": False,
            "unique": False,
            "index": False,
            "index_method": IndexMethod.btree,
            "choices": None,
            "db_column_name": None,
            "secret": False,
        },
        schema=None,
    )

    manager.drop_constraint(
        table_class_name="CloudInvoices",
        tablename="cloud_invoices",
        constraint_name="cloud_invoices_provider_external_id_key",
        schema=None,
    )

    manager.add_constraint(
        table_class_name="CloudInvoiceLines",
        tablename="cloud_invoice_lines",
        constraint_name="cloud_invoice_lines_match_check",
        constraint_class=Check,
        params={
            "condition": "(cloud_resource_id IS NULL) = (matched_by IS NULL)"
        },
        schema=None,
    )

    manager.add_constraint(
        table_class_name="CloudInvoiceLines",
        tablename="cloud_invoice_lines",
        constraint_name="cloud_invoice_lines_matched_by_check",
        constraint_class=Check,
        params={
            "condition": "matched_by IN ('PROVIDER_ID', 'NAME', 'SHORT_NAME', 'GROUP')"
        },
        schema=None,
    )

    manager.add_constraint(
        table_class_name="CloudInvoiceLines",
        tablename="cloud_invoice_lines",
        constraint_name="cloud_invoice_lines_reason_check",
        constraint_class=Check,
        params={
            "condition": "(deployment_id IS NULL) = (unallocated_reason IS NOT NULL)"
        },
        schema=None,
    )

    manager.add_constraint(
        table_class_name="CloudInvoiceLines",
        tablename="cloud_invoice_lines",
        constraint_name="cloud_invoice_lines_unallocated_reason_check",
        constraint_class=Check,
        params={
            "condition": "unallocated_reason IN ('UNKNOWN_NAME', 'NOT_ALIVE', 'SEVERAL_DEPLOYMENTS', 'NO_DEPLOYMENT')"
        },
        schema=None,
    )

    manager.add_constraint(
        table_class_name="CloudInvoices",
        tablename="cloud_invoices",
        constraint_name="cloud_invoices_reporting_currency_check",
        constraint_class=Check,
        params={"condition": "reporting_currency ~ '^[A-Z]{3}$'"},
        schema=None,
    )

    manager.add_constraint(
        table_class_name="CloudInvoices",
        tablename="cloud_invoices",
        constraint_name="cloud_invoices_same_currency_check",
        constraint_class=Check,
        params={
            "condition": "currency <> reporting_currency OR exchange_rate = 1"
        },
        schema=None,
    )

    manager.add_constraint(
        table_class_name="CloudInvoices",
        tablename="cloud_invoices",
        constraint_name="cloud_invoices_withdrawn_check",
        constraint_class=Check,
        params={
            "condition": "num_nonnulls(withdrawn_at, withdrawn_by, withdrawal_reason) IN (0, 3)"
        },
        schema=None,
    )

    return manager
