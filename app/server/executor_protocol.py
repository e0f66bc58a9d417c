"""The interface between the server and the GraphQL engine."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from graphql import GraphQLError

RequestT = TypeVar("RequestT")
RequestT_contra = TypeVar("RequestT_contra", contravariant=True)


class Answer(Protocol):
    """A GraphQL response, encoded as JSON in UTF-8."""

    @property
    def body(self) -> bytes: ...

    @property
    def executed(self) -> bool:
        """Whether the operation ran, so that `body` has `data`; if not, the request itself was refused."""

    @property
    def errors(self) -> Sequence[GraphQLError]:
        """The errors of the response, as they were raised; `body` contains them formatted."""

    @property
    def cost(self) -> int:
        """The rate-limit cost of an operation that was refused, as far as it is known."""

    @property
    def reading_cost(self) -> int:
        """The cost of parsing and validating the text of an operation that was refused."""


class Executor(Protocol[RequestT_contra]):
    """Parses, validates, checks against the limits and runs one operation."""

    async def execute(
        self, text: str, variables: Mapping[str, Any] | None, operation_name: str | None, request: RequestT_contra
    ) -> Answer:
        """Returns the response to a query or a mutation."""

    async def subscribe(
        self, text: str, variables: Mapping[str, Any] | None, operation_name: str | None, request: RequestT_contra
    ) -> Answer | AsyncIterator[Answer]:
        """Returns an async generator of responses if a subscription was started. For a query or mutation, or a refused
        request, returns the single response.
        """
