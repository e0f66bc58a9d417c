"""The tenants, the root fields, and the fields resolved by Python."""

from collections.abc import AsyncGenerator
from typing import Annotated
from uuid import UUID

import strawberry
from strawberry import Info

from app.reads import (
    Connection,
    column,
    connection,
    desc,
    one,
    read_type,
    reference,
    root_connection,
    root_many,
    root_node,
    root_nodes,
    root_one,
)
from app.reads.errors import BadInputError
from tests.reads.music.albums import ALBUM_FILTERS, Album, AlbumFilter, Caller, Genre, Track
from tests.reads.music.scalars import CONFIG, Node
from tests.reads.music.tables import Albums, Audits, Genres, Labels, Tracks


@read_type(Labels, tenant=Labels.id, description="-")
class Label(Node):
    code: str = column(Labels.code, description="-")
    name: str = column(Labels.name, description="-")
    albums: Connection[Album] = connection(
        Albums.tenant_id,
        order=(Albums.created_at,),
        filters=ALBUM_FILTERS,
        filter_input=AlbumFilter,
        description="-",
    )


@read_type(Audits, platform=True, description="-")
class Audit(Node):
    note: str = column(Audits.note, description="-")
    label: Label = one(Audits.tenant_id, description="-")


@strawberry.type
class Chosen:
    label: Label | None
    album: Album
    anything: Node | None


@strawberry.type
class Refused:
    message: str


Choice = Annotated[Chosen | Refused, strawberry.union("Choice")]


def is_admin(viewer: str) -> bool:
    return viewer == "admin"


@strawberry.type
class Query:
    node: Node | None = root_node(description="-")
    nodes: list[Node | None] = root_nodes(description="-")
    label: Label | None = root_one(by={"id": Labels.id, "code": Labels.code}, description="-")
    labels: Connection[Label] = root_connection(order=(Labels.code,), description="-")
    album: Album | None = root_one(by=Albums.id, description="-")
    albums: Connection[Album] = root_connection(
        order=(desc(Albums.plays), desc(Albums.title)), filters=ALBUM_FILTERS, filter_input=AlbumFilter, description="-"
    )
    tracks: Connection[Track] = root_connection(order=(Tracks.title,), description="-")
    genre: Genre | None = root_one(by=Genres.code, description="-")
    genres: list[Genre] = root_many(order=(Genres.code,), description="-")
    audits: Connection[Audit] = root_connection(order=(Audits.note,), allow=is_admin, description="-")
    secret: Album | None = root_one(by={"id": Albums.id}, allow=is_admin, name="secretAlbum", description="-")

    @strawberry.field
    def greeting(self, info: Info[Caller, None], name: str = "you") -> str:
        return f"{info.context.viewer} greets {name}"

    @strawberry.field
    def failing(self) -> str | None:
        raise BadInputError("It fails.")

    @strawberry.field
    async def chosen(self, albums: list[strawberry.ID]) -> list[Chosen]:
        return [
            Chosen(label=None, album=reference(Album, UUID(id_)), anything=reference(Album, UUID(id_)))
            for id_ in albums
        ]


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def choose(self, info: Info[Caller, None], album: strawberry.ID) -> Choice:
        tenant = info.context.scope.tenant_id
        if tenant is None:
            return Refused(message="not for the platform")
        return Chosen(
            label=reference(Label, tenant), album=reference(Album, UUID(album)), anything=reference(Label, tenant)
        )


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def played(self, albums: list[strawberry.ID]) -> AsyncGenerator[Album]:
        for id_ in albums:
            yield reference(Album, UUID(id_))


def build_schema() -> strawberry.Schema:
    return strawberry.Schema(Query, Mutation, Subscription, config=CONFIG, types=[Audit])
