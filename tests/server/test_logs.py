"""Log lines are JSON, with their extras and the request they belong to."""

import json
import logging
import sys

import pytest

from app.server.logs import JsonFormatter, TextFormatter, configure_logging
from app.server.response_headers import current_request_id
from app.settings import Environment, LogFormat, Settings


def line(**extra: object) -> dict[str, object]:
    record = logging.LogRecord("app.server", logging.WARNING, "file.py", 1, "%s keys", (3,), None)
    vars(record).update(extra)
    formatted = json.loads(JsonFormatter().format(record))
    assert isinstance(formatted, dict)
    return formatted


def test_a_json_log_line() -> None:
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


def text(message: str, **extra: object) -> str:
    record = logging.LogRecord("app.server", logging.WARNING, "file.py", 1, message, (), None)
    vars(record).update(extra)
    return TextFormatter().format(record)


def test_a_text_log_line() -> None:
    assert text("request", path="/graphql", status=200).endswith(" WARNING request path=/graphql status=200")


def test_what_a_caller_sent_begins_no_line_and_commands_no_terminal() -> None:
    told = text("said \x1b[2J", subject='a"b=c d\nINFO request', path="/\x1b]0;x\x07", empty="")
    assert told.endswith(
        r"""said \x1b[2J subject="a\"b=c d\nINFO request" path="/\u001b]0;x\u0007" empty=\"\"""".replace(r"\"\"", '""')
    )
    assert told.isprintable()


@pytest.mark.parametrize(
    ("chosen", "environment", "json"),
    [("auto", "development", True), ("text", "production", False), ("json", "development", True)],
)
def test_the_log_format_follows_the_settings(
    chosen: str, environment: str, json: bool, monkeypatch: pytest.MonkeyPatch
) -> None:  # standard error is not a terminal here
    kept: list[logging.Handler] = []
    monkeypatch.setattr(logging, "basicConfig", lambda **options: kept.extend(options["handlers"]))
    configure_logging(Settings(log_format=LogFormat(chosen), environment=Environment(environment)))
    assert isinstance(kept[0].formatter, JsonFormatter) is json
