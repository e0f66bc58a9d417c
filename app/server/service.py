"""The part of serving GraphQL that HTTP and sockets share."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic

from app.database.errors import DatabaseUnavailable, DatabaseUnsuitable
from app.operations.calls.call import RequestMetadata
from app.operations.calls.principal import Principal
from app.operations.rate_limits import OperationCharge, RateLimiter
from app.server.auth import Authenticator, Session, UnauthenticatedError
from app.server.concurrency import ConcurrencyLimit
from app.server.document_policy import DocumentPolicy
from app.server.executor_protocol import Answer, Executor, RequestT
from app.server.recent_writes import RecentWrites
from app.server.request_log import note
from app.tracing import describe_span

PATH = "/graphql"
MAX_SOCKETS_PER_CALLER = 100
"""In one process. Idle sockets use memory, and stay open until their tokens expire."""


@dataclass(frozen=True, slots=True)
class GraphQLService(Generic[RequestT]):
    """Everything that the HTTP and WebSocket handlers use to serve GraphQL. `time_limit` is in seconds;
    `sign_in_refused` is called with the address and the reason. If `explains` is true, platform admins may send
    X-Explain.
    """

    executor: Executor[RequestT]
    authenticator: Authenticator
    new_request: Callable[[Principal, RequestMetadata, OperationCharge], RequestT]
    time_limit: float
    documents: DocumentPolicy = field(default_factory=DocumentPolicy)
    rate_limiter: RateLimiter = field(default_factory=lambda: RateLimiter(None))
    recent_writes: RecentWrites = field(default_factory=RecentWrites)
    sockets: ConcurrencyLimit = field(default_factory=lambda: ConcurrencyLimit("sockets", MAX_SOCKETS_PER_CALLER))
    sign_in_refused: Callable[[str, str], None] = lambda _address, _reason: None
    explains: bool = False

    async def signed_in(self, authorization: str | None, address: str) -> Session:
        """Returns the caller's session. Raises UnauthenticatedError, which is recorded, or KeysUnavailableError."""
        try:
            session = await self.authenticator.authenticate(authorization)
        except UnauthenticatedError as refused:
            self.sign_in_refused(address, str(refused))
            raise
        note(subject=session.principal.subject, tenant=session.principal.tenant_id)
        describe_span({"arcadia.tenant_id": session.principal.tenant_id})
        return session


def raise_if_unavailable(answer: Answer) -> None:
    """Raises an error in place of a response that lacks data because the database is unavailable: the client should
    retry.
    """
    for error in answer.errors:
        if isinstance(error.original_error, DatabaseUnavailable | DatabaseUnsuitable):
            raise error.original_error
