"""The schema as text: what `arcadia schema` prints and schema.graphql holds."""

from graphql import build_schema, lexicographic_sort_schema, print_schema


def schema_text() -> str:
    """The SDL, sorted, so that it changes only where the schema does; it ends with a newline.

    The text is sorted, and not the schema: Strawberry's enums do not survive it.
    """
    from app.schema.schema import schema  # every noun of the house: too slow for commands that print no schema

    return print_schema(lexicographic_sort_schema(build_schema(schema.as_str()))) + "\n"
