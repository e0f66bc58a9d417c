"""Log lines are JSON, with their extras and the request they belong to."""

import json
import logging
import sys

from app.server.edge import current_request_id
from app.server.logs import JsonFormatter


def line(**extra: object) -> dict[str, object]:
    record = logging.LogRecord("app.server", logging.WARNING, "file.py", 1, "%s keys", (3,), None)
    vars(record).update(extra)
    formatted = json.loads(JsonFormatter().format(record))
    assert isinstance(formatted, dict)
    return formatted


def test_a_line() -> None:
    given = line(error_id="e-1", where=logging)
    assert given.pop("time")
    assert given == {
        "level": "WARNING",
        "logger": "app.server",
        "message": "3 keys",
        "error_id": "e-1",
        "where": str(logging),
    }


def test_a_line_of_a_request() -> None:
    reset = current_request_id.set("r-1")
    assert line()["request_id"] == "r-1"
    current_request_id.reset(reset)
    assert "request_id" not in line()


def test_a_traceback() -> None:
    try:
        raise ValueError("no")  # noqa: TRY301  # only to be caught
    except ValueError:
        assert "ValueError: no" in str(line(exc_info=sys.exc_info())["traceback"])
