"""Whatever a document asks, the compiled answer is the one that graphql-core's executor gives, to the order of keys."""

import json
from typing import Any

import pytest
from graphql import build_schema, parse, validate
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

from app.database.scope import PLATFORM, Scope
from tests.reads.conftest import Server
from tests.reads.music.documents import Case, cases
from tests.reads.music.labels import build_schema as build_music
from tests.reads.music.names import names
from tests.reads.music.reference_resolvers import ReferenceResolvers
from tests.reads.music.rows import id_of

SCHEMA = build_schema(build_music().as_str())
WORDS = names()
SCOPES = [PLATFORM, *(Scope.tenant(id_of("labels", code)) for code in ("acme", "bolt", "calm"))]

PHASES = [Phase.explicit, Phase.reuse, Phase.generate]
CHECKS = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture]


@settings(max_examples=300, deadline=None, phases=PHASES, suppress_health_check=CHECKS)
@given(case=cases(SCHEMA, WORDS), scope=st.sampled_from(SCOPES))
async def test_compiled_reads_answer_as_plain_resolvers_do(music: Server, case: Case, scope: Scope) -> None:
    await agree(music, case, scope)


@pytest.mark.heavy
@pytest.mark.timeout(3600)
@settings(max_examples=10_000, deadline=None, phases=PHASES, suppress_health_check=CHECKS)
@given(case=cases(SCHEMA, WORDS), scope=st.sampled_from(SCOPES))
async def test_ten_thousand_documents_agree(music: Server, case: Case, scope: Scope) -> None:
    await agree(music, case, scope)


async def agree(music: Server, case: Case, scope: Scope) -> None:
    note(case.text)
    note(json.dumps(case.variables))
    document = parse(case.text)
    assert validate(SCHEMA, document) == []
    expected = ReferenceResolvers(SCHEMA, scope, "someone").execute(document, case.variables)
    note(f"{expected.errors}")
    body = await music.body(case.text, case.variables, scope=scope)
    assert json.dumps(body["data"]) == json.dumps(expected.data)
    assert _nulled(body) == _nulled({"data": expected.data, "errors": [e.formatted for e in expected.errors or []]})


def _nulled(body: dict[str, Any]) -> set[tuple[Any, ...]]:
    """The places that errors made null. Of several errors that null the same place, the specification asks for one."""
    places = set()
    for error in body.get("errors", []):
        value, place = body["data"], []
        for key in error["path"]:
            if value is None:
                break
            value = value[key]
            place.append(key)
        assert value is None
        places.add(tuple(place))
    return places
