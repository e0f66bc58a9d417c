"""`arcadia finance-receiver`: a small finance system, to try the push against in development."""

import asyncio
import json
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

import rich_click as click
import uvicorn

from app.cli.command_refused import CommandRefusedError
from app.cli.finance_ledger import FinanceLedger, FinanceRequest
from app.cli.listening import bound, listen, url_of
from app.operations.webhooks.endpoint_secrets import new_secret
from app.settings import Settings

MAX_BODY_BYTES = 10_000_000

Message = MutableMapping[str, Any]


@click.command(name="finance-receiver")
@click.option("--host", default="127.0.0.1", show_default=True, help="The host name or address to listen on.")
@click.option(
    "--port",
    default=8001,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="The TCP port to listen on; 0 chooses a free one.",
)
@click.option(
    "--ledger",
    default="finance-ledger.json",
    show_default=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file that holds the receivables. Change a balance in it to see the comparison find that.",
)
def finance_receiver(host: str, port: int, ledger: Path) -> None:
    """Run a small finance system that keeps what it is sent in a file, to try the push. Not in production.

    It verifies signatures with ARCADIA_FINANCE_SECRET; if that is not set, it makes a secret and prints it.
    """
    settings = Settings.from_environment()
    if settings.production:
        raise CommandRefusedError("This command is for development; ARCADIA_ENVIRONMENT is production.")
    secrets = settings.finance_secret or (new_secret(),)
    with bound(host, port) as sockets:
        listen(sockets, host)
        url = url_of(host, sockets[0].getsockname()[1], "")
        click.echo(f"Receivables are kept in {ledger}. Start the API and the worker with:", err=True)
        click.echo(f"ARCADIA_FINANCE_URL={url}")
        click.echo(f"ARCADIA_FINANCE_SECRET={','.join(secrets)}")
        config = uvicorn.Config(_application(FinanceLedger(ledger, secrets)), lifespan="off", log_level="warning")
        asyncio.run(uvicorn.Server(config).serve(sockets))


def _application(
    ledger: FinanceLedger,
) -> Callable[[Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]]:
    async def application(
        scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
    ) -> None:
        body, more = b"", True
        while more and len(body) <= MAX_BODY_BYTES:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        query = scope["query_string"].decode("latin-1")
        target = scope["raw_path"].decode("latin-1") + (f"?{query}" if query else "")
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        answer = ledger.answer(FinanceRequest(scope["method"], target, headers, body))
        click.echo(f"{scope['method']} {target} {answer.status.value} {json.dumps(answer.content)[:200]}", err=True)
        content = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": answer.status.value, "headers": content})
        await send({"type": "http.response.body", "body": json.dumps(answer.content).encode()})

    return application
