"""The names of the GraphQL schema, pinned; descriptions may be reworded freely.

After a deliberate change of names: `python -m tests.pins.test_schema` writes schema_without_descriptions.graphql again.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

from graphql import Node, parse, print_ast, visit
from graphql.language.visitor import Visitor

from app.schema import schema_text

PINNED = Path(__file__).with_name("schema_without_descriptions.graphql")


class _WithoutDescriptions(Visitor):
    def enter(self, node: Any, *_position: object) -> Node | None:
        return replace(node, description=None) if getattr(node, "description", None) is not None else None


def schema_without_descriptions() -> str:
    return print_ast(visit(parse(schema_text()), _WithoutDescriptions())) + "\n"


def test_the_schema_without_its_descriptions() -> None:
    assert schema_without_descriptions() == PINNED.read_text(encoding="utf-8")


if __name__ == "__main__":
    PINNED.write_text(schema_without_descriptions(), encoding="utf-8")
