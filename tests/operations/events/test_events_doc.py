"""docs/events.md describes every type of event, as it is declared; what is recorded fits the schemas."""

import json
from typing import Any

import jsonschema_rs
import pytest

from app.operations.events.event_data import DATA_OF
from app.tables.events import EventType
from tests.events_doc_current import EXAMPLES, FILE, document, example, schema_of


def test_the_document_is_current() -> None:
    assert FILE.read_text(encoding="utf-8") == document()


def test_every_type_is_declared_and_has_an_example() -> None:
    assert list(DATA_OF) == list(EventType)
    assert EXAMPLES.keys() == set(DATA_OF.values())


def _members(schema: Any) -> list[tuple[str, Any]]:
    found = []
    for definition in schema["$defs"].values():
        found += definition.get("properties", {}).items()
    return found


@pytest.mark.parametrize("event_type", EventType)
def test_amounts_are_integers(event_type: EventType) -> None:
    amounts = {name: schema for name, schema in _members(schema_of(event_type)) if name.endswith("Cents")}
    for name, schema in amounts.items():
        allowed = [one.get("type") for one in schema.get("anyOf", [schema])]
        assert set(allowed) <= {"integer", "null"}, name


@pytest.mark.parametrize("event_type", EventType)
def test_the_example_fits_its_schema_and_a_member_less_does_not(event_type: EventType) -> None:
    data = json.loads(bytes(example(event_type).data))
    schema = schema_of(event_type)
    jsonschema_rs.validate(schema, data)
    data.popitem()
    with pytest.raises(jsonschema_rs.ValidationError):
        jsonschema_rs.validate(schema, data)
