"""GraphQL over WebSocket: the graphql-transport-ws protocol, and no other.

https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AbstractContextManager, aclosing, suppress
from typing import Any, cast
from urllib.parse import urlsplit

import msgspec
from litestar import WebSocket
from litestar.exceptions import WebSocketDisconnect

from app.database.commit_positions import LastCommitPosition, noting_writes
from app.operations.calls.call import RequestMetadata
from app.operations.calls.principal import Principal
from app.operations.rate_limits import OperationCharge
from app.schema.codes import ErrorCode
from app.server.auth import Session, UnauthenticatedError
from app.server.connection_init import authorization_of
from app.server.cost_extension import with_cost
from app.server.error_responses import send_error_response
from app.server.executor_protocol import Answer
from app.server.graphql_parameters import MAX_REQUEST_BYTES, Parameters, decode_parameters, operation_name
from app.server.keys import KeysUnavailableError
from app.server.operation_metrics import OTHER, CountedOperation
from app.server.origins import Origins
from app.server.request_errors import RequestError, request_error_of
from app.server.request_log import logged, note
from app.server.request_traces import traced_operation
from app.server.response_headers import client_address_of, request_id_of
from app.server.service import GraphQLService, raise_if_unavailable
from app.server.socket_messages import Close, ClosingError, Message, errors_of, framed, messages, with_costs
from app.server.token_bucket import TokenBucket

SUBPROTOCOL = "graphql-transport-ws"
INIT_TIME_LIMIT = 5.0
MAX_OPERATIONS = 10
MAX_MESSAGE_BYTES = MAX_REQUEST_BYTES + 1_024  # the request in its message
FREE_MESSAGES = 200
"""The burst of messages that start no operation and so cost no points."""
FREE_MESSAGES_PER_SECOND = 10


_NOT_ALLOWED = RequestError(
    403,
    ErrorCode.FORBIDDEN,
    "Pages of this origin may not open sockets: neither ARCADIA_ALLOWED_ORIGINS nor ARCADIA_PUBLIC_URL contains it, "
    "and it is not the Host of the request.",
)


async def serve_socket(scope: Any, receive: Any, send: Any, service: GraphQLService[Any], origins: Origins) -> None:
    """Serves one client's socket, from its handshake to its end."""
    if not _same_origin(dict(scope["headers"]), origins):
        await send_error_response(scope, receive, send, _NOT_ALLOWED)  # before it is accepted: an HTTP 403
        return
    socket = WebSocket[Any, Any, Any](scope, receive, send)
    offered = SUBPROTOCOL in scope["subprotocols"]
    await socket.accept(subprotocols=SUBPROTOCOL if offered else None)
    if not offered:
        await socket.close(Close.SUBPROTOCOL_NOT_ACCEPTABLE, f"Only {SUBPROTOCOL} is supported")
        return
    await _SocketConnection(socket, service).serve()


def _same_origin(headers: dict[bytes, bytes], origins: Origins) -> bool:
    """Whether the socket may be opened. Browsers send cookies and make no CORS check for a socket, but always send its
    Origin; other clients send none.
    """
    if b"origin" not in headers:
        return True
    origin = headers[b"origin"].decode("latin-1")
    return origins.allow(origin) or urlsplit(origin).netloc.encode() == headers.get(b"host")


class _SocketConnection:
    """One socket, from its first message to its end. Its operations end with it, and it ends when its token expires."""

    def __init__(self, socket: WebSocket[Any, Any, Any], service: GraphQLService[Any]) -> None:
        self._socket = socket
        self._service = service
        self._request_id = request_id_of(socket.scope)
        self._metadata = RequestMetadata(self._request_id, client_address_of(socket.scope))
        self._operations: dict[str, asyncio.Task[None]] = {}
        self._free = TokenBucket(FREE_MESSAGES, FREE_MESSAGES_PER_SECOND)

    async def serve(self) -> None:
        try:
            session = await self._initialised()
            with self._service.sockets.one(session.principal):
                await self._send(b'{"type":"connection_ack"}')
                await self._serve_session(session)
        except RequestError as fault:
            await self._socket.close(Close.TRY_AGAIN_LATER, fault.message)
        except ClosingError as closing:
            await self._end_operations()
            await self._socket.close(closing.code, closing.reason)
        except WebSocketDisconnect:
            pass
        finally:
            await self._end_operations()

    async def _initialised(self) -> Session:
        try:
            async with asyncio.timeout(INIT_TIME_LIMIT):
                message = await self._receive()
        except TimeoutError:
            raise ClosingError(Close.INIT_TIMEOUT, "Connection initialisation timeout") from None
        if message.type != "connection_init":
            raise ClosingError(Close.UNAUTHORIZED, "Unauthorized")
        try:
            authorization = authorization_of(message.payload) or self._socket.headers.get("authorization")
            return await self._service.signed_in(authorization, self._metadata.address)
        except UnauthenticatedError as refused:
            raise ClosingError(Close.FORBIDDEN, str(refused)) from None
        except KeysUnavailableError:
            raise ClosingError(
                Close.TRY_AGAIN_LATER, "The identity provider's keys cannot be fetched: try again later"
            ) from None
        except ValueError:
            raise ClosingError(Close.BAD_REQUEST, "Invalid connection_init payload") from None

    async def _serve_session(self, session: Session) -> None:
        time_left = self._service.authenticator.time_left(session)
        try:
            async with asyncio.timeout(time_left.total_seconds()):
                while True:
                    await self._handle(await self._receive(), session)
        except TimeoutError:
            raise ClosingError(Close.FORBIDDEN, "The token has expired") from None

    async def _handle(self, message: Message, session: Session) -> None:
        match message:
            case Message(type="ping"):
                self._count()
                await self._send(b'{"type":"pong"}')
            case Message(type="pong"):
                self._count()
            case Message(type="subscribe", id=str() as name):
                await self._start(name, bytes(message.payload), session)
            case Message(type="complete", id=str() as name):
                if task := self._operations.pop(name, None):
                    task.cancel()
                else:
                    self._count()
            case Message(type="connection_init"):
                raise ClosingError(Close.TOO_MANY_INITS, "Too many initialisation requests")
            case _:
                raise ClosingError(Close.BAD_REQUEST, "Invalid message")

    def _count(self) -> None:
        if not self._free.take():
            raise ClosingError(Close.POLICY_VIOLATION, "Too many messages")

    async def _start(self, name: str, payload: bytes, session: Session) -> None:
        charge = self._service.rate_limiter.charge(session.principal)
        if name in self._operations:
            raise ClosingError(Close.SUBSCRIBER_EXISTS, f"Subscriber for {name[:64]} already exists")
        if len(self._operations) >= MAX_OPERATIONS:
            self._count()
            message = f"A socket may run at most {MAX_OPERATIONS} operations at once: complete one first."
            await self._send_error(name, RequestError(400, ErrorCode.LIMIT_EXCEEDED, message), charge)
            return
        try:
            parameters = decode_parameters(payload)
        except RequestError as fault:
            if fault.code is ErrorCode.BAD_REQUEST:
                raise ClosingError(Close.BAD_REQUEST, "Invalid message") from None
            self._count()
            await self._send_error(name, fault, charge)
            return
        operation = self._operate(name, parameters, session, charge)
        self._operations[name] = asyncio.create_task(operation, name="graphql-operation")

    async def _operate(self, name: str, parameters: Parameters, session: Session, charge: OperationCharge) -> None:
        with suppress(WebSocketDisconnect), self._logged(parameters, session.principal):
            await self._answer(name, parameters, session.principal, charge)
        if self._operations.get(name) is asyncio.current_task():
            del self._operations[name]

    def _logged(self, parameters: Parameters, principal: Principal) -> AbstractContextManager[None]:
        """Writes the log line of one operation, in addition to that of the socket."""
        return logged(
            method="SUBSCRIBE",
            path=self._socket.scope["path"],
            request_id=self._request_id,
            operation=operation_name(parameters.operation_name, parameters.query or ""),
            subject=principal.subject,
            tenant=principal.tenant_id,
        )

    async def _answer(self, name: str, parameters: Parameters, principal: Principal, charge: OperationCharge) -> None:
        written, measured = LastCommitPosition(), CountedOperation()
        try:
            charge.check()
            text = self._service.documents.text_of(parameters, principal)
            measured.name = self._service.documents.trusted_name(text) or OTHER
            async with asyncio.timeout(self._service.time_limit):
                traced = traced_operation(text, parameters, measured.name, self._request_id, principal)
                with noting_writes(written), traced:
                    answer = await self._service.executor.subscribe(
                        text,
                        parameters.variables,
                        parameters.operation_name,
                        self._service.new_request(principal, self._metadata, charge),  # each operation has its own
                    )
            self._service.recent_writes.note(principal, written.position)
            if isinstance(answer, AsyncIterator):
                completed = await self._feed(name, answer, charge)
                measured.ended("ok" if completed else "errors")
            else:
                completed = await self._once(name, answer, charge, written.position)
                measured.answered("errors" if answer.errors else "ok")
            if completed:
                await self._send(framed("complete", name))
        except WebSocketDisconnect:
            raise
        except Exception as error:  # noqa: BLE001  # the edge: whatever it is becomes an answer, and a bug is logged
            fault = request_error_of(error, self._request_id)
            measured.answered(fault.code)
            await self._send_error(name, fault, charge)

    async def _feed(self, name: str, feed: AsyncIterator[Answer], charge: OperationCharge) -> bool:
        """Sends the events of a GraphQL subscription over the socket. The rate limit is charged when the subscription
        begins; each event reports that cost.
        """
        async with aclosing(cast("AsyncGenerator[Answer]", feed)):
            async for answer in feed:
                if not await self._once(name, answer, charge):
                    return False
        return True

    async def _once(self, name: str, answer: Answer, charge: OperationCharge, written: int | None = None) -> bool:
        """Sends the single response of a query or mutation over the socket. Returns False for a refused request, after
        whose `error` message nothing more is sent.
        """
        raise_if_unavailable(answer)
        if answer.executed:
            await self._send(framed("next", name, with_cost(answer.body, charge, written)))
        else:
            await charge.pay_for_refusal(answer.cost, answer.reading_cost)
            await self._send(framed("error", name, with_costs(errors_of(answer.body), charge)))
        return answer.executed

    async def _send_error(self, name: str, fault: RequestError, charge: OperationCharge) -> None:
        note(code=fault.code)
        await self._send(framed("error", name, with_costs(fault.errors(self._request_id), charge)))

    async def _send(self, message: bytes) -> None:
        try:
            await self._socket.send_data(message.decode(), mode="text")
        except (OSError, RuntimeError):  # the server reports this way that the client has closed the connection
            raise WebSocketDisconnect(detail="the client closed the connection") from None

    async def _receive(self) -> Message:
        event = await self._socket.receive()
        if event["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(detail="the client closed the connection")
        text = event.get("text")
        if not isinstance(text, str) or len(text) > MAX_MESSAGE_BYTES:
            raise ClosingError(Close.BAD_REQUEST, "Invalid message")
        try:
            return messages.decode(text)
        except (msgspec.DecodeError, RecursionError):
            raise ClosingError(Close.BAD_REQUEST, "Invalid message") from None

    async def _end_operations(self) -> None:
        running = list(self._operations.values())
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
