"""The glossary names only tables and classes that exist, and leaves out no table that a reader would look for."""

import ast
import re

from tests.test_tidy import ROOT, parsed

ROWS = re.findall(r"(?m)^\| (?!term |---)(.+?) \| .+? \|(.*?)\|(.*?)\|$", (ROOT / "docs" / "glossary.md").read_text())
UNEXPLAINED = {
    *("credit_note_number_sequences", "installation", "invoice_number_sequences", "issue_chunks", "issue_outcomes"),
    *("rate_limit_buckets", "rollup_chunks"),
    *("rollup_failures", "rollup_unpriced_usage", "rollup_warnings", "tax_rates", "tenant_tax_exemptions"),
    *("usage_event_keys", "write_off_taxes", "dunning_failures"),
}
"""Tables whose name says what they hold."""


def _classes() -> set[str]:
    trees = [parsed(path) for path in (ROOT / "app").rglob("*.py")]
    return {node.name for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}


def _tables() -> set[str]:
    text = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "app" / "tables").glob("*.py"))
    return set(re.findall(r'tablename="(\w+)"', text))


def test_every_table_and_class_of_the_glossary_exists() -> None:
    tables = {name for _, table, _ in ROWS for name in re.findall(r"`(\w+)`", table)}
    classes = {name for _, _, named in ROWS for name in re.findall(r"`(\w+)`", named)}
    assert tables - _tables() == set()
    assert classes - _classes() == set()
    assert _tables() - tables - UNEXPLAINED == set()


def test_every_term_stands_once() -> None:
    terms = [term for term, _, _ in ROWS]
    assert len(terms) > 40
    assert len(set(terms)) == len(terms)
