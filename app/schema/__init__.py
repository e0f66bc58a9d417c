"""The API: what can be asked, and who answers. `schema.py` puts it together."""

from app.schema.export import schema_text

__all__ = ["schema_text"]
