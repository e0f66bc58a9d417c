"""Dunning: policies, the steps that invoices have reached, holds, and the daily runs with their failures."""

from piccolo.columns import UUID
from piccolo.constraints import Check, Unique
from piccolo.table import Table

from app.billing import StepKind
from app.tables.columns import calendar_day, cents, instant, integer, member_of, primary_key, reference, text
from app.tables.invoices import TenantInvoices
from app.tables.tenants import Tenants


class DunningPolicies(Table, tablename="dunning_policies"):
    """A tenant's own policy, or the platform's default (tenant_id null): so many days after the due date each step
    happens, null where the policy has no such step. Without a row for either, the default of the rules applies.
    """

    id = primary_key()
    tenant_id = reference(Tenants, null=True)
    notice_days = integer(null=True)
    past_due_days = integer(null=True)
    final_notice_days = integer(null=True)
    suspend_days = integer(null=True)
    propose_write_off_days = integer(null=True)
    minimum_cents = cents()
    set_at = instant()
    set_by = text()

    dunning_policies_days_check = Check(
        "least(notice_days, past_due_days, final_notice_days, suspend_days, propose_write_off_days) >= 1"
        " AND greatest(notice_days, past_due_days, final_notice_days, suspend_days, propose_write_off_days) <= 3650"
    )
    dunning_policies_suspend_days_check = Check("suspend_days IS NULL OR coalesce(past_due_days < suspend_days, false)")
    dunning_policies_minimum_cents_check = Check("minimum_cents >= 0")


class DunningSteps(Table, tablename="dunning_steps"):
    """A step of an invoice that has happened: once per invoice and kind. Append-only.

    days: those of the policy that was in force. taken_on: the day of dunning on which it happened.
    """

    id = primary_key()
    tenant_id = reference(Tenants)
    invoice_id = reference(TenantInvoices)
    kind = text()
    days = integer()
    taken_on = calendar_day()
    taken_at = instant()

    dunning_steps_tenant_id_invoice_id_kind_key = Unique([tenant_id, invoice_id, kind])
    dunning_steps_kind_check = member_of("kind", StepKind)


class DunningHolds(Table, tablename="dunning_holds"):
    """A tenant taken out of dunning up to and including a day. A tenant has at most one hold that has not ended."""

    id = primary_key()
    tenant_id = reference(Tenants)
    until = calendar_day()
    reason = text()
    held_at = instant()
    held_by = text()
    ended_at = instant(null=True)
    ended_by = text(null=True)

    dunning_holds_ended_check = Check("num_nulls(ended_at, ended_by) IN (0, 2)")


class DunningRuns(Table, tablename="dunning_runs"):
    """The daily run of one day of dunning. The counters move in the transactions that they count.

    last_tenant_id: tenants up to this id have been evaluated, in the order of their ids; a run that was interrupted
    continues after it.
    """

    id = primary_key()
    day = calendar_day()
    started_at = instant()
    finished_at = instant(null=True)
    last_tenant_id = UUID(default=None, null=True)
    tenants_evaluated = integer()
    tenants_failed = integer()
    steps_taken = integer()
    transitions_applied = integer()
    transitions_withheld = integer()

    dunning_runs_day_key = Unique([day])
    dunning_runs_counts_check = Check(
        "least(tenants_failed, steps_taken, transitions_applied, transitions_withheld) >= 0"
        " AND tenants_failed <= tenants_evaluated"
    )


class DunningFailures(Table, tablename="dunning_failures"):
    """A tenant that a run could not evaluate. The next run evaluates it again."""

    id = primary_key()
    run_id = reference(DunningRuns)
    tenant_id = reference(Tenants)
    code = text()
    message = text()
    failed_at = instant()

    dunning_failures_run_id_tenant_id_key = Unique([run_id, tenant_id])
