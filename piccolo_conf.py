"""Piccolo's registry, for its command line alone: `piccolo migrations new arcadia --auto`."""

from piccolo.conf.apps import AppRegistry

from app.database.piccolo_engines import OWNER_ENGINE

DB = OWNER_ENGINE

APP_REGISTRY = AppRegistry(apps=["app.tables.piccolo_app"])
