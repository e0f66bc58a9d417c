"""The demo's webhook: a receiver in this process, the endpoint for it, and the event that is delivered to it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import UUID

import msgspec
from rich.console import Console
from standardwebhooks import Webhook, WebhookVerificationError

from app.cli.invoice_table import money
from app.cli.reading import read
from app.operations.calls.context import Context
from app.operations.webhooks import (
    Delivery,
    WebhookSender,
    create_webhook_endpoint,
    delete_webhook_endpoint,
    redeliver,
)
from app.tables.events import EventType

DESCRIPTION = "The receiver of `arcadia demo`"
MAX_WAIT_SECONDS = 30

_ENDPOINTS = "{ webhookEndpoints(first: 100) { nodes { id description } } }"
_ISSUED_AT = "query IssuedAt($id: ID!) { invoice(id: $id) { issuedAt } }"


class DemoReceiver:
    """An HTTP server on a free port of loopback, which keeps the events whose signatures are valid."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.endpoint_id = UUID(int=0)
        self.secret = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/"

    @property
    def is_empty(self) -> bool:
        return self._events.empty()

    async def event_of(self, invoice_id: UUID) -> dict[str, Any]:
        """Waits for the event of an invoice, and returns its data."""
        async with asyncio.timeout(MAX_WAIT_SECONDS):
            while True:
                data: dict[str, Any] = (await self._events.get())["data"]
                if data["invoiceId"] == str(invoice_id):
                    return data

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        serving = asyncio.create_task(asyncio.to_thread(self._server.serve_forever, 0.05))
        try:
            yield
        finally:
            await asyncio.to_thread(self._server.shutdown)
            self._server.server_close()
            await serving

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                self.send_response(204 if receiver.accept(body, dict(self.headers)) else 400)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
                """Writes nothing: standard error is for the demo's own messages."""

        return Handler

    def accept(self, body: bytes, headers: dict[str, str]) -> bool:
        """Keeps the event of a request, if the official library verifies its signature."""
        try:
            Webhook(self.secret).verify(body, headers)
        except WebhookVerificationError:
            return False
        self._loop.call_soon_threadsafe(self._events.put_nowait, msgspec.json.decode(body))
        return True


@asynccontextmanager
async def demo_endpoint(context: Context, tenant_id: UUID) -> AsyncIterator[DemoReceiver]:
    """Yields a receiver with an endpoint of the tenant, which is deleted at the end: nothing listens there any more. An
    endpoint that a killed demo left is deleted first.
    """
    for endpoint in (await read(context, _ENDPOINTS, {}))["webhookEndpoints"]["nodes"]:
        if endpoint["description"] == DESCRIPTION:
            await delete_webhook_endpoint(context, endpoint_id=UUID(endpoint["id"]))
    receiver = DemoReceiver()
    async with receiver.serving():
        made = await create_webhook_endpoint(
            context,
            url=receiver.url,
            event_types=[EventType.INVOICE_ISSUED],
            description=DESCRIPTION,
            tenant_id=tenant_id,
        )
        receiver.endpoint_id, receiver.secret = made.endpoint_id, str(made.secret)
        try:
            yield receiver
        finally:
            await delete_webhook_endpoint(context, endpoint_id=made.endpoint_id)


async def show_delivery(console: Console, context: Context, receiver: DemoReceiver, invoice_id: UUID) -> None:
    """Delivers the event of the invoice's issue, again if an earlier demo issued it, and prints what was received."""
    async with WebhookSender(allow_loopback=True) as sender:
        delivery = Delivery(context, sender)
        await delivery.run()
        if receiver.is_empty:
            issued_at = datetime.fromisoformat(
                (await read(context, _ISSUED_AT, {"id": str(invoice_id)}))["invoice"]["issuedAt"]
            )
            minute = timedelta(minutes=1)
            await redeliver(
                context, endpoint_id=receiver.endpoint_id, since=issued_at - minute, until=issued_at + minute
            )
            await delivery.run()
        data = await receiver.event_of(invoice_id)
    console.print(
        f"Webhook: {EventType.INVOICE_ISSUED.value} was delivered, its signature is valid, its total is"
        f" {money(data['totalCents'])}.",
        soft_wrap=True,
    )
