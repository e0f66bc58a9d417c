"""`extensions.cost` in every response to a signed-in caller: the operation's cost, and the points the caller has left.

    {"requested": 31, "limit": 100000, "remaining": 99969, "resetAt": "2026-04-01T00:00:01+00:00"}

`limit` is the size of the bucket and `resetAt` the second at which it will be full again; without a limit all but
`requested` are null. `remaining` is what this process knows: other processes may have leased points meanwhile.
"""

import math
from datetime import UTC, datetime
from functools import lru_cache

from app.database.commit_positions import UNKNOWN, position_text
from app.operations.rate_limits import OperationCharge
from app.server.explain import SqlExplanation
from app.server.request_log import note

_LIMITED = b'{"requested":%d,"limit":%d,"remaining":%d,"resetAt":"%b"}'
_UNLIMITED = b'{"requested":%d,"limit":null,"remaining":null,"resetAt":null}'


def cost_of(charge: OperationCharge) -> bytes:
    """Returns `extensions.cost` of a response, as JSON."""
    note(cost=charge.requested)
    balance = charge.balance
    if balance is None:
        return _UNLIMITED % charge.requested
    reset_at = _instant(math.ceil(balance.full_at))
    return _LIMITED % (charge.requested, balance.limit, balance.remaining, reset_at)


def with_cost(
    body: bytes, charge: OperationCharge, written: int | None = None, explanation: SqlExplanation | None = None
) -> bytes:
    """Appends members to the JSON object of a response's body, without parsing it: the cost, the WAL position of the
    commit (`written`) if a replica may not have it yet (recent_writes.py), and the explanation of SQL (explain.py). The
    object must not be empty.
    """
    before = b""
    if written is not None and written != UNKNOWN:
        before = b'"readAfter":"%b",' % position_text(written).encode()
    if explanation is not None:
        before += b'"explain":%b,' % explanation.body
    return b'%b,"extensions":{%b"cost":%b}}' % (body[:-1], before, cost_of(charge))


@lru_cache(maxsize=64)
def _instant(second: int) -> bytes:
    return datetime.fromtimestamp(second, UTC).isoformat().encode()
