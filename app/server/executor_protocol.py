"""What the edge needs of whatever runs GraphQL."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from graphql import GraphQLError

RequestT = TypeVar("RequestT")
RequestT_contra = TypeVar("RequestT_contra", contravariant=True)


class Answer(Protocol):
    """A response of GraphQL, already JSON in UTF-8."""

    @property
    def body(self) -> bytes: ...

    @property
    def executed(self) -> bool:
        """Whether the operation ran, so that `body` has `data`; if not, the request itself was refused."""

    @property
    def errors(self) -> Sequence[GraphQLError]:
        """Those in `body`, as they were raised."""

    @property
    def cost(self) -> int:
        """Of an operation that was refused, as far as it is known."""

    @property
    def reading_cost(self) -> int:
        """Of the text of an operation that was refused."""


class Executor(Protocol[RequestT_contra]):
    """Parses, validates, holds to the limits and runs one operation."""

    async def execute(
        self, text: str, variables: Mapping[str, Any] | None, operation_name: str | None, request: RequestT_contra
    ) -> Answer:
        """The answer to a query or a mutation."""

    async def subscribe(
        self, text: str, variables: Mapping[str, Any] | None, operation_name: str | None, request: RequestT_contra
    ) -> Answer | AsyncIterator[Answer]:
        """The answers to a subscription, an async generator; to anything else, or when it is refused, the one."""
