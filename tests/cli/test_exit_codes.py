"""Exit codes of every command: 0 done, 1 refused or failed with one line, 2 wrong usage or settings."""

import logging
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
import rich_click as click

from app.cli import COMMANDS as MODULES
from app.cli import load_command, main
from tests.cli.command import ROOT

NOWHERE = "postgresql://someone:hidden@127.0.0.1:1/nowhere"
WITHOUT_SETTINGS = {"schema"}
WITHOUT_DATABASE = {*WITHOUT_SETTINGS, "config"}
NEEDED = {
    "export": ["invoices", "--from", "2026-04-01", "--to", "2026-05-01"],
    "invoices credit": ["INV-2026-000001", "--all", "--reason", "goodwill", "--description", "wrong"],
    "invoices issue": ["INV-2026-000001"],
    "invoices pay": ["INV-2026-000001", "--reference", "bank-1"],
    "invoices pdf": ["INV-2026-000001"],
    "invoices show": ["INV-2026-000001"],
    "journal": ["2026-04"],
    "rollup": ["2026-04"],
    "token": ["--role", "meter", "--tenant", "a"],
    "backup": ["arcadia.backup"],
    "restore": [__file__],
    "catalog apply": [str(ROOT / "examples/catalog.yaml")],
    "catalog plan": [str(ROOT / "examples/catalog.yaml")],
    "runs follow": [str(UUID(int=1))],
    "runs status": [str(UUID(int=1))],
    "tenants show": ["acme"],
    "costs import": [__file__, "--external-id", "2026-04"],
    "costs rematch": [str(UUID(int=1))],
    "costs withdraw": [str(UUID(int=1)), "--reason", "wrong"],
}
"""The least that a command has to be given."""
ELSEWHERE = {"finance-receiver", "serve", "worker"}
"""Commands that serve until they are stopped: test_commands.py and test_finance_receiver.py start them as processes."""
ALL = sorted(
    f"{name} {part}".rstrip()
    for name, command in ((name, load_command(name)) for name in MODULES)
    for part in (command.commands if isinstance(command, click.Group) else [""])
)
COMMANDS = [command for command in ALL if command not in ELSEWHERE]
REPORTS = {"doctor"}
"""Prints what it finds on standard output: tests/cli/test_doctor.py."""


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    """The demo sets up logging, which is this process's."""
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    yield
    root.setLevel(level)
    root.handlers[:] = handlers


def ends(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str, **environment: str
) -> tuple[object, str, list[str]]:
    """The exit code, standard output and the lines of standard error."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.argv", ["arcadia", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    captured = capsys.readouterr()
    return ended.value.code or 0, captured.out, captured.err.splitlines()


@pytest.mark.parametrize("command", ALL)
def test_wrong_usage_is_2(command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = ends(monkeypatch, capsys, *command.split(), "--nonsense")
    assert (code, out) == (2, "")
    assert "No such option" in " ".join(err)


@pytest.mark.parametrize("command", [command for command in COMMANDS if command not in REPORTS])
def test_a_missing_database_gives_one_line_and_exit_code_1(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    environment = {"ARCADIA_DATABASE_URL": NOWHERE, "ARCADIA_DATA_DIR": str(tmp_path), "ARCADIA_LOG_LEVEL": "ERROR"}
    code, out, err = ends(monkeypatch, capsys, *command.split(), *NEEDED.get(command, []), **environment)
    if command in WITHOUT_DATABASE:
        assert (code, err) == (0, [])
        return
    assert (code, out) == (1, "")
    assert err[-1].startswith("PostgreSQL at 127.0.0.1:1/nowhere cannot be reached: ")
    assert [line for line in err if not line.startswith("Using the database 127.0.0.1:1/nowhere.")] == err[-1:]


@pytest.mark.parametrize("command", ALL)
def test_production_without_its_settings_is_2_and_says_each(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = ends(
        monkeypatch, capsys, *command.split(), *NEEDED.get(command, []), ARCADIA_ENVIRONMENT="production"
    )
    if command in WITHOUT_SETTINGS:
        assert (code, err) == (0, [])
        return
    assert (code, out) == (2, "")
    assert err == [
        "ARCADIA_DATABASE_URL must be set in production.",
        "ARCADIA_JWT_SECRET or ARCADIA_JWKS_URL must be set in production.",
        "ARCADIA_LINK_SECRET must be set in production.",
    ]


def test_no_command_is_wrong_usage_and_help_is_0(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ends(monkeypatch, capsys, "--help")[0] == 0
    assert ends(monkeypatch, capsys)[0] == 2
