"""Subscriptions: each binds a deployment to a plan version."""

from app.operations.subscriptions.attached_addons import attach_addon, detach_addon
from app.operations.subscriptions.pending import apply_pending_plan_changes
from app.operations.subscriptions.plan_change import change_plan_version
from app.operations.subscriptions.subscribe import subscribe

__all__ = ["apply_pending_plan_changes", "attach_addon", "change_plan_version", "detach_addon", "subscribe"]
