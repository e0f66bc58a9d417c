"""For ASGI servers: `uvicorn app.asgi:application --ws-max-size 262144`; `arcadia serve` does it all."""

from app.server.application import create_application
from app.server.request_log import RequestLog
from app.settings import Settings

application = RequestLog(create_application(Settings.from_environment()))
