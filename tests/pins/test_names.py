"""Names that clients, operators or stored rows depend on: changing one is a decision that changes this file too."""

import re
from pathlib import Path

from app import queue
from app.cli.costs import costs
from app.jobs import registration
from app.operations.calls import audit
from app.operations.calls.refusal import ProblemCode
from app.operations.deployments import deployment_events
from app.operations.dunning_wake_up import EVALUATE_JOB
from app.operations.finance.push_recording import PUSH_JOB
from app.operations.finance.reconciling import RECONCILE_JOB
from app.operations.issue_runs import ISSUE_RUNS
from app.operations.rollups import ROLLUPS
from app.operations.usage.metered_events import UsageFault
from app.schema.codes import ErrorCode
from app.schema.schema import schema
from app.server import cloud_invoices, usage
from app.server.upload_calls import action_of

PROBLEMS = {
    "ADDON_INACTIVE",
    "ALREADY_ATTACHED",
    "ALREADY_SUBSCRIBED",
    "AMOUNT_TOO_LARGE",
    "CONFIRMATION_REQUIRED",
    "CONFLICT",
    "CREDIT_EXCEEDS_LINE",
    "CREDIT_TOO_SMALL",
    "SUPPLIER_INCOMPLETE",
    "CURRENCY_MISMATCH",
    "DRAFT_STALE",
    "IDEMPOTENCY_CONFLICT",
    "INVALID_TRANSITION",
    "INVOICE_NOT_DRAFT",
    "INVOICE_NOT_ISSUED",
    "INVOICE_PAID",
    "NOT_FOUND",
    "NOT_SUBSCRIBED",
    "PERIOD_NOT_ENDED",
    "PERMISSION_DENIED",
    "PLAN_NOT_PUBLISHED",
    "SLUG_TAKEN",
    "TENANT_CLOSED",
    "VALIDATION_FAILED",
}
REJECTED_EVENTS = {
    "ID_REUSED",
    "INVALID_ID",
    "INVALID_INSTANT",
    "INVALID_SOURCE",
    "IN_THE_FUTURE",
    "NEGATIVE_QUANTITY",
    "QUANTITY_NOT_FINITE",
    "QUANTITY_OUT_OF_RANGE",
    "UNKNOWN_DEPLOYMENT",
    "UNKNOWN_RESOURCE",
    "UNKNOWN_RESOURCE_KIND",
}
TOP_LEVEL_BY_HTTP = {
    "BAD_REQUEST",
    "BAD_USER_INPUT",
    "FORBIDDEN",
    "INTERNAL_SERVER_ERROR",
    "LIMIT_EXCEEDED",
    "LINK_EXPIRED",
    "LINK_INVALID",
    "METHOD_NOT_ALLOWED",
    "NOT_ACCEPTABLE",
    "NOT_FOUND",
    "OUTCOME_UNKNOWN",
    "PAYLOAD_TOO_LARGE",
    "PERSISTED_QUERY_NOT_FOUND",
    "PERSISTED_QUERY_NOT_SUPPORTED",
    "RATE_LIMITED",
    "REQUEST_HEADERS_TOO_LARGE",
    "SERVICE_UNAVAILABLE",
    "TIMEOUT",
    "UNAUTHENTICATED",
    "UNSUPPORTED_MEDIA_TYPE",
}
TOP_LEVEL_BY_GRAPHQL = {
    "EVENTS_MISSED",
    "GRAPHQL_PARSE_FAILED",
    "GRAPHQL_VALIDATION_FAILED",
    "OPERATION_RESOLUTION_FAILURE",
}
MUTATIONS = {
    "addCharge",
    "allocateCredit",
    "archivePlan",
    "attachAddon",
    "changePlanVersion",
    "closeTenant",
    "correctUsage",
    "createAddon",
    "createDeployment",
    "createPlan",
    "createTenant",
    "createWebhookEndpoint",
    "creditInvoice",
    "defineResourceKind",
    "deleteWebhookEndpoint",
    "detachAddon",
    "disputeInvoice",
    "draftPlanVersion",
    "endResource",
    "holdDunning",
    "importBankStatement",
    "importCloudInvoice",
    "issueCreditNote",
    "issueInvoice",
    "issueInvoices",
    "markInvoicePaid",
    "moveResource",
    "publishPlanVersion",
    "reconcileFinance",
    "recordPayment",
    "recordRecovery",
    "recordUsage",
    "redeliver",
    "refundCredit",
    "registerResource",
    "releaseDunning",
    "rematchCloudInvoice",
    "resolveDispute",
    "retirePlanVersion",
    "retryFinancePush",
    "reversePayment",
    "rollUpPeriod",
    "rotateWebhookSecret",
    "sendTestEvent",
    "setDunningPolicy",
    "setTaxRate",
    "subscribe",
    "transitionDeployment",
    "updateAddon",
    "updateDeployment",
    "updateTenant",
    "updateWebhookEndpoint",
    "verifyInvoice",
    "voidInvoice",
    "waiveMonth",
    "withdrawCloudInvoice",
    "writeOffInvoice",
}


def test_the_codes_of_problems_and_of_rejected_events() -> None:
    assert {code.value for code in ProblemCode} == PROBLEMS
    assert {code.value for code in UsageFault} == REJECTED_EVENTS


def test_the_codes_of_errors() -> None:
    texts = [path.read_text(encoding="utf-8") for path in Path(usage.__file__).parent.glob("*.py")]
    assert {code for text in texts for code in re.findall(r"ErrorCode\.([A-Z_]+)", text)} == TOP_LEVEL_BY_HTTP
    every = PROBLEMS | REJECTED_EVENTS | TOP_LEVEL_BY_HTTP | TOP_LEVEL_BY_GRAPHQL
    assert {code.value for code in ErrorCode} == every


def test_the_names_of_jobs_and_when_they_are_due() -> None:
    """The jobs in a queue are found by these names after a deployment of a newer version."""
    assert ROLLUPS.chunk_job == "roll_up_chunk"
    assert ISSUE_RUNS.chunk_job == "issue_chunk"
    assert registration.CATCH_UP_JOB == "catch_up"
    assert EVALUATE_JOB == "evaluate_dunning"
    assert (PUSH_JOB, RECONCILE_JOB) == ("push_to_finance", "reconcile_finance")
    assert {function.__name__: schedule for function, schedule in registration._CLOCK} == {
        "roll_up_month_end": "0 3 1 * *",
        "catch_up": "30 4 * * *",
        "resume": "*/5 * * * *",
        "run_dunning": "*/5 * * * *",
        "deliver_events_again": "* * * * *",
        "push_to_finance_again": "* * * * *",
        "reconcile_finance_daily": "50 * * * *",
        "issue_due_months": "30 5 * * *",
        "resume_issue_runs": "*/5 * * * *",
        "render_due_documents": "*/5 * * * *",
        "check_data_integrity": "0 1 * * *",
        "make_usage_months": "45 4 * * *",
        "apply_pending_plan_changes": "2 * * * *",
        "purge_idempotency_keys": "15 * * * *",
        "purge_rate_limit_buckets": "20 * * * *",
    }


def test_the_queue_and_the_keys_of_its_jobs() -> None:
    assert queue.NAME == "arcadia"
    assert queue._key("roll_up_chunk", "a run:1") == "arcadia:roll_up_chunk:a run:1"


def test_the_channels_of_notify() -> None:
    assert deployment_events.CHANNEL == "deployment_events"
    assert ROLLUPS.channel == "rollup_runs"
    assert ISSUE_RUNS.channel == "issue_runs"


def test_the_operations_that_the_audit_log_names() -> None:
    """A mutation is entered under its name in the schema, everything else under a name of its own."""
    mutations = schema._schema.mutation_type
    assert mutations is not None
    assert set(mutations.fields) == MUTATIONS
    assert [action_of(path) for path in (usage.PATH, cloud_invoices.PATH)] == ["POST /usage", "POST /cloud-invoices"]
    assert audit.SIGN_IN == "signIn"
    assert registration.SYSTEM.subject == "system:rollup"


def test_the_commands_that_the_audit_log_names() -> None:
    """The audit log names these actions "arcadia costs" and the command's name."""
    assert sorted(costs.commands) == ["import", "list", "rematch", "withdraw"]


def test_the_outcomes_that_the_audit_log_names_beside_the_codes_of_problems() -> None:
    outcomes = (audit.DONE, audit.REPLAYED, audit.FAILED, audit.UNKNOWN, audit.UNAUTHENTICATED)
    assert outcomes == ("DONE", "REPLAYED", "FAILED", "UNKNOWN", "UNAUTHENTICATED")
