"""The catalog: resource kinds, plans and their versions, add-ons."""

from app.operations.catalog.addons import create_addon, update_addon
from app.operations.catalog.kinds import define_resource_kind
from app.operations.catalog.offers import AddonSelection
from app.operations.catalog.plans import archive_plan, create_plan, publish_plan_version, retire_plan_version
from app.operations.catalog.versions import ResourceDraft, draft_plan_version

__all__ = [
    "AddonSelection",
    "ResourceDraft",
    "archive_plan",
    "create_addon",
    "create_plan",
    "define_resource_kind",
    "draft_plan_version",
    "publish_plan_version",
    "retire_plan_version",
    "update_addon",
]
