"""Runs a script of this folder in Node."""

import asyncio
import os
import shutil
from pathlib import Path

import pytest

HERE = Path(__file__).parent
NODE = shutil.which("node")

needs_node = [
    pytest.mark.skipif(NODE is None, reason="Node is not installed"),
    pytest.mark.skipif(not (HERE / "node_modules").is_dir(), reason="not installed: make test-clients"),
]


async def run(*arguments: str, folder: Path = HERE, **environment: str) -> tuple[int | None, str]:
    """The exit status, and what was printed."""
    process = await asyncio.create_subprocess_exec(
        str(NODE),
        *arguments,
        cwd=folder,
        env={"PATH": os.environ["PATH"], **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    return process.returncode, output.decode()
