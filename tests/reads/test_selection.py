"""Every way GraphQL has to select fields, read by one statement."""

from app.database.scope import Scope
from tests.reads.conftest import Server
from tests.reads.music.rows import id_of


async def test_a_nested_selection_is_one_statement(music: Server, acme: Scope) -> None:
    text = """
        query ($id: ID!) {
          album(id: $id) {
            title
            price
            plays
            genre { name currentChart { version } }
            label { code }
            contract { signedOn endsOn }
            tracks { position title length }
          }
        }
    """
    data = await music.data(text, {"id": str(id_of("albums", "acme1"))}, scope=acme)
    assert data == {
        "album": {
            "title": 'Quo"te',
            "price": "0.000001",
            "plays": 7,
            "genre": {"name": "Jazz", "currentChart": {"version": 2}},
            "label": {"code": "acme"},
            "contract": {"signedOn": "2024-02-29", "endsOn": "2026-04-15"},
            "tracks": [
                {"position": 0, "title": "track 0", "length": "3.5"},
                {"position": 0, "title": "track 1", "length": "4"},
            ],
        }
    }
    assert len(music.statements) == 1
