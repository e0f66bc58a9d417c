"""The parameters of a query string, read strictly: a misspelt or repeated parameter is refused, not ignored."""

from collections.abc import Collection
from urllib.parse import parse_qsl

from app.operations.calls.refusal import ProblemCode, Refusal

_MAX_PARAMETERS = 50


def query_parameters(query: str, known: Collection[str], required: Collection[str]) -> dict[str, str]:
    """Returns the query's parameters by name. Raises VALIDATION_FAILED for unknown, missing and repeated parameters."""
    try:
        pairs = parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=_MAX_PARAMETERS)
    except ValueError:  # includes UnicodeDecodeError
        raise Refusal(ProblemCode.VALIDATION_FAILED, "the query string is malformed") from None
    parameters: dict[str, str] = {}
    for name, value in pairs:
        if name not in known:
            raise malformed(name, f"is not a parameter; the parameters are {', '.join(sorted(known))}")
        if name in parameters:
            raise malformed(name, "appears more than once")
        parameters[name] = value
    for name in required:
        if name not in parameters:
            raise malformed(name, "is required, as a parameter of the query string")
    return parameters


def malformed(name: str, message: str) -> Refusal:
    """Returns the refusal of one parameter."""
    return Refusal(ProblemCode.VALIDATION_FAILED, f"{name} {message}", (name,))
