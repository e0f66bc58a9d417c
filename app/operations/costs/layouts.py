"""The layouts of bill files: which column holds which field; built in for DigitalOcean, given by the caller
for others.
"""

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from app.billing import InputFault
from app.operations.calls import validation

MAX_COLUMN_LENGTH = 100


class BillField(StrEnum):
    """The fields of a bill's row."""

    PRODUCT = "product"
    GROUP_DESCRIPTION = "group_description"
    DESCRIPTION = "description"
    HOURS = "hours"
    START = "start"
    END = "end"
    AMOUNT = "amount"
    PROJECT_NAME = "project_name"
    CATEGORY = "category"


REQUIRED = (BillField.DESCRIPTION, BillField.START, BillField.END, BillField.AMOUNT)


class ColumnOfField(NamedTuple):
    """The name, in the file's header, of the column that holds a field."""

    field: BillField
    column: str


def _digitalocean(currency: str) -> dict[BillField, str]:
    """Returns the columns of DigitalOcean's bill files: each is named like its field, except that the amount's column
    is named after the currency.
    """
    return {field: field.value for field in BillField} | {BillField.AMOUNT: currency}


BUILT_IN = MappingProxyType({"digitalocean": _digitalocean})


def layout_faults(provider: str, columns: Iterable[ColumnOfField]) -> Iterator[InputFault]:
    """Yields validation errors of the columns that a caller gives for a provider's file."""
    columns_by_field = dict(columns)
    for position, (_, column) in enumerate(columns):
        for fault in validation.name("column", column, MAX_COLUMN_LENGTH):
            yield InputFault(("columns", str(position), "column"), fault.message)
    missing = [] if provider in BUILT_IN else [field.value for field in REQUIRED if field not in columns_by_field]
    if missing:
        yield InputFault(
            ("columns",),
            f"must name the file's columns for {', '.join(missing)}: no layout is built in for provider "
            f"{provider!r}. Only {', '.join(BUILT_IN)} has one: {', '.join(_digitalocean('USD').values())}",
        )


def layout_of(provider: str, currency: str, columns: Iterable[ColumnOfField]) -> Mapping[BillField, str]:
    """Returns for each field of a bill the name of its column: the given one, or the one built in for the provider."""
    built_in = BUILT_IN[provider](currency) if provider in BUILT_IN else {}
    return built_in | dict(columns)
