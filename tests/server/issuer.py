"""An issuer that tests turn on and off: its key set, and how often it was asked."""

import asyncio
import json
from typing import Any

from jwt.algorithms import ECAlgorithm, RSAAlgorithm


class Issuer:
    def __init__(self) -> None:
        self.keys: dict[str, dict[str, Any]] = {}
        self.requests = 0
        self.away = False
        self.delay = 0.0

    def publish(self, algorithm: str, private: Any, key_id: str, **members: Any) -> None:
        public = private.public_key()
        kind = RSAAlgorithm if algorithm == "RS256" else ECAlgorithm
        self.keys[key_id] = {**json.loads(kind.to_jwk(public)), "kid": key_id, "use": "sig", **members}

    def withdraw(self, key_id: str) -> None:
        del self.keys[key_id]

    async def fetch(self) -> bytes:
        self.requests += 1
        document = json.dumps({"keys": list(self.keys.values())}).encode()
        await asyncio.sleep(self.delay)
        if self.away:
            raise OSError("connection refused")
        return document

    async def fetched_times(self, count: int) -> None:
        """Waits until it was asked so often and has answered."""
        while self.requests < count:  # noqa: ASYNC110  # the counter is what tests read
            await asyncio.sleep(0.005)
        await asyncio.sleep(self.delay + 0.005)
