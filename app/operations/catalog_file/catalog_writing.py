"""Writes the catalog in the database as a catalog file."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import yaml

from app.billing import decimal_text
from app.database import UnitOfWork
from app.operations.calls.access import Action, authorise
from app.operations.calls.context import Context
from app.operations.catalog_file.catalog_entries import Catalog
from app.operations.catalog_file.stored_catalog import stored_catalog

MAX_LINE_LENGTH = 120


async def export_catalog(context: Context) -> str:
    """Returns the catalog in the database as a file in which `compare_catalog` finds nothing to change."""
    authorise(context, Action.MANAGE_CATALOG)

    async def work(unit: UnitOfWork) -> str:
        return catalog_text((await stored_catalog(unit)).catalog)

    return await context.database.run_in_transaction(context.principal.scope, work)


def catalog_text(catalog: Catalog) -> str:
    """Returns a catalog as a YAML file, which `read_catalog` reads into an equal one."""
    text: str = yaml.dump(
        _plain(catalog), Dumper=_CatalogDumper, sort_keys=False, allow_unicode=True, width=MAX_LINE_LENGTH
    )
    return text


class _CatalogDumper(yaml.SafeDumper):  # type: ignore[misc]  # PyYAML ships no types
    """Writes exact decimals as plain numbers, and nothing as a reference to an equal value."""

    def ignore_aliases(self, _data: object) -> bool:
        return True

    def represent_decimal(self, value: Decimal) -> Any:
        text = decimal_text(value)
        return self.represent_scalar(f"tag:yaml.org,2002:{'float' if '.' in text else 'int'}", text)


_CatalogDumper.add_representer(Decimal, _CatalogDumper.represent_decimal)


def _plain(value: Any) -> Any:
    """Returns an entry as dictionaries and lists, without values that are None."""
    if hasattr(value, "__slots__") and not isinstance(value, (str, Decimal)):
        return dict(_members(value))
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, str) else value


def _members(entry: Any) -> Iterator[tuple[str, Any]]:
    values = ((name, getattr(entry, name)) for name in entry.__slots__)
    return ((name, _plain(value)) for name, value in values if value is not None)
