"""Returns refusals to clients: a mutation returns a Problem, a query an error with the same content."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import strawberry
from graphql import GraphQLError
from strawberry.types.union import StrawberryUnion

import app.schema.enums  # noqa: F401  # describes the enums before Strawberry meets them in the types below
from app.billing import DeploymentState
from app.operations.calls import refusal
from app.operations.calls.refusal import ProblemCode, Refusal
from app.schema.codes import top_level_code


@strawberry.interface(description="The reason why a mutation was refused and changed nothing.")
class Problem:
    """The fields of every problem."""

    code: ProblemCode = strawberry.field(description="The code of the refusal, for use by programs.")
    message: str = strawberry.field(description="The reason for the refusal, in words for a person to read.")
    path: list[str] = strawberry.field(
        description="The path from the input to the value at fault: names of input fields and indexes in lists. Empty "
        "if the problem concerns the whole input."
    )


@strawberry.type(description="The refusal of a mutation, which changed nothing.")
class Refused(Problem):
    """The problem returned for a refusal without further details."""


@strawberry.type(
    description="The refusal of a transition that is not allowed from the deployment's current state, or not for "
    "this caller."
)
class InvalidTransition(Problem):
    """A refused transition, with the transitions that are allowed."""

    from_state: DeploymentState = strawberry.field(description="The current state of the deployment.")
    to_state: DeploymentState = strawberry.field(description="The requested state.")
    allowed: list[DeploymentState] = strawberry.field(
        description="The states to which the caller may move the deployment from its current state."
    )


def result_of(mutation: str) -> StrawberryUnion:
    """Returns the union type that a mutation returns, with its name and description."""
    return strawberry.union(
        f"{mutation[0].upper()}{mutation[1:]}Result",
        description=f"The result of `{mutation}`, or the problem if it was refused.",
    )


class RefusalHandler(strawberry.ExceptionHandler[Refusal, Refused]):
    """Converts a refusal to `Refused`, if the union that the field returns has this type."""

    def handle(self, exception: Refusal, *, field: Any, info: Any) -> Refused:
        return Refused(code=exception.code, message=exception.message, path=list(exception.path))


class InvalidTransitionHandler(strawberry.ExceptionHandler[refusal.InvalidTransitionRefusal, InvalidTransition]):
    """Converts a refused transition to `InvalidTransition`, if the union that the field returns has this type."""

    def handle(self, exception: refusal.InvalidTransitionRefusal, *, field: Any, info: Any) -> InvalidTransition:
        return InvalidTransition(
            code=exception.code,
            message=exception.message,
            path=list(exception.path),
            from_state=exception.from_state,
            to_state=exception.to_state,
            allowed=list(exception.allowed),
        )


EXCEPTION_HANDLERS = (InvalidTransitionHandler(), RefusalHandler())
"""In this order: the first handler that matches the exception and the field's union is used."""


@contextmanager
def refusals_as_errors() -> Iterator[None]:
    """For queries: converts a refusal in the block to an error with the content of a Problem in its extensions."""
    try:
        yield
    except Refusal as refused:
        raise as_error(refused) from refused


def as_error(refused: Refusal) -> GraphQLError:
    """Returns the error with the content of a Problem in its extensions."""
    code = top_level_code(refused.code)
    extensions = {"code": code.value, "problem": refused.code.value, "path": list(refused.path)}
    return GraphQLError(refused.message, extensions=extensions)
