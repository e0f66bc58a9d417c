"""Checks the project's conventions in its files."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
MIGRATIONS = ROOT / "app/tables/migrations"
MAX_FILE_LINES = 300
MAX_FUNCTION_LINES = 50
IN_SEVERAL_PACKAGES = {
    # the nouns, which name the files of every layer
    *("addons", "audit", "backup", "billing_months", "catalog", "charges", "corrections", "costs"),
    *("credit_notes", "currencies", "deployments", "dunning", "events", "finance", "idempotency", "installation"),
    *("invoices", "issue_runs", "issued_documents", "ledger", "payments", "plans", "quote", "rate_limits", "rollups"),
    *("subscriptions", "taxes", "tenants", "unbilled", "usage", "webhooks"),
    # what every package of its kind has
    *("context", "create", "errors", "filters", "mutations", "queries", "types", "update"),
}
VAGUE = {"base", "common", "core", "helper", "helpers", "manager", "managers", "misc", "shared", "util", "utils"}

# Written in pieces, so that this file passes too.
MACHINE_PATHS = re.compile("|".join(f"/{folder}/" for folder in ("work", "tmp", "root", "home", "Users")))
REGISTRIES = re.compile("|".join((r"pypi\.org", "python" + "hosted", r"npm" + r"js\.org", r"yarn" + r"pkg\.com")))


def tracked(*patterns: str) -> list[Path]:
    """Files under version control, and those about to be."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [path for path in map(ROOT.joinpath, listed.splitlines()) if path.is_file()]


def python_files(*folders: str) -> list[Path]:
    """Returns the Python files under these folders, without the migrations that Piccolo writes."""
    return [path for path in tracked(*folders) if path.suffix == ".py" and path.parent != MIGRATIONS]


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def text_files() -> Iterator[tuple[Path, str]]:
    for path in tracked("."):
        try:
            yield path, path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def test_files_are_short() -> None:
    lengths = {named(path): len(path.read_text().splitlines()) for path in python_files("app", "tests", "bench")}
    assert {name: length for name, length in lengths.items() if length > MAX_FILE_LINES} == {}


def test_functions_are_short() -> None:
    long = []
    for path in python_files("app", "tests", "bench"):
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                long += [f"{named(path)}: {node.name} has {length} lines"] if length > MAX_FUNCTION_LINES else []
    assert long == []


def test_modules_have_names_that_say_something() -> None:
    vague = [named(path) for path in python_files("app", "tests", "bench") if VAGUE & set(path.stem.split("_"))]
    assert vague == []


def test_a_module_name_stands_for_one_thing() -> None:
    folders: dict[str, set[str]] = {}
    for path in python_files("app"):
        folders.setdefault(path.stem, set()).add(named(path.parent))
    repeated = {name for name, packages in folders.items() if len(packages) > 1}
    assert repeated - {"__init__"} - IN_SEVERAL_PACKAGES == set()
    assert IN_SEVERAL_PACKAGES - repeated == set()


def test_no_two_classes_of_the_application_share_a_name() -> None:
    """Those of the GraphQL schema keep the contract's names: what operations return is named another way."""
    files: dict[str, list[str]] = {}
    for path in python_files("app"):
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.ClassDef):
                files.setdefault(node.name, []).append(named(path))
    assert len(files) > 500
    assert {name: paths for name, paths in files.items() if len(paths) > 1} == {}


@pytest.mark.parametrize("pattern", [MACHINE_PATHS, REGISTRIES], ids=["machine paths", "registries"])
def test_no_file_names_a_machine_or_a_registry(pattern: re.Pattern[str]) -> None:
    found = [f"{named(path)}: {match.group()}" for path, text in text_files() for match in pattern.finditer(text)]
    assert found == []


def test_silenced_checks_say_why() -> None:
    silenced = re.compile(r"#\s*(?:type: ignore(?:\[[^]]*\])?|noqa(?:: [A-Z0-9, ]+[0-9])?)(?P<reason>.*)")
    silent = []
    for path in python_files("app", "tests", "bench", "piccolo_conf.py"):
        for number, line in enumerate(path.read_text().splitlines(), start=1):
            match = silenced.search(line)
            if match and path != Path(__file__) and not re.search(r"\w{2}", match["reason"]):
                silent.append(f"{named(path)}:{number}")
    assert silent == []


def test_the_billing_rules_import_the_standard_library_only() -> None:
    foreign = []
    for path in python_files("app/billing"):
        for node in ast.walk(parsed(path)):
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            modules += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            foreign += [
                f"{named(path)}: {module}"
                for module in modules
                if module.split(".")[0] not in sys.stdlib_module_names and not f"{module}.".startswith("app.billing.")
            ]
    assert foreign == []


def test_every_part_of_the_application_has_its_tests() -> None:
    """A package's tests are in the folder of its name; a module's beside them, or in a folder if they are many."""
    parts = {path.relative_to(ROOT / "app").parts[0].removesuffix(".py") for path in python_files("app")}
    untested = [
        part
        for part in sorted(parts - {"__init__"})
        if not (ROOT / f"tests/test_{part}.py").exists() and not list((ROOT / "tests" / part).glob("**/test_*.py"))
    ]
    assert untested == []


def test_documents_name_tests_that_exist() -> None:
    named_tests = {
        match.groups()
        for path in tracked("docs/*.md")
        for match in re.finditer(r"`(tests/\S+\.py)::(\w+)`", path.read_text())
    }
    assert len(named_tests) > 50
    missing = [
        f"{file}::{test}"
        for file, test in sorted(named_tests)
        if not (ROOT / file).exists() or not re.search(rf"def {test}\(", (ROOT / file).read_text())
    ]
    assert missing == []


@pytest.mark.parametrize("lock", sorted(ROOT.glob("requirements/*.txt")), ids=lambda path: path.stem)
def test_locks_hold_versions_and_hashes_only(lock: Path) -> None:
    lines = lock.read_text().splitlines()
    odd = [
        line
        for line in lines
        if not re.match(r"[a-z0-9.-]+(\[[a-z, ]+\])?==[\w.!+]+( ; .*)? \\$|    --hash=sha256:", line)
    ]
    assert odd == []


def test_locks_agree_and_cover_what_is_declared() -> None:
    runtime, dev = (_pins(f"requirements/{name}.txt") for name in ("runtime", "dev"))
    assert runtime.items() <= dev.items()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert _names(project["project"]["dependencies"]) <= runtime.keys()
    assert _names(project["dependency-groups"]["dev"]) <= dev.keys()


def test_locks_name_the_extras_that_are_asked_for() -> None:
    """If an extra is missing in the lock, pip 23.2 looks for the newest release of the package, for which the lock has
    no hash.
    """
    lock = (ROOT / "requirements/dev.txt").read_text()
    locked = {name: set(extras.split(", ")) for name, extras in re.findall(r"(?m)^([a-z0-9.-]+)\[([^]]*)\]==", lock)}
    pins = _pins("requirements/dev.txt")
    missing = [
        f"{asked} of {distribution.name}"
        for distribution in metadata.distributions()
        if canonicalize_name(distribution.name) in pins
        for asked in map(Requirement, distribution.requires or ())
        if asked.extras and (asked.marker is None or asked.marker.evaluate({"extra": ""}))
        if not asked.extras <= locked.get(canonicalize_name(asked.name), set())
    ]
    assert locked["pydantic"] == {"email"}  # by Piccolo
    assert missing == []


def _pins(lock: str) -> dict[str, str]:
    pinned = re.findall(r"^([a-z0-9.-]+)(?:\[[^]]*\])?==(\S+)", (ROOT / lock).read_text(), flags=re.MULTILINE)
    return dict(pinned)


def _names(requirements: list[str]) -> set[str]:
    return {re.split(r"[\[<>=;~! ]", requirement)[0] for requirement in requirements}
