"""Reads the token from `connection_init`. The protocol does not specify where clients put it."""

from collections.abc import Mapping
from typing import Any

import msgspec

NAME = "authorization"
HEADERS = "headers"
"""The member in which Apollo Studio, Hasura's clients and the Java libraries nest HTTP headers."""


def authorization_of(payload: bytes | msgspec.Raw) -> str | None:
    """Returns the `Authorization` member of a payload or of its `headers`, in upper or lower case; None if there is
    none. Raises ValueError if the payload is not an object or the token is not text.
    """
    try:
        members = msgspec.json.decode(payload, type=dict[str, Any] | None)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if members is None:
        return None
    return _named(members) or _named(_member(members, HEADERS, dict) or {})


def _named(members: Mapping[str, Any]) -> str | None:
    token: str | None = _member(members, NAME, str)
    return token


def _member(members: Mapping[str, Any], name: str, kind: type) -> Any:
    for key, value in members.items():
        if key.lower() == name and value is not None:
            if not isinstance(value, kind):
                raise ValueError(f"{name} is not a {kind.__name__}")
            return value
    return None
