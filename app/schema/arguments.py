"""Helpers for declaring inputs."""

from typing import Annotated, Any, TypeAlias, TypeVar

import msgspec
import strawberry
from strawberry.types.field import StrawberryField

T = TypeVar("T")

Input: TypeAlias = Annotated[T, strawberry.argument(name="input", description="The input of the mutation.")]
"""The one argument of a mutation, with a Python name that does not shadow a builtin."""


def clearable(*, description: str) -> Any:
    """An input field of an update: if omitted it is `msgspec.UNSET`, which changes nothing; null clears the value."""
    field = StrawberryField(default=msgspec.UNSET, description=description)
    field.default_value = strawberry.UNSET
    return field


def optional(*, description: str) -> Any:
    """An input field that may be omitted; absent and null are both None.

    With None as its default, Strawberry would print `= null`.
    """
    field = StrawberryField(default=None, description=description)
    field.default_value = strawberry.UNSET
    return field
