"""Faults of a read that the client can mend, each with the code that clients switch on."""

from collections.abc import Mapping, Sequence

from graphql import GraphQLError, Node


class ReadError(GraphQLError):
    """An error whose `extensions.code` is set; without a path it gets that of the field it is raised in."""

    code = "INTERNAL_SERVER_ERROR"
    details: Mapping[str, object] = {}

    def __init__(self, message: str, node: Node | None = None, path: Sequence[str] | None = None) -> None:
        super().__init__(message, node, path=path, extensions={"code": self.code, **self.details})


class BadInputError(ReadError):
    """An argument that no schema type can refuse: a malformed id or cursor, a page too large."""

    code = "BAD_USER_INPUT"


class ForbiddenError(ReadError):
    """The viewer's roles do not allow the field."""

    code = "FORBIDDEN"
    details: Mapping[str, object] = {"problem": "PERMISSION_DENIED", "path": []}


class GraphQLRequestError(Exception):
    """A request that cannot be executed at all: a response with errors and no data. `cost` is the operation's, as far
    as it is known, and `reading_cost` that of the text.
    """

    def __init__(self, errors: Sequence[GraphQLError], cost: int = 0, reading_cost: int = 0) -> None:
        super().__init__(errors[0].message)
        self.errors = errors
        self.cost = cost
        self.reading_cost = reading_cost


def with_input_path(error: GraphQLError, input_path: Sequence[str | int]) -> dict[str, object]:
    """The extensions of an error about an input value: `inputPath` leads from its variable or argument to it."""
    return {**(error.extensions or {}), "inputPath": list(input_path)}


def with_code(code: str, error: GraphQLError) -> GraphQLError:
    """The error with a code in its extensions, unless it has one."""
    error.extensions = {"code": code, **(error.extensions or {})}
    return error
