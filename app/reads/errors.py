"""Faults of a read that the client can mend, each with the code that clients switch on."""

from graphql import GraphQLError


class ReadError(GraphQLError):
    """An error whose `extensions.code` is set; GraphQL adds the path of the field it was raised in."""

    code = "INTERNAL_SERVER_ERROR"

    def __init__(self, message: str) -> None:
        super().__init__(message, extensions={"code": self.code})


class BadInputError(ReadError):
    """An argument that no schema type can refuse: a malformed id or cursor, a page too large."""

    code = "BAD_USER_INPUT"


class ForbiddenError(ReadError):
    """The viewer's roles do not allow the field."""

    code = "FORBIDDEN"
