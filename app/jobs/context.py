"""The type of the argument that every job receives."""

import asyncio

import saq.types

from app.operations.calls.context import Context


class JobContext(saq.types.Context, total=False):
    """What SAQ passes to a job, with `operations`, and the `rating_lock` that the worker's chunks hold while rating."""

    operations: Context
    rating_lock: asyncio.Lock
