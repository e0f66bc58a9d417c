"""The SQL of some thirty documents, committed: a change of the compiler shows what it does to statements.

After a deliberate change: `make snapshots`, and read the diff of tests/reads/snapshots/ before it is committed.
"""

from pathlib import Path

import pytest
from graphql import parse, print_ast

from tests.reads.compiled import ARCHITECTURE, FOLDER, architecture, documents, formatted, snapshot


@pytest.mark.parametrize("document", documents(), ids=lambda path: path.stem)
def test_a_document_compiles_to_its_snapshot(document: Path) -> None:
    assert snapshot(document) == document.with_suffix(".sql").read_text(encoding="utf-8")


def test_each_snapshot_has_its_document() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.sql")) == [path.stem for path in documents()]
    assert len(documents()) >= 30


def test_the_architecture_shows_the_statement_of_its_example() -> None:
    written = ARCHITECTURE.read_text(encoding="utf-8")
    assert written == architecture()
    (query,) = [line.strip() for line in written.splitlines() if line.startswith("    query { tenant(code:")]
    assert print_ast(parse(query)) + "\n" == (FOLDER / "one_read.graphql").read_text().split("\n", 1)[1]


def test_formatting_changes_white_space_only() -> None:
    inner = """SELECT a FROM b WHERE c = 'x AND (y, z' AND d IN (1, 2) ORDER BY "e, f" LIMIT $1::bigint"""
    sql = f'SELECT ({inner}) AS "SELECT"'
    text = formatted(sql)
    assert "".join(text.split()) == "".join(sql.split())
    assert text.splitlines() == [
        "SELECT (",
        "    SELECT a",
        "    FROM b",
        "    WHERE c = 'x AND (y, z'",
        "        AND d IN (1, 2)",
        '    ORDER BY "e, f"',
        "    LIMIT $1::bigint",
        ') AS "SELECT"',
    ]
