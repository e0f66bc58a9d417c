"""Twice the load that a process can serve: what it takes stays quick, the rest is refused at once, and it recovers."""

import time
from pathlib import Path

import msgspec
import pytest

from tests.faults.api import Api, apis
from tests.faults.load import Answers, Connections
from tests.faults.tenants import seed
from tests.operations.given import Given
from tests.operations.months import APRIL

AT_ONCE = 40
"""Half of the concurrency limit: as many as the process can serve, so that none is refused."""

READ = """{ tenants(first: 30) { nodes { code deployments { nodes {
  slug allowedTransitions subscription { status planVersion { version } }
} } } } }"""


async def overloaded(api: Api, seconds: float) -> tuple[Answers, Answers, int]:
    """Returns the responses at the rate that the process can serve and at twice that rate, and by how many bytes its
    memory grew meanwhile.
    """
    async with api.client() as client:
        connections = Connections(api.url, client.headers, msgspec.json.encode({"query": READ}))
        try:
            await connections.at_once(AT_ONCE, seconds / 2)
            served = await connections.at_once(AT_ONCE, seconds)
            before = api.memory()
            beyond = await connections.at_rate(2 * len(served.seconds) / seconds, seconds)
            grown = api.memory() - before
            began = time.monotonic()
            await connections.ask(after := Answers())
            assert (len(after.seconds), time.monotonic() - began < 1) == (1, True)
        finally:
            connections.close()
    assert (served.refused, served.others, beyond.others, beyond.without_retry_after) == (0, set(), set(), 0)
    assert beyond.refused > 0
    for name, answers in (("at what it serves", served), ("at twice that", beyond)):
        rates = f"{len(answers.seconds) / seconds:.0f}/s, refused {answers.refused / seconds:.0f}/s"
        print(f"{name}: {rates}, p99 {answers.p99 * 1000:.0f} ms, {grown >> 10} KB more")  # noqa: T201 - shown by -s
    return served, beyond, grown


async def test_what_a_process_cannot_take_it_refuses(given: Given, tmp_path: Path) -> None:
    await seed(given.database, 30, await given.plan(), APRIL)
    async with apis(given.settings, tmp_path) as (api,):
        _, beyond, _ = await overloaded(api, 1)
    assert beyond.p99 < 5


@pytest.mark.heavy
async def test_twice_the_load_leaves_what_is_taken_quick(given: Given, tmp_path: Path) -> None:
    await seed(given.database, 30, await given.plan(), APRIL)
    async with apis(given.settings, tmp_path) as (api,):
        served, beyond, grown = await overloaded(api, 15)
    assert beyond.p99 < 3 * served.p99
    assert grown < 20 * 2**20
