"""The rows: one label with many albums, one with a few, and one with none."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import NAMESPACE_DNS, UUID, uuid5

Rows = list[dict[str, Any]]


def id_of(table: str, name: str) -> UUID:
    """Returns the id of a test row by its name in the test data."""
    return uuid5(NAMESPACE_DNS, f"{table}/{name}")


TITLES = [
    "Blue",
    'Quo"te',
    "Zoë \N{SNOWMAN} \U0001f3b5",
    "per%cent_",
    "back\\slash",
    "faulty",
    "Blue",
    "tab\tnew\nline",
    "",
]


def _albums() -> Iterator[dict[str, Any]]:
    for label, count in (("acme", 9), ("bolt", 3)):
        for index in range(count):
            yield {
                "id": id_of("albums", f"{label}{index}"),
                "tenant_id": id_of("labels", label),
                "genre_code": [None, "jazz", "pop"][index % 3],
                "title": TITLES[index],
                "subtitle": [None, f"subtitle {index}"][index % 2],
                "state": ["DRAFT", "LIVE", "GONE"][index % 3],
                "price": Decimal(["10.00", "0.000001", "12345678901234567890.50", "-1"][index % 4]),
                "discount": [None, Decimal("0.10")][index % 2],
                "plays": [2**53 + 1, 7, 0, 7][index % 4],
                "released_on": [None, date(2026, 1, 31), date(1969, 12, 31)][index % 3],
                "created_at": datetime(2026, 1, 1, 12, 0, 0, [0, 120000, 1][index % 3], tzinfo=UTC)
                + timedelta(days=index // 2),
            }


def _tracks() -> Iterator[dict[str, Any]]:
    for album in ALBUMS[:8]:
        for position in range(int(album["plays"]) % 5):
            yield {
                "id": uuid5(album["id"], str(position)),
                "tenant_id": album["tenant_id"],
                "album_id": album["id"],
                "position": position // 2,
                "title": f"track {position}",
                "length": Decimal(["3.5", "4", "3.5"][position % 3]),
            }


ALBUMS: Rows = list(_albums())

ROWS: dict[str, Rows] = {
    "labels": [{"id": id_of("labels", code), "code": code, "name": code.title()} for code in ("acme", "bolt", "calm")],
    "genres": [{"code": code, "name": code.title()} for code in ("jazz", "pop", "rock")],
    "charts": [
        {"id": id_of("charts", f"{code}{version}"), "genre_code": code, "version": version, "published": version < 3}
        for code in ("jazz", "pop")
        for version in (1, 2, 3)
    ],
    "albums": ALBUMS,
    "tracks": list(_tracks()),
    "contracts": [
        {
            "id": uuid5(album["id"], "contract"),
            "tenant_id": album["tenant_id"],
            "album_id": album["id"],
            "signed_on": date(2024, 2, 29),
            "years": index,
        }
        for index, album in enumerate(ALBUMS)
        if index % 3 != 2
    ],
    "audits": [
        {"id": id_of("audits", code), "tenant_id": id_of("labels", code), "note": f"about {code}"}
        for code in ("acme", "bolt")
    ],
}
