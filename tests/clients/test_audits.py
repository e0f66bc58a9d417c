"""Runs the audit suite of the npm package graphql-http against the served API."""

from collections.abc import Callable

from tests.clients import node

pytestmark = node.needs_node


async def test_all_audits_pass(base_url: str, token: Callable[..., str]) -> None:
    status, output = await node.run("audits.js", f"{base_url}/graphql", ARCADIA_TOKEN=token())
    assert (status, output.splitlines()) == (0, ["61 of 61 audits pass"])
