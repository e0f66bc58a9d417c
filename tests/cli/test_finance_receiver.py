"""`arcadia finance-receiver`, and what `arcadia check` says of pushes."""

import json
import signal
from datetime import UTC, datetime
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import msgspec
from standardwebhooks import Webhook

from app.operations.finance.payloads import path_of
from app.tables.finance import FinancePushKind
from tests.cli.command import Command
from tests.finance_doc_current import INVOICE, example


def _send(method: str, url: str, path: str, secret: str, body: bytes) -> tuple[int, dict[str, object]]:
    message_id, now = str(example(FinancePushKind.INVOICE_ISSUED).id), datetime.now(UTC)
    headers = {
        "idempotency-key": message_id,
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign(message_id, now, body.decode() if body else path),
    }
    request = Request(url + path, body or None, headers, method=method)  # noqa: S310 - a loopback address
    try:
        with urlopen(request, timeout=30) as response:  # noqa: S310 - a loopback address
            return response.status, json.load(response)
    except HTTPError as refused:
        return refused.code, json.load(refused)


def test_the_receiver_prints_its_settings_and_books_what_is_signed(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.json"
    process = Command({}).start("finance-receiver", "--port", "0", "--ledger", str(ledger))
    try:
        assert process.stdout is not None
        printed = dict(process.stdout.readline().strip().split("=", 1) for _ in range(2))
        url, secret = printed["ARCADIA_FINANCE_URL"], printed["ARCADIA_FINANCE_SECRET"]
        push = example(FinancePushKind.INVOICE_ISSUED)
        path, body = path_of(push.kind, INVOICE, INVOICE), msgspec.json.encode(push)
        assert _send("PUT", url, path, secret, body) == (201, {"externalId": "fin-000001"})
        assert _send("PUT", url, path, secret, body) == (200, {"externalId": "fin-000001"})
        assert _send("PUT", url, path, secret, body.replace(b"7064", b"7065"))[0] == 422
        assert _send("PUT", url, path, "whsec_" + "A" * 32, body)[0] == 401
        target = "/receivables?after=00000000-0000-0000-0000-000000000000&limit=10"
        listed = {"invoiceId": str(INVOICE), "currency": "AUD", "balanceCents": 7064}
        assert _send("GET", url, target, secret, b"") == (200, {"receivables": [listed], "next": None})
        assert json.loads(ledger.read_text())["receivables"][str(INVOICE)]["balanceCents"] == 7064
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)


def test_it_is_not_for_production(arcadia: Command) -> None:
    environment = {
        **arcadia.environment,
        "ARCADIA_ENVIRONMENT": "production",
        "ARCADIA_LINK_SECRET": "l" * 32,
    }
    outcome = Command(environment).here("finance-receiver")
    assert (outcome.code, outcome.out) == (1, "")
    assert "This command is for development; ARCADIA_ENVIRONMENT is production." in outcome.err


def test_check_prints_the_pushes_where_there_is_a_finance_system(arcadia: Command) -> None:
    settings = {"ARCADIA_FINANCE_URL": "http://127.0.0.1:9", "ARCADIA_FINANCE_SECRET": "whsec_" + "A" * 32}
    outcome = Command({**arcadia.environment, **settings}).here("check")
    assert "Finance: 0 pushes pending, 0 blocked (the oldest for 0 s), 0 invoices out of step.\n" in outcome.err
    assert "Finance" not in arcadia.here("check").err
