"""Permissions: the table of which role may do what, and the tenant on whose behalf a caller acts."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from app.billing import Actor
from app.operations.calls.context import Context
from app.operations.calls.principal import Principal, Role
from app.operations.calls.refusal import ProblemCode, Refusal


class Action(StrEnum):
    """What an operation does, in the words of the refusal message."""

    CREATE_TENANT = "create tenants"
    UPDATE_TENANT = "update tenants"
    CLOSE_TENANT = "close tenants"
    CREATE_DEPLOYMENT = "create deployments"
    UPDATE_DEPLOYMENT = "update deployments"
    OVERRIDE_BILLING_ACTIONS = "suspend billing actions"
    TRANSITION_DEPLOYMENT = "change the state of deployments"
    ACT_AS_SYSTEM = "act as the system"
    REGISTER_RESOURCE = "register resources"
    END_RESOURCE = "end resources"
    MOVE_RESOURCE = "move resources"
    SUBSCRIBE = "subscribe deployments"
    CHOOSE_BILLING_DAYS = "choose the day from which something is billed"
    ATTACH_ADDON = "attach add-ons"
    DETACH_ADDON = "detach add-ons"
    CHANGE_PLAN_VERSION = "change plans"
    MANAGE_CATALOG = "change the catalog"
    SET_TAX_RATE = "set tax rates"
    ADD_CHARGE = "add charges"
    RECORD_USAGE = "record usage"
    CORRECT_USAGE = "correct usage"
    QUOTE = "request quotes"
    ROLL_UP = "roll up periods"
    ISSUE_INVOICE = "issue invoices"
    MARK_INVOICE_PAID = "mark invoices as paid"
    VOID_INVOICE = "void invoices"
    VERIFY_INVOICE = "verify invoices"
    ISSUE_CREDIT_NOTE = "issue credit notes"
    RECORD_PAYMENT = "record payments"
    REVERSE_PAYMENT = "reverse payments"
    ALLOCATE_CREDIT = "allocate credit"
    REFUND_CREDIT = "refund credit"
    WRITE_OFF_INVOICE = "write off invoices"
    RECORD_RECOVERY = "record recoveries"
    IMPORT_BANK_STATEMENT = "import bank statements"
    SEE_LEDGER = "see the ledger"
    MANAGE_DUNNING = "manage dunning"
    EXPORT_RECORDS = "export records"
    READ_DOCUMENT = "read documents"
    RENDER_DOCUMENTS = "render documents"
    SEE_UNBILLED_PERIODS = "read unbilled periods"
    WAIVE_MONTH = "waive months"
    CHECK_DATA_INTEGRITY = "check data integrity"
    REPAIR_USAGE_TOTALS = "repair usage totals"
    IMPORT_CLOUD_INVOICE = "import the provider's invoices"
    REMATCH_CLOUD_INVOICE = "match the provider's invoices again"
    WITHDRAW_CLOUD_INVOICE = "withdraw the provider's invoices"
    SEE_MARGIN = "read the margin"
    PUBLISH_EVENTS = "publish events"
    READ_EVENTS = "read events"
    MANAGE_WEBHOOKS = "manage webhook endpoints"
    PUSH_TO_FINANCE = "push to the finance system"


_PLATFORM = frozenset({Role.PLATFORM_ADMIN})
_TENANT_ADMINS = _PLATFORM | {Role.TENANT_ADMIN}
_READERS = _TENANT_ADMINS | {Role.TENANT_VIEWER}
_METERS = _PLATFORM | {Role.METER}
_EVERYONE = frozenset(Role)

ALLOWED_ROLES: Mapping[Action, frozenset[Role]] = MappingProxyType(
    {
        Action.CREATE_TENANT: _PLATFORM,
        Action.UPDATE_TENANT: _PLATFORM,
        Action.CLOSE_TENANT: _PLATFORM,
        Action.CREATE_DEPLOYMENT: _TENANT_ADMINS,
        Action.UPDATE_DEPLOYMENT: _TENANT_ADMINS,
        Action.OVERRIDE_BILLING_ACTIONS: _PLATFORM,
        Action.TRANSITION_DEPLOYMENT: _TENANT_ADMINS,
        Action.ACT_AS_SYSTEM: _PLATFORM,
        Action.REGISTER_RESOURCE: _PLATFORM,
        Action.END_RESOURCE: _PLATFORM,
        Action.MOVE_RESOURCE: _PLATFORM,
        Action.SUBSCRIBE: _TENANT_ADMINS,
        Action.CHOOSE_BILLING_DAYS: _PLATFORM,
        Action.ATTACH_ADDON: _TENANT_ADMINS,
        Action.DETACH_ADDON: _TENANT_ADMINS,
        Action.CHANGE_PLAN_VERSION: _TENANT_ADMINS,
        Action.MANAGE_CATALOG: _PLATFORM,
        Action.SET_TAX_RATE: _PLATFORM,
        Action.ADD_CHARGE: _PLATFORM,
        Action.RECORD_USAGE: _METERS,
        Action.CORRECT_USAGE: _METERS,
        Action.QUOTE: _EVERYONE,
        Action.ROLL_UP: _PLATFORM,
        Action.ISSUE_INVOICE: _PLATFORM,
        Action.MARK_INVOICE_PAID: _PLATFORM,
        Action.VOID_INVOICE: _PLATFORM,
        Action.VERIFY_INVOICE: _PLATFORM,
        Action.ISSUE_CREDIT_NOTE: _PLATFORM,
        Action.RECORD_PAYMENT: _PLATFORM,
        Action.REVERSE_PAYMENT: _PLATFORM,
        Action.ALLOCATE_CREDIT: _PLATFORM,
        Action.REFUND_CREDIT: _PLATFORM,
        Action.WRITE_OFF_INVOICE: _PLATFORM,
        Action.RECORD_RECOVERY: _PLATFORM,
        Action.IMPORT_BANK_STATEMENT: _PLATFORM,
        Action.SEE_LEDGER: _PLATFORM,
        Action.MANAGE_DUNNING: _PLATFORM,
        Action.EXPORT_RECORDS: _READERS,
        Action.READ_DOCUMENT: _READERS,
        Action.RENDER_DOCUMENTS: _PLATFORM,
        Action.SEE_UNBILLED_PERIODS: _PLATFORM,
        Action.WAIVE_MONTH: _PLATFORM,
        Action.CHECK_DATA_INTEGRITY: _PLATFORM,
        Action.REPAIR_USAGE_TOTALS: _PLATFORM,
        Action.IMPORT_CLOUD_INVOICE: _PLATFORM,
        Action.REMATCH_CLOUD_INVOICE: _PLATFORM,
        Action.WITHDRAW_CLOUD_INVOICE: _PLATFORM,
        Action.SEE_MARGIN: _PLATFORM,
        Action.PUBLISH_EVENTS: _PLATFORM,
        Action.READ_EVENTS: _READERS,
        Action.MANAGE_WEBHOOKS: _TENANT_ADMINS,
        Action.PUSH_TO_FINANCE: _PLATFORM,
    }
)


def authorise(context: Context, action: Action, path: tuple[str, ...] = ()) -> None:
    """Raises PERMISSION_DENIED unless one of the caller's roles permits the action. `path`: the input value that
    requires the permission.
    """
    if context.principal.roles.isdisjoint(ALLOWED_ROLES[action]):
        raise denied(action, path)


def denied(action: Action, path: tuple[str, ...] = ()) -> Refusal:
    return Refusal(ProblemCode.PERMISSION_DENIED, f"your role may not {action}", path)


def not_found(noun: str, key: object, path: tuple[str, ...] = ()) -> Refusal:
    """Returns the refusal for an object that does not exist. An object of another tenant gets the same one, so that
    nothing is revealed.
    """
    return Refusal(ProblemCode.NOT_FOUND, f"{noun} {str(key)!r} does not exist", path)


def tenant_for(principal: Principal, tenant_id: UUID | None) -> UUID:
    """Returns the tenant to act for. A platform admin must name it; for everyone else it is the caller's own."""
    if principal.is_platform_admin:
        if tenant_id is None:
            raise Refusal(ProblemCode.VALIDATION_FAILED, "tenantId is required", ("tenantId",))
        return tenant_id
    if principal.tenant_id is None or tenant_id not in {None, principal.tenant_id}:
        raise not_found("tenant", tenant_id, ("tenantId",))
    return principal.tenant_id


def transition_actor(principal: Principal) -> Actor | None:
    """Returns the kind of actor as which the principal requests a deployment's transitions; None if it may request
    none.
    """
    if principal.is_platform_admin:
        return Actor.OPERATOR
    if Role.TENANT_ADMIN in principal.roles:
        return Actor.TENANT
    return None
