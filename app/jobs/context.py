"""The type of the argument that every job receives."""

import asyncio

import saq.types

from app.operations.calls.context import Context
from app.operations.webhooks import Delivery


class JobContext(saq.types.Context, total=False):
    """What SAQ passes to a job, with `operations`, the `rating_lock` that the worker's chunks hold while rating, and
    the worker's `delivery` of events.
    """

    operations: Context
    rating_lock: asyncio.Lock
    delivery: Delivery
