"""The law of late usage: nothing of an invoiced month is lost, and nothing is billed twice."""

from collections.abc import Sequence
from typing import Any

from app.billing import rate_late
from app.operations.invoices.verification import UNREADABLE
from app.operations.laws.law import Examination, Finding, Law, Spine
from app.operations.rollups.late import Owed, late_inputs

SLICE = 500
"""Subscriptions rated at a time: a tenant of any size takes little memory."""

# The deployments that an invoice bills and that have no late usage open.
_CLOSED = """
SELECT i.id, i.tenant_id, i.period_start, s.deployment_id
FROM tenant_invoices i
JOIN tenant_invoice_inputs n ON n.invoice_id = i.id AND n.late_month IS NULL
JOIN subscriptions s ON s.tenant_id = i.tenant_id AND s.id = n.subscription_id
WHERE i.id = any($1::uuid[]) AND i.status IN ('ISSUED', 'PAID')
  AND NOT EXISTS (SELECT FROM late_usage l
                  WHERE l.tenant_id = i.tenant_id AND l.period_start = i.period_start AND l.state = 'OPEN' AND l.flagged
                    AND l.deployment_id = s.deployment_id)
ORDER BY i.id, s.deployment_id
"""


async def _not_billed_to_the_last(examination: Examination, keys: Sequence[Any]) -> list[Finding]:
    rows = await examination.fetch(_CLOSED, keys)
    found = []
    for start in range(0, len(rows), SLICE):
        portion = rows[start : start + SLICE]
        invoices = {Owed(row["tenant_id"], row["period_start"], row["deployment_id"]): row["id"] for row in portion}
        try:
            rated = await late_inputs(examination.unit, examination.zone, list(invoices))
            differing = [(owed, line) for owed, inputs in rated for line in rate_late(inputs)]
        except UNREADABLE as error:
            found.append(Finding(f"tenant_invoices {portion[0]['id']}", f"its inputs cannot be rated late: {error!r}"))
            continue
        found += [
            Finding(
                f"tenant_invoices {invoices[owed]}",
                f"{line.key}: {line.amount_cents}c are neither billed nor open as late usage",
            )
            for owed, line in differing
        ]
    return found


LAWS = (Law("an invoiced month is billed to the last event, once", Spine.INVOICES, _not_billed_to_the_last),)
