"""For other ASGI servers: `uvicorn app.asgi:application --ws-max-size 262144 --no-proxy-headers`. `arcadia serve` does
it all, and bounds headers, slow connections and control frames besides.
"""

from app.server.application import create_application
from app.server.request_log import RequestLog
from app.settings import Settings

application = RequestLog(create_application(Settings.from_environment()))
