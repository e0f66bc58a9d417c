"""What `arcadia doctor` checks of the work: cron jobs, unbilled months, undelivered events, the finance push, data
integrity.

A worker does all of it. With the embedded PostgreSQL none need run between two commands, so that what one would do is
only noted.
"""

from datetime import UTC, datetime, timedelta

from app.cli.findings import DoctorFinding, FindingStatus, ok, span
from app.database import PLATFORM
from app.operations.billing_months import count_unbilled_months, unbilled_months
from app.operations.calls.context import Context
from app.operations.cron_runs import last_cron_run
from app.operations.data_integrity import last_pass
from app.operations.finance.push_state import push_state
from app.operations.webhooks import delivery_state, late_seconds

MAX_CRON_AGE = timedelta(minutes=10)
MAX_WAIT = timedelta(minutes=15)
MAX_INTEGRITY_AGE = timedelta(days=3)
NEW_FOR = timedelta(days=1)
"""How long a database may be in use without a cron job and a check of data integrity."""
ROLLUP_DAYS = 2
"""Until this day of a month, the month before is being billed."""

_FIRST_USE = "SELECT min(ran_on) FROM migration"


async def check_cron(context: Context) -> DoctorFinding:
    ran_at = await last_cron_run(context)
    if ran_at is None:
        age = context.clock() - await _first_use(context)
        message = f"No worker has run a cron job since the database was made {span(age.total_seconds())} ago."
        is_late = age > NEW_FOR
    else:
        age = context.clock() - ran_at
        message = f"A worker last ran a cron job {span(age.total_seconds())} ago."
        is_late = age > MAX_CRON_AGE
    if not is_late:
        return ok("cron", message)
    return DoctorFinding(
        "cron", _of_worker(context), message, "Start `arcadia worker`, or `arcadia serve` with its worker."
    )


async def check_unbilled(context: Context) -> DoctorFinding:
    count = await count_unbilled_months(context)
    if not count:
        return ok("unbilled", "Every ended month of every tenant is billed or waived.")
    today = context.today()
    oldest = (await unbilled_months(context, first=1)).months[0].period_start
    last_ended = (today.replace(day=1) - timedelta(days=1)).replace(day=1)
    message = f"Months of tenants that are not completely billed: {count:,}, the oldest of {oldest:%B %Y}."
    if oldest == last_ended and today.day <= ROLLUP_DAYS:
        return DoctorFinding(
            "unbilled", FindingStatus.NOTE, f"{message} Its rollup runs on the first days of the month."
        )
    action = f"Query unbilledMonths for the reasons; `arcadia rollup {oldest:%Y-%m}` bills a month, and a worker all."
    return DoctorFinding("unbilled", _of_worker(context), message, action)


async def check_events(context: Context) -> DoctorFinding:
    async with context.database.reading(PLATFORM) as connection:
        state = await delivery_state(connection, context.clock())
        late = await late_seconds(connection, context.clock())
    message = (
        f"{state.unpublished} events not published, {state.pending} deliveries pending, {state.failed} failed,"
        f" {state.endpoints_disabled} endpoints disabled."
    )
    if late > MAX_WAIT.total_seconds():
        message = f"{message} The oldest waits for {span(late)} after it was due."
        return DoctorFinding("events", _of_worker(context), message, "Start a worker, or look at its log for errors.")
    if state.failed or state.endpoints_disabled:
        action = "Query webhookEndpoints and deliveries; `redeliver` sends again what failed."
        return DoctorFinding("events", FindingStatus.NOTE, message, action)
    return ok("events", message)


async def check_finance(context: Context) -> DoctorFinding:
    if context.settings.finance_url is None:
        return ok("finance", "No finance system is set (ARCADIA_FINANCE_URL).")
    async with context.database.reading(PLATFORM) as connection:
        state = await push_state(connection, context.clock())
    message = f"{state.pending} pushes pending, {state.blocked} blocked, {state.out_of_step} invoices out of step."
    if state.is_overdue:
        message = f"{message} Some have waited for over an hour: {state.last_error or 'not attempted'}."
        return DoctorFinding("finance", FindingStatus.ACTION, message, "Start a worker, or mend what the error names.")
    if state.blocked:
        action = "Query financePushes(filter: {status: [BLOCKED]}); correct the cause, then use retryFinancePush."
        return DoctorFinding("finance", FindingStatus.ACTION, message, action)
    if state.out_of_step:
        action = "Query receivablesOutOfStep, and correct the finance system's balances: ours equal the ledger."
        return DoctorFinding("finance", FindingStatus.ACTION, message, action)
    return ok("finance", message)


async def check_integrity(context: Context) -> DoctorFinding:
    passed_at = await last_pass(context)
    since = passed_at or await _first_use(context)
    age = context.clock() - since
    if passed_at is None:
        message = f"Not every table was checked since the database was made {span(age.total_seconds())} ago."
    else:
        message = f"Every table was checked within the last {span(age.total_seconds())}."
    if age <= (NEW_FOR if passed_at is None else MAX_INTEGRITY_AGE):
        return ok("integrity", message)
    return DoctorFinding("integrity", _of_worker(context), message, "Run `arcadia check`; a worker checks every night.")


async def _first_use(context: Context) -> datetime:
    """Returns when the database was migrated first."""
    async with context.database.reading(PLATFORM) as connection:
        ran_on: datetime = await connection.fetchval(_FIRST_USE)
    return ran_on.replace(tzinfo=UTC)  # Piccolo's column has no zone; sessions are in UTC


def _of_worker(context: Context) -> FindingStatus:
    """Returns the status of work that a worker should have done."""
    return FindingStatus.NOTE if context.settings.database_url is None else FindingStatus.ACTION
