"""The one table of wording: other tests assert codes, paths and the values inside a message."""

from collections.abc import Callable
from datetime import date

import pytest

from app.billing import DeploymentState
from app.billing.money import storable_cents
from app.database.errors import CommitUnknown, DatabaseNotMigrated, DatabaseUnavailable
from app.operations.calls import validation
from app.operations.calls.access import Action, denied, not_found, tenant_for
from app.operations.calls.principal import Principal, Role
from app.operations.calls.refusal import InvalidTransitionRefusal
from app.operations.catalog.offers import already_attached
from app.operations.subscriptions.start_dates import require_confirmation
from app.reads.values import to_text, to_uuid
from app.schema import scalars
from app.schema.measure import exceeded
from app.server.negotiation import response_type
from app.server.request_errors import request_error_of

ADMIN = Principal("ada", frozenset({Role.PLATFORM_ADMIN}))
ACTIVE, ARCHIVED, PAUSED = DeploymentState.ACTIVE, DeploymentState.ARCHIVED, DeploymentState.PAUSED


def raised(call: Callable[..., object], *arguments: object) -> str:
    with pytest.raises(Exception) as caught:  # noqa: PT011 - whichever error the call has
        call(*arguments)
    return str(caught.value)


def faults(check: Callable[..., object], value: str) -> Callable[[], str]:
    return lambda: raised(validation.refuse, check("name", value))


def shown(error: Exception) -> Callable[[], str]:
    return lambda: request_error_of(error, "id").message


MESSAGES: dict[str, tuple[Callable[[], str], str]] = {
    "PERMISSION_DENIED": (lambda: denied(Action.ROLL_UP).message, "your role may not roll up periods"),
    "NOT_FOUND": (lambda: not_found("plan", "studio").message, "plan 'studio' does not exist"),
    "INVALID_TRANSITION": (
        lambda: InvalidTransitionRefusal(ACTIVE, ARCHIVED, (PAUSED,)).message,
        "a deployment cannot go from ACTIVE to ARCHIVED; allowed next states: PAUSED",
    ),
    "INVALID_TRANSITION from an end": (
        lambda: InvalidTransitionRefusal(ARCHIVED, ACTIVE, ()).message,
        "a deployment cannot go from ARCHIVED to ACTIVE; no transition is allowed from this state",
    ),
    "ALREADY_ATTACHED": (
        lambda: already_attached("storage", ("addonCode",)).message,
        "add-on storage is already attached; set additional to true to attach and bill it once more",
    ),
    "CONFIRMATION_REQUIRED": (
        lambda: raised(require_confirmation, date(2026, 1, 1), date(2026, 5, 1), ("startsOn",)),
        (
            "startsOn 2026-01-01 is more than 3 months before today: every month since then will be billed; set "
            "confirmBackdating to true if that is intended"
        ),
    ),
    "AMOUNT_TOO_LARGE": (
        lambda: raised(storable_cents, "pilot/base", 2**63),
        "pilot/base: 9223372036854775808 cents do not fit in 64 bits; lower the price or the quantity",
    ),
    "VALIDATION_FAILED: no tenant": (lambda: raised(tenant_for, ADMIN, None), "tenantId is required"),
    "VALIDATION_FAILED: code": (
        faults(validation.code, "-"),
        "name must be 1 to 64 lower-case letters, digits, - and _, beginning and ending with a letter or digit",
    ),
    "VALIDATION_FAILED: slug": (
        faults(validation.dns_label, "-"),
        "name must be 1 to 63 lower-case letters, digits and -, beginning and ending with a letter or digit",
    ),
    "VALIDATION_FAILED: blank": (faults(validation.name, " "), "name must not be blank"),
    "VALIDATION_FAILED: country": (faults(validation.country, "au"), "name must be an ISO 3166-1 code such as AU"),
    "VALIDATION_FAILED: control character": (
        faults(validation.name, "a\tb"),
        "name must be one line without control characters and bidirectional marks; it contains U+0009",
    ),
    "BAD_USER_INPUT: id": (lambda: raised(to_uuid, "x"), "An id must be a UUID."),
    "BAD_USER_INPUT: text": (
        lambda: raised(to_text, "\0"),
        "A text contains U+0000 or half of a surrogate pair, which cannot be stored: remove it.",
    ),
    "BAD_USER_INPUT: date": (
        lambda: raised(scalars.parse_date, "April"),
        "'April' is not a valid Date: expected a day such as 2026-04-01.",
    ),
    "LIMIT_EXCEEDED": (lambda: exceeded("depth", 15, 16).message, "The document has depth 16; the limit is 15."),
    "NOT_ACCEPTABLE": (
        lambda: raised(response_type, "text/csv"),
        "The Accept header allows neither application/graphql-response+json nor application/json: accept one of them.",
    ),
    "SERVICE_UNAVAILABLE": (
        shown(DatabaseUnavailable("refused")),
        "The service is temporarily unavailable. Retry after the number of seconds in Retry-After.",
    ),
    "SERVICE_UNAVAILABLE: not migrated": (
        shown(DatabaseNotMigrated("no schema")),
        "The database's schema is not the one of this version: run `arcadia migrate`.",
    ),
    "OUTCOME_UNKNOWN": (
        shown(CommitUnknown("lost")),
        "The connection was lost while saving: check whether the change was made before repeating it.",
    ),
    "TIMEOUT": (
        shown(TimeoutError()),
        "The operation took too long: if it changes data, check whether it did before repeating it.",
    ),
    "INTERNAL_SERVER_ERROR": (
        shown(ZeroDivisionError()),
        "Internal server error: report the errorId to the operator, who finds the details in the log.",
    ),
}


@pytest.mark.parametrize("code", MESSAGES)
def test_wording(code: str) -> None:
    message, expected = MESSAGES[code]
    assert message() == expected
