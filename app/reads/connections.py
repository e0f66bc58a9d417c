"""Relay's connections, as Strawberry generics. They only declare the types; the compiler produces the values."""

from typing import Generic, TypeVar

import strawberry

T = TypeVar("T")


@strawberry.type(description="Whether there are further pages, and the cursors of a page's first and last row.")
class PageInfo:
    """Relay's PageInfo."""

    has_next_page: bool = strawberry.field(description="Whether there are rows after this page.")
    has_previous_page: bool = strawberry.field(description="Whether there are rows before this page.")
    start_cursor: str | None = strawberry.field(description="The cursor of the first row; null on an empty page.")
    end_cursor: str | None = strawberry.field(description="The cursor of the last row; null on an empty page.")


@strawberry.type(description="A row and its cursor.")
class Edge(Generic[T]):
    """Relay's edge; its name in the schema is `<T>Edge`."""

    cursor: str = strawberry.field(description="Pass it as `after` or `before` to continue from this row.")
    node: T = strawberry.field(description="The row itself.")


@strawberry.type(description="One page of a list, in a stable order.")
class Connection(Generic[T]):
    """Relay's connection with GitHub's `nodes`; its name in the schema is `<T>Connection`."""

    edges: list[Edge[T]] = strawberry.field(description="The rows of the page with their cursors.")
    nodes: list[T] = strawberry.field(description="The rows of the page.")
    page_info: PageInfo = strawberry.field(
        description="Whether there are further pages, and the cursors of this page's ends."
    )
    total_count: int = strawberry.field(description="The number of rows on all pages; counted only if requested.")
