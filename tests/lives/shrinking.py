"""Makes a failing script smaller: fewer tenants, fewer requests, as long as it fails."""

from collections.abc import Callable
from dataclasses import replace

from tests.lives.script import Request, Script

MAX_TRIES = 400


def smallest(script: Script, fails: Callable[[Script], bool]) -> Script:
    """Returns a smaller script that still fails, from which no single request can be removed (within a limited number
    of tries).
    """
    budget = iter(range(MAX_TRIES))

    def still_fails(candidate: Script) -> bool:
        return next(budget, None) is not None and fails(candidate)

    script = _one_tenant(script, still_fails)
    size = max(len(script.requests) // 2, 1)
    while True:
        kept = script.requests
        for first in range(0, len(kept), size):
            part = kept[first : first + size]
            candidate = replace(script, requests=tuple(r for r in script.requests if r not in part))
            if len(candidate.requests) < len(script.requests) and still_fails(candidate):
                script = candidate
        if size == 1 and len(script.requests) == len(kept):
            return script
        size = max(size // 2, 1)


def _one_tenant(script: Script, fails: Callable[[Script], bool]) -> Script:
    for tenant in range(script.tenants):
        candidate = replace(script, tenants=1, requests=_of(script.requests, tenant))
        if fails(candidate):
            return candidate
    return script


def _of(requests: tuple[Request, ...], tenant: int) -> tuple[Request, ...]:
    """Returns the requests of this tenant, renumbered as the first, and those that concern all tenants."""
    return tuple(
        request if request.tenant is None else replace(request, tenant=0)
        for request in requests
        if request.tenant in {tenant, None}
    )
