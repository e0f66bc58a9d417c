"""Formats log lines, including everything passed in `extra`: a JSON object for machines, or text for people."""

import logging
import sys
from datetime import UTC, datetime
from typing import Any

import msgspec

from app.server.response_headers import current_request_id
from app.settings import LogFormat, Settings

_PLAIN = frozenset(vars(logging.LogRecord("", 0, "", 0, "", (), None))) | {"message", "asctime", "color_message"}


class JsonFormatter(logging.Formatter):
    """Writes time, level, logger, message, the extras, and the traceback if there is one."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if request_id := current_request_id.get():
            line["request_id"] = request_id
        line |= {name: value for name, value in vars(record).items() if name not in _PLAIN}
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return msgspec.json.encode(line, enc_hook=str).decode()


class TextFormatter(logging.Formatter):
    """Writes the time of day, the level, the message, and the extras as name=value. Characters that could begin a new
    line or control a terminal are escaped.
    """

    def format(self, record: logging.LogRecord) -> str:
        extras = [f"{name}={_plain(value)}" for name, value in vars(record).items() if name not in _PLAIN]
        time = datetime.fromtimestamp(record.created, UTC)
        line = " ".join([f"{time:%H:%M:%S}", f"{record.levelname:7}", _escaped(record.getMessage()), *extras])
        if record.exc_info:
            line += "".join(
                f"\n{_escaped(traceback_line)}" for traceback_line in self.formatException(record.exc_info).splitlines()
            )
        return line


def _plain(value: object) -> str:
    """Returns the value unchanged if it is one printable word, otherwise as JSON."""
    text = str(value)
    if text.isprintable() and text and not set(text) & set(' "='):
        return text
    return _escaped(msgspec.json.encode(text).decode())


def _escaped(text: str) -> str:
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)


def configure_logging(settings: Settings) -> None:
    """Sends everything at the configured level and above to standard error, one line each."""
    as_text = settings.log_format is LogFormat.TEXT or (
        settings.log_format is LogFormat.AUTO and sys.stderr.isatty() and not settings.production
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(TextFormatter() if as_text else JsonFormatter())
    logging.basicConfig(level=settings.log_level, handlers=[handler], force=True)
    for logger_name in ("saq", "uvicorn"):  # they log every job, and each step of starting
        logging.getLogger(logger_name).setLevel(max(logging.WARNING, logging.getLogger().level))
