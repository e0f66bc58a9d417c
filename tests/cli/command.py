"""The command line as people and cron run it: a process of its own, in a pipe."""

import io
import logging
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.cli import main

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Outcome:
    """The result of a command."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Command:
    """`arcadia` with an environment of its own: nothing of ours leaks in."""

    environment: Mapping[str, str]

    def __call__(self, *arguments: str, seconds: float = 90) -> Outcome:
        process = self.start(*arguments)
        out, err = process.communicate(timeout=seconds)
        return Outcome(process.returncode, out, err)

    def here(self, *arguments: str) -> Outcome:
        """Runs the command in this process, which saves the start-up time: for commands that end by themselves."""
        with (
            pytest.MonkeyPatch.context() as patch,
            redirect_stdout(io.StringIO()) as out,
            redirect_stderr(io.StringIO()) as err,
            logging_kept(),
        ):
            for name in set(os.environ) - set(self._environment()):
                patch.delenv(name)
            for name, value in self._environment().items():
                patch.setenv(name, value)
            patch.setattr(sys, "argv", ["arcadia", *arguments])
            with pytest.raises(SystemExit) as ended:
                main()
        return Outcome(int(ended.value.code or 0), out.getvalue(), err.getvalue())

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "app.cli", *arguments],
            cwd=ROOT,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def _environment(self) -> dict[str, str]:
        inherited = {
            name: value for name, value in os.environ.items() if not name.startswith(("ARCADIA_", "PYTHONDONT"))
        }
        return {**inherited, **self.environment}


def children(process: int) -> list[int]:
    """Returns the ids of the processes that a process has started."""
    lists = Path(f"/proc/{process}/task").glob("*/children")
    return [int(child) for file in lists for child in file.read_text(encoding="ascii").split()]


@contextmanager
def logging_kept() -> Iterator[None]:
    """Leaves the logging of this process as it was before a command set it up."""
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    root.handlers.clear()  # or they are closed
    try:
        yield
    finally:
        root.setLevel(level)
        root.handlers[:] = handlers
