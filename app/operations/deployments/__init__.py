"""Deployments: the billable unit, its states, and the provider's resources that it runs on."""

from app.operations.deployments.create import create_deployment
from app.operations.deployments.ending import end_resource, move_resource
from app.operations.deployments.resources import register_resource
from app.operations.deployments.transition import (
    TransitionRecorded,
    transition_by_system,
    transition_deployment,
)
from app.operations.deployments.update import update_deployment

__all__ = [
    "TransitionRecorded",
    "create_deployment",
    "end_resource",
    "move_resource",
    "register_resource",
    "transition_by_system",
    "transition_deployment",
    "update_deployment",
]
