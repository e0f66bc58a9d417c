"""Piccolo's registry, for its command line (`piccolo migrations new arcadia --auto`) and for `arcadia migrate`."""

from piccolo.conf.apps import AppRegistry

from app.database.engine import OwnerEngine

DB = OwnerEngine()

APP_REGISTRY = AppRegistry(apps=["app.tables.piccolo_app"])
