import json
import signal
import socket
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

import pytest

from tests.cli.command import Command, Outcome, children

FIGURE_1 = [
    "plan_base $50.00",
    "addon $7.50 (Addon: storage_50gb)",
    "overage droplet_hours $6.72 (droplet_hours: 672 h over 1488 h included)",
    "subtotal $64.22",
    "GST $6.42 (10% of 6422c = 642.2c)",
    "total $70.64",
]
SETTLED = [
    "Webhook: invoice.issued was delivered, its signature is valid, its total is $70.64.",
    "invoice issued $70.64, balance $70.64",
    "credit note issued -$7.39, balance $63.25",
    "payment recorded -$40.00, balance $23.25",
    "payment recorded -$23.25, balance $0.00",
    "The invoice is paid.",
]
REFUSED = (
    "paused → archived refused: a deployment cannot go from PAUSED to ARCHIVED;"
    " allowed next states: ACTIVE, SUSPENDED, CANCELLED."
)

pytestmark = pytest.mark.xdist_group("demo")


@pytest.fixture(scope="module")
def first(fresh_machine: Command) -> Outcome:
    return fresh_machine("demo")


def _story(outcome: Outcome) -> list[str]:
    assert (outcome.code, outcome.err) == (0, "")
    *story, document, empty, how, again_empty, token = outcome.out.splitlines()
    pdf = Path(document.removeprefix("The invoice as PDF: "))
    assert pdf.name == f"INV-{datetime.now(UTC).year}-000001.pdf"
    assert pdf.read_bytes().startswith(b"%PDF-")
    assert (empty, again_empty) == ("", "")
    assert how.startswith("To explore the demo, run `make serve`")
    assert token.count(".") == 2
    return story


def test_a_fresh_installation_shows_the_invoice(first: Outcome) -> None:
    assert _story(first) == [
        "Metered: 2,160 usage events, 2,160 new and 0 already recorded.",
        "Rollup of April 2026: 1 created, 0 skipped, succeeded.",
        *FIGURE_1,
        "The same rollup again: 0 created, 1 skipped, succeeded.",
        *SETTLED,
        "active → paused, by arcadia.",
        REFUSED,
    ]


def test_the_demo_run_again_bills_nothing_twice(fresh_machine: Command, first: Outcome) -> None:
    assert first.code == 0
    assert _story(fresh_machine("demo")) == [
        "Metered: 2,160 usage events, 0 new and 2,160 already recorded.",
        "Rollup of April 2026: 0 created, 1 skipped, succeeded.",
        *FIGURE_1,
        "The same rollup again: 0 created, 1 skipped, succeeded.",
        *SETTLED,
        "active → paused, by arcadia.",
        REFUSED,
    ]


NESTED = """
{ tenant(code: "demo") { deployments(filter: {slug: "pilot"}) { nodes { slug subscription {
  addons { addon { code } priceCents quantity }
  invoiceLines(filter: {periodStart: "2026-04-01"}) {
    nodes { kind resourceKind amountCents invoice { periodStart subtotalCents taxCents totalCents } }
  }
} } } } }
"""
INVOICE = {"periodStart": "2026-04-01", "subtotalCents": 6422, "taxCents": 642, "totalCents": 7064}
NESTED_ANSWER = {
    "slug": "pilot",
    "subscription": {
        "addons": [{"addon": {"code": "storage_50gb"}, "priceCents": 750, "quantity": "50"}],
        "invoiceLines": {
            "nodes": [
                {"kind": "PLAN_BASE", "resourceKind": None, "amountCents": 5000, "invoice": INVOICE},
                {"kind": "ADDON", "resourceKind": "storage_gb", "amountCents": 750, "invoice": INVOICE},
                {"kind": "OVERAGE", "resourceKind": "droplet_hours", "amountCents": 672, "invoice": INVOICE},
            ]
        },
    },
}


def test_serve_answers_the_demos_tenant_and_ends_at_sigterm(fresh_machine: Command, first: Outcome) -> None:
    assert first.code == 0
    token = fresh_machine("token", "--role", "tenant_viewer", "--tenant", "demo").out.strip()
    admin = fresh_machine("token", "--role", "platform_admin").out.strip()
    port = _free_port()
    process = fresh_machine.start("serve", "--port", str(port))
    try:
        answer = _ask(port, token, NESTED)
        (worker,) = children(process.pid)
        left = _ask(port, admin, "{ webhookEndpoints { totalCount } }")
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
    assert answer["data"] == {"tenant": {"deployments": {"nodes": [NESTED_ANSWER]}}}
    assert "errors" not in answer
    assert left["data"] == {"webhookEndpoints": {"totalCount": 0}}  # nothing listens at the demo's any more
    assert (process.returncode, Path(f"/proc/{worker}").exists()) == (0, False)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _ask(port: int, token: str, query: str) -> Any:
    request = Request(
        f"http://127.0.0.1:{port}/graphql",
        data=json.dumps({"query": query}).encode(),
        headers={"Content-Type": "application/json", "Authorization": f"Bearer {token}"},
    )
    deadline = time.monotonic() + 30
    while True:
        try:
            with urlopen(request, timeout=10) as response:  # noqa: S310 - our own address
                return json.load(response)
        except (URLError, ConnectionError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)  # until the port is open
