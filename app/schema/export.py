"""The schema as text, for `arcadia schema` and schema.graphql."""

from graphql import build_schema, lexicographic_sort_schema, print_schema


def schema_text() -> str:
    """Returns the SDL, sorted so that its order does not depend on that of the code, with a newline at the end.

    The text is sorted rather than the schema, because sorting the schema breaks Strawberry's enums.
    """
    from app.schema.schema import schema  # imports everything, which is too slow for commands that print no schema

    return print_schema(lexicographic_sort_schema(build_schema(schema.as_str()))) + "\n"
