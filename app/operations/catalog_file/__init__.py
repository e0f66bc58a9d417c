"""The catalog as a YAML file: read with the lines of its errors, compared with the database, applied and exported."""

from app.operations.catalog_file.catalog_applying import apply_catalog, compare_catalog
from app.operations.catalog_file.catalog_differences import CatalogChange, ChangedValue, Differences, StoredItem
from app.operations.catalog_file.catalog_reading import CatalogFile, read_catalog
from app.operations.catalog_file.catalog_writing import export_catalog

__all__ = [
    "CatalogChange",
    "CatalogFile",
    "ChangedValue",
    "Differences",
    "StoredItem",
    "apply_catalog",
    "compare_catalog",
    "export_catalog",
    "read_catalog",
]
