"""How inputs are declared."""

from typing import Annotated, Any, TypeAlias, TypeVar

import msgspec
import strawberry
from strawberry.types.field import StrawberryField

T = TypeVar("T")

Input: TypeAlias = Annotated[T, strawberry.argument(name="input", description="The input of the mutation.")]
"""The one argument of a mutation, under a Python name that shadows no builtin."""


def clearable(*, description: str) -> Any:
    """An input field of a change: left out it is `msgspec.UNSET`, which changes nothing, and null clears the value."""
    field = StrawberryField(default=msgspec.UNSET, description=description)
    field.default_value = strawberry.UNSET
    return field


def optional(*, description: str) -> Any:
    """An input field that may be left out; absent and null are both None.

    Given None as its default, Strawberry would print `= null`.
    """
    field = StrawberryField(default=None, description=description)
    field.default_value = strawberry.UNSET
    return field
