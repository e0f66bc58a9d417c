"""The ledger of the small finance system that `arcadia finance-receiver` runs. It answers as docs/finance.md says."""

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import msgspec
from standardwebhooks import Webhook, WebhookVerificationError

from app.operations.finance.payloads import PAYLOAD_OF, RECEIVABLES, Push
from app.tables.finance import FinancePushKind

_EMPTY: Mapping[str, Mapping[str, Any]] = {"receivables": {}, "booked": {}}


class FinanceRequest(NamedTuple):
    """A request as it arrived. target: its path and query."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


class FinanceAnswer(NamedTuple):
    status: HTTPStatus
    content: Mapping[str, Any]


class FinanceLedger:
    """The receivables in a JSON file, which is read and written with each request, so that a person may change it.

    prefix: the path of the URL at which requests arrive. secrets: one of them signs each request.
    """

    def __init__(self, file: Path, secrets: Sequence[str], prefix: str = "") -> None:
        self._file = file
        self._secrets = secrets
        self._root = prefix + RECEIVABLES

    def answer(self, request: FinanceRequest) -> FinanceAnswer:
        """Books a push, or lists the receivables."""
        path = urlsplit(request.target).path
        signed = request.target.encode() if request.method == "GET" else request.body
        if not any(_is_signed(secret, signed, request.headers) for secret in self._secrets):
            return _refused(HTTPStatus.UNAUTHORIZED, "the signature is not valid")
        if request.method == "GET" and path == self._root:
            return self._list(request.target)
        if request.method == "PUT" and path.startswith(f"{self._root}/"):
            return self._book(path, request.headers.get("idempotency-key", ""), request.body)
        return _refused(HTTPStatus.METHOD_NOT_ALLOWED, "PUT a push, or GET the receivables")

    def _book(self, path: str, key: str, body: bytes) -> FinanceAnswer:
        ledger, digest = self._read(), sha256(body).hexdigest()
        if (booked := ledger["booked"].get(key)) is not None:
            if booked["sha256"] != digest:
                return _refused(HTTPStatus.UNPROCESSABLE_ENTITY, "the key was used for another body")
            return FinanceAnswer(HTTPStatus.OK, {"externalId": booked["externalId"]})
        try:
            push = _decoded(body)
        except (msgspec.DecodeError, ValueError, KeyError, TypeError) as error:
            return _refused(HTTPStatus.BAD_REQUEST, f"the body is not a push: {error}")
        receivable = _receivable(ledger, push)
        if str(push.id) != key or not f"{path}/".startswith(f"{self._root}/{push.invoice_id}/"):
            return _refused(HTTPStatus.UNPROCESSABLE_ENTITY, "the body is another push than the key or the path say")
        if receivable is None or push.sequence != receivable["sequence"] + 1:
            status = HTTPStatus.NOT_FOUND if receivable is None else HTTPStatus.CONFLICT
            return _refused(status, "the push that precedes this one of the invoice is missing")
        receivable["balanceCents"] += push.balance_change_cents
        receivable["sequence"] = push.sequence
        external_id = f"fin-{len(ledger['booked']) + 1:06}"
        ledger["booked"][key] = {"sha256": digest, "externalId": external_id, "kind": push.kind}
        self._file.write_text(json.dumps(ledger, indent=2), encoding="utf-8")
        return FinanceAnswer(HTTPStatus.CREATED, {"externalId": external_id})

    def _list(self, target: str) -> FinanceAnswer:
        query = parse_qs(urlsplit(target).query)
        try:
            after, limit = str(UUID(query["after"][0])), int(query["limit"][0])
        except (KeyError, ValueError):
            return _refused(HTTPStatus.BAD_REQUEST, "after must be a UUID, and limit a number")
        receivables = self._read()["receivables"]
        following = [invoice_id for invoice_id in sorted(receivables) if invoice_id > after]
        page = following[:limit]
        listed = [
            {"invoiceId": one, **{name: receivables[one][name] for name in ("currency", "balanceCents")}}
            for one in page
        ]
        return FinanceAnswer(
            HTTPStatus.OK, {"receivables": listed, "next": page[-1] if len(following) > limit else None}
        )

    def _read(self) -> dict[str, Any]:
        text = self._file.read_text(encoding="utf-8") if self._file.exists() else json.dumps(_EMPTY)
        ledger: dict[str, Any] = json.loads(text)
        return ledger


def _decoded(body: bytes) -> Push:
    kind = FinancePushKind(msgspec.json.decode(body)["kind"])
    return msgspec.json.decode(body, type=PAYLOAD_OF[kind])


def _receivable(ledger: dict[str, Any], push: Push) -> dict[str, Any] | None:
    """The receivable of the push, which is new for an issued invoice; None if there is none."""
    if push.kind is FinancePushKind.INVOICE_ISSUED:
        ledger["receivables"].setdefault(
            str(push.invoice_id),
            {"number": push.invoice_number, "currency": push.currency, "balanceCents": 0, "sequence": 0},
        )
    found: dict[str, Any] | None = ledger["receivables"].get(str(push.invoice_id))
    return found


def _is_signed(secret: str, payload: bytes, headers: Mapping[str, str]) -> bool:
    try:
        Webhook(secret).verify(payload, dict(headers), json_parse=False)
    except (WebhookVerificationError, UnicodeDecodeError, ValueError):
        return False
    return True


def _refused(status: HTTPStatus, message: str) -> FinanceAnswer:
    return FinanceAnswer(status, {"error": message})
