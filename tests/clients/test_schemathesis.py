"""schemathesis: documents and values made from the schema, field by field, against the served API."""

import asyncio
import dataclasses
import os
import sys
from pathlib import Path

import pytest

from app.schema.schema import schema
from tests.operations.given import Given
from tests.schema.example_data import create_example_data

ROOT = Path(__file__).parent.parent.parent
OPERATIONS = sum(len(type_.fields) for type_ in (schema._schema.query_type, schema._schema.mutation_type) if type_)


@pytest.fixture
async def rows(given: Given) -> str:
    """The ids of a world in which every type has a row."""
    return ",".join(str(row) for row in dataclasses.astuple(await create_example_data(given)))


async def _run(folder: Path, url: str, token: str, rows: str, *options: str) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "schemathesis.cli", "--no-color", "run", f"{url}/graphql"),
        *("--header", f"Authorization: Bearer {token}", "--exclude-checks=positive_data_acceptance"),
        *("--continue-on-failure", *options),
        cwd=folder,
        env=os.environ
        | {"SCHEMATHESIS_HOOKS": "tests.clients.schemathesis_hooks", "PYTHONPATH": str(ROOT), "ARCADIA_ROWS": rows},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    return process.returncode, output.decode()


async def test_a_few_examples_of_each_operation(tmp_path: Path, rows: str, api_url: str, api_token: str) -> None:
    status, output = await _run(tmp_path, api_url, api_token, rows, "--max-examples=5", "--seed=1")
    assert status == 0, output
    assert f"Selected: {OPERATIONS}/{OPERATIONS}" in output


@pytest.mark.heavy
@pytest.mark.timeout(2400)
async def test_many_examples_of_each_operation(tmp_path: Path, rows: str, api_url: str, api_token: str) -> None:
    examples = os.environ.get("ARCADIA_EXAMPLES", "300")
    options = f"--max-examples={examples}", "--seed=1", "--workers=2", "--phases=fuzzing"
    status, output = await _run(tmp_path, api_url, api_token, rows, *options)
    assert status == 0, output
