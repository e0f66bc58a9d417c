"""For ASGI servers: `uvicorn app.asgi:application --ws-max-size 262144`; `arcadia serve` does it all."""

from app.server.admission import admitting
from app.server.application import create_application
from app.server.request_log import RequestLog
from app.settings import Settings

_settings = Settings.from_environment()
application = RequestLog(admitting(create_application(_settings), _settings))
