"""The types below an album; `Label` is in another module and referenced lazily."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import strawberry
from strawberry import UNSET, lazy

from app.database.scope import Scope
from app.reads import (
    TODAY,
    Connection,
    PythonFieldInfo,
    Rows,
    among,
    at_least,
    at_most,
    before,
    column,
    computed,
    connection,
    contains,
    desc,
    equals,
    many,
    one,
    python_field,
    read_type,
    reference,
    related,
    through,
)
from tests.reads.music.scalars import Big, Node, State, decimal_text
from tests.reads.music.tables import Albums, Charts, Contracts, Genres, Labels, Tracks

if TYPE_CHECKING:
    from tests.reads.music.labels import Label


@dataclass(frozen=True)
class Caller:
    """A request of the tests; `calls` counts the batches that Python finished."""

    scope: Scope
    today: date
    viewer: str
    calls: list[str]


@strawberry.input
class AlbumFilter:
    label_id: strawberry.ID | None = UNSET
    state: list[State] | None = UNSET
    title: str | None = UNSET
    search: str | None = UNSET
    plays_from: int | None = UNSET
    plays_to: int | None = UNSET
    released_before: date | None = UNSET
    genre_name: str | None = UNSET
    track_title: str | None = UNSET


ALBUM_FILTERS = {
    "label_id": equals(Albums.tenant_id),
    "state": among(Albums.state),
    "title": equals(Albums.title),
    "search": contains(Albums.title, Albums.subtitle),
    "plays_from": at_least(Albums.plays),
    "plays_to": at_most(Albums.plays),
    "released_before": before(Albums.released_on),
    "genre_name": through(Albums.genre_code, equals(Genres.name)),
    "track_title": through(Tracks.album_id, equals(Tracks.title)),
}


@read_type(Charts, description="A catalog type")
class Chart(Node):
    version: int = column(Charts.version, description="-")
    genre: "Genre" = one(Charts.genre_code, description="-")


@read_type(Genres, description="A catalog type whose key is no UUID")
class Genre:
    code: str
    name: str = column(Genres.name, description="-")
    charts: list[Chart] = many(Charts.genre_code, order=(Charts.version,), description="-")
    current_chart: Chart | None = one(
        Charts.genre_code, where=[(Charts.published, True)], order=(desc(Charts.version),), description="-"
    )
    albums: Connection["Album"] = connection(
        Albums.genre_code,
        order=(Albums.title,),
        filters=ALBUM_FILTERS,
        filter_input=AlbumFilter,
        description="A tenant's rows, reached from a catalog",
    )


@read_type(Tracks, description="-")
class Track(Node):
    position: int = column(Tracks.position, description="-")
    title: str = column(Tracks.title, description="-")
    length: Decimal = column(Tracks.length, description="-")
    album: "Album" = one(Tracks.album_id, description="-")


@read_type(Contracts, description="-")
class Contract(Node):
    signed_on: date = column(Contracts.signed_on, description="-")
    ends_on: date = computed("contract_end", Contracts.signed_on, Contracts.years, TODAY, description="-")
    album: "Album" = one(Contracts.album_id, description="-")


@strawberry.type
class Review:
    stars: int
    text: str | None
    genre: Genre | None


@read_type(Albums, description="-")
class Album(Node):
    title: str = column(Albums.title, description="-")
    subtitle: str | None = column(Albums.subtitle, description="-")
    state: State = column(Albums.state, description="-")
    price: Decimal = column(Albums.price, description="-")
    discount: Decimal | None = column(Albums.discount, description="-")
    net_price: Decimal = computed("net_price", Albums.price, Albums.discount, description="-")
    label_code: str = related(Albums.tenant_id, Labels.code, description="-")
    plays: Big = column(Albums.plays, description="-")
    released_on: date | None = column(Albums.released_on, description="-")
    created_at: datetime = column(Albums.created_at, description="-")
    genre: Genre | None = one(Albums.genre_code, description="-")
    contract: Contract | None = one(Contracts.album_id, description="-")
    label: Annotated["Label", lazy("tests.reads.music.labels")] = one(Albums.tenant_id, description="-")
    tracks: list[Track] = many(Tracks.album_id, order=(Tracks.position,), description="-")
    track_pages: Connection[Track] = connection(
        Tracks.album_id, order=(desc(Tracks.length), Tracks.title), description="-"
    )

    @python_field(needs=(Albums.state,), description="Enums from Python")
    def next_states(rows: Rows, info: PythonFieldInfo[Caller]) -> list[list[State]]:  # noqa: N805 - finished fields take rows
        info.request.calls.append("next_states")
        return [[state for state in State if state.value != row["state"]] for row in rows]

    @python_field(
        needs=(Albums.id, Albums.price, Albums.released_on, Albums.created_at), description="Python values, arguments"
    )
    async def priced(rows: Rows, info: PythonFieldInfo[Caller], times: int = 1, note: str | None = None) -> list[str]:  # noqa: N805 - finished fields take rows
        info.request.calls.append("priced")
        return [f"{decimal_text(row['price'] * times)} {row['created_at'].year} {note or '-'}" for row in rows]

    @python_field(needs=(Albums.genre_code, Albums.plays, Albums.title), description="Objects, some faulty, with refs")
    async def reviews(rows: Rows, info: PythonFieldInfo[Caller]) -> list[list[Review]]:  # noqa: N805 - finished fields take rows
        info.request.calls.append("reviews")
        answers: list[list[Review] | Exception] = []
        for row in rows:
            if row["title"] == "faulty":
                answers.append(ValueError("no reviews"))
                continue
            genre = reference(Genre, row["genre_code"]) if row["genre_code"] else None
            answers.append([Review(stars=stars, text=None, genre=genre) for stars in range(row["plays"] % 3)])
        return _typed(answers)


def _typed(answers: Sequence[list[Review] | Exception]) -> list[list[Review]]:
    """A batch's list may hold exceptions, which its annotation, GraphQL's type, does not say."""
    return list(answers)  # type: ignore[arg-type] # as above
