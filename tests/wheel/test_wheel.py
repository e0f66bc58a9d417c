"""The wheel is complete: in an environment that has it and the locked packages, and nothing else, all of it runs."""

import json
import os
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
OLDEST = 11
"""The minor version of `requires-python`."""


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
        yield _installed(wheel, Path(sys.executable), folder)


def _installed(wheel: Path, python: Path, folder: Path) -> Installed:
    """Installs the locked packages and the wheel into a new environment of this Python."""
    environment = folder / "environment"
    _run(python, "-m", "venv", environment)
    pip = [environment / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _run(*pip, "--require-hashes", "--requirement", ROOT / "requirements" / "runtime.txt")
    _run(*pip, "--no-deps", "--no-index", wheel)
    return Installed(wheel, environment / "bin" / "arcadia", folder)


def _other_pythons() -> dict[str, Path]:
    """Returns the Pythons from 3.11 on that are on the PATH or installed by pyenv, by version, without the running
    one.
    """
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    folders = [path for path in map(Path, os.get_exec_path()) if path.name != "shims"]  # pyenv's start any version
    found: dict[str, Path] = {}
    for program in (path for folder in [*folders, *pyenv.glob("versions/*/bin")] for path in folder.glob("python3.*")):
        version = re.fullmatch(r"python(3\.(\d+))", program.name)
        if version and int(version[2]) >= OLDEST and int(version[2]) != sys.version_info.minor:
            found.setdefault(version[1], program)
    return found


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


def test_its_metadata_name_the_tested_versions(installed: Installed) -> None:
    packed = zipfile.ZipFile(installed.wheel)
    metadata = packed.read(next(name for name in packed.namelist() if name.endswith(".dist-info/METADATA"))).decode()
    tested = re.findall(r"(?m)^Classifier: Programming Language :: Python :: (3\.\d+)$", metadata)
    assert tested == ["3.11", "3.12", "3.13"]
    assert f"Requires-Python: >=3.{OLDEST}\n" in metadata
    assert "tested on Python 3.11, 3.12 and 3.13; newer versions are untested" in metadata


def test_the_demo_runs_from_it(installed: Installed) -> None:
    _play(installed)


@pytest.mark.parametrize("version", _other_pythons())
def test_the_demo_runs_on_other_pythons(installed: Installed, version: str) -> None:
    with TemporaryDirectory(prefix=f"arcadia-wheel-{version}-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        _play(_installed(installed.wheel, _other_pythons()[version], folder))


def _play(installed: Installed) -> None:
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
