"""Finds objects of any type by their id."""

from uuid import UUID

import strawberry

from app.reads import root_node, root_nodes


@strawberry.interface(description="An object with an id that is unique among all objects of the API.")
class Node:
    """Relay's Node."""

    id: UUID = strawberry.field(description="The id of the object, a UUIDv7.")


@strawberry.type
class NodeQueries:
    """The root fields `node` and `nodes`, which find objects by id."""

    node: Node | None = root_node(description="The object with this id; null if there is none that the caller may see.")
    nodes: list[Node | None] = root_nodes(
        description="The objects with these ids (at most 100), in the order of the ids; null for an id of which there "
        "is none that the caller may see."
    )
