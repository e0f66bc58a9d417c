"""What `arcadia doctor` finds: one finding for each check."""

from collections.abc import Awaitable, Callable
from enum import StrEnum

import msgspec

from app.database.errors import (
    DatabaseNotMigrated,
    DatabaseOfAnotherVersion,
    DatabaseUnavailable,
    DatabaseUnsuitable,
)


class FindingStatus(StrEnum):
    """OK; NOTE: worth knowing, nothing must be done; ACTION: something must; NOT_CHECKED: an earlier check failed."""

    OK = "ok"
    NOTE = "note"
    ACTION = "action"
    NOT_CHECKED = "not checked"


class DoctorFinding(msgspec.Struct, omit_defaults=True):
    """The result of a check. action: what to do; None if there is nothing to do."""

    check: str
    status: FindingStatus
    message: str
    action: str | None = None


def ok(check: str, message: str) -> DoctorFinding:
    return DoctorFinding(check, FindingStatus.OK, message)


def not_checked(check: str, failed: str) -> DoctorFinding:
    return DoctorFinding(check, FindingStatus.NOT_CHECKED, f"Not checked, because the check `{failed}` failed.")


async def finding_of(check: str, examine: Callable[[], Awaitable[DoctorFinding]], reach: str) -> DoctorFinding:
    """Runs a check. A database that is unavailable or unsuitable is a finding. reach: what to do if something cannot be
    reached.
    """
    try:
        return await examine()
    except (DatabaseUnavailable, DatabaseUnsuitable) as error:
        return DoctorFinding(check, FindingStatus.ACTION, f"{str(error).rstrip('.')}.", _action_of(error, reach))


def _action_of(error: DatabaseUnavailable | DatabaseUnsuitable, reach: str) -> str:
    match error:
        case DatabaseUnavailable():
            return reach
        case DatabaseNotMigrated():
            return "Run `arcadia migrate`."
        case DatabaseOfAnotherVersion():
            return "Run the version of ArcadiaCloud that migrated the database, or a newer one."
    return "Change what the message names."


def span(seconds: float) -> str:
    """Returns a length of time in words: 45 s, 12 min, 5 h, 3 days."""
    if seconds < 120:
        return f"{round(seconds)} s"
    if seconds < 2 * 3600:
        return f"{round(seconds / 60)} min"
    return f"{round(seconds / 3600)} h" if seconds < 48 * 3600 else f"{round(seconds / 86_400)} days"
