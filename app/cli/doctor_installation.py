"""What `arcadia doctor` checks of the installation: settings, versions, PostgreSQL, its schema and roles, the queue."""

import platform
import time
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from app.cli.findings import DoctorFinding, FindingStatus, ok, span
from app.database import PLATFORM, Database, embedded
from app.database.billing_time_zone import require_recorded_time_zone
from app.database.commit_positions import parse_position
from app.database.connect import connection, place
from app.database.database import database_urls
from app.database.migrate import require_current
from app.database.self_check import check_login
from app.queue import Queue, redis_place
from app.server.document_policy import DocumentPolicy, ManifestError
from app.settings import Settings, settings_in_effect

MAX_CLOCK_DIFFERENCE = 5.0
MAX_REPLICA_LAG = 60.0
"""In seconds."""

_SAMPLES = 3
_POSITION = "SELECT pg_current_wal_lsn()::text"
_REPLAYED = """
SELECT pg_is_in_recovery() AS is_replica, pg_last_wal_replay_lsn()::text AS replayed,
       extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())::float8 AS seconds
"""


def check_settings(settings: Settings) -> DoctorFinding:
    """Counts the settings that are not at their defaults, reads the trusted documents, and names what production will
    miss. Wrong settings end every command before this.
    """
    try:
        DocumentPolicy.from_settings(settings)
    except ManifestError as error:
        return DoctorFinding(
            "settings", FindingStatus.ACTION, str(error), "Correct ARCADIA_TRUSTED_DOCUMENTS or its file."
        )
    given = sum(each.source != "default" for each in settings_in_effect(settings))
    message = f"Valid; environment {settings.environment.value}, {given} not at their defaults."
    missing = {
        "ARCADIA_WEBHOOK_KEY (webhook endpoints cannot be created)": settings.webhook_key,
        "ARCADIA_SUPPLIER_NAME (invoices of Australian tenants cannot be issued)": settings.supplier_name,
        "ARCADIA_SUPPLIER_ABN (invoices of Australian tenants cannot be issued)": settings.supplier_abn,
    }
    unset = [name for name, value in missing.items() if not value]
    if settings.production and unset:
        return DoctorFinding("settings", FindingStatus.NOTE, message, f"Set {', '.join(unset)}.")
    return ok("settings", message)


async def check_database(settings: Settings) -> DoctorFinding:
    """Connects, and names the versions."""
    if settings.database_url is None:
        embedded.require_existing(settings.data_dir)
    urls = await database_urls(settings)
    async with connection(settings, urls.direct) as opened:
        postgresql = await opened.fetchval("SELECT current_setting('server_version')")
    return ok(
        "database",
        f"PostgreSQL {postgresql} answers at {place(urls.direct)}; ArcadiaCloud {version('arcadia-billing')} on Python"
        f" {platform.python_version()}.",
    )


async def check_clock(settings: Settings) -> DoctorFinding:
    async with connection(settings, (await database_urls(settings)).direct) as opened:
        difference = min([await _difference(opened) for _ in range(_SAMPLES)], key=abs)
    message = f"PostgreSQL's clock differs from this machine's by {abs(difference):.1f} s."
    if abs(difference) <= MAX_CLOCK_DIFFERENCE:
        return ok("clock", message)
    return DoctorFinding(
        "clock", FindingStatus.ACTION, message, "Synchronise the clocks of both machines, such as by NTP."
    )


async def _difference(opened: Any) -> float:
    before = time.time()
    theirs = float(await opened.fetchval("SELECT extract(epoch FROM clock_timestamp())::float8"))
    return theirs - (before + time.time()) / 2


async def check_migrations(settings: Settings) -> DoctorFinding:
    """Checks the migrations, and that every table of tenants has its row-level security."""
    await require_current(settings)
    return ok("migrations", "Every migration of this version has run; every table of tenants has row-level security.")


async def check_roles(settings: Settings, database: Database) -> DoctorFinding:
    """Checks what /ready checks; in production also that the login cannot disable row-level security."""
    await database.check()
    async with database.reading(PLATFORM) as opened:
        await require_recorded_time_zone(opened, settings)
        if settings.production:
            await check_login(opened, settings)
    return ok(
        "roles", "Both roles are set up, and row-level security hides other tenants' rows from the tenants' role."
    )


async def check_replica(settings: Settings, database: Database) -> DoctorFinding:
    url = settings.read_database_url
    if url is None:
        return ok("replica", "None is configured.")
    if (fault := await database.check()) is not None:
        return DoctorFinding("replica", FindingStatus.ACTION, fault, "Start or repair the replica, or unset its URL.")
    async with connection(settings, (await database_urls(settings)).direct) as primary:
        written = parse_position(await primary.fetchval(_POSITION))
    async with connection(settings, url) as replica:
        return replica_finding(place(url), await replica.fetchrow(_REPLAYED), written)


def replica_finding(where: str, state: Mapping[str, Any], written: int) -> DoctorFinding:
    """Judges a replica. written: the primary's position before the state was read."""
    if not state["is_replica"]:
        return DoctorFinding("replica", FindingStatus.NOTE, f"{where} is not a replica of another server.")
    lag = 0.0 if parse_position(state["replayed"]) >= written else state["seconds"] or 0.0
    message = f"The replica at {where} is {span(lag)} behind."
    if lag <= MAX_REPLICA_LAG:
        return ok("replica", message)
    return DoctorFinding("replica", FindingStatus.ACTION, message, "Look at the replica's load and its network.")


async def check_queue(settings: Settings) -> DoctorFinding:
    async with Queue(settings) as queue:
        queued = await queue.saq.count("queued")
    where = "PostgreSQL" if settings.queue_url is None else f"Redis at {redis_place(settings.queue_url)}"
    return ok("queue", f"The queue on {where} answers; {queued} jobs wait or are scheduled.")
