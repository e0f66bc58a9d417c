"""`make bench-months`: the time of a query for unbilled months, compared with a minimal request."""

import asyncio
import json
import os
import statistics
import sys
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import asyncpg
import httpx
import rich_click as click
from rich.console import Console

from app.database.migrate import migrate
from app.operations.calls.principal import Role
from app.server.signing import sign_token
from app.settings import Settings
from bench.reads.__main__ import description
from bench.reads.cluster import running_cluster, settings_of
from bench.reads.report import markdown
from bench.reads.servers import ARCADIA, Site, started

RESULTS = Path(__file__).parent.parent / "results"
MONTHS = 36
MAX_RATIO = 20.0
"""Times `{ viewer { subject } }`, that the first page may take."""

VIEWER = "{ viewer { subject } }"
_SELECTED = "{ nodes { periodStart reason differenceCents tenant { code } } pageInfo { endCursor } }"
FIRST_PAGE = f"{{ unbilledMonths {_SELECTED} }}"
NEXT_PAGE = FIRST_PAGE.replace("unbilledMonths", 'unbilledMonths(first: 100, after: "%s")')
LIST = "{ unbilledPeriods { periodStart reason } }"


@click.command()
@click.option("--tenants", type=click.IntRange(1_000), default=60_000, show_default=True)
@click.option("--requests", type=click.IntRange(10), default=200, show_default=True, help="Of each query.")
@click.option("--check", is_flag=True, help="Exit with 1 when the target is missed.")
def main(tenants: int, requests: int, *, check: bool) -> None:
    """Time unbilled months of many tenants with three years of months each."""
    console = Console()
    with running_cluster() as cluster:
        console.print(described := description(cluster))
        settings = settings_of(cluster)
        asyncio.run(_fill(settings, tenants))
        site, cores = Site(cluster, settings, cluster.data.parent), sorted(os.sched_getaffinity(0))
        token = sign_token(settings, "bench", {Role.PLATFORM_ADMIN}, None, timedelta(hours=12), datetime.now(UTC))
        with started(ARCADIA, site, 1, cores) as server:
            found = _measure(server.port, token, requests)
    text = f"{described}; {tenants:,} tenants, {MONTHS} months each\n\n{_table(found)}\n"
    click.echo(f"\n{text}")
    if tenants == 60_000:
        (RESULTS / "months.json").write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
        (RESULTS / "months.md").write_text(text, encoding="utf-8")
    if check and found["first page of unbilledMonths"] > MAX_RATIO * found["viewer"]:
        sys.exit(f"The first page takes more than {MAX_RATIO:g} times a viewer's.")


async def _fill(settings: Settings, tenants: int) -> None:
    await migrate(settings)
    last = (date.today().replace(day=1) - timedelta(days=1)).replace(day=1)  # noqa: DTZ011 - of the machine's own month
    first = date(last.year - 3 + last.month // 12, last.month % 12 + 1, 1)
    seed = (Path(__file__).parent / "seed.sql").read_text(encoding="utf-8")
    connection = await asyncpg.connect(settings.owner_database_url)
    try:
        await connection.execute(seed.format(tenants=tenants, first=first, last=last))
        await connection.execute("VACUUM (ANALYZE)")
    finally:
        await connection.close()


def _measure(port: int, token: str, requests: int) -> dict[str, float]:
    """Median milliseconds of each query, asked in turns."""
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=120) as client:
        cursor = _ask(client, FIRST_PAGE)["data"]["unbilledMonths"]["pageInfo"]["endCursor"]
        queries = {
            "viewer": VIEWER,
            "first page of unbilledMonths": FIRST_PAGE,
            "a later page of 100": NEXT_PAGE % cursor,
            "unbilledPeriods, 1,000": LIST,
        }
        taken: dict[str, list[float]] = {name: [] for name in queries}
        for number in range(requests):
            for name, query in queries.items():
                if name != "unbilledPeriods, 1,000" or number % 10 == 0:
                    began = time.perf_counter()
                    _ask(client, query)
                    taken[name].append((time.perf_counter() - began) * 1000)
    return {name: statistics.median(times) for name, times in taken.items()}


def _ask(client: httpx.Client, query: str) -> dict[str, dict[str, dict[str, dict[str, str]]]]:
    answer = client.post("/graphql", json={"query": query})
    body: dict[str, dict[str, dict[str, dict[str, str]]]] = answer.json()
    if "errors" in body:
        raise RuntimeError(answer.text)
    return body


def _table(found: dict[str, float]) -> str:
    rows = [[name, f"{taken:.2f}", f"{taken / found['viewer']:.1f}"] for name, taken in found.items()]
    return markdown(["query", "ms, median", "× viewer"], rows, 1)


if __name__ == "__main__":
    main()
