"""Input types that are decoded from a request's JSON as a whole, instead of field by field.

graphql-core takes some 50 µs to read an object of seven fields, so a list of a thousand would dominate the request.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from app.reads.schema_model import DEFINITION

T = TypeVar("T")

Decode = Callable[[object], object | None]
"""Decodes an input type's value from parsed JSON. Returns None if it is not certain of the value: then graphql-core
reads it field by field, and reports errors as for every other type.
"""

_DECODE = "__read_decode__"


def decoded_by(decode: Decode, build: Callable[[Mapping[str, Any]], object]) -> Callable[[type[T]], type[T]]:
    """A decorator above `strawberry.input`: variables of the type are decoded as a whole by `decode`, and resolvers
    receive its result.

    `build` makes the same value from fields that graphql-core has read.
    """

    def declare(type_: type[T]) -> type[T]:
        setattr(type_, _DECODE, decode)
        definition: Any = type_.__strawberry_definition__  # type: ignore[attr-defined] # strawberry.input made it
        definition.from_input = lambda _type, value, _context: build(value) if isinstance(value, Mapping) else value
        return type_

    return declare


def decoder_of(type_: object) -> Decode:
    """Returns the decoder of an input type; for a type without one, a function that always returns None."""
    declared = getattr(type_, "extensions", {}).get(DEFINITION)
    decode: Decode = getattr(getattr(declared, "origin", None), _DECODE, _no_decoder)
    return decode


def _no_decoder(_sent: object) -> None:
    return None
