"""The application for other ASGI servers: `uvicorn app.asgi:application --ws-max-size 262144 --no-proxy-headers`.
`arcadia serve` does the same, and also limits headers, slow connections and control frames.
"""

from app.server.application import create_application
from app.server.request_log import RequestLog
from app.settings import Settings

application = RequestLog(create_application(Settings.from_environment()))
