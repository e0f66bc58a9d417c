"""`make bench-exports`: the memory and time of an export of a million lines, beside one of 10,000."""

import asyncio
import os
import resource
import statistics
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import httpx
import rich_click as click
from rich.console import Console

from app.database.migrate import migrate
from app.operations.calls.principal import Role
from app.operations.exports import ExportFormat
from app.server.signing import sign_token
from app.settings import Settings
from bench.reads.cluster import running_cluster, settings_of
from bench.reads.servers import ARCADIA, Site, started
from bench.rollup.measurement import Peak

FEW = 10_000
MAX_RATIO = 1.2
"""How much more memory the process may hold for the large export than for the small one."""


@click.command()
@click.option("--lines", type=click.IntRange(FEW), default=1_000_000, show_default=True, help="Lines of the export.")
@click.option("--check", is_flag=True, help="Exit with 1 if memory grows with the rows.")
def main(lines: int, *, check: bool) -> None:
    """Measure exports of invoice lines over HTTP. Each has a server process of its own."""
    console = Console()
    peaks = {}
    with running_cluster() as cluster:
        settings = settings_of(cluster)
        asyncio.run(_fill(settings, lines))
        site, cores = Site(cluster, settings, cluster.data.parent), sorted(os.sched_getaffinity(0))
        token = sign_token(settings, "bench", {Role.PLATFORM_ADMIN}, None, timedelta(hours=1), datetime.now(UTC))
        for export_format in ExportFormat:
            for count, month in ((FEW, 1), (lines, 2)):
                with started(ARCADIA, site, 1, cores) as server:
                    peak = Peak(processes={server.process})
                    path = f"/exports/lines.{export_format}?from=2026-0{month}-01&to=2026-0{month + 1}-01"
                    said = _measure(server.port, token, path, count + (export_format is ExportFormat.CSV))
                    peak.sample()
                peaks[export_format, month] = peak.megabytes
                console.print(
                    f"{export_format:<5} {count:>9,} lines {said}, peak memory {peak.megabytes:.0f} MB, load"
                    f" {os.getloadavg()[0]:.1f}",
                    highlight=False,
                    soft_wrap=True,
                )
    console.print(f"this client's peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
    if check and any(peaks[each, 2] > MAX_RATIO * peaks[each, 1] for each in ExportFormat):
        sys.exit(f"A large export holds more than {MAX_RATIO} times the memory of a small one.")


async def _fill(settings: Settings, lines: int) -> None:
    await migrate(settings)
    seed = (Path(__file__).parent / "seed.sql").read_text(encoding="utf-8")
    connection = await asyncpg.connect(settings.owner_database_url)
    try:
        await connection.execute(seed.format(few=FEW, many=lines))
        await connection.execute("VACUUM (ANALYZE)")
    finally:
        await connection.close()


def _measure(port: int, token: str, path: str, line_feeds: int) -> str:
    """Returns the time until the last byte, and that of small requests sent meanwhile. Raises RuntimeError unless the
    answer has this many line feeds.
    """
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=600) as client:
        client.post("/graphql", json={"query": "{ viewer { subject } }"}).raise_for_status()
        began = time.perf_counter()
        found, size = 0, 0
        meanwhile: list[float] = []
        with client.stream("GET", path) as answer:
            answer.raise_for_status()
            for part in answer.iter_raw():
                found, size = found + part.count(b"\n"), size + len(part)
                meanwhile += _ask(client, began, len(meanwhile))
        seconds = time.perf_counter() - began
    if found != line_feeds:
        raise RuntimeError(f"{path} has {found} line feeds instead of {line_feeds}")
    median, most = (f"{1000 * each:.0f} ms" for each in (statistics.median(meanwhile), max(meanwhile)))
    return (
        f"{seconds:>6.1f} s {size / 1e6:>5.0f} MB, {found:,} line feeds; other requests median {median}, at most {most}"
    )


def _ask(client: httpx.Client, began: float, asked: int) -> Iterator[float]:
    """Yields the time of a small request, at most five times a second."""
    if time.perf_counter() - began >= asked / 5:
        sent = time.perf_counter()
        client.post("/graphql", json={"query": "{ viewer { subject } }"}).raise_for_status()
        yield time.perf_counter() - sent


if __name__ == "__main__":
    main()
