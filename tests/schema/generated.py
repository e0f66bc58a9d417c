"""Random requests over the whole schema, whose ids and words come from a pool."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLNamedType,
    GraphQLObjectType,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_required_argument,
    is_required_input_field,
)
from hypothesis import strategies as st

from app.schema.schema import schema
from tests.schema.inputs import mutation_type
from tests.schema.selections import query_type

OUTCOME = """{ __typename ... on Problem { code message path }
    ... on UsageRecorded { accepted duplicates rejected { index code message } } }"""


@dataclass(frozen=True)
class Pool:
    """The values that arguments are drawn from: the ids of rows, and texts such as codes, slugs and cursors."""

    ids: Sequence[str]
    words: Sequence[str]


@dataclass
class Case:
    """A document and its variables."""

    text: str
    variables: Mapping[str, Any]


_PLAIN: dict[str, st.SearchStrategy[Any]] = {
    "Int": st.integers(1, 5),
    "Boolean": st.booleans(),
    "Cents": st.sampled_from([0, 1, 750]),
    "Decimal": st.sampled_from(["0", "1", "2.5"]),
    "Date": st.sampled_from(["2026-03-01", "2026-04-01", "2026-04-10", "2026-05-01"]),
    "DateTime": st.sampled_from(["2026-04-01T00:00:00Z", "2026-04-30T12:00:00Z", "2026-05-01T03:00:00Z"]),
}


def values(type_: GraphQLInputType, pool: Pool) -> st.SearchStrategy[Any]:
    """Values of an input type."""
    if is_non_null_type(type_):
        return _present(type_.of_type, pool)
    return st.one_of(st.none(), *[_present(type_, pool)] * 3)


def _present(type_: GraphQLInputType, pool: Pool) -> st.SearchStrategy[Any]:
    if is_list_type(type_):
        return st.lists(values(type_.of_type, pool), max_size=3)
    if isinstance(type_, GraphQLInputObjectType):
        members = {
            name: (values(member.type, pool), is_required_input_field(member)) for name, member in type_.fields.items()
        }
        return st.fixed_dictionaries(
            {name: value for name, (value, required) in members.items() if required},
            optional={name: value for name, (value, required) in members.items() if not required},
        )
    if isinstance(type_, GraphQLEnumType):
        return st.sampled_from(list(type_.values))
    named = str(type_)
    return st.sampled_from({"ID": pool.ids, "String": pool.words}[named]) if named not in _PLAIN else _PLAIN[named]


@dataclass
class _Writer:
    draw: Callable[[st.SearchStrategy[Any]], Any]
    pool: Pool
    count: int = 0
    definitions: list[str] = field(default_factory=list)
    variables: dict[str, Any] = field(default_factory=dict)

    def query(self) -> Case:
        return self._case("query", self._fields(query_type(), 5, 2))

    def mutation(self) -> Case:
        name = self.draw(st.sampled_from(sorted(mutation_type().fields)))
        arguments = self._arguments(mutation_type().fields[name].args)
        return self._case("mutation", f"{{ {name}{arguments} {OUTCOME} }}")

    def _case(self, kind: str, selection: str) -> Case:
        head = f"{kind} ({', '.join(self.definitions)})" if self.definitions else kind
        return Case(f"{head} {selection}", self.variables)

    def _fresh(self, prefix: str) -> str:
        self.count += 1
        return f"{prefix}{self.count}"

    def _selection(self, type_: GraphQLNamedType, depth: int) -> str:
        if is_abstract_type(type_):
            possible = st.sampled_from(schema._schema.get_possible_types(type_))
            chosen = self.draw(st.lists(possible, min_size=1, max_size=3, unique_by=lambda one: one.name))
            return f"{{ __typename {' '.join(f'... on {one.name} {self._fields(one, depth, 3)}' for one in chosen)} }}"
        assert isinstance(type_, GraphQLObjectType)
        return self._fields(type_, depth, 4)

    def _fields(self, type_: GraphQLObjectType, depth: int, most: int) -> str:
        names = [
            name for name, member in type_.fields.items() if depth > 1 or is_leaf_type(get_named_type(member.type))
        ]
        # Not twice: if two non-null fields fail, either may be the one that is reported.
        chosen = self.draw(st.lists(st.sampled_from(names), min_size=1, max_size=most, unique=True)) if names else []
        selected = [self._field(name, type_.fields[name], depth) for name in chosen]
        return f"{{ __typename {' '.join(selected)} }}"

    def _field(self, name: str, definition: GraphQLField, depth: int) -> str:
        named = get_named_type(definition.type)
        below = "" if is_leaf_type(named) else self._selection(named, depth - 1)
        return f"{self._fresh('a')}: {name}{self._arguments(definition.args)} {below}"

    def _arguments(self, arguments: Mapping[str, GraphQLArgument]) -> str:
        given = []
        for name, argument in arguments.items():
            if is_required_argument(argument) or self.draw(st.integers(1, 3)) == 1:
                variable = self._fresh("v")
                self.definitions.append(f"${variable}: {argument.type}")
                self.variables[variable] = self.draw(values(argument.type, self.pool))
                given.append(f"{name}: ${variable}")
        return f"({', '.join(given)})" if given else ""


@st.composite
def queries(draw: Callable[[st.SearchStrategy[Any]], Any], pool: Pool) -> Case:
    """Queries of any root."""
    return _Writer(draw, pool).query()


@st.composite
def mutations(draw: Callable[[st.SearchStrategy[Any]], Any], pool: Pool) -> Case:
    """Single mutations; what is selected of them holds no id that is made anew."""
    return _Writer(draw, pool).mutation()
