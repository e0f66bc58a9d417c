"""What documents over the real schema compile to, for the snapshots: `make snapshots` writes them again.

Each tests/reads/snapshots/NAME.graphql begins with a comment that names its callers, `# For tenant, platform`; beside
it NAME.sql holds each caller's statements, one clause a line, with the values of their parameters.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

from app.database.scope import Scope
from app.operations.calls.principal import Principal, Role
from app.reads import GraphQLEngine
from app.reads.errors import ReadError
from app.reads.statement import Statement
from app.schema.schema import schema

ARCHITECTURE = Path(__file__).parents[2] / "ARCHITECTURE.md"
FOLDER = Path(__file__).with_name("snapshots")
TENANT = UUID("019d4500-0006-7000-8000-000000000001")
CALLERS = {
    "platform": Principal("admin", frozenset({Role.PLATFORM_ADMIN})),
    "tenant": Principal("ada", frozenset({Role.TENANT_ADMIN}), TENANT),
}
_TOKEN = re.compile(r"""E?'(?:[^']|'')*'|"(?:[^"]|"")*"|[\w$.:]+|\s+|.""", re.DOTALL)
_CLAUSES = {"SELECT", "FROM", "WHERE", "ORDER", "LIMIT", "WITH"}


@dataclass(frozen=True)
class Caller:
    """A request of app/reads, without a database."""

    viewer: Principal
    today: date = date(2026, 4, 15)

    @property
    def scope(self) -> Scope:
        return self.viewer.scope


def _no_connection(_request: Any) -> Any:
    raise AssertionError("snapshots only compile")


READS = GraphQLEngine(schema, _no_connection)


def documents() -> list[Path]:
    return sorted(FOLDER.glob("*.graphql"))


def snapshot(document: Path) -> str:
    """The statements of a document for each of its callers."""
    text = document.read_text(encoding="utf-8")
    callers = text.splitlines()[0].removeprefix("# For ").split(", ")
    return "\n".join(f"-- For {name}\n\n{_compiled(text, Caller(CALLERS[name]))}" for name in callers)


def _compiled(text: str, caller: Caller) -> str:
    plan, operation, _ = READS._prepare(text, None, None, caller)
    return "\n".join(
        f"-- {key}\n{root_text}"
        for key, root in plan.root_fields.items()
        for root_text in _root(root, operation.values)
    )


def _root(root: Any, values: Any) -> Iterator[str]:
    match root:
        case Statement():
            yield f"{formatted(root.sql)};\n{_parameters(root, values)}"
        case ReadError():
            yield f"-- refused: {root.message}\n"
        case _:
            yield "-- resolved in Python\n"


def _parameters(statement: Statement, values: Any) -> str:
    try:
        bound = statement.bind(values)
    except ReadError as error:
        return f"-- refused: {error.message}\n"
    return "".join(f"-- ${number}: {value}\n" for number, value in enumerate(bound, start=1))


@dataclass
class _Level:
    """A level of parentheses: whether it contains a query, its indentation, and the current clause."""

    query: bool
    indent: int
    clause: str = ""


def formatted(sql: str) -> str:
    """Formats SQL with each clause, selected column and condition on a line of its own, and sub-selects indented."""
    tokens = [" " if token.isspace() else token for token in _TOKEN.findall(sql)]
    lines, levels = [""], [_Level(query=True, indent=0)]
    for index, token in enumerate(tokens):
        level = levels[-1]
        if token == "(":
            after = next((other for other in tokens[index + 1 :] if other != " "), "")
            query = after in ("SELECT", "WITH")
            levels.append(_Level(query, _indent(lines[-1]) + 4 if query else level.indent))
            lines[-1] += token
        elif token == ")":
            levels.pop()
            if level.query:
                lines.append(" " * (level.indent - 4))
            lines[-1] += token
        elif level.query and token in _CLAUSES and not lines[-1].endswith("DISTINCT "):
            level.clause = token
            lines.append(" " * level.indent + token)
        elif level.query and (token == "AND" or (token == "," and level.clause == "SELECT")):
            lines[-1] += token if token == "," else ""
            lines.append(" " * (level.indent + 4) + token.strip(","))
        elif token != " " or lines[-1].strip():
            lines[-1] += token
    return "\n".join(line.rstrip() for line in lines if line.strip())


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def architecture() -> str:
    """Returns the text of ARCHITECTURE.md in which the example's SQL is replaced by the statement
    that is compiled now.
    """
    statement = snapshot(FOLDER / "one_read.graphql")
    before, rest = ARCHITECTURE.read_text(encoding="utf-8").split("```sql\n", 1)
    return f"{before}```sql\n{statement}```\n{rest.split('```', 1)[1].removeprefix(chr(10))}"


def main() -> None:
    for stale in FOLDER.glob("*.sql"):
        stale.unlink()
    for document in documents():
        document.with_suffix(".sql").write_text(snapshot(document), encoding="utf-8")
    ARCHITECTURE.write_text(architecture(), encoding="utf-8")


if __name__ == "__main__":
    main()
