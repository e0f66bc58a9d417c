"""What tests read off an answer."""

from typing import Any

import httpx

JSON = "application/json"


def only_error(response: httpx.Response) -> dict[str, Any]:
    """The one error of a body that has nothing else."""
    body = response.json()
    assert body.keys() == {"errors"}
    (error,) = body["errors"]
    assert isinstance(error, dict)
    return error


def code(response: httpx.Response) -> str:
    return str(only_error(response)["extensions"]["code"])


async def post(client: httpx.AsyncClient, content: bytes, **headers: str) -> httpx.Response:
    return await client.post("/graphql", content=content, headers={"content-type": JSON, **headers})
