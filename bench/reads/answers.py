"""Compares the responses of two servers. Aliases in the documents make names equal; numbers may be written
in two ways.
"""

from decimal import Decimal, InvalidOperation
from typing import Any

import httpx

from app.settings import Settings
from bench.reads.servers import Server
from bench.reads.workload import Query, tenant_id, token

_TENANTS_CHECKED = 20


class AnswersDiffer(Exception):
    """Two servers answer one question differently, or one of them with errors."""


def ask(server: Server, query: Query, settings: Settings, number: int) -> httpx.Response:
    """One tenant's answer. Raises AnswersDiffer when it is none."""
    tenant = tenant_id(number)
    response = httpx.post(
        f"http://127.0.0.1:{server.port}/graphql",
        json={"query": query.text(server.documents), "variables": {"tenant": tenant}},
        headers={"authorization": f"Bearer {token(settings, number)}"},
        timeout=30,
    )
    if response.status_code != httpx.codes.OK or "errors" in response.json() or tenant_missing(response.json()):
        raise AnswersDiffer(f"{server.name} answers {query.name} with {response.status_code}: {response.text[:1000]}")
    return response


def tenant_missing(body: dict[str, Any]) -> bool:
    return not (body.get("data") or {}).get("tenant")


def check_same(servers: list[Server], query: Query, settings: Settings) -> int:
    """Compares all servers over some tenants. Gives the leaves of the last answer. Raises AnswersDiffer."""
    first, *others = servers
    count = 0
    for number in query.tenants[:: max(1, len(query.tenants) // _TENANTS_CHECKED)]:
        expected = ask(first, query, settings, number).json()["data"]
        for other in others:
            difference = first_difference(expected, ask(other, query, settings, number).json()["data"])
            if difference:
                raise AnswersDiffer(f"{query.name}: {first.name} and {other.name} differ at {difference}")
        count = leaves(expected)
    return count


def first_difference(one: Any, other: Any, path: str = "data") -> str | None:
    """Returns the first difference between two responses, with its path; None if they are equal. The order of keys
    counts too.
    """
    if isinstance(one, dict) and isinstance(other, dict):
        if list(one) != list(other):
            return f"{path}: {list(one)} and {list(other)}"
        pairs = [(f"{path}.{key}", one[key], other[key]) for key in one]
    elif isinstance(one, list) and isinstance(other, list):
        if len(one) != len(other):
            return f"{path}: {len(one)} and {len(other)} items"
        pairs = [(f"{path}[{index}]", *both) for index, both in enumerate(zip(one, other, strict=True))]
    else:
        return None if _plain(one) == _plain(other) else f"{path}: {one!r} and {other!r}"
    return next(filter(None, (first_difference(left, right, at) for at, left, right in pairs)), None)


def _plain(leaf: Any) -> object:
    """Returns the same number for a JSON number and for a number written as text."""
    if leaf is None or isinstance(leaf, bool):
        return (leaf,)  # a tuple: True alone would equal 1
    try:
        return Decimal(str(leaf))
    except InvalidOperation:
        return leaf


def leaves(value: Any) -> int:
    """Returns the number of scalars in a response."""
    if isinstance(value, dict):
        return sum(map(leaves, value.values()))
    return sum(map(leaves, value)) if isinstance(value, list) else 1
