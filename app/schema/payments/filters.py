"""By what payments are found."""

from collections.abc import Mapping
from datetime import date
from uuid import UUID

import strawberry

from app.reads import among, at_least, before, equals
from app.reads.filter_conditions import Condition
from app.schema.arguments import optional
from app.tables.payments import PaymentMethod, Payments


@strawberry.input(description="Selects payments that meet every given condition.")
class PaymentFilter:
    """The filter of a connection of payments."""

    tenant_id: UUID | None = optional(description="Only payments of this tenant.")
    method: list[PaymentMethod] | None = optional(description="Only payments by one of these methods.")
    reference: str | None = optional(description="Only payments with exactly this reference.")
    received_from: date | None = optional(description="Only payments received on this day or later.")
    received_to: date | None = optional(description="Only payments received before this day.")


PAYMENT_FILTERS: Mapping[str, Condition] = {
    "tenant_id": equals(Payments.tenant_id),
    "method": among(Payments.method),
    "reference": equals(Payments.reference),
    "received_from": at_least(Payments.received_on),
    "received_to": before(Payments.received_on),
}
