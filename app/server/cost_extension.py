"""`extensions.cost` of every answer to a signed-in caller: what the operation cost, and what the caller has left.

    {"requested": 31, "limit": 100000, "remaining": 99969, "resetAt": "2026-04-01T00:00:01+00:00"}

`limit` is what a full bucket holds and `resetAt` when it will be full again, to the second; where there is no limit all
but `requested` are null. `remaining` is what this process knows: others may have taken their leases meanwhile.
"""

import math
from datetime import UTC, datetime
from functools import lru_cache

from app.database.commit_positions import UNKNOWN, position_text
from app.operations.rate_limits import OperationCharge
from app.server.request_log import note

_LIMITED = b'{"requested":%d,"limit":%d,"remaining":%d,"resetAt":"%b"}'
_UNLIMITED = b'{"requested":%d,"limit":null,"remaining":null,"resetAt":null}'


def cost_of(charge: OperationCharge) -> bytes:
    """The JSON object."""
    note(cost=charge.requested)
    balance = charge.balance
    if balance is None:
        return _UNLIMITED % charge.requested
    reset_at = _instant(math.ceil(balance.full_at))
    return _LIMITED % (charge.requested, balance.limit, balance.remaining, reset_at)


def with_cost(body: bytes, charge: OperationCharge, written: int | None = None) -> bytes:
    """The body of a response, a JSON object that is not empty, with the cost behind what it has; it is not parsed. And
    with the position of what was `written`, where a replica may not have it yet (recent_writes.py).
    """
    if written is None or written == UNKNOWN:
        return b'%b,"extensions":{"cost":%b}}' % (body[:-1], cost_of(charge))
    read_after = position_text(written).encode()
    return b'%b,"extensions":{"readAfter":"%b","cost":%b}}' % (body[:-1], read_after, cost_of(charge))


@lru_cache(maxsize=64)
def _instant(second: int) -> bytes:
    return datetime.fromtimestamp(second, UTC).isoformat().encode()
