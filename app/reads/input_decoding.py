"""Input types that know a shorter way from a request's JSON to their value than field by field.

graphql-core takes some 50 µs to read an object of seven fields; a list of a thousand is then the whole request.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from app.reads.schema_model import DEFINITION

T = TypeVar("T")

Decode = Callable[[object], object | None]
"""The value of an input type from decoded JSON. None where it is not sure of it: then it is read field by field, and
what is wrong with it is told as for every other type.
"""

_DECODE = "__read_decode__"


def decoded_by(decode: Decode, build: Callable[[Mapping[str, Any]], object]) -> Callable[[type[T]], type[T]]:
    """Above `strawberry.input`: variables of the type are decoded whole, and resolvers get what `decode` gives.

    `build` makes the same of the fields, read one by one by GraphQL's rules.
    """

    def declare(type_: type[T]) -> type[T]:
        setattr(type_, _DECODE, decode)
        definition: Any = type_.__strawberry_definition__  # type: ignore[attr-defined] # strawberry.input made it
        definition.from_input = lambda _type, value, _context: build(value) if isinstance(value, Mapping) else value
        return type_

    return declare


def decoder_of(type_: object) -> Decode:
    """The shorter way of an input type; one that is never sure where it knows none."""
    declared = getattr(type_, "extensions", {}).get(DEFINITION)
    decode: Decode = getattr(getattr(declared, "origin", None), _DECODE, _no_decoder)
    return decode


def _no_decoder(_sent: object) -> None:
    return None
