"""The wheel is complete: in an environment that has it and the locked packages, and nothing else, all of it runs."""

import json
import re
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.request import Request, urlopen

import pytest

from app.server.graphiql import ASSETS
from tests.test_tidy import ROOT, tracked

pytestmark = [pytest.mark.heavy, pytest.mark.xdist_group("wheel")]


@dataclass(frozen=True)
class Installed:
    """A wheel, and `arcadia` of the environment that it alone is installed into."""

    wheel: Path
    arcadia: Path
    folder: Path

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [self.arcadia, *arguments],
            cwd=self.folder,
            env={"PATH": "/usr/bin:/bin", "ARCADIA_DATA_DIR": str(self.folder / "data")},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


def _run(*command: object) -> str:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed() -> Iterator[Installed]:
    with TemporaryDirectory(prefix="arcadia-wheel-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        wheel = _built(folder)
        environment = folder / "environment"
        _run(sys.executable, "-m", "venv", environment)
        pip = [environment / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        _run(*pip, "--require-hashes", "--requirement", ROOT / "requirements" / "runtime.txt")
        _run(*pip, "--no-deps", "--no-index", wheel)
        yield Installed(wheel, environment / "bin" / "arcadia", folder)


def _built(folder: Path) -> Path:
    """Builds the wheel from a copy of the files under version control and of GraphiQL's packages, so that no other
    files get into it.
    """
    for path in tracked("app", "graphiql", "pyproject.toml", "setup.py", "README.md"):
        copy = folder / "source" / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    shutil.copytree(ROOT / "graphiql" / "node_modules", folder / "source" / "graphiql" / "node_modules", symlinks=True)
    options = ("--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", folder)
    _run(sys.executable, "-m", "pip", "wheel", *options, folder / "source")
    (wheel,) = folder.glob("*.whl")
    return wheel


def test_every_file_of_the_application_is_in_it(installed: Installed) -> None:
    packed = set(zipfile.ZipFile(installed.wheel).namelist())
    expected = {str(path.relative_to(ROOT)) for path in tracked("app")}
    expected |= {f"app/server/graphiql_assets/{file}" for file in [*ASSETS.values(), "page.html", "missing.html"]}
    assert expected - packed == set()
    assert {name.split("/")[0] for name in packed if not name.startswith("arcadia_billing-")} == {"app"}


def test_the_demo_runs_from_it(installed: Installed) -> None:
    demo = installed.start("demo")
    out, err = demo.communicate(timeout=120)
    assert (demo.returncode, err) == (0, "")
    assert "total $70.64" in out.splitlines()


def test_graphiql_is_served_from_it(installed: Installed) -> None:
    serving = installed.start("serve", "--port", "0")
    assert serving.stderr is not None
    try:
        url = next(
            message.removeprefix("ArcadiaCloud billing on ")
            for message in (json.loads(line)["message"] for line in serving.stderr)
            if message.startswith("ArcadiaCloud billing on ")
        )
        page = urlopen(Request(url, headers={"Accept": "text/html"}), timeout=10).read().decode()  # noqa: S310 - ours
        addresses = re.findall(r'"(/graphql/assets/[^"]+)"', page)
        assert len(addresses) == len(ASSETS)
        for address in addresses:
            asset = urlopen(url.removesuffix("/graphql") + address, timeout=10)  # noqa: S310 - ours
            assert len(asset.read()) > 100, address
    finally:
        serving.send_signal(signal.SIGTERM)
        serving.communicate(timeout=60)
    assert serving.returncode == 0
