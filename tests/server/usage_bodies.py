"""Bodies for POST /usage."""

import json
import sys
from typing import Any
from uuid import UUID

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

__all__ = ["event", "lines", "zstd"]


def event(deployment: UUID, number: int, **changes: Any) -> dict[str, Any]:
    return {
        "id": f"e{number:06}",
        "deploymentId": str(deployment),
        "resourceKind": "droplet_hours",
        "quantity": "1.5",
        "occurredAt": "2026-04-10T12:00:00Z",
    } | changes


def lines(*events: dict[str, Any] | str) -> bytes:
    return "".join(f"{one if isinstance(one, str) else json.dumps(one)}\n" for one in events).encode()
