"""The command line as people and cron run it: a process of its own, in a pipe."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Outcome:
    """What a command left behind."""

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

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        inherited = {
            name: value for name, value in os.environ.items() if not name.startswith(("ARCADIA_", "PYTHONDONT"))
        }
        return subprocess.Popen(
            [sys.executable, "-m", "app.cli", *arguments],
            cwd=ROOT,
            env={**inherited, **self.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
