"""The words of the compiler's SQL, for use as response keys."""

import re
from collections.abc import Iterator
from datetime import date

from graphql import OperationDefinitionNode, get_operation_ast, is_object_type, parse
from graphql.execution.values import VariableValues

from app.database.scope import PLATFORM, Scope
from app.reads.root_fields import compile_references, compile_root
from app.reads.schema_model import SchemaModel
from app.reads.statement import Statement, Values
from app.reads.statement_builder import Operation
from tests.reads.music.albums import Caller
from tests.reads.music.labels import build_schema
from tests.reads.music.rows import id_of

ALBUM = id_of("albums", "acme1")
LONG = "a_response_key_that_is_longer_than_the_sixty_three_bytes_of_an_identifier"
SYSTEM_COLUMNS = ("ctid", "xmin", "xmax", "cmin", "cmax", "tableoid", "oid")

# Every construct of the compiler, each with the key KEY alone in its object and beside others.
TEMPLATE = """
{
  a: albums(first: 2) { KEY: nodes { KEY: title } }
  b: albums(last: 2) {
    KEY: pageInfo { KEY: hasNextPage KEY_2: startCursor }
    KEY_2: nodes {
      KEY: id
      KEY_2: genre { KEY: name KEY_2: currentChart { KEY: version KEY_2: genre { KEY: code } } }
      KEY_3: tracks { KEY: position }
      KEY_4: contract { KEY: endsOn }
      KEY_5: trackPages(first: 1) { KEY: edges { KEY: node { KEY: title } } }
    }
  }
  c: albums(first: 2) { KEY: edges { KEY: cursor } KEY_2: totalCount }
  d: label(code: "acme") { KEY: code }
  e: genre(code: "pop") { KEY: albums(first: 1) { KEY: nodes { KEY: title } } }
  f: genres { KEY: code KEY_2: __typename }
  g: node(id: "ALBUM") { KEY: id ... on Album { KEY_2: title } }
  h: nodes(ids: ["ALBUM"]) { KEY: id ... on Album { KEY_2: title KEY_3: nextStates } }
  i: albums(first: 2) { KEY: nodes { KEY: priced(times: 2, note: "KEY") KEY_2: netPrice } }
  j: chosen(albums: ["ALBUM"]) { KEY: album { KEY: title } }
  k: genres { KEY: code LONG_1: name LONG_2: code }
  l: albums(first: 1, filter: {title: "KEY", genreName: "KEY", search: "KEY"}) { KEY: nodes { KEY: id } }
  m: albums(first: 2, after: null, filter: {playsFrom: 0}) { KEY: nodes { KEY: plays } KEY_2: edges { KEY: cursor } }
}
"""


def document_with(key: str) -> str:
    """A valid document that has the key in every place a key can have."""
    return TEMPLATE.replace("LONG", f"{LONG}_{key}").replace("KEY", key).replace("ALBUM", str(ALBUM))


def emitted(text: str, scope: Scope = PLATFORM) -> list[str]:
    """The SQL that a document without variables and fragments is compiled to."""
    model = SchemaModel(build_schema())
    document = parse(text)
    definition = get_operation_ast(document)
    assert isinstance(definition, OperationDefinitionNode)
    values = Values(VariableValues({}, {}), Caller(scope, date(2026, 4, 15), "someone", []))
    return [statement.sql for statement in _statements(Operation(model, definition, {}, values))]


def _statements(operation: Operation) -> Iterator[Statement]:
    query = operation.model.graphql.query_type
    assert query is not None
    for _, selected in operation.root_fields(query):
        declaration = operation.model.declaration(query.name, selected.name)
        if declaration is not None:
            yield compile_root(operation, declaration, selected)
        elif is_object_type(selected.type):  # Python makes the object, of refs
            for _, member in operation.selected(selected.type, selected.fields, selected.path):
                yield compile_references(operation, member.type, member.fields, member.path)


def words(sql: str) -> set[str]:
    """Returns the words of an SQL statement, including keywords but not those in texts, that are also valid GraphQL
    names.
    """
    return set(re.findall(r"(?<![\w$:])[A-Za-z_][A-Za-z0-9_]*(?![\w$])", re.sub(r"'(?:[^']|'')*'", "''", sql)))


def unquoted(sql: str) -> set[str]:
    """The identifiers, functions, types and keywords that a statement has without quotation marks."""
    return set(re.findall(r"[A-Za-z_][\w$]*", re.sub(r"'(?:[^']|'')*'|\"[^\"]*\"", "''", sql)))


def names() -> list[str]:
    """Returns all names in the compiler's SQL, and the names of PostgreSQL's system columns."""
    statements = [sql for scope in (PLATFORM, Scope.tenant(ALBUM)) for sql in emitted(document_with("k"), scope)]
    return sorted(set().union(SYSTEM_COLUMNS, *map(words, statements)))
