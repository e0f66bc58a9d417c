"""Random valid documents over the music schema, with the variables they are executed with."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_leaf_type,
)
from hypothesis import strategies as st

from tests.reads.music.names import LONG
from tests.reads.music.reference_resolvers import ORDERS, cursor_of
from tests.reads.music.rows import ALBUMS, ROWS, TITLES

IDS = [str(row["id"]) for rows in ROWS.values() for row in rows if "id" in row]
ALBUM_IDS = [str(row["id"]) for row in ALBUMS]
UNKNOWN = "00000000-0000-4000-8000-000000000000"

FILTER: dict[str, tuple[str, st.SearchStrategy[Any]]] = {
    "labelId": ("ID", st.sampled_from([*IDS[:3], UNKNOWN])),
    "state": ("[State!]", st.lists(st.sampled_from(["DRAFT", "LIVE", "GONE"]), max_size=3)),
    "title": ("String", st.sampled_from([*TITLES, "'; DROP TABLE albums; --"])),
    "search": ("String", st.sampled_from(["b", "%", "_", "\\", "", "ZO", "o\u00eb", "subtitle 1", '"', "'"])),
    "playsFrom": ("Int", st.sampled_from([0, 7, 8])),
    "playsTo": ("Int", st.sampled_from([0, 7, 8])),
    "releasedBefore": ("Date", st.sampled_from(["1969-12-31", "2026-02-01"])),
    "genreName": ("String", st.sampled_from(["Jazz", "Pop", "none"])),
    "trackTitle": ("String", st.sampled_from(["track 0", "track 3", ""])),
}

LABEL_BY: dict[str, tuple[str, st.SearchStrategy[Any]]] = {
    "id": ("ID", st.sampled_from([*IDS[:3], UNKNOWN])),
    "code": ("String", st.sampled_from(["acme", "bolt", "none"])),
}
ARGUMENTS: dict[tuple[str, str], dict[str, tuple[str, st.SearchStrategy[Any]]]] = {
    ("Query", "genre"): {"code": ("String!", st.sampled_from(["jazz", "none"]))},
    ("Query", "chosen"): {"albums": ("[ID!]!", st.lists(st.sampled_from(ALBUM_IDS), max_size=3))},
    ("Query", "nodes"): {"ids": ("[ID!]!", st.lists(st.sampled_from([*IDS, UNKNOWN]), max_size=5))},
    ("Query", "album"): {"id": ("ID!", st.sampled_from([*ALBUM_IDS, UNKNOWN]))},
    ("Query", "node"): {"id": ("ID!", st.sampled_from([*IDS, UNKNOWN]))},
    ("Query", "greeting"): {"name": ("String!", st.text('a\u2603"\\\n', max_size=4))},
    ("Album", "priced"): {"times": ("Int!", st.integers(1, 3)), "note": ("String", st.none() | st.just("n"))},
}


@dataclass
class Case:
    """A document and its variables."""

    text: str
    variables: dict[str, Any]


@dataclass
class _Writer:
    draw: Callable[[st.SearchStrategy[Any]], Any]
    schema: GraphQLSchema
    names: st.SearchStrategy[str]
    taken: set[str]
    count: int = 0
    definitions: list[str] = field(default_factory=list)
    variables: dict[str, Any] = field(default_factory=dict)
    fragments: list[str] = field(default_factory=list)
    reusable: list[tuple[str, str]] = field(default_factory=list)

    def chance(self, one_in: int) -> bool:
        return bool(self.draw(st.integers(1, one_in)) == one_in)

    def fresh(self, prefix: str) -> str:
        self.count += 1
        return f"{LONG if self.chance(40) else ''}{prefix}{self.count}"

    def key(self) -> str:
        """A response key that the document does not have yet: often a word of the compiler's SQL."""
        name = self.draw(self.names) if self.chance(2) else ""
        key = self.fresh("a") if name in {"", *self.taken} else name
        self.taken.add(key)
        return key

    def document(self) -> Case:
        query = self.schema.query_type
        assert query is not None
        selection = self.fields(query, 4, self.draw(st.integers(1, 3)))
        head = f"query Q({', '.join(self.definitions)})" if self.definitions else "query Q"
        return Case(f"{head} {selection} {' '.join(self.fragments)}", self.variables)

    def selection(self, type_: GraphQLNamedType, depth: int) -> str:
        if isinstance(type_, GraphQLInterfaceType):
            return self.abstract(type_, depth)
        assert isinstance(type_, GraphQLObjectType)
        return self.fields(type_, depth, self.draw(st.integers(1, 4)))

    def fields(self, type_: GraphQLObjectType, depth: int, size: int) -> str:
        return f"{{ {' '.join(self.one(type_, depth) for _ in range(size))} }}"

    def abstract(self, type_: GraphQLInterfaceType, depth: int) -> str:
        """Fragments on an interface; keys of different types must not meet, so each is an alias."""
        parts = [self.draw(st.sampled_from(["__typename", "id", "__typename id"]))]
        possible = self.draw(st.lists(st.sampled_from(self.schema.get_possible_types(type_)), max_size=3))
        parts.extend(f"... on {one.name} {{ {self.aliased(one, depth)} }}" for one in possible)
        if self.chance(3):
            parts.append(f"... on {type_.name} {self.directive()} {{ {self.key()}: id }}")
        return f"{{ {' '.join(parts)} }}"

    def one(self, type_: GraphQLObjectType, depth: int) -> str:
        """Draws a field, or a fragment that contains some fields."""
        kind = self.draw(st.integers(1, 16)) if depth else 16
        if kind == 1:
            return f"... on {type_.name} {self.directive()} {self.fields(type_, depth - 1, 2)}"
        if kind == 2:
            return f"... {self.directive()} {self.fields(type_, depth - 1, 1)}"
        if kind == 3:
            name = self.fresh("F")
            self.fragments.append(f"fragment {name} on {type_.name} {self.fields(type_, depth - 1, 2)}")
            self.reusable.append((name, type_.name))
            return f"...{name} {self.directive()} ...{name}"
        if kind == 4:
            known = [name for name, on in self.reusable if on == type_.name]
            return f"...{self.draw(st.sampled_from(known))}" if known else "__typename"
        return self.aliased(type_, depth) if self.chance(3) else self.plain(type_, depth)

    def plain(self, type_: GraphQLObjectType, depth: int) -> str:
        """Draws a field without alias and arguments. It may occur twice in a selection; then the two are merged."""
        name, definition = self.choose(type_, depth, bare=True)
        return f"{name} {self.directive()} {self.below(definition, depth)}"

    def aliased(self, type_: GraphQLObjectType, depth: int) -> str:
        if self.chance(12):
            return f"{self.key()}: __typename"
        name, definition = self.choose(type_, depth, bare=False)
        arguments = self.arguments(type_, name, definition)
        return f"{self.key()}: {name}{arguments} {self.directive()} {self.below(definition, depth)}"

    def choose(self, type_: GraphQLObjectType, depth: int, *, bare: bool) -> tuple[str, GraphQLField]:
        names = [
            name
            for name, definition in type_.fields.items()
            if name not in {"audits", "secretAlbum", "failing"}
            and (depth or is_leaf_type(get_named_type(definition.type)))
            and not (bare and any(isinstance(a.type, GraphQLNonNull) for a in definition.args.values()))
            and not (bare and name == "label" and type_.name == "Query")
        ]
        if not names:
            return "__typename", self.schema.get_field(type_, "__typename")  # type: ignore[return-value] # it exists
        name = self.draw(st.sampled_from(names))
        return name, type_.fields[name]

    def below(self, definition: GraphQLField, depth: int) -> str:
        type_ = get_named_type(definition.type)
        return "" if is_leaf_type(type_) else self.selection(type_, depth - 1)

    def directive(self) -> str:
        if not self.chance(6):
            return ""
        value = self.value("Boolean!", st.booleans())
        return f"@{self.draw(st.sampled_from(['skip', 'include']))}(if: {value})"

    def value(self, type_: str, values: st.SearchStrategy[Any]) -> str:
        """Draws an argument's value: a literal, or a variable with a value or only a default."""
        value = self.draw(values)
        if self.chance(2):
            return literal(value, enum="State" in type_)
        name = self.fresh("v")
        if self.chance(4):
            self.definitions.append(f"${name}: {type_} = {literal(value, enum='State' in type_)}")
        else:
            self.definitions.append(f"${name}: {type_}")
            self.variables[name] = value
        return f"${name}"

    def arguments(self, type_: GraphQLObjectType, name: str, definition: GraphQLField) -> str:
        given = dict(self.given(type_.name, name, definition))
        return f"({', '.join(f'{key}: {value}' for key, value in given.items())})" if given else ""

    def given(self, type_name: str, name: str, definition: GraphQLField) -> list[tuple[str, str]]:
        if (type_name, name) in ORDERS:
            return self.page(type_name, name, with_filter="filter" in definition.args)
        if (type_name, name) == ("Query", "label"):
            by = self.draw(st.sampled_from(["id", "code"]))
            return [(by, self.value(*LABEL_BY[by]))]
        return [(key, self.value(*values)) for key, values in ARGUMENTS.get((type_name, name), {}).items()]

    def page(self, type_name: str, name: str, *, with_filter: bool) -> list[tuple[str, str]]:
        table, order = ORDERS[type_name, name]
        given = []
        size = self.draw(st.sampled_from([None, "first", "last"]))
        if size:
            given.append((size, self.value("Int", st.integers(1, 5))))
        for bound in ("after", "before"):
            if self.chance(3):
                row = self.draw(st.sampled_from(ROWS[table]))
                given.append((bound, self.value("String", st.sampled_from([None, cursor_of(row, order)]))))
        if with_filter and self.chance(3):
            given.append(("filter", self.filter()))
        return given

    def filter(self) -> str:
        names = self.draw(st.lists(st.sampled_from(sorted(FILTER)), max_size=2, unique=True))
        values = {key: FILTER[key][1] | self.names if FILTER[key][0] == "String" else FILTER[key][1] for key in names}
        if self.chance(3):
            name = self.fresh("v")
            self.definitions.append(f"${name}: AlbumFilter")
            self.variables[name] = {key: self.draw(st.none() | value) for key, value in values.items()}
            return f"${name}"
        return f"{{ {', '.join(f'{key}: {self.value(FILTER[key][0], value)}' for key, value in values.items())} }}"


def literal(value: Any, *, enum: bool = False) -> str:
    """A value as GraphQL writes it."""
    if isinstance(value, list):
        return f"[{', '.join(literal(item, enum=enum) for item in value)}]"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str) and not enum:
        return '"' + "".join(f"\\u{ord(c):04x}" if c in '"\\' or c < " " else c for c in value) + '"'
    return str(value)


def cases(schema: GraphQLSchema, words: list[str]) -> st.SearchStrategy[Case]:
    """Documents over the schema, whose response keys and texts are often one of the words or any other name."""
    names = st.sampled_from(words) | st.from_regex(r"[_A-Za-z][_0-9A-Za-z]{0,80}", fullmatch=True)
    fields = {name for type_ in schema.type_map.values() for name in getattr(type_, "fields", ())}  # may be there plain

    @st.composite
    def write(draw: Callable[[st.SearchStrategy[Any]], Any]) -> Case:
        return _Writer(draw, schema, names, {*fields, "__typename"}).document()

    return write()
