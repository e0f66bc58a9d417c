"""Signatures that the official Python library verifies, and secrets that are shown once."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from app.operations.calls.context import Context
from app.operations.calls.refusal import ProblemCode, Refusal
from app.operations.webhooks import Delivery, WebhookSender, create_webhook_endpoint, rotate_webhook_secret
from app.operations.webhooks.endpoint_secrets import SecretUnreadable, decrypt, encrypt, new_secret, signature_of
from app.settings import Environment, Settings
from tests.operations.given import Given
from tests.operations.webhooks.conftest import Webhooks
from tests.operations.webhooks.receiver import Delivered, receiving

KEY, NEXT_KEY = "k" * 32, "n" * 32


def verifies(secret: str, request: Delivered, body: bytes | None = None) -> bool:
    try:
        Webhook(secret).verify(request.body if body is None else body, dict(request.headers))
    except WebhookVerificationError:
        return False
    return True


async def delivered(given: Given, sender: WebhookSender) -> None:
    """Delivers by the time of day, which verification compares with its own."""
    context: Context = replace(given.platform, clock=lambda: datetime.now(UTC))
    await Delivery(context, sender).run()


async def test_the_official_library_verifies_and_a_byte_less_it_does_not(given: Given, webhooks: Webhooks) -> None:
    async with receiving() as receiver, WebhookSender(allow_loopback=True) as sender:
        endpoint_id = await webhooks.endpoint(receiver.url)
        await given.tenant()
        await delivered(given, sender)
        (request,) = receiver.requests
    secret = webhooks.secrets[endpoint_id]
    assert verifies(secret, request)
    assert not verifies(new_secret(), request)
    for at in range(len(request.body)):
        altered = bytearray(request.body)
        altered[at] ^= 1
        assert not verifies(secret, request, bytes(altered)), at
    assert not verifies(secret, request._replace(headers={**request.headers, "webhook-id": "another"}))


async def test_for_a_day_after_a_rotation_both_secrets_verify(given: Given, webhooks: Webhooks) -> None:
    given.clock.set(*datetime.now(UTC).timetuple()[:6])
    async with receiving() as receiver, WebhookSender(allow_loopback=True) as sender:
        endpoint_id = await webhooks.endpoint(receiver.url)
        old = webhooks.secrets[endpoint_id]
        _, new = await rotate_webhook_secret(given.platform, endpoint_id=endpoint_id)
        assert new is not None
        await given.tenant("first")
        await delivered(given, sender)
        await given.rows("UPDATE webhook_endpoints SET previous_secret_until = now() - interval '1 second'")
        await given.tenant("second")
        await delivered(given, sender)
    first, second = receiver.requests
    assert len(first.headers["webhook-signature"].split()) == 2
    assert (verifies(old, first), verifies(new, first)) == (True, True)
    assert (verifies(old, second), verifies(new, second)) == (False, True)


def test_an_instant_of_another_zone_is_signed_as_the_same_instant() -> None:
    secret, instant = new_secret(), datetime(2026, 5, 1, 12, tzinfo=UTC)
    sydney = instant.astimezone(timezone(timedelta(hours=10)))
    assert signature_of([secret], "id", sydney, b"{}") == Webhook(secret).sign("id", instant, "{}")


def test_secrets_are_whsec_and_32_random_bytes() -> None:
    secrets = {new_secret() for _ in range(100)}
    assert len(secrets) == 100
    assert {(secret[:6], len(secret)) for secret in secrets} == {("whsec_", 50)}


def test_a_stored_secret_is_read_with_its_key_and_with_the_one_that_replaces_it() -> None:
    old, rotating, new = (Settings(webhook_key=keys) for keys in ((KEY,), (NEXT_KEY, KEY), (NEXT_KEY,)))
    stored = encrypt(old, "whsec_x")
    assert "whsec_x" not in stored
    assert decrypt(old, stored) == decrypt(rotating, stored) == "whsec_x"
    assert decrypt(new, encrypt(rotating, "whsec_x")) == "whsec_x"
    with pytest.raises(SecretUnreadable):
        decrypt(new, stored)


async def test_in_production_an_endpoint_needs_a_key(given: Given) -> None:
    async def public(_host: str, _port: int) -> list[str]:
        return ["93.184.216.34"]

    given.settings = replace(given.settings, environment=Environment.PRODUCTION)
    with pytest.raises(Refusal) as refused:
        await create_webhook_endpoint(given.platform, url="https://example.com/", resolver=public)
    assert (refused.value.code, refused.value.message) == (
        ProblemCode.CONFLICT,
        "webhooks need a key: an operator must set ARCADIA_WEBHOOK_KEY",
    )
    given.settings = replace(given.settings, webhook_key=(KEY,))
    _, secret = await create_webhook_endpoint(given.platform, url="https://example.com/", resolver=public)
    row = await given.row("SELECT secret FROM webhook_endpoints")
    assert decrypt(given.settings, row["secret"]) == secret


async def test_a_secret_that_cannot_be_read_fails_the_delivery(given: Given, webhooks: Webhooks) -> None:
    async with receiving() as receiver:
        await webhooks.endpoint(receiver.url)
        await given.rows("UPDATE webhook_endpoints SET secret = 'unreadable'")
        await given.tenant()
        await webhooks.deliver()
        assert receiver.requests == []
    assert await webhooks.state() == ("PENDING", 1, None)
