"""Webhooks: events are delivered to endpoints by Standard Webhooks, each aggregate's in order. See docs/adr/0043."""

from app.operations.webhooks.delivering import Delivery
from app.operations.webhooks.delivery_state import delivery_state, late_seconds
from app.operations.webhooks.endpoints import (
    create_webhook_endpoint,
    delete_webhook_endpoint,
    rotate_webhook_secret,
    send_test_event,
    update_webhook_endpoint,
)
from app.operations.webhooks.redelivery import redeliver
from app.operations.webhooks.sending import WebhookSender

__all__ = [
    "Delivery",
    "WebhookSender",
    "create_webhook_endpoint",
    "delete_webhook_endpoint",
    "delivery_state",
    "late_seconds",
    "redeliver",
    "rotate_webhook_secret",
    "send_test_event",
    "update_webhook_endpoint",
]
