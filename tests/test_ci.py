"""`.ci/run` reports the time of each part, also if one fails, and runs every test."""

import re
import shutil
import subprocess
from pathlib import Path

from tests.deployments import LEFT_OUT, LEFT_OUT_AS_A_PLAIN_OWNER, TESTS, TESTS_OF_AN_OWNER

BASH = shutil.which("bash") or "bash"
ROOT = Path(__file__).parents[1]
SCRIPT = (ROOT / ".ci" / "run").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()


def test_the_times_of_the_parts_are_printed_when_one_fails(tmp_path: Path) -> None:
    script = tmp_path / ".ci" / "run"
    script.parent.mkdir()
    script.write_text(re.sub(r"(?m)^step .*\n", "", SCRIPT) + "step true\nstep false\nstep echo never\n")
    done = subprocess.run([BASH, str(script)], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    table = done.stdout.partition("== parts\n")[2].splitlines()
    assert [line.split() for line in table] == [["0", "s", "true"], ["failed", "false"], ["0", "s", "all"]]
    assert "never" not in done.stdout


def test_what_starts_servers_is_run_by_a_target_of_its_own() -> None:
    """`make test` leaves out the marker `servers`, `make test-postgresql` runs it in tests/database."""
    marked = [path for path in ROOT.glob("tests/**/test_*.py") if re.search(r"\bmark\.servers\b", path.read_text())]
    assert {str(path.parent.relative_to(ROOT)) for path in marked} - {"tests"} == {"tests/database"}
    assert '-m "not heavy and not servers" $(addprefix --ignore=,$(APART)) $(PYTEST_FLAGS)' in MAKEFILE
    assert "-m servers tests/database $(PYTEST_FLAGS)" in MAKEFILE


def test_what_make_test_leaves_out_is_run_by_other_targets() -> None:
    apart = re.search(r"(?m)^APART = (.*)$", MAKEFILE)
    assert apart
    targets = dict(re.findall(r"(?m)^(test-[a-z]+): .*\n((?:\t.*\n)+)", MAKEFILE))
    run = [targets[name] for name in re.findall(r"(?m)^step make (test-\w+)$", SCRIPT)]
    commands = [command for recipe in run for command in recipe.splitlines() if " -m heavy" not in command]
    assert [folder for folder in apart[1].split() if not any(f" {folder} " in f"{each} " for each in commands)] == []


def test_every_test_of_the_database_is_run_in_each_deployment_or_left_out_for_a_reason() -> None:
    files = {
        str(path.relative_to(ROOT)) for name in ("database", "tables") for path in ROOT.glob(f"tests/{name}/test_*")
    }
    run = {*TESTS, *TESTS_OF_AN_OWNER}
    assert files - run == {name for name in LEFT_OUT if "::" not in name}
    for name in LEFT_OUT | LEFT_OUT_AS_A_PLAIN_OWNER:
        file, _, test = name.partition("::")
        assert f"def {test}" in (ROOT / file).read_text()
        assert not test or file in run


def test_what_is_run_on_postgresql_15_exists() -> None:
    listed = re.search(r"ON_POSTGRESQL_15 = ((?:.*\\\n)*.*)", MAKEFILE)
    assert listed
    named = listed[1].replace("\\\n", " ").split()
    assert {"tests/database", "tests/tables", "tests/operations/rollups/test_races.py"} <= set(named)
    assert [name for name in named if not (ROOT / name).exists()] == []
