"""The type of the argument that every job receives."""

import asyncio

import saq.types

from app.operations.calls.context import Context
from app.operations.finance.pushing import FinancePushing
from app.operations.webhooks import Delivery
from app.operations.webhooks.sending import Sender


class JobContext(saq.types.Context, total=False):
    """What SAQ passes to a job, with `operations`, the `rating_lock` that the worker's chunks hold while rating, the
    worker's `delivery` of events, and its push to the finance system (`finance`), with the sender of that.
    """

    operations: Context
    rating_lock: asyncio.Lock
    delivery: Delivery
    finance: FinancePushing
    finance_sender: Sender
