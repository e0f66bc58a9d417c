"""Compares the balances of all issued invoices with the finance system's, and lists those that differ.

Our side of a page is read before the finance system's and again after it: an invoice that has pushes to be sent, or
that changed meanwhile, is left out. So the finance system's balance of every other one must be ours.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit
from uuid import UUID

import msgspec

from app.database import PLATFORM, UnitOfWork
from app.database.locks import lock
from app.operations.calls import validation
from app.operations.calls.access import Action, authorise
from app.operations.calls.context import Context
from app.operations.calls.transaction import transact
from app.operations.finance.answers import judge
from app.operations.finance.payloads import RECEIVABLES, FinanceReceivable, FinanceReceivables
from app.operations.finance.pushing import signed
from app.operations.webhooks.sending import Sender
from app.tables.ids import new_id, new_ids

RECONCILE_JOB = "reconcile_finance"
PAGE = 1_000
MAX_PAGE_BYTES = 1_000_000
MAX_LISTED = 10_000
EVERY = timedelta(hours=23)
"""A daily run begins so long after the last one that succeeded."""

_NO_ID = UUID(int=0)
# An invoice's balance is what its pushes add up to, so it is the finance system's once all are sent.
_OURS = """
SELECT q.tenant_id, q.id, q.last_sequence, b.currency, b.balance_cents, EXISTS (
    SELECT FROM finance_pushes p WHERE p.tenant_id = q.tenant_id AND p.invoice_id = q.id AND p.status <> 'SENT'
) AS is_moving
FROM finance_queues q JOIN invoice_balances b ON b.tenant_id = q.tenant_id AND b.id = q.id
WHERE {chosen} ORDER BY q.id
"""
_PAGE = _OURS.format(chosen="q.id > $1") + " LIMIT $2"
_THESE = _OURS.format(chosen="q.id = any($1::uuid[])")
_REQUEST = "INSERT INTO finance_reconciliations (id, requested_at, requested_by, reason) VALUES ($1, $2, $3, $4)"
_OPEN = "SELECT id FROM finance_reconciliations WHERE finished_at IS NULL ORDER BY id"
_LAST = "SELECT max(requested_at) FROM finance_reconciliations WHERE compared IS NOT NULL"
_FINISH = """
UPDATE finance_reconciliations SET finished_at = $2, compared = $3, out_of_step = $4, error = $5
WHERE id = any($1::uuid[]) AND finished_at IS NULL
"""
_FORGET = "DELETE FROM receivables_out_of_step"
_LIST = """
INSERT INTO receivables_out_of_step
    (id, tenant_id, invoice_id, receivable_id, currency, balance_cents, finance_balance_cents, found_at)
SELECT n.id, n.tenant_id, n.invoice_id, n.receivable_id, n.currency, n.balance_cents, n.finance_balance_cents, $8
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::bigint[], $7::bigint[])
    AS n (id, tenant_id, invoice_id, receivable_id, currency, balance_cents, finance_balance_cents)
"""


class FinanceUnreadable(Exception):
    """The finance system's balances cannot be read, or not as docs/finance.md describes them."""


class _Ours(NamedTuple):
    tenant_id: UUID
    id: UUID
    last_sequence: int
    currency: str
    balance_cents: int
    is_moving: bool


class _Difference(NamedTuple):
    """Columns of receivables_out_of_step."""

    tenant_id: UUID | None
    invoice_id: UUID | None
    receivable_id: UUID
    currency: str
    balance_cents: int | None
    finance_balance_cents: int | None


async def request_finance_reconciliation(context: Context, *, reason: str | None = None) -> UUID:
    """Records that a comparison is wanted, wakes the job for it, and returns its id. Raises VALIDATION_FAILED."""
    authorise(context, Action.PUSH_TO_FINANCE)
    validation.refuse(validation.free_text("reason", reason))

    async def work(unit: UnitOfWork) -> UUID:
        reconciliation_id = new_id()
        await unit.connection.execute(_REQUEST, reconciliation_id, context.clock(), context.principal.subject, reason)
        unit.after_commit(lambda: context.queue.enqueue(RECONCILE_JOB, str(reconciliation_id)))
        return reconciliation_id

    return await transact(context, work, UUID)


async def reconcile_if_due(context: Context, sender: Sender) -> int:
    """Makes the comparison of the day, unless one has been made, and those whose wake-up was lost."""
    async with context.database.reading(PLATFORM) as connection:
        last = await connection.fetchval(_LAST)
    if context.settings.finance_url is None:
        return 0
    if last is None or context.clock() - last >= EVERY:
        await request_finance_reconciliation(context)
    return await reconcile(context, sender)


async def reconcile(context: Context, sender: Sender) -> int:
    """Makes the comparisons that were requested, as one; returns how many invoices are out of step. The list is
    replaced when all could be compared; otherwise the reason is kept, and FinanceUnreadable raised.
    """
    authorise(context, Action.PUSH_TO_FINANCE)
    async with context.database.unit_of_work(PLATFORM) as unit:
        requested = [row["id"] for row in await unit.connection.fetch(_OPEN)]
    if not requested:
        return 0
    try:
        compared, differences = await _compare(context, sender)
    except FinanceUnreadable as unreadable:
        await _finish(context, requested, 0, (), str(unreadable))
        raise
    await _finish(context, requested, compared, differences, None)
    return len(differences)


async def _finish(
    context: Context, requested: list[UUID], compared: int, differences: Iterable[_Difference], error: str | None
) -> None:
    now, rows = context.clock(), list(differences)

    async def work(unit: UnitOfWork) -> None:
        await lock(unit, "finance", "reconcile")
        counts = (None, None) if error else (compared, len(rows))
        await unit.connection.execute(_FINISH, requested, now, *counts, error)
        if error is None:
            await unit.connection.execute(_FORGET)
            listed = rows[:MAX_LISTED]
            columns = [list(column) for column in zip(*listed, strict=True)] or [[]] * len(_Difference._fields)
            await unit.connection.execute(_LIST, new_ids(len(listed)), *columns, now)

    await context.database.run_in_transaction(PLATFORM, work)


async def _compare(context: Context, sender: Sender) -> tuple[int, list[_Difference]]:
    """Compares page by page, in the order of the invoices' ids; returns the number compared, and what differs."""
    compared, differences, last = 0, list[_Difference](), _NO_ID
    while True:
        ours = await _read(context, _PAGE, last, PAGE)
        end = ours[-1].id if len(ours) == PAGE else None
        theirs = await _finance_receivables(context, sender, last, end)
        known = {one.id: one for one in ours}
        apart = [
            (known.get(invoice_id), theirs.get(invoice_id))
            for invoice_id in known.keys() | theirs.keys()
            if not _is_same(known.get(invoice_id), theirs.get(invoice_id))
        ]
        differences += await _confirmed(context, apart)
        compared += sum(not one.is_moving for one in ours)
        if end is None:
            return compared, differences
        last = end


def _is_same(ours: _Ours | None, theirs: FinanceReceivable | None) -> bool:
    if ours is None or theirs is None:
        return ours is not None and ours.is_moving
    return ours.is_moving or (ours.currency, ours.balance_cents) == (theirs.currency, theirs.balance_cents)


async def _confirmed(context: Context, apart: list[tuple[_Ours | None, FinanceReceivable | None]]) -> list[_Difference]:
    """Leaves out invoices that were issued or changed since our side was read."""
    ids = [one.id if isinstance(one, _Ours) else one.invoice_id for pair in apart for one in pair if one is not None]
    now = {one.id: one for one in await _read(context, _THESE, ids)}
    found = []
    for ours, theirs in apart:
        if ours is None and theirs is not None and theirs.invoice_id not in now:
            found.append(_Difference(None, None, theirs.invoice_id, theirs.currency, None, theirs.balance_cents))
        elif ours is not None and now[ours.id] == ours:
            their_cents = None if theirs is None else theirs.balance_cents
            found.append(_Difference(ours.tenant_id, ours.id, ours.id, ours.currency, ours.balance_cents, their_cents))
    return found


async def _read(context: Context, statement: str, *arguments: object) -> list[_Ours]:
    async with context.database.unit_of_work(PLATFORM) as unit:
        return [_Ours(*row) for row in await unit.connection.fetch(statement, *arguments)]


async def _finance_receivables(
    context: Context, sender: Sender, after: UUID, end: UUID | None
) -> dict[UUID, FinanceReceivable]:
    """Reads the finance system's receivables after one id, until another or the last one. Raises FinanceUnreadable."""
    found: dict[UUID, FinanceReceivable] = {}
    cursor: UUID | None = after
    while cursor is not None:
        page = await _get(context, sender, cursor, context.clock())
        ids = [one.invoice_id for one in page.receivables]
        if ids != sorted(ids) or (ids and ids[0] <= cursor) or (page.next is not None and page.next <= cursor):
            raise FinanceUnreadable("the receivables are not in ascending order of invoiceId")
        found |= {one.invoice_id: one for one in page.receivables if end is None or one.invoice_id <= end}
        cursor = page.next
        if end is not None and cursor is not None and cursor >= end:
            break
    return found


async def _get(context: Context, sender: Sender, after: UUID, now: datetime) -> FinanceReceivables:
    settings = context.settings
    query = urlencode({"after": str(after), "limit": PAGE})
    url = f"{settings.finance_url}{RECEIVABLES}?{query}"
    target = f"{urlsplit(url).path}?{query}"
    headers = {"accept": "application/json", **signed(settings, new_id(), now, target.encode())}
    attempt = await sender.send("GET", url, headers, b"", kept=MAX_PAGE_BYTES)
    if attempt.status != 200:
        raise FinanceUnreadable(judge(attempt).error or f"the finance system answered {attempt.status}")
    try:
        return msgspec.json.decode((attempt.body or "").encode(), type=FinanceReceivables)
    except msgspec.DecodeError as error:
        raise FinanceUnreadable(f"the answer is not as docs/finance.md describes it: {error}") from error
