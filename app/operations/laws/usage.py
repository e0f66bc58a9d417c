"""The law of usage: a day's totals are that day's events folded, no more and no fewer."""

from collections.abc import Sequence
from typing import Any

from app.operations.laws.law import Examination, Finding, Law, Spine
from app.operations.usage.differences import differences


async def _unlike_their_events(examination: Examination, keys: Sequence[Any]) -> list[Finding]:
    return [Finding(*found) for found in await differences(examination.unit, examination.zone, keys)]


LAWS = (Law("a day's totals are its events folded", Spine.DEPLOYMENTS, _unlike_their_events),)
