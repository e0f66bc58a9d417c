"""The enums of events, with their descriptions."""

from app.schema.enums import describe
from app.tables.events import AggregateType

describe(
    AggregateType,
    "What an event belongs to. The events of one aggregate have an order, in which they are delivered.",
    TENANT="A tenant with its invoices, credit notes, payments and dunning.",
    DEPLOYMENT="A deployment with its subscription.",
    ROLLUP_RUN="A rollup run. Only platform admins see its events.",
    WEBHOOK_ENDPOINT="A webhook endpoint.",
)
