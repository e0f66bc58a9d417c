"""Declarations are checked against the tables at start-up, and every fault is reported."""

import pytest
import strawberry

from app.reads import (
    Connection,
    column,
    connection,
    equals,
    many,
    one,
    python_field,
    read_type,
    root_connection,
    root_one,
)
from app.reads.declarations import reference
from app.reads.field_specs import PythonFieldInfo, RowReference, Rows
from app.reads.schema_model import DeclarationError, SchemaModel
from tests.reads.music.labels import build_schema
from tests.reads.music.rows import id_of
from tests.reads.music.tables import Albums, Audits, Charts, Contracts, Tracks


@read_type(Charts, description="-")
class BadChart:
    wrong: str = column(Albums.title, description="of another table")


@read_type(Audits, platform=True, description="-")
class BadAudit:
    note: str = column(Audits.note, description="fine")


@strawberry.input
class BadFilter:
    title: str | None = strawberry.UNSET
    forgotten: str | None = strawberry.UNSET


@read_type(Albums, description="-")
class BadAlbum:
    nowhere: str
    subtitle: str = column(Albums.subtitle, description="nullable")
    contract: "BadContract" = one(Contracts.album_id, description="may be missing")
    audits: list[BadAudit] = many(Audits.tenant_id, order=(Audits.note,), description="points elsewhere")
    charts: Connection[BadChart] = connection(Tracks.album_id, order=(Charts.version,), description="another's key")

    @python_field(needs=(Tracks.title,), description="of another table")
    def lengths(rows: Rows, info: PythonFieldInfo[object]) -> list[int]:  # noqa: N805 - finished fields take rows
        return [0 for _ in rows]


@read_type(Contracts, description="-")
class BadContract:
    album: BadAlbum = one(Contracts.album_id, description="fine")


@read_type(Audits, description="seen by tenants, where the other is the platform's")
class BadTwin:
    note: str = column(Audits.note, description="fine")


@strawberry.type
class Query:
    album: BadAlbum = root_one(by=Albums.id, description="may be missing")
    albums: Connection[BadAlbum] = root_connection(
        order=(Albums.released_on,),
        filters={"title": equals(Albums.title), "unasked": equals(Albums.title)},
        filter_input=BadFilter,
        description="-",
    )


FAULTS = """
BadTwin: another type of Audits has another visibility
BadAlbum.nowhere: Albums has no such column, and nothing else is declared
Query.album: what may not exist must be optional
Query.albums: released_on is nullable and cannot order rows
Query.albums: the filter forgotten is declared or an input field, but not both
Query.albums: the filter unasked is declared or an input field, but not both
BadAlbum.subtitle: the column is nullable, the field is not
BadAlbum.contract: the row may be missing or hidden, so the field must be optional
BadAlbum.audits: tenant_id does not point at this type's table
BadAlbum.charts: Tracks.album_id is not a column of this type's table
BadAlbum.lengths: Tracks.title is not a column of this type's table
BadChart.wrong: Albums.title is not a column of this type's table
"""


def test_every_fault_is_named() -> None:
    with pytest.raises(DeclarationError) as caught:
        SchemaModel(strawberry.Schema(Query, types=[BadTwin]))
    assert sorted(str(caught.value).split("\n")) == sorted(FAULTS.strip().split("\n"))


def test_a_sound_schema_has_none() -> None:
    model = SchemaModel(build_schema())
    assert {name for name, read in model.types.items() if read.platform} == {"Audit"}
    assert {name for name, read in model.types.items() if read.tenant is None} == {"Chart", "Genre"}


def test_a_reference_has_the_type_of_its_row() -> None:
    album: BadAlbum = reference(BadAlbum, id_of("albums", "acme0"))
    stands: object = album
    assert stands == RowReference(BadAlbum, id_of("albums", "acme0"))


def test_names_and_arguments_in_the_schema() -> None:
    sdl = build_schema().as_str()
    assert "  albums(" in sdl
    assert "type AlbumConnection {" in sdl
    assert "type AlbumEdge {" in sdl
    assert "  priced(times: Int! = 1, note: String): String!" in sdl
    assert "  nextStates: [State!]!" in sdl
    assert "  node(" in sdl
