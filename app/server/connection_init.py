"""Where clients put their token in `connection_init`: the protocol leaves the payload to them."""

from collections.abc import Mapping
from typing import Any

import msgspec

NAME = "authorization"
HEADERS = "headers"
"""As Apollo Studio, Hasura's clients and the Java libraries nest what they would send as HTTP headers."""


def authorization_of(payload: bytes | msgspec.Raw) -> str | None:
    """The `Authorization` of a payload or of its `headers`, in any case of letters; None if there is none. Raises
    ValueError for a payload that is no object or a token that is no text.
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
                raise ValueError(f"{name} is no {kind.__name__}")
            return value
    return None
