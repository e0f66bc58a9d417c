"""The export of a period as one text."""

from datetime import date

from app.operations.journal_export import JournalFormat, export_journal
from tests.operations.given import Given


async def exported(given: Given, journal_format: JournalFormat, first_day: date, end: date) -> str:
    pieces: list[str] = []
    await export_journal(
        given.platform, first_day=first_day, end=end, journal_format=journal_format, write=pieces.append
    )
    return "".join(pieces)
