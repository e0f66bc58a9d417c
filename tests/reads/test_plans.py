"""The cache of compiled operations: a hit costs no parsing, validation or compiling, and requests share no values."""

import gc
import tracemalloc
from collections.abc import Mapping, Sequence
from typing import Any

from graphql import DocumentNode, GraphQLError, parse

from app.database.scope import PLATFORM, Scope
from app.reads.engine import GraphQLEngine
from tests.reads.conftest import Server
from tests.reads.music.labels import build_schema
from tests.reads.music.rows import id_of

TEXT = "query ($id: ID!, $with: Boolean!) { album(id: $id) { title state @include(if: $with) } }"


class Counting:
    """graphql-core's parser, counted."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def __call__(self, text: str) -> DocumentNode:
        self.texts.append(text)
        return parse(text)


async def test_a_hit_costs_no_parse_and_no_compile(music: Server, acme: Scope) -> None:
    parsed = Counting()
    reads = GraphQLEngine(build_schema(), music.acquire, parse=parsed)

    async def read(name: str, *, flag: bool, scope: Scope) -> bytes:
        variables = {"id": str(id_of("albums", name)), "with": flag}
        return (await reads.execute(TEXT, variables, None, music.caller(scope))).body

    assert await read("acme1", flag=True, scope=acme) == b'{"data":{"album":{"title":"Quo\\"te","state":"LIVE"}}}'
    assert await read("acme0", flag=True, scope=acme) == b'{"data":{"album":{"title":"Blue","state":"DRAFT"}}}'
    assert await read("bolt0", flag=True, scope=acme) == b'{"data":{"album":null}}'
    assert (len(parsed.texts), len(reads._plans)) == (1, 1)
    assert await read("acme0", flag=False, scope=acme) == b'{"data":{"album":{"title":"Blue"}}}'
    assert (len(parsed.texts), len(reads._plans)) == (1, 2)
    assert await read("bolt0", flag=True, scope=PLATFORM) == b'{"data":{"album":{"title":"Blue","state":"DRAFT"}}}'
    assert (len(parsed.texts), len(reads._plans)) == (1, 3)
    await read("acme2", flag=True, scope=acme)
    await read("acme2", flag=False, scope=acme)
    assert (len(parsed.texts), len(reads._plans)) == (1, 3)


async def test_python_sees_the_variables_of_its_own_request(music: Server) -> None:
    text = 'query ($n: String!, $times: Int!) { greeting(name: $n) album(id: "%s") { priced(times: $times) } }'
    for number in (1, 2):
        data = await music.data(text % id_of("albums", "acme1"), {"n": f"n{number}", "times": number})
        assert data == {
            "greeting": f"someone greets n{number}",
            "album": {"priced": f"0.00000{number} 2026 -"},
        }


async def test_many_documents_are_forgotten(music: Server) -> None:
    """The memory of the caches is limited, however many different documents are executed."""
    reads = GraphQLEngine(build_schema(), music.acquire, cached_documents=20, cached_plans=20)

    async def read(number: int) -> None:
        response = await reads.execute(f"{{ a{number}: __typename greeting }}", None, None, music.caller(PLATFORM))
        assert response.executed

    for number in range(100):
        await read(number)
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for number in range(100, 500):
            await read(number)
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert len(reads._documents._known) == 20
    assert len(reads._plans) == 20
    assert grown < 600_000


class Inspected:
    """Limits of a test: no field called `forbidden`, no variable `n` over ten."""

    def __init__(self, document: DocumentNode) -> None:
        self._document = document

    @property
    def errors(self) -> Sequence[GraphQLError]:
        source = self._document.loc.source.body if self._document.loc else ""
        return [GraphQLError("too much", extensions={"code": "TOO_MUCH"})] if "forbidden" in source else []

    greatest_cost = 0

    @property
    def operations(self) -> Mapping[str, Any]:
        return {"": self}

    def cost(self, variables: Mapping[str, Any] | None) -> int:
        return int((variables or {}).get("n", 0))

    def cost_error(self, variables: Mapping[str, Any] | None) -> GraphQLError | None:
        dear = self.cost(variables) > 10
        return GraphQLError("too dear", extensions={"code": "TOO_DEAR"}) if dear else None


async def test_limits_come_before_validation_and_with_each_request(music: Server) -> None:
    reads = GraphQLEngine(build_schema(), music.acquire, limits=Inspected)

    async def codes(text: str, variables: Mapping[str, Any] | None = None) -> list[str]:
        response = await reads.execute(text, variables, None, music.caller(PLATFORM))
        return [error.extensions["code"] for error in response.errors if error.extensions]

    assert await codes("{ forbidden }") == ["TOO_MUCH"]
    text = "query ($n: Int) { albums(first: $n) { totalCount } }"
    assert await codes(text, {"n": 5}) == []
    assert await codes(text, {"n": 11}) == ["TOO_DEAR"]
    assert await codes(text, {"n": 5}) == []
