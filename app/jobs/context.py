"""What a job is given."""

import asyncio

import saq.types

from app.operations.calls.context import Context


class JobContext(saq.types.Context, total=False):
    """What SAQ passes to a job. We add `operations`, and the `rating_lock` that the worker's chunks hold to rate."""

    operations: Context
    rating_lock: asyncio.Lock
