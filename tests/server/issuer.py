"""A token issuer with a key set, which tests can make unavailable and which counts its requests."""

import asyncio
import json
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm


class Issuer:
    def __init__(self) -> None:
        self.keys: dict[str, dict[str, Any]] = {}
        self.requests = 0
        self.away = False
        self.delay = 0.0

    def publish(self, _algorithm: str, private: Any, key_id: str, **members: Any) -> None:
        """`_algorithm` is only for the reader: a key set says which kind a key is, and its `alg` if it is a member."""
        self.keys[key_id] = {**json.loads(_jwk(private.public_key())), "kid": key_id, "use": "sig", **members}

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
        """Waits until the issuer has responded to this number of requests."""
        while self.requests < count:  # noqa: ASYNC110  # the counter is what tests read
            await asyncio.sleep(0.005)
        await asyncio.sleep(self.delay + 0.005)


def _jwk(public: Any) -> str:
    if isinstance(public, rsa.RSAPublicKey):
        return RSAAlgorithm.to_jwk(public)
    return ECAlgorithm.to_jwk(public) if isinstance(public, ec.EllipticCurvePublicKey) else OKPAlgorithm.to_jwk(public)
