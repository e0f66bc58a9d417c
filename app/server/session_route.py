"""Shows how a token was read: for GraphiQL, and for setting up an identity provider (curl shows the reason)."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from litestar import Request, get
from litestar.handlers import HTTPRouteHandler
from litestar.response.base import ASGIResponse

from app.server.auth import LEEWAY, Session
from app.server.response_headers import client_address_of
from app.server.service import PATH

SESSION_PATH = f"{PATH}/session"


def session_handler(signed_in: Callable[[str | None, str], Awaitable[Session]]) -> HTTPRouteHandler:
    """Returns the HTTP handler that responds with the subject, roles, tenant and expiry of the caller's token, or 401
    with the reason.
    """

    @get(SESSION_PATH, name="session")
    async def session(request: Request[Any, Any, Any]) -> ASGIResponse:
        session_of_token = await signed_in(request.headers.get("authorization"), client_address_of(request.scope))
        principal = session_of_token.principal
        answer = {
            "subject": principal.subject,
            "roles": sorted(role.value for role in principal.roles),
            "tenantId": principal.tenant_id,
            "expiresAt": session_of_token.ends_at - LEEWAY,
        }
        return ASGIResponse(body=msgspec.json.encode(answer), media_type="application/json; charset=utf-8")

    return session
