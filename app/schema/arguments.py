"""How inputs are declared."""

from typing import Annotated, Any, TypeAlias, TypeVar

import strawberry
from strawberry.types.field import StrawberryField

T = TypeVar("T")

Input: TypeAlias = Annotated[T, strawberry.argument(name="input", description="What is asked for.")]
"""The one argument of a mutation, under a Python name that shadows no builtin."""


def optional(*, description: str) -> Any:
    """An input field that may be left out; absent and null are both None.

    Given None as its default, Strawberry would print `= null`.
    """
    field = StrawberryField(default=None, description=description)
    field.default_value = strawberry.UNSET
    return field
