"""Checks usage: daily totals must be the aggregates of that day's events."""

from collections.abc import Sequence
from typing import Any

from app.operations.data_integrity.integrity_check import CheckedTable, Examination, Finding, IntegrityCheck
from app.operations.usage.differences import differences


async def _unlike_their_events(examination: Examination, keys: Sequence[Any]) -> list[Finding]:
    return [Finding(*difference) for difference in await differences(examination.unit, examination.zone, keys)]


INTEGRITY_CHECKS = (
    IntegrityCheck("a daily total is the aggregate of its events", CheckedTable.DEPLOYMENTS, _unlike_their_events),
)
