"""The Containerfile: its steps are carried out, and what comes of them migrates and serves as its user, on a read-only
root file system.
"""

import asyncio
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests.deploy.chroots import Stage, build, debian
from tests.faults.proxy import Proxy
from tests.test_tidy import ROOT, tracked


def may_mount() -> bool:
    """Whether a process may have mounts of its own, which some sandboxes forbid even to root."""
    unshare = shutil.which("unshare")
    if unshare is None:
        return False
    return subprocess.run([unshare, "--mount", "true"], capture_output=True, check=False).returncode == 0


pytestmark = [
    pytest.mark.heavy,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(os.geteuid() != 0 or not may_mount(), reason="only root may chroot and mount"),
    pytest.mark.skipif(
        shutil.which("debootstrap", path=f"{os.environ['PATH']}:/usr/sbin") is None, reason="no debootstrap"
    ),
]
USER = 10001


@pytest.fixture(scope="module")
def stages() -> Iterator[dict[str, Stage]]:
    """The stages of the Containerfile. In them, pip finds the locked packages in a folder: they have no network."""
    with TemporaryDirectory(prefix="arcadia-container-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        base = debian(folder)
        packages = base / "packages"
        for lock in ("pip", "runtime"):
            # Debian's Python may be an older patch of 3.11 than that of the tests: there is what either needs.
            text = (ROOT / "requirements" / f"{lock}.txt").read_text()
            wanted = folder / f"{lock}.txt"
            wanted.write_text(re.sub(r" ; python_full_version < '3\.11\.\d+'", "", text))
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--quiet", "--dest", str(packages)]
            subprocess.run([*command, "--require-hashes", "--requirement", str(wanted)], check=True)
        environment = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "/packages", "PIP_NO_INPUT": "1"}
        yield build(ROOT / "Containerfile", ROOT, base, folder, **environment)


def test_the_wheel_is_complete(stages: dict[str, Stage]) -> None:
    (wheel,) = (stages["build"].root / "build" / "dist").glob("*.whl")
    packed = set(zipfile.ZipFile(wheel).namelist())
    assert {str(path.relative_to(ROOT)) for path in tracked("app")} - packed == set()
    assert "app/server/graphiql_assets/page.html" in packed


def test_it_has_no_pip_and_writes_nothing(stages: dict[str, Stage]) -> None:
    image = stages[""]
    assert image.user == str(USER)
    tells = "import importlib.util as u, os; print(os.getuid(), u.find_spec('pip'))"
    script = f"{tells}; os.chdir('/tmp'); open('x', 'w'); open('/x', 'w')"
    done = subprocess.run(
        image.arguments(["python", "-c", script], read_only=True), capture_output=True, text=True, check=False
    )
    assert done.stdout == f"{USER} None\n"
    assert done.stderr.splitlines()[-1] == "OSError: [Errno 30] Read-only file system: '/x'"


async def test_it_migrates_serves_and_reports_its_health(
    stages: dict[str, Stage], empty_database_url: str, unused_tcp_port: int
) -> None:
    image, proxy = stages[""], Proxy(empty_database_url)
    await proxy.open()
    settings = {
        "ARCADIA_ENVIRONMENT": "development",  # the login of the tests is a superuser, which production refuses
        "ARCADIA_DATABASE_URL": proxy.url,
        "ARCADIA_JWT_SECRET": secrets.token_urlsafe(32),
        "ARCADIA_LINK_SECRET": secrets.token_urlsafe(32),
    }
    try:
        migrating = await started(image, [*image.entrypoint, "migrate"], settings)
        _, err = await migrating.communicate()
        assert migrating.returncode == 0, err
        serve, health = (
            [part.replace("8000", str(unused_tcp_port)) for part in command]
            for command in (image.command, image.health)
        )
        serving = await started(image, [*image.entrypoint, *serve], settings)
        try:
            async with asyncio.timeout(60):
                while (checked := await started(image, health, {})) and await checked.wait():
                    assert serving.returncode is None, (await serving.communicate())[1]
                    await asyncio.sleep(0.2)
            assert f"Uid:\t{USER}\t{USER}" in await asyncio.to_thread(Path(f"/proc/{serving.pid}/status").read_text)
        finally:
            serving.send_signal(signal.SIGTERM)
            _, err = await serving.communicate()
        assert serving.returncode == 0, err
    finally:
        proxy.cut()


async def started(image: Stage, command: list[str], settings: dict[str, str]) -> Any:
    arguments = image.arguments(command, read_only=True, **settings)
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(*arguments, stdout=pipe, stderr=pipe)
