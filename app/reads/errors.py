"""Errors of a read that the client can correct, each with a code for programs."""

from collections.abc import Mapping, Sequence

from graphql import GraphQLError, Node


class ReadError(GraphQLError):
    """An error with an `extensions.code`. Without a path it gets that of the field it is raised in."""

    code = "INTERNAL_SERVER_ERROR"
    details: Mapping[str, object] = {}

    def __init__(self, message: str, node: Node | None = None, path: Sequence[str] | None = None) -> None:
        super().__init__(message, node, path=path, extensions={"code": self.code, **self.details})


class BadInputError(ReadError):
    """An argument value that its schema type cannot refuse: a malformed id or cursor, a page size over the limit."""

    code = "BAD_USER_INPUT"


class ForbiddenError(ReadError):
    """The caller's roles do not permit reading the field."""

    code = "FORBIDDEN"
    details: Mapping[str, object] = {"problem": "PERMISSION_DENIED", "path": []}


class GraphQLRequestError(Exception):
    """A request that cannot be executed at all: its response has errors and no data. `cost` is the operation's, as far
    as it is known, and `reading_cost` the cost of parsing and validating its text.
    """

    def __init__(self, errors: Sequence[GraphQLError], cost: int = 0, reading_cost: int = 0) -> None:
        super().__init__(errors[0].message)
        self.errors = errors
        self.cost = cost
        self.reading_cost = reading_cost


def with_input_path(error: GraphQLError, input_path: Sequence[str | int]) -> dict[str, object]:
    """Returns the extensions of an error about an input value: `inputPath` leads from its variable or
    argument to it.
    """
    return {**(error.extensions or {}), "inputPath": list(input_path)}


def with_code(code: str, error: GraphQLError) -> GraphQLError:
    """Adds a code to the error's extensions, unless it has one."""
    error.extensions = {"code": code, **(error.extensions or {})}
    return error
