"""The systemd units: what systemd says of them. Their program must exist for that, so the test writes one."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.service"))
PROGRAM = "/opt/arcadia/bin/arcadia"
MAX_EXPOSURE = 20
"""In tenths."""
ANALYZE = shutil.which("systemd-analyze")

needs_systemd = pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze is not installed (Debian: systemd)")


def analyzed(*arguments: object) -> "subprocess.CompletedProcess[str]":
    assert ANALYZE is not None
    return subprocess.run(
        [ANALYZE, "--no-pager", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


@pytest.fixture
def units(tmp_path: Path) -> list[Path]:
    """Copies of the units whose program exists."""
    program = tmp_path / "arcadia"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    copies = []
    for unit in UNITS:
        text = unit.read_text()
        assert text.count(f"ExecStart={PROGRAM} ") == 1
        copies.append(tmp_path / unit.name)
        copies[-1].write_text(text.replace(PROGRAM, str(program)))
    return copies


def test_there_are_units_for_the_api_the_worker_and_the_migration() -> None:
    assert [unit.stem for unit in UNITS] == ["arcadia-api", "arcadia-migrate", "arcadia-worker"]


@needs_systemd
def test_systemd_finds_nothing_wrong(units: list[Path]) -> None:
    verified = analyzed("verify", "--man=no", *units)
    assert (verified.returncode, verified.stdout) == (0, "")


@needs_systemd
def test_an_unknown_key_is_found(units: list[Path]) -> None:
    """systemd-analyze only prints it, and exits with 0."""
    units[0].write_text(units[0].read_text().replace("NoNewPrivileges=", "NoNewPrivilege="))
    assert "Unknown key 'NoNewPrivilege'" in analyzed("verify", "--man=no", *units).stdout


@needs_systemd
@pytest.mark.parametrize("number", range(len(UNITS)), ids=[unit.stem for unit in UNITS])
def test_each_unit_is_hardened(units: list[Path], number: int) -> None:
    found = analyzed("security", "--offline=true", f"--threshold={MAX_EXPOSURE}", units[number])
    assert found.returncode == 0, found.stdout
    assert "Overall exposure level" in found.stdout
