"""The commands that `arcadia --help` lists without importing them are the commands that run."""

import subprocess
import sys

import pytest

from app.cli import COMMANDS, load_command

IMPORTED = """
import sys
sys.argv = ["arcadia", *sys.argv[1:]]
from app.cli import main
try:
    main()
finally:
    print(sorted(name for name in sys.modules if name == "app" or name.startswith("app.")), file=sys.stderr)
"""


@pytest.mark.parametrize("name", COMMANDS)
def test_a_summary_is_the_commands_own(name: str) -> None:
    command = load_command(name)
    assert command.name == name
    assert command.help is not None
    assert COMMANDS[name][1] == command.help.split("\n\n")[0]


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_what_runs_no_command_imports_none(option: str) -> None:
    ended = subprocess.run([sys.executable, "-c", IMPORTED, option], capture_output=True, text=True, check=True)
    assert ended.stderr.splitlines()[-1] == "['app', 'app.cli', 'app.cli.command_refused']"
