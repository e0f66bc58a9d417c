"""Subscriptions: what each deployment is billed by."""

from app.operations.subscriptions.addons import attach_addon
from app.operations.subscriptions.plan_change import change_plan_version
from app.operations.subscriptions.subscribe import subscribe

__all__ = ["attach_addon", "change_plan_version", "subscribe"]
