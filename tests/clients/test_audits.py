"""The suite of the npm package graphql-http, which no one here wrote, against the served edge."""

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

HERE = Path(__file__).parent
NODE = shutil.which("node")

pytestmark = [
    pytest.mark.skipif(NODE is None, reason="Node is not installed"),
    pytest.mark.skipif(not (HERE / "node_modules").is_dir(), reason="not installed: make test-clients"),
]


async def test_all_audits_pass(base_url: str, token: Callable[..., str]) -> None:
    audits = await asyncio.create_subprocess_exec(
        str(NODE),
        str(HERE / "audits.js"),
        f"{base_url}/graphql",
        env={"ARCADIA_TOKEN": token()},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await audits.communicate()
    assert output.decode().splitlines() == ["61 of 61 audits pass"]
    assert audits.returncode == 0
