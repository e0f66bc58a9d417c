"""The GraphQL schema. `schema.py` assembles it."""

from app.schema.export import schema_text

__all__ = ["schema_text"]
