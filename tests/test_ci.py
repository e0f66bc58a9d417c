"""`.ci/run` tells what each of its parts took, also when one fails."""

import re
import shutil
import subprocess
from pathlib import Path

BASH = shutil.which("bash") or "bash"
SCRIPT = (Path(__file__).parents[1] / ".ci" / "run").read_text()


def test_the_times_of_the_parts_are_told_when_one_fails(tmp_path: Path) -> None:
    script = tmp_path / ".ci" / "run"
    script.parent.mkdir()
    script.write_text(re.sub(r"(?m)^step .*\n", "", SCRIPT) + "step true\nstep false\nstep echo never\n")
    done = subprocess.run([BASH, str(script)], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    table = done.stdout.partition("== parts\n")[2].splitlines()
    assert [line.split() for line in table] == [["0", "s", "true"], ["failed", "false"], ["0", "s", "all"]]
    assert "never" not in done.stdout
