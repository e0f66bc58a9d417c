"""`arcadia doctor`: examines the installation, and says what to do."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial

import msgspec
import rich_click as click
from click.exceptions import Exit
from rich.console import Console

from app.cli.doctor_billing import check_cron, check_events, check_finance, check_integrity, check_unbilled
from app.cli.doctor_installation import (
    check_clock,
    check_database,
    check_migrations,
    check_queue,
    check_replica,
    check_roles,
    check_settings,
)
from app.cli.findings import DoctorFinding, FindingStatus, finding_of, not_checked
from app.cli.operator_context import SUBJECT, now
from app.database import Database
from app.operations.calls.context import Context
from app.operations.calls.principal import Principal, Role
from app.queue import Queue
from app.server.logs import configure_logging
from app.settings import LogLevel, Settings

_STYLES = {FindingStatus.OK: "green", FindingStatus.NOTE: "yellow", FindingStatus.ACTION: "bold red"}
_BILLING = {
    "cron": check_cron,
    "unbilled": check_unbilled,
    "events": check_events,
    "finance": check_finance,
    "integrity": check_integrity,
}
_POSTGRESQL = "Start PostgreSQL, or correct ARCADIA_DATABASE_URL and the login that it names."
_REPLICA = "Start the replica, or unset ARCADIA_READ_DATABASE_URL."
_QUEUE = "Start the queue's server, or correct ARCADIA_QUEUE_URL."


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object: `ok`, and `findings`.")
def doctor(*, as_json: bool) -> None:
    """Examine settings, database, queue and due work, and say what to do.

    Exits with code 1 if something needs action. It may run at any time.
    """
    settings = Settings.from_environment()
    configure_logging(replace(settings, log_level=LogLevel.ERROR))
    findings = asyncio.run(_findings(settings, Console(highlight=False), quiet=as_json))
    is_ok = all(finding.status is not FindingStatus.ACTION for finding in findings)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode({"ok": is_ok, "findings": findings})).decode())
    if not is_ok:
        raise Exit(1)


async def _findings(settings: Settings, console: Console, *, quiet: bool) -> list[DoctorFinding]:
    findings = []
    async for finding in _examined(settings):
        findings.append(finding)
        if not quiet:
            _show(console, finding)
    return findings


def _show(console: Console, finding: DoctorFinding) -> None:
    style = _STYLES.get(finding.status, "dim")
    console.print(f"[{style}]{finding.status.value:<11}[/] {finding.check:<10} ", end="")
    console.print(finding.message, markup=False, soft_wrap=True)
    if finding.action is not None:
        console.print(f"{'':<23}{finding.action}", markup=False, soft_wrap=True)


async def _examined(settings: Settings) -> AsyncIterator[DoctorFinding]:
    yield check_settings(settings)
    yield (found := await finding_of("database", partial(check_database, settings), _POSTGRESQL))
    if found.status is FindingStatus.ACTION:
        for check in ("clock", "migrations", "roles", "queue", "replica", *_BILLING):
            yield not_checked(check, "database")
        return
    yield await finding_of("clock", partial(check_clock, settings), _POSTGRESQL)
    yield (found := await finding_of("migrations", partial(check_migrations, settings), _POSTGRESQL))
    if found.status is FindingStatus.ACTION:
        for check in ("roles", "queue", "replica", *_BILLING):
            yield not_checked(check, "migrations")
        return
    async for finding in _in_use(settings):
        yield finding


async def _in_use(settings: Settings) -> AsyncIterator[DoctorFinding]:
    """Examines a database that has the schema of this version."""
    database = Database(settings)

    async def opened() -> DoctorFinding:
        await database.open()
        return await check_roles(settings, database)

    try:
        yield (roles := await finding_of("roles", opened, _POSTGRESQL))
        yield await finding_of("queue", partial(check_queue, settings), _QUEUE)
        if roles.status is FindingStatus.ACTION:
            for check in ("replica", *_BILLING):
                yield not_checked(check, "roles")
            return
        yield await finding_of("replica", partial(check_replica, settings, database), _REPLICA)
        principal = Principal(SUBJECT, frozenset({Role.PLATFORM_ADMIN}))
        context = Context(principal, database, now, settings, Queue(settings))
        for name, examine in _BILLING.items():
            yield await finding_of(name, partial(examine, context), _POSTGRESQL)
    finally:
        await database.close()
