"""Terms that the glossary has replaced stay out: names in code, phrases in what users read."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
NAMES = {
    *("Lender", "Loan", "LeastRecentlyUsed", "Law", "LAWS", "check_laws", "Audited", "Enrolment", "carried_on"),
    *("Finished", "FinishedField", "FinishInfo", "lock_standing", "standings_of", "requests_in_hand", "is_away"),
    *(
        "House",
        "Entrance",
        "Spine",
        "LeftChange",
        "ReplicaLoan",
        "LoadRefs",
        "load_refs",
        "compile_refs",
        "complete_ref",
    ),
    *("hold_months", "hold_unsettled", "hold_billing_time_zone", "share_open_tenant", "changes_of_tenants_that_left"),
    *("ring_chunks", "refuse_beyond", "send_fault", "asked_position", "found_once", "early_kept", "say_database"),
    *("WHO_MAY", "AS_WE_SIGN", "GATHERED_SECONDS", "PATIENCE_SECONDS", "KEPT_FOR", "LATE_KEY"),
    *("Plainly", "take_turns", "unwalled", "blamed", "of_one_caller"),
}
"""Identifiers, in app and tests."""
SQL_NAMES = {"data_check_progress", "usage_records_make_months", "open_deployments", "invoice_line_documents"}
"""Names of tables, functions and columns, in app."""
MODULES = {
    *("lending", "laws", "law", "audited", "overlaps", "declared", "finishing", "standing", "faults"),
    *("entrance", "edge", "refusals", "story", "lazy", "reach", "ends", "left", "written", "locking", "staging"),
}
"""File names, in app."""
PREFIXES = ("MOST_", "LONGEST_", "LARGEST_", "LEAST_", "SMALLEST_")
SUFFIXES = ("_IN_HAND", "_AT_ONCE", "_OF_ONE_CALLER", "_A_POINT")
"""Prefixes and suffixes of constants, in app: bounds are MAX_ and MIN_, rates are _PER_."""
PHRASES = (
    *(
        "who asks",
        "is away",
        "settled at nothing",
        "what it came to",
        "the subscription that stands",
        "a law is broken",
    ),
    *("every law holds", "the map does not lead", "there is nothing at this address", "give exactly one of"),
    *(
        "what became of",
        "settled by the run",
        "requests in hand",
        "ARCADIA_REQUESTS_IN_HAND is",
        "comes along when",
        "the wall against it",
    ),
)
"""In the schema, the documents and the settings' descriptions; without regard to case."""
PHRASES_OF_APP = (
    *("the map does not lead", "what became of", "a ring of", "of the house", "who does what nobody asked for"),
    *(
        "told to come again",
        "by the other door",
        "both doors",
        "there is nothing at this address",
        "give exactly one of",
    ),
    *("what it came to", "settled at nothing", "who asks", "the subscription that stands", "who may do what"),
)
"""In app: docstrings, comments and messages; without regard to case."""
READ_BY_USERS = [
    *(ROOT / name for name in ("schema.graphql", "README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", ".env.example")),
    *sorted((ROOT / "docs").glob("*.md")),
]


def test_names() -> None:
    words = {
        str(path.relative_to(ROOT)): set(re.findall(r"\b[A-Za-z_]\w*\b", path.read_text(encoding="utf-8")))
        for folder in ("app", "tests")
        for path in (ROOT / folder).rglob("*.py")
        if path != Path(__file__) and "node_modules" not in path.parts
    }
    assert {path: found for path, known in words.items() if (found := known & NAMES)} == {}
    constants = {
        (path, word)
        for path, known in words.items()
        if path.startswith("app/")
        for word in known
        if word.lstrip("_").startswith(PREFIXES) or (word.endswith(SUFFIXES) and not word.startswith("ARCADIA_"))
    }
    assert constants == set()


def test_sql_names() -> None:
    paths = [path for ending in ("py", "sql") for path in (ROOT / "app").rglob(f"*.{ending}")]
    words = {
        str(path.relative_to(ROOT)): set(re.findall(r"\b[a-z_]\w*\b", path.read_text(encoding="utf-8")))
        for path in paths
    }
    assert "app/tables/schema.sql" in words
    assert {path: found for path, known in words.items() if (found := known & SQL_NAMES)} == {}


def test_modules() -> None:
    stems = {path.stem for path in (ROOT / "app").rglob("*.py")} | {
        path.parent.name for path in (ROOT / "app").rglob("*.py")
    }
    assert stems & MODULES == set()


def test_phrases() -> None:
    texts = {path.name: path.read_text(encoding="utf-8").lower() for path in READ_BY_USERS}
    assert len(texts) > 10
    found = {(name, phrase) for name, text in texts.items() for phrase in PHRASES if phrase.lower() in text}
    assert found == set()


def test_phrases_of_app() -> None:
    paths = [path for path in (ROOT / "app").rglob("*.py") if "migrations" not in path.parts]
    assert len(paths) > 200
    texts = {str(path.relative_to(ROOT)): " ".join(path.read_text(encoding="utf-8").lower().split()) for path in paths}
    found = {(name, phrase) for name, text in texts.items() for phrase in PHRASES_OF_APP if phrase in text}
    assert found == set()
