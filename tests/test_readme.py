"""Every command and figure in the README is tested."""

import re
from pathlib import Path

from click import Context as ClickContext

from app.cli import arcadia

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text()
CI = (ROOT / ".ci" / "run").read_text()

# `arcadia serve` is started, asked and stopped by tests/cli; measurements want a machine of their own.
NOT_FOR_CI = {
    "serve",
    "bench-reads",
    "bench-rollup",
    "bench-usage",
    "bench-months",
    "bench-receivables",
    "bench-outbox",
    "bench-documents",
    "test-nightly",
}


def _mentioned(program: str) -> set[str]:
    commands = re.findall(r"(?m)`[^`]+`|^    .*$", README)
    return set(re.findall(rf"\b{program} ([a-z][a-z-]*)\b", "\n".join(commands)))


def test_every_make_target_exists_and_ci_runs_it() -> None:
    targets = _mentioned("make")
    assert {"demo", "test", "check"} <= targets
    assert [target for target in sorted(targets) if not re.search(rf"(?m)^{target}:", MAKEFILE)] == []
    assert [target for target in sorted(targets - NOT_FOR_CI) if f"make {target}" not in CI] == []


def test_every_command_of_arcadia_exists_and_stands_in_the_readme() -> None:
    assert _mentioned("arcadia") == set(arcadia.list_commands(ClickContext(arcadia)))


def test_every_link_leads_somewhere() -> None:
    links = re.findall(r"\]\((?!https?://)([^)#]+)\)", README + CONTRIBUTING + (ROOT / "ARCHITECTURE.md").read_text())
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_every_file_and_target_that_a_recipe_names_exists() -> None:
    files = re.findall(r"`((?:app|tests|docs)/[\w./]+)`", CONTRIBUTING)
    targets = re.findall(r"\bmake ([a-z][a-z-]*)\b", CONTRIBUTING)
    assert len(files) > 10
    assert [file for file in files if not (ROOT / file).exists()] == []
    assert [target for target in targets if not re.search(rf"(?m)^{target}:", MAKEFILE)] == []


def test_every_file_that_a_document_names_exists() -> None:
    names = {path.name for folder in ("app", "tests", "bench") for path in (ROOT / folder).rglob("*.*")}
    documents = [ROOT / "ARCHITECTURE.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
    named = {
        (document.name, name)
        for document in documents
        for name in re.findall(r"`(?:[\w.-]+/)*([\w.-]+\.(?:py|sql|mjs))`", document.read_text())
    }
    assert len(named) > 50
    assert {(document, name) for document, name in named if name not in names} == set()
