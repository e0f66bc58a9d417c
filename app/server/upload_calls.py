"""The common parts of POST /usage and POST /cloud-invoices: how an upload begins, its calls in the audit log, its
response.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import msgspec
from litestar import Request
from litestar.response.base import ASGIResponse

from app.operations.calls.access import Action, authorise
from app.operations.calls.audit import auditing
from app.operations.calls.call import Call, RequestMetadata
from app.operations.calls.context import Context
from app.operations.calls.principal import Principal
from app.operations.calls.refusal import Refusal
from app.operations.rate_limits import RateLimiter
from app.schema.codes import ErrorCode
from app.schema.problems import as_error
from app.server.auth import Session
from app.server.concurrency import ConcurrencyLimit
from app.server.response_headers import client_address_of, request_id_of

REQUEST_COST = 10
"""In points of the caller's rate limit, before anything of the body is read."""


def action_of(path: str) -> str:
    """Returns the name of an upload's action in the audit log, such as POST /usage."""
    return f"POST {path}"


@dataclass(frozen=True, slots=True)
class Upload:
    """An upload that may be read: its caller's context, and the path that it was sent to."""

    context: Context
    metadata: RequestMetadata
    path: str

    @property
    def principal(self) -> Principal:
        """The signed-in caller."""
        return self.context.principal

    def call(self, described: msgspec.Struct | None = None) -> Call:
        """Returns a call for the audit log: the upload's action, and a description of what was sent."""
        text = None if described is None else msgspec.json.encode(described).decode()
        return Call(action_of(self.path), self.path, text, self.metadata)


@dataclass(frozen=True, slots=True)
class UploadService:
    """The services that the handlers of uploads use. `places` limits the concurrent uploads."""

    signed_in: Callable[[str | None, str], Awaitable[Session]]
    new_context: Callable[[Principal], Context]
    rate_limiter: RateLimiter
    places: ConcurrencyLimit

    async def begin(self, request: Request[Any, Any, Any], path: str, action: Action) -> Upload:
        """Sign the caller in, take the cost of a request, and check the permission.

        Raises UnauthenticatedError, RateLimitedError, or the Refusal that is then in the audit log.
        """
        metadata = RequestMetadata(request_id_of(request.scope), client_address_of(request.scope))
        session = await self.signed_in(request.headers.get("authorization"), metadata.address)
        upload = Upload(self.new_context(session.principal), metadata, path)
        await self.rate_limiter.spend(session.principal, REQUEST_COST)
        async with auditing(upload.context, upload.call()):
            authorise(upload.context, action)
        return upload


def refusal_response(refusal: Refusal, code: ErrorCode, status: int, request_id: str) -> ASGIResponse:
    """Returns a refusal in the format of GraphQL errors, with the code given."""
    extensions = {**(as_error(refusal).extensions or {}), "code": code, "requestId": request_id}
    errors = {"errors": [{"message": refusal.message, "extensions": extensions}]}
    return json_response(msgspec.json.encode(errors), status)


def json_response(body: bytes, status: int, headers: dict[str, str] | None = None) -> ASGIResponse:
    """A response of JSON in UTF-8."""
    return ASGIResponse(body=body, media_type="application/json; charset=utf-8", status_code=status, headers=headers)
