"""The same answers the plain way: graphql-core's executor, one small resolver a field, rows in memory.

It shares nothing with the compiler but the schema's SDL, so the two can only agree by both being right.
"""

import json
from base64 import b64encode
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

from graphql import DocumentNode, ExecutionResult, GraphQLResolveInfo, GraphQLSchema, build_schema, execute_sync

from app.database.scope import Scope
from tests.reads.music.rows import ROWS, Rows
from tests.reads.music.scalars import decimal_text

Row = dict[str, Any]
Order = list[tuple[str, bool]]

ORDERS: dict[tuple[str, str], tuple[str, Order]] = {
    ("Query", "labels"): ("labels", [("code", False), ("id", False)]),
    ("Query", "albums"): ("albums", [("plays", True), ("title", True), ("id", True)]),
    ("Query", "tracks"): ("tracks", [("title", False), ("id", False)]),
    ("Query", "audits"): ("audits", [("note", False), ("id", False)]),
    ("Label", "albums"): ("albums", [("created_at", False), ("id", False)]),
    ("Genre", "albums"): ("albums", [("title", False), ("id", False)]),
    ("Album", "trackPages"): ("tracks", [("length", True), ("title", False), ("id", False)]),
}
TYPES = {
    "labels": "Label",
    "genres": "Genre",
    "charts": "Chart",
    "albums": "Album",
    "tracks": "Track",
    "contracts": "Contract",
    "audits": "Audit",
}
LINKS = {("Label", "albums"): "tenant_id", ("Genre", "albums"): "genre_code", ("Album", "trackPages"): "album_id"}
DECIMALS = {"price", "discount", "length"}


def schema_of(sdl: str) -> GraphQLSchema:
    return build_schema(sdl)


def cursor_of(row: Row, order: Order) -> str:
    return b64encode(json.dumps([_wire(key, row[key]) for key, _ in order], ensure_ascii=False).encode()).decode()


def _wire(name: str, value: Any) -> Any:
    if isinstance(value, Decimal):
        return decimal_text(value)
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime) and value.microsecond:
        return f"{value:%Y-%m-%dT%H:%M:%S.%f}".rstrip("0") + "+00:00"
    return value.isoformat() if isinstance(value, date) else value


class ReferenceResolvers:
    """Resolvers that execute documents for one scope and viewer."""

    def __init__(self, schema: GraphQLSchema, scope: Scope, viewer: str) -> None:
        self._schema = schema
        self._viewer = viewer
        tenant = scope.tenant_id
        self._rows: dict[str, Rows] = {
            table: [
                {**row, "": table}
                for row in rows
                if tenant is None or (table != "audits" and row.get("tenant_id", tenant) == tenant)
            ]
            for table, rows in ROWS.items()
        }
        self._rows["labels"] = [row for row in self._rows["labels"] if tenant in {None, row["id"]}]

    def execute(self, document: DocumentNode, variables: dict[str, Any]) -> ExecutionResult:
        return execute_sync(
            self._schema,
            document,
            None,
            None,
            variables,
            field_resolver=self._resolve,
            type_resolver=lambda row, _info, _type: TYPES[row[""]],
        )

    def _resolve(self, source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        name, parent = info.field_name, info.parent_type.name
        if (parent, name) in ORDERS:
            return self._page(source, parent, name, arguments)
        special: Callable[..., Any] | None = getattr(self, f"_{parent}_{name}".lower(), None)
        if special is not None:
            return special(source, **arguments)
        value = source[_snake(name)]
        return _wire(name, value)

    def _find(self, table: str, key: str, value: Any) -> Row | None:
        return next((row for row in self._rows[table] if row[key] == value), None)

    def _query_node(self, _: None, id: str) -> Row | None:  # noqa: A002 - the schema's name for it
        return next((row for rows in self._rows.values() for row in rows if str(row.get("id")) == id), None)

    def _query_nodes(self, _: None, ids: list[str]) -> list[Row | None]:
        return [self._query_node(None, id_) for id_ in ids]

    def _query_label(self, _: None, id: str | None = None, code: str | None = None) -> Row | None:  # noqa: A002 - the schema's name for it
        return self._find("labels", "id", UUID(id)) if id else self._find("labels", "code", code)

    def _query_album(self, _: None, id: str) -> Row | None:  # noqa: A002 - the schema's name for it
        return self._find("albums", "id", UUID(id))

    def _query_genre(self, _: None, code: str) -> Row | None:
        return self._find("genres", "code", code)

    def _query_genres(self, _: None) -> Rows:
        return self._rows["genres"]

    def _query_greeting(self, _: None, name: str) -> str:
        return f"{self._viewer} greets {name}"

    def _query_chosen(self, _: None, albums: list[str]) -> Rows:
        found = [self._find("albums", "id", UUID(id_)) for id_ in albums]
        return [{"label": None, "album": album, "anything": album} for album in found]

    def _genre_charts(self, genre: Row) -> Rows:
        return [chart for chart in self._rows["charts"] if chart["genre_code"] == genre["code"]]

    def _genre_currentchart(self, genre: Row) -> Row | None:
        return max((c for c in self._genre_charts(genre) if c["published"]), key=lambda c: c["version"], default=None)

    def _chart_genre(self, chart: Row) -> Row | None:
        return self._find("genres", "code", chart["genre_code"])

    def _track_album(self, track: Row) -> Row | None:
        return self._find("albums", "id", track["album_id"])

    def _contract_album(self, contract: Row) -> Row | None:
        return self._find("albums", "id", contract["album_id"])

    def _contract_endson(self, contract: Row) -> str:
        signed, year = contract["signed_on"], contract["signed_on"].year + contract["years"]
        end = signed.replace(year=year) if year % 4 == 0 else date(year, 2, 28)
        return max(end, date(2026, 4, 15)).isoformat()

    def _album_netprice(self, album: Row) -> str:
        return decimal_text(album["price"] - (album["discount"] or 0))

    def _album_genre(self, album: Row) -> Row | None:
        return self._find("genres", "code", album["genre_code"])

    def _album_contract(self, album: Row) -> Row | None:
        return self._find("contracts", "album_id", album["id"])

    def _album_label(self, album: Row) -> Row | None:
        return self._find("labels", "id", album["tenant_id"])

    def _album_tracks(self, album: Row) -> Rows:
        tracks = [track for track in self._rows["tracks"] if track["album_id"] == album["id"]]
        return sorted(tracks, key=lambda track: (track["position"], track["id"].bytes))

    def _album_labelcode(self, album: Row) -> str:
        label = self._find("labels", "id", album["tenant_id"])
        assert label is not None
        return str(label["code"])

    def _album_nextstates(self, album: Row) -> list[str]:
        return [state for state in ("DRAFT", "LIVE", "GONE") if state != album["state"]]

    def _album_priced(self, album: Row, times: int, note: str | None = None) -> str:
        return f"{decimal_text(album['price'] * times)} {album['created_at'].year} {note or '-'}"

    def _album_reviews(self, album: Row) -> Rows:
        if album["title"] == "faulty":
            raise ValueError("no reviews")
        genre = self._album_genre(album)
        return [{"stars": stars, "text": None, "genre": genre} for stars in range(album["plays"] % 3)]

    def _audit_label(self, audit: Row) -> Row | None:
        return self._find("labels", "id", audit["tenant_id"])

    def _page(self, source: Any, parent: str, name: str, arguments: dict[str, Any]) -> Row:
        table, order = ORDERS[parent, name]
        rows = self._rows[table]
        link = LINKS.get((parent, name))
        if link is not None:
            key = source["code"] if link == "genre_code" else source["id"]
            rows = [row for row in rows if row[link] == key]
        rows = [row for row in rows if self._meets(row, arguments.get("filter") or {})]
        ranks = {row["id"]: rank for rank, row in enumerate(in_order(ROWS[table], order))}
        rows = in_order(rows, order)
        cursors = [cursor_of(row, order) for row in rows]
        bounds = {cursor_of(row, order): ranks[row["id"]] for row in ROWS[table]}
        after, before = (bounds.get(arguments.get(name) or "") for name in ("after", "before"))
        start = 0 if after is None else sum(ranks[row["id"]] <= after for row in rows)
        end = len(rows) if before is None else sum(ranks[row["id"]] < before for row in rows)
        if arguments.get("last") is None:
            end = min(end, start + (arguments.get("first") or 20))  # before `start` where the cursors cross
        else:
            start = max(start, end - arguments["last"])
        page = list(zip(rows[start:end], cursors[start:end], strict=True))
        return {
            "nodes": [row for row, _ in page],
            "edges": [{"node": row, "cursor": cursor} for row, cursor in page],
            "page_info": {
                "has_next_page": end < len(rows),
                "has_previous_page": start > 0,
                "start_cursor": page[0][1] if page else None,
                "end_cursor": page[-1][1] if page else None,
            },
            "total_count": len(rows),
        }

    def _meets(self, row: Row, given: dict[str, Any]) -> bool:
        genre = self._find("genres", "code", row.get("genre_code"))
        tests: dict[str, Callable[[Any], bool]] = {
            "labelId": lambda value: str(row["tenant_id"]) == value,
            "state": lambda value: row["state"] in value,
            "title": lambda value: row["title"] == value,
            "search": lambda value: any(value.lower() in (row[key] or "\0").lower() for key in ("title", "subtitle")),
            "playsFrom": lambda value: row["plays"] >= value,
            "playsTo": lambda value: row["plays"] <= value,
            "releasedBefore": lambda value: bool(row["released_on"]) and row["released_on"].isoformat() < value,
            "genreName": lambda value: genre is not None and genre["name"] == value,
            "trackTitle": lambda value: any(track["title"] == value for track in self._album_tracks(row)),
        }
        return all(tests[name](value) for name, value in given.items() if value is not None)


def in_order(rows: Rows, order: Order) -> Rows:
    rows = list(rows)
    for key, descending in reversed(order):
        by: Callable[[Row], Any] = partial(_sorted_by, key)
        rows.sort(key=by, reverse=descending)
    return rows


def _sorted_by(key: str, row: Row) -> Any:
    return row[key].bytes if isinstance(row[key], UUID) else row[key]


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
