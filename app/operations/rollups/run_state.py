"""What rollup runs are doing, for operators."""

from typing import Any, NamedTuple

_STATE = """
SELECT (SELECT count(*) FROM rollup_runs WHERE finished_at IS NULL) AS open,
       r.tenants_total, r.tenants_done, r.invoices_failed
FROM (SELECT) AS always LEFT JOIN LATERAL (
    SELECT tenants_total, tenants_done, invoices_failed FROM rollup_runs WHERE NOT dry_run ORDER BY id DESC LIMIT 1
) AS r ON true
"""


class RollupState(NamedTuple):
    """The number of unfinished runs; and of the latest that was not a dry run, how many tenants it has, has done, and
    could not bill.
    """

    open: int
    total: int
    done: int
    failed: int


async def rollup_state(connection: Any) -> RollupState:
    """Reads the state as the platform."""
    return RollupState(*(count or 0 for count in await connection.fetchrow(_STATE)))
