"""Filters for the provider's bills and their lines."""

from collections.abc import Mapping
from datetime import date
from uuid import UUID

import strawberry

from app.reads import among, at_least, before, equals
from app.reads.filter_conditions import Condition
from app.schema.arguments import optional
from app.tables.costs import CloudInvoiceLines, CloudInvoiceMatch, CloudInvoices, UnallocatedReason


@strawberry.input(description="Selects provider's bills that meet every given condition.")
class CloudInvoiceFilter:
    """The filter of a connection of bills."""

    provider: str | None = optional(description="Only bills of this provider.")
    external_id: str | None = optional(description="Only bills with this id of the provider.")
    period_from: date | None = optional(description="Only bills whose period starts on this day or later.")
    period_to: date | None = optional(description="Only bills whose period starts before this day.")


@strawberry.input(description="Selects rows of a bill that meet every given condition.")
class CloudInvoiceLineFilter:
    """The filter of a connection of a bill's rows."""

    matched_by: list[CloudInvoiceMatch] | None = optional(description="Only rows matched in one of these ways.")
    unallocated_reason: list[UnallocatedReason] | None = optional(
        description="Only rows that are unallocated for one of these reasons."
    )
    deployment_id: UUID | None = optional(description="Only rows allocated to this deployment.")


CLOUD_INVOICE_FILTERS: Mapping[str, Condition] = {
    "provider": equals(CloudInvoices.provider),
    "external_id": equals(CloudInvoices.external_id),
    "period_from": at_least(CloudInvoices.period_start),
    "period_to": before(CloudInvoices.period_start),
}

CLOUD_INVOICE_LINE_FILTERS: Mapping[str, Condition] = {
    "matched_by": among(CloudInvoiceLines.matched_by),
    "unallocated_reason": among(CloudInvoiceLines.unallocated_reason),
    "deployment_id": equals(CloudInvoiceLines.deployment_id),
}
