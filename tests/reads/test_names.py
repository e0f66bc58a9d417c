"""No name that a client chooses can equal a generated SQL name."""

import json

import pytest
from graphql import parse

from app.database.scope import PLATFORM, Scope
from tests.reads.conftest import Server
from tests.reads.music.names import ALBUM, document_with, emitted, names, unquoted
from tests.reads.music.reference_resolvers import ReferenceResolvers
from tests.reads.test_differential import SCHEMA


@pytest.mark.parametrize("key", ["o", "j", "t1", "scope"])
async def test_a_key_that_was_a_row_alias(music: Server, key: str) -> None:
    assert await music.data(f"{{ genres {{ {key}: code }} }}") == {
        "genres": [{key: "jazz"}, {key: "pop"}, {key: "rock"}]
    }
    assert await music.data(f'{{ genre(code: "pop") {{ {key}: code }} }}') == {"genre": {key: "pop"}}


async def test_every_word_of_the_generated_sql_may_be_a_response_key(music: Server) -> None:
    plain = ReferenceResolvers(SCHEMA, PLATFORM, "someone")
    wrong = []
    for key in names():
        text = document_with(key)
        expected = plain.execute(parse(text), {})
        assert expected.errors is None
        body = await music.body(text)
        if json.dumps(body) != json.dumps({"data": expected.data}):
            wrong.append(key)
    assert wrong == []


@pytest.mark.parametrize("scope", [PLATFORM, Scope.tenant(ALBUM)], ids=["platform", "tenant"])
async def test_generated_names_are_no_graphql_names(music: Server, scope: Scope) -> None:
    own = await music.pool.fetchval(
        "SELECT array(SELECT word::text FROM pg_get_keywords() UNION SELECT proname::text FROM pg_proc"
        " UNION SELECT typname::text FROM pg_type)"
    )
    tables = {"albums", "audits", "charts", "contracts", "genres", "labels", "tracks"}
    for sql in emitted(document_with("k"), scope):
        generated = {word for word in unquoted(sql) if word.lower() not in {*own, *tables, "e"}}
        assert all("$" in word for word in generated), generated
